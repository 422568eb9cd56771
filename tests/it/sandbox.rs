//! Plugins that misbehave when they are asked for their manifest (`tests/fixtures/hostile`): none gets what it is
//! after, each ends in a clear error, and nothing of it is left, however wick itself ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::repo::{self, Folder, Ran, Repo, Wick};

/// The hostile plugins in a repository of their own, and around it what they are after.
struct Scene {
    repo: Repo,
    home: Folder,
    temp: Folder,
    listener: TcpListener,
    /// Hears what is sent without a connection.
    heard: UdpSocket,
    /// A server of this machine's own, as container engines have one.
    local: UnixListener,
    /// What must not be seen anywhere, with the name of what leaked.
    secrets: Vec<(&'static str, String)>,
    /// The text of the signing key, as CI services give it: in a variable.
    sign_key: String,
    /// The text of a cosign key.
    cosign_key: String,
}

impl Scene {
    fn new() -> Scene {
        let repo = Repo::empty();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile");
        repo::copy_tree(&fixture, repo.root());
        let (home, temp) = (Folder::new(), Folder::new());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let heard = UdpSocket::bind("127.0.0.1:0").unwrap();
        heard.set_nonblocking(true).unwrap();
        let local = UnixListener::bind(home.path().join("local.sock")).unwrap();
        local.set_nonblocking(true).unwrap();
        let (sign_key, cosign_key) = (String::new(), String::new());
        let mut scene =
            Scene { repo, home, temp, listener, heard, local, secrets: Vec::new(), sign_key, cosign_key };
        scene.plant();
        scene
    }

    /// A real signing key where hosts keep theirs, a note beside the repository's sources, an address that listens.
    fn plant(&mut self) {
        self.wick(&["plugin", "keygen"]).run().expect_code(0);
        let key = self.key();
        let cosign = self.home.path().join("ci.key").display().to_string();
        self.wick(&["plugin", "keygen", "--cosign", "-o", &cosign]).run().expect_code(0);
        self.sign_key = fs::read_to_string(&key).unwrap();
        self.cosign_key = fs::read_to_string(&cosign).unwrap();
        let note = self.repo.path("secret.txt");
        fs::write(&note, "planted-in-the-repository").unwrap();
        let decoy = self.home.path().join("token");
        fs::write(&decoy, "planted-at-home").unwrap();
        let list =
            [&key, &note, &decoy, &PathBuf::from(cosign)].map(|path| path.display().to_string()).join("\n");
        // Of a real machine's files it is only asked whether they could be opened.
        let only_opened = "?/etc/passwd\n?/proc/1/status\n?/proc/self/environ";
        self.repo.write("connector/readkey/targets.txt", &format!("{list}\n{only_opened}\n"));
        let address = self.listener.local_addr().unwrap();
        self.repo.write("connector/connect/targets.txt", &format!("{address}\n"));
        let (udp, local) = (self.heard.local_addr().unwrap(), self.home.path().join("local.sock"));
        self.repo.write("connector/connect/sockets.txt", &format!("{udp}\n{}\n", local.display()));
        self.secrets = vec![
            ("the signing key", self.sign_key.trim().to_owned()),
            ("the cosign key", self.cosign_key.lines().nth(1).unwrap().to_owned()),
            ("a file of the repository", "planted-in-the-repository".to_owned()),
            ("a file of the home directory", "planted-at-home".to_owned()),
            ("a variable", "planted-in-the-environment".to_owned()),
            ("a token", "ghp_planted".to_owned()),
        ];
    }

    fn key(&self) -> PathBuf {
        self.home.path().join(".wick/plugin-signing.key")
    }

    fn wick(&self, args: &[&str]) -> Wick {
        self.repo
            .wick(args)
            .env("HOME", self.home.path())
            .env("TMPDIR", self.temp.path())
            .env("WICK_HOSTILE_X", "planted-in-the-environment")
            .env("GITHUB_TOKEN", "ghp_planted")
            .env("WICK_GITHUB_TOKEN", "ghp_planted")
            .env("COSIGN_PASSWORD", "ghp_planted")
            .env("KEY_OF_CI", &self.sign_key)
            .env("COSIGN_KEY_OF_CI", &self.cosign_key)
    }

