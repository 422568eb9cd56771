//! The Linux sandbox: a supervisor that is the reaper of all descendants, and a confined process that restricts
//! itself with Landlock before it executes the plugin. Both are this same program, started anew, so that no
//! unsafe code has to run between fork and exec.

use std::io::{BufRead as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    path_beneath_rules,
};
use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions};
use serde::{Deserialize, Serialize};

use super::filter::Server;
use super::network::{self, Network};
use super::{Confinement, Ending, Reach, SandboxError, Suspect, Verdict};
use crate::sys::files;
use crate::sys::process::{self, Limits};

const SUPERVISE: &str = "__supervise";
const CONFINE: &str = "__confine";

/// Files in the private folder, which the plugin can't reach.
const STATUS: &str = "status.json";
const CONFINEMENT: &str = "confinement.json";
/// Holds the number of the system's error when the plugin could not be started.
const START: &str = "start";

/// Where programs find their libraries and their clock; nothing of a user lies there.
const SYSTEM: [&str; 9] = [
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/usr/share/zoneinfo",
    "/etc/localtime",
];
/// What looking up names and trusting certificates reads. Not /etc/ssl as a whole: it holds private keys.
const NETWORK: [&str; 17] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/run/systemd/resolve",
    "/run/resolvconf",
];
const DEVICES: [&str; 4] = ["/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// What the supervisor needs to know; the first line on its stdin. The pipe stays open after that line: any further
/// line asks the plugin to end (SIGTERM), and when the pipe closes (wick wants an end, or was killed), the supervisor
/// ends everything.
#[derive(Serialize, Deserialize)]
struct Order {
    suspect: Suspect,
    home: PathBuf,
    /// Outside `home`, so that the plugin can't write it.
    status: PathBuf,
    confinement: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Status {
    raw: i32,
    left_behind: usize,
    start_error: Option<String>,
    /// The plugin itself could not be started: the system's error.
    not_started: Option<i32>,
}

pub(super) fn confine(
    suspect: &Suspect,
    private: &Path,
    home: &Path,
    limits: Limits,
) -> Result<Verdict, SandboxError> {
    let (command, order) = command(suspect, private, home)?;
    let program = suspect.program.display().to_string();
    let mut finished = process::run_supervised(&program, command, order.unwrap_or_default(), limits)?;
    let status: Status = from_file(&private.join(STATUS), &finished.complaint())?;
    if let Some(error) = status.start_error {
        return Err(SandboxError::Broken(error));
    }
    if let Some(code) = status.not_started {
        return Err(super::start_error(&suspect.program, code));
    }
    let ended = ExitStatus::from_raw(status.raw);
    (finished.code, finished.signal) = (ended.code(), ended.signal());
    let confinement = from_file(&private.join(CONFINEMENT), &finished.complaint())?;
    Ok(Verdict { finished, confinement, left_behind: status.left_behind })
}

/// The supervisor, and the first line it reads.
pub(super) fn command(
    suspect: &Suspect,
    private: &Path,
    home: &Path,
) -> Result<(Command, Option<Vec<u8>>), SandboxError> {
    let order = Order {
        suspect: suspect.clone(),
        home: home.to_owned(),
        status: private.join(STATUS),
        confinement: private.join(CONFINEMENT),
    };
    let me = crate::sys::env::current_exe().map_err(|e| SandboxError::Broken(e.to_string()))?;
    let mut command = Command::new(me);
    command.arg(SUPERVISE).env_clear().current_dir(private);
    let mut first_line = to_json(&order)?;
    first_line.push('\n');
    Ok((command, Some(first_line.into_bytes())))
}

/// How tightly the program is held, once it runs.
pub(super) fn confinement(private: &Path) -> Confinement {
    from_file(&private.join(CONFINEMENT), "")
        .unwrap_or_else(|_| Confinement::GroupOnly("it never got into its sandbox".to_owned()))
}

/// How the program ended. The supervisor's own end says nothing.
pub(super) fn ending(private: &Path, _: Option<String>) -> Ending {
    let Ok(status) = from_file::<Status>(&private.join(STATUS), "") else {
        return Ending { how: None, left_behind: 0, not_started: None };
    };
    let ended = ExitStatus::from_raw(status.raw);
    let how = status.start_error.unwrap_or_else(|| process::ending(ended.code(), ended.signal()));
    Ending { how: Some(how), left_behind: status.left_behind, not_started: status.not_started }
}

fn to_json(value: &impl Serialize) -> Result<String, SandboxError> {
    serde_json::to_string(value).map_err(|error| SandboxError::Broken(error.to_string()))
}

fn from_file<T: for<'de> Deserialize<'de>>(path: &Path, said: &str) -> Result<T, SandboxError> {
    let bytes =
        files::read(path).map_err(|_| SandboxError::Broken(format!("its supervisor died: {said}")))?;
    serde_json::from_slice(&bytes).map_err(|error| SandboxError::Broken(error.to_string()))
}

pub(super) fn hidden_role(args: &[String]) -> Option<u8> {
    match args {
        [role] if role == SUPERVISE => Some(supervise().map_or(70, |()| 0)),
        [role, order] if role == CONFINE => {
            let error = become_plugin(order);
            // The plugin's stderr is the only channel left; wick shows it.
            let _ = writeln!(std::io::stderr(), "wick: can't start the plugin in its sandbox: {error}");
            Some(70)
        }
        _ => None,
    }
}

fn supervise() -> Option<()> {
    // Ctrl-C reaches wick, which closes our stdin; dying of the signal itself would leave the plugin running.
    ctrlc::set_handler(|| {}).ok()?;
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).ok()?;
    let wick = rustix::process::getppid();
    let mut stdin = std::io::stdin().lock();
    let mut line = String::new();
    stdin.read_line(&mut line).ok()?;
    drop(stdin);
    let order: Order = serde_json::from_str(&line).ok()?;
    let wishes = Arc::new(Wishes::default());
    let heard = Arc::clone(&wishes);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        while matches!(stdin.read_line(&mut String::new()), Ok(1..)) {
            heard.polite.store(true, Ordering::SeqCst);
        }
        heard.closed.store(true, Ordering::SeqCst);
    });

    let mut command = Command::new(crate::sys::env::current_exe().ok()?);
    command.args([CONFINE, line.trim_end()]).env_clear().envs(&order.suspect.env);
    command.current_dir(&order.home).stdin(Stdio::null());
    let mut status = Status { raw: 0, left_behind: 0, start_error: None, not_started: None };
    match command.spawn() {
        Ok(child) => {
            let plugin = Pid::from_raw(i32::try_from(child.id()).ok()?)?;
            status.raw = watch(plugin, &wishes);
            // Threads of a dying process can still be in the table for a moment; real leftovers stay.
            std::thread::sleep(Duration::from_millis(2));
            status.left_behind = end_all_children();
            let said = files::read_text(&order.status.with_file_name(START)).unwrap_or_default();
            status.not_started = said.parse().ok();
        }
        Err(error) => status.start_error = Some(error.to_string()),
    }
    if rustix::process::getppid() != wick {
        // wick was killed, so nobody else is left to remove the folder.
        return files::remove(order.status.parent()?).ok();
    }
    files::write_atomic(&order.status, serde_json::to_string(&status).ok()?.as_bytes(), 0o600).ok()
}