    fn build(&self, plugins: &[&str]) -> Wick {
        let line: Vec<&str> =
            ["plugin", "build", "--format", "json"].iter().chain(plugins).copied().collect();
        self.wick(&line)
    }

    /// No secret in what was printed, nor in anything that was made.
    fn assert_nothing_leaked(&self, ran: &Ran) {
        let mut seen: Vec<(String, Vec<u8>)> = vec![
            ("stdout".to_owned(), ran.stdout.clone().into_bytes()),
            ("stderr".to_owned(), ran.stderr.clone().into_bytes()),
        ];
        for (path, bytes) in repo::all_files(&self.repo.path("bin")) {
            if path.extension().is_some_and(|end| end == "zip") {
                let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
                for at in 0..zip.len() {
                    let mut entry = zip.by_index(at).unwrap();
                    let mut content = Vec::new();
                    entry.read_to_end(&mut content).unwrap();
                    seen.push((format!("{} in {}", entry.name().unwrap(), path.display()), content));
                }
            }
            seen.push((path.display().to_string(), bytes));
        }
        assert!(seen.len() > 5, "there is something to look at");
        for (what, secret) in &self.secrets {
            for (place, bytes) in &seen {
                let leaked = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!leaked, "{what} is in {place}");
            }
        }
    }

    /// What a plugin that was built says of its own deeds: its description.
    fn deeds(&self, key: &str) -> String {
        let name =
            self.repo.list("bin").into_iter().find(|name| name.starts_with(&format!("{key}-"))).unwrap();
        let file = fs::File::open(self.repo.path("bin").join(name)).unwrap();
        let mut zip = zip::ZipArchive::new(file).unwrap();
        let manifest: Value = serde_json::from_reader(zip.by_name("plugin.json").unwrap()).unwrap();
        manifest["module"]["Meta"]["Description"].as_str().unwrap().to_owned()
    }

    /// Nobody sent a datagram, and nobody connected to the local socket.
    #[track_caller]
    fn assert_nothing_was_heard(&self) {
        let error = self.heard.recv(&mut [0; 64]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "a datagram arrived");
        let error = self.local.accept().map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "somebody connected to the local socket");
    }

    /// Nothing that was started from this repository, or works in its scratch folder, runs any more.
    #[track_caller]
    fn assert_nobody_is_left(&self) {
        let gone = repo::wait_until(Duration::from_secs(5), || self.processes().is_empty());
        assert!(gone, "still running: {:?}", self.processes());
    }

    /// Processes whose program or arguments lie in our folders.
    fn processes(&self) -> Vec<String> {
        processes(&[self.repo.root(), self.temp.path()])
    }

    /// The scratch folder is empty again, and nothing but finished packages stands in the output folder.
    #[track_caller]
    fn assert_nothing_half_done(&self) {
        let left = repo::all_files(self.temp.path()).into_keys().collect::<Vec<_>>();
        assert!(left.is_empty(), "left in the temp folder: {left:?}");
        let names = fs::read_dir(self.temp.path()).unwrap().flatten().map(|entry| entry.file_name());
        assert_eq!(names.collect::<Vec<_>>(), Vec::<std::ffi::OsString>::new(), "folders in the temp folder");
        assert_eq!(self.repo.list("bin"), [".wick"]);
        let unfinished: Vec<PathBuf> =
            repo::all_files(&self.repo.path("bin")).into_keys().filter(|path| is_temporary(path)).collect();
        assert!(unfinished.is_empty(), "{unfinished:?}");
        assert_eq!(self.repo.list("bin/.wick/tmp"), Vec::<String>::new());
    }
}

fn is_temporary(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "tmp")
}

/// The processes (id and arguments) whose program, working folder or arguments lie in one of the folders.
fn processes(folders: &[&Path]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let place = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.bytes().all(|byte| byte.is_ascii_digit()) || name == std::process::id().to_string() {
            continue;
        }
        let line = fs::read(place.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let program = fs::read_link(place.join("exe")).unwrap_or_default();
        let cwd = fs::read_link(place.join("cwd")).unwrap_or_default();
        let ours = |folder: &&Path| {
            program.starts_with(folder)
                || cwd.starts_with(folder)
                || line.contains(&*folder.to_string_lossy())
        };
        if folders.iter().any(ours) {
            found.push(format!("{name} {line}"));
        }
    }
    found
}

fn not_here(test: &str) -> bool {
    if !cfg!(target_os = "linux") {
        repo::skip(test, "wick has a sandbox on Linux only");
        return true;
    }
    repo::lacks(test, &["go"])
}

/// Every hostile plugin in one run: what is expected of each, and that none disturbs another.
#[test]
fn no_hostile_plugin_gets_what_it_is_after() {
    if not_here("no_hostile_plugin_gets_what_it_is_after") {
        return;
    }
    let scene = Scene::new();
    let before = scene.repo.files();
    let keys = ["--sign-key", "env:KEY_OF_CI", "--cosign-key", "env:COSIGN_KEY_OF_CI"];
    let ran = scene
        .build(&[&["--all-plugins", "--keep-going", "-j", "4"][..], &keys].concat())
        .run()
        .expect_code(5);
    scene.assert_nobody_is_left();
    scene.assert_nothing_leaked(&ran);
    let rows: BTreeMap<String, Value> =
        ran.packages().into_iter().map(|row| (row["plugin"].as_str().unwrap().to_owned(), row)).collect();

    // These answer properly, so a package of theirs is made; what they were after they didn't get.
    let held = rows["readkey"]["evidence_detail"].as_str().unwrap();
    if !held.contains("held by Landlock") {
        repo::skip("no_hostile_plugin_gets_what_it_is_after", "this kernel has no Landlock");
        return;
    }
    for (plugin, attempts) in [("readkey", 8), ("connect", 7)] {
        assert_eq!(rows[plugin]["status"], "built", "{ran}");
        let deeds = scene.deeds(plugin);
        assert_eq!(
            deeds.lines().filter(|line| line.starts_with("refused ")).count(),
            attempts,
            "{plugin}: {deeds}"
        );
        assert!(!deeds.contains("LEAK"), "{plugin}: {deeds}");
    }
    let error = scene.listener.accept().map(|(_, from)| from).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
    scene.assert_nothing_was_heard();

    assert_eq!(rows["dumpenv"]["status"], "built", "{ran}");
    let deeds = scene.deeds("dumpenv");
    let names: Vec<&str> = deeds.lines().map(|line| line.split('=').next().unwrap()).collect();
    let known = [
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TZ",
        "USERPROFILE",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
    ];
    assert!(names.iter().all(|name| known.contains(name)), "{deeds}");
    assert!(!deeds.contains(&*scene.home.path().to_string_lossy()), "{deeds}");

    // It may write in its scratch folder, and that is gone.
    assert_eq!(rows["writer"]["status"], "built", "{ran}");
    let deeds = scene.deeds("writer");
    assert!(!Path::new("/tmp/wick-hostile-was-here").exists(), "{deeds}");
    for line in deeds.lines() {
        let inside = line
            .strip_prefix("WROTE ")
            .is_none_or(|path| path.starts_with(&*scene.temp.path().to_string_lossy()));
        assert!(inside, "{deeds}");
        assert!(line.strip_prefix("WROTE ").is_none_or(|path| !Path::new(path).exists()), "{deeds}");
    }
    let after = scene.repo.files();
    let new =
        after.keys().filter(|path| !before.contains_key(*path) && !path.starts_with(scene.repo.path("bin")));
    assert_eq!(new.collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "a plugin wrote into the repository");

    // These break a rule; each error says which, and about which plugin.
    let this = repo::this_machine();
    let errors: [(&str, &[&str]); 6] = [
        ("linger", &["asked with --dump-manifest, it left 1 process(es) running; they were ended"]),
        ("flood", &["asked with --dump-manifest", "wrote more than 8 MiB and was ended"]),
        ("hang", &["asked with --dump-manifest", "was ended after 20 s"]),
        ("noise", &["it printed something else than its manifest: `INFO starting up`"]),
        ("crash", &["asked with --dump-manifest, it ended with exit code 2"]),
        ("wrongkey", &["the folder is `wrongkey` but the plugin calls itself `somebody_else` (Meta.Key)"]),
    ];
    for (plugin, parts) in errors {
        assert_eq!(rows[plugin]["status"], "failed", "{plugin}\n{ran}");
        let error = rows[plugin]["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("{plugin} {this}: ")), "{error}");
        for part in parts {
            assert!(error.contains(part), "{plugin}: {error}");
        }
        assert!(
            !rows[plugin]["hints"].as_array().unwrap().is_empty(),
            "{plugin} fails without a hint\n{ran}"
        );
        assert!(ran.stderr.contains(&format!("error: {error}")), "{plugin} is not on stderr\n{ran}");
        assert!(
            !scene.repo.list("bin").iter().any(|name| name.starts_with(&format!("{plugin}-"))),
            "{plugin}"
        );
    }
    let crash = rows["crash"]["output"].as_str().unwrap();
    assert!(crash.contains("panic: this plugin always crashes"), "{crash}");
    assert!(ran.stderr.contains("  | panic: this plugin always crashes"), "{ran}");
    assert!(rows["noise"]["hints"][0].as_str().unwrap().contains("logs belong on stderr"), "{ran}");
    // Good packages were made beside all that, and are signed.
    assert!(rows["readkey"]["signed_by"].is_string(), "{ran}");
    assert_eq!(rows["readkey"]["bundle_signed_by"]["kind"], "cosign", "{ran}");
    assert_eq!(repo::all_files(scene.temp.path()).len(), 0, "something is left in the temp folder");
}

/// A program that takes away what the network is closed with, then becomes wick: namespaces by the kernel's own limit in
/// a user namespace, seccomp by a filter that lets no other be put in place (python, because no shell can).
const NO_NAMESPACES: &str = "echo 0 > /proc/sys/user/max_net_namespaces && \
     echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
const NO_FILTERS: &str = r"
import ctypes, os, platform, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
seccomp = {'x86_64': 317, 'aarch64': 277}[platform.machine()]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, seccomp), (0x06, 0, 0, 0x00050001), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
class Program(ctypes.Structure):
    _fields_ = [('len', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
program = Program(len(steps), ctypes.addressof(code))
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
";

/// The network is closed by a namespace, else by a filter, else it is said that it isn't: each way forced, one after the
/// other, with the plugin that tries everything. What it is after then decides what it got, not what is said of it.
#[test]
fn the_network_is_closed_whichever_way_there_is() {
    let test = "the_network_is_closed_whichever_way_there_is";
    if not_here(test) || repo::lacks(test, &["unshare", "python3"]) {
        return;
    }
    let limits = ["unshare", "--user", "--map-root-user", "sh", "-c", NO_NAMESPACES, "sh"];
    let filters = ["python3", "-c", NO_FILTERS];
    let allowed = std::process::Command::new(limits[0]).args(&limits[1..]).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return repo::skip(test, "no user namespace can be made here");
    }
    let scene = Scene::new();
    let cases: [(&[&str], &str, bool, bool); 4] = [
        (&[], "the network by a namespace of its own", true, true),
        (&limits, "the network by seccomp", true, true),
        (&filters, "the network by a namespace of its own; local sockets are open", true, false),
        (
            &[&limits[..], &filters].concat(),
            "files, TCP, signals; UDP is open: no network namespace",
            false,
            false,
        ),
    ];
    for (through, told, closed, filtered) in cases {
        let ran = scene.build(&["connect", "--force"]).through(through).run().expect_code(0);
        let held = ran.packages()[0]["evidence_detail"].as_str().unwrap().to_owned();
        if !held.contains("held by Landlock") {
            return repo::skip(test, "this kernel has no Landlock");
        }
        assert!(held.contains(told), "{told}: {held}");
        let deeds = scene.deeds("connect");
        assert_eq!(deeds.contains("OPEN "), !filtered, "{told}: {deeds}");
        assert!(!deeds.contains("LEAK of sense"), "{told}: {deeds}");
        let udp = !deeds.contains("LEAK connected UDP") && !deeds.contains("LEAK UDP");
        assert_eq!(udp, closed, "{told}: {deeds}");
        if filtered {
            assert!(!deeds.contains("LEAK"), "{told}: {deeds}");
            scene.assert_nothing_was_heard();
        }
        if !closed {
            // So the listener would have heard it.
            assert!(scene.heard.recv(&mut [0; 64]).is_ok(), "{told}: {deeds}");
        }
        while scene.heard.recv(&mut [0; 64]).is_ok() {}
        while scene.local.accept().is_ok() {}
        scene.assert_nobody_is_left();
    }
}

/// wick, busy asking `hang` for its manifest.
fn asking(scene: &Scene) -> repo::Running {
    let running = scene.build(&["hang"]).start();
    let place = scene.repo.path("bin/.wick/build");
    let asked = repo::wait_until(Duration::from_secs(60), || !processes_of(&place).is_empty());
    assert!(asked, "the plugin was never asked");
    running
}

/// The processes whose program lies in that folder.
fn processes_of(folder: &Path) -> Vec<String> {
    let programs = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path().join("exe")).ok());
    programs
        .filter(|program| program.starts_with(folder))
        .map(|program| program.display().to_string())
        .collect()
}