/// What wick wants of its supervisor.
#[derive(Default)]
struct Wishes {
    /// The plugin is to be asked to end.
    polite: AtomicBool,
    /// Everything is to end.
    closed: AtomicBool,
}

/// Waits for the plugin, reaping orphans on the way; ends everything when wick has closed our stdin.
fn watch(plugin: Pid, wishes: &Wishes) -> i32 {
    let mut nap = Duration::from_micros(500);
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == plugin => return status.as_raw(),
            Ok(Some(_)) => continue,
            Err(_) => return 0,
            Ok(None) => {}
        }
        if wishes.polite.swap(false, Ordering::SeqCst) {
            // Already gone is what we want.
            let _ = rustix::process::kill_process(plugin, Signal::TERM);
        }
        if wishes.closed.load(Ordering::SeqCst) {
            end_all_children();
            return Signal::KILL.as_raw();
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

/// Ends children until none are left: each generation that dies hands its own children to us, the reaper.
/// Gives how many there were. A fork bomb is fought for five seconds, then left to the system.
fn end_all_children() -> usize {
    let mut ended = 0;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        for child in children() {
            if rustix::process::kill_process(child, Signal::KILL).is_ok() {
                ended += 1;
            }
        }
        match rustix::process::wait(WaitOptions::NOHANG) {
            Err(_) => break,
            Ok(Some(_)) => {}
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    ended
}

/// Our living children, by /proc: field 4 of `stat` is the parent, after the name in parentheses.
fn children() -> Vec<Pid> {
    let me = std::process::id().to_string();
    let names = files::list(Path::new("/proc")).unwrap_or_default();
    let ours = |name: &String| {
        let stat = files::read_text(&Path::new("/proc").join(name).join("stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        let (state, parent) = (fields.next()?, fields.next()?);
        (parent == me && state != "Z").then_some(())?;
        Pid::from_raw(name.parse().ok()?)
    };
    names.iter().filter(|name| name.bytes().all(|b| b.is_ascii_digit())).filter_map(ours).collect()
}

/// Locks this process in and turns it into the plugin. Returns only when that fails.
fn become_plugin(order: &str) -> String {
    let order: Order = match serde_json::from_str(order) {
        Ok(order) => order,
        Err(error) => return error.to_string(),
    };
    // Its own session: signals to its group can't reach the supervisor, and it has no terminal.
    let _ = rustix::process::setsid();
    let limit = |resource, most| {
        let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    };
    limit(Resource::Core, 0);
    match order.suspect.reach {
        Reach::Nothing => {
            limit(Resource::Fsize, 64 << 20);
            limit(Resource::Cpu, 60);
        }
        // Somebody waits for its work, and has set a time for it.
        Reach::Network => limit(Resource::Fsize, 1 << 30),
        Reach::Everything => {}
    }
    // Opened before the door closes; closed by exec.
    let mut start = match std::fs::File::create(order.status.with_file_name(START)) {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    if let Err(error) = lock_in(&order) {
        return error;
    }
    let error = Command::new(&order.suspect.program)
        .args(&order.suspect.args)
        .env_clear()
        .envs(&order.suspect.env)
        .current_dir(&order.home)
        .exec();
    if let Some(code) = error.raw_os_error() {
        // Should that fail as well, the line below is all there is.
        let _ = start.write_all(code.to_string().as_bytes());
    }
    format!("{}: {error}", order.suspect.program.display())
}

fn lock_in(order: &Order) -> Result<(), String> {
    // Opened before the door closes; closed by exec.
    let mut note = std::fs::File::create(&order.confinement).map_err(|error| error.to_string())?;
    let namespace = (order.suspect.reach == Reach::Nothing).then(|| network::leave(&order.suspect.program));
    // Should the supervisor be killed from outside, the plugin at least goes with it. Not earlier: who gets other
    // rights forgets this.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let confinement = match order.suspect.reach {
        Reach::Everything => Confinement::GroupOnly("that was asked for".to_owned()),
        _ => {
            let status = restrict(order).map_err(|error| error.to_string())?;
            // Who leaves a server behind talks to it.
            let server = if order.suspect.may_linger { Server::Own } else { Server::None };
            held(status, namespace.map(|namespace| network::hold_back(namespace, server)).as_ref())
        }
    };
    let text = serde_json::to_string(&confinement).map_err(|error| error.to_string())?;
    note.write_all(text.as_bytes()).map_err(|error| error.to_string())
}

/// What holds it, in words; with no network to close it was to be open.
fn held(status: RulesetStatus, network: Option<&Network>) -> Confinement {
    let open = |network: &&Network| !network.is_closed();
    let closed = network.filter(|network| network.is_closed()).map(Network::told);
    let mut held = vec!["files".to_owned()];
    let mut but = Vec::new();
    match status {
        RulesetStatus::FullyEnforced => {
            held.extend(network.filter(open).map(|_| "TCP".to_owned()));
            held.push("signals".to_owned());
        }
        RulesetStatus::PartiallyEnforced => {
            let tcp = if network.is_some_and(|network| !network.is_closed()) { "TCP or " } else { "" };
            but.push(format!("this kernel can't hold back {tcp}signals"));
        }
        RulesetStatus::NotEnforced => {
            held.clear();
            but.push("this kernel has no Landlock".to_owned());
        }
    }
    held.extend(closed);
    but.push(match network {
        None => "the network is open".to_owned(),
        Some(network) if !network.is_closed() => network.told(),
        Some(_) => String::new(),
    });
    but.retain(|text| !text.is_empty());
    match status {
        RulesetStatus::NotEnforced => {
            but.extend(held.iter().map(|what| format!("it is held from: {what}")));
            Confinement::GroupOnly(but.join("; "))
        }
        _ => {
            let held = held.join(", ");
            Confinement::Landlock(std::iter::once(held).chain(but).collect::<Vec<_>>().join("; "))
        }
    }
}

fn restrict(order: &Order) -> Result<RulesetStatus, landlock::RulesetError> {
    let abi = ABI::V6;
    let read = AccessFs::from_read(abi);
    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(abi))?.scope(Scope::from_all(abi))?;
    let mut also: &[&str] = &[];
    if order.suspect.reach == Reach::Network {
        also = &NETWORK;
    } else {
        rules = rules.handle_access(AccessNet::from_all(abi))?;
    }
    // Missing paths are skipped by `path_beneath_rules`.
    rules
        .create()?
        .add_rules(path_beneath_rules(also, read))?
        .add_rules(path_beneath_rules(SYSTEM, read))?
        .add_rules(path_beneath_rules(DEVICES, AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
        .add_rules(path_beneath_rules(&order.suspect.readable, read))?
        .add_rules(path_beneath_rules([&order.suspect.program], read))?
        // Everything but executing: what the plugin writes it can't start.
        .add_rules(path_beneath_rules([&order.home], AccessFs::from_all(abi) & !AccessFs::Execute))?
        .restrict_self()
        .map(|status| status.ruleset)
}