#[cfg(unix)]
fn send(running: &repo::Running, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(running.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Waits at most five seconds for the end.
#[track_caller]
fn ended(mut running: repo::Running) -> Ran {
    let began = std::time::Instant::now();
    while !running.has_ended() {
        assert!(began.elapsed() < Duration::from_secs(5), "wick still runs");
        std::thread::sleep(Duration::from_millis(10));
    }
    running.end()
}

#[test]
#[cfg(unix)]
fn killing_wick_leaves_no_plugin_behind() {
    if not_here("killing_wick_leaves_no_plugin_behind") {
        return;
    }
    let scene = Scene::new();
    let running = asking(&scene);
    send(&running, rustix::process::Signal::KILL);
    assert_eq!(ended(running).code, None);
    scene.assert_nobody_is_left();
    // What is left on the disk doesn't disturb the next run.
    let ran = scene.build(&["dumpenv"]).run().expect_code(0);
    assert_eq!(ran.with_status("built"), ["dumpenv"]);
    assert_eq!(scene.repo.list("bin/.wick/tmp"), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn an_interrupt_while_a_plugin_is_asked_ends_everything() {
    use rustix::process::Signal;
    if not_here("an_interrupt_while_a_plugin_is_asked_ends_everything") {
        return;
    }
    let scene = Scene::new();
    // Once, twice (a user without patience), and as a service manager stops a program.
    for signals in [
        &[Signal::INT][..],
        &[Signal::INT, Signal::INT],
        &[Signal::INT, Signal::INT, Signal::INT],
        &[Signal::TERM],
    ] {
        let running = asking(&scene);
        for signal in signals {
            send(&running, *signal);
        }
        let ran = ended(running);
        assert_eq!(ran.code, Some(130), "{signals:?}\n{ran}");
        scene.assert_nobody_is_left();
        // The third signal is for wicks that hang: they end at once, without tidying up.
        if signals.len() < 3 {
            assert!(ran.stderr.contains("interrupted"), "{signals:?}\n{ran}");
            assert!(ran.stdout.is_empty(), "{ran}");
            scene.assert_nothing_half_done();
        }
        fs::remove_dir_all(scene.repo.path("bin")).unwrap();
        for left in fs::read_dir(scene.temp.path()).unwrap().flatten() {
            fs::remove_dir_all(left.path()).unwrap();
        }
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_while_a_compiler_runs_ends_everything() {
    if not_here("an_interrupt_while_a_compiler_runs_ends_everything") {
        return;
    }
    let scene = Scene::new();
    // An empty cache keeps the compiler busy.
    let cache = Folder::new();
    let running = scene.build(&["crash"]).env("GOCACHE", cache.path()).start();
    let compiles = || {
        let all = processes(&[scene.repo.root()]);
        all.iter().any(|line| line.contains("/compile "))
    };
    assert!(repo::wait_until(Duration::from_secs(60), compiles), "no compiler was started");
    send(&running, rustix::process::Signal::INT);
    let ran = ended(running);
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(ran.stderr.contains("interrupted"), "{ran}");
    scene.assert_nobody_is_left();
    scene.assert_nothing_half_done();
}
