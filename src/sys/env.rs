//! The environment, read once: variables, working directory, our own program, the machine's size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::secret::{self, Secret, Withheld};

/// All variables whose name and value are text.
#[must_use]
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
}

/// The value of one variable, when it is text.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The names of all variables, those that are no text too.
#[must_use]
pub fn names() -> Vec<std::ffi::OsString> {
    std::env::vars_os().map(|(name, _)| name).collect()
}

/// Takes the secrets out of the environment: those of [`secret::SECRET_VARIABLES`] and those in `more`. No child that
/// is started afterwards has them, whoever starts it; what the variables held is only in the value that is given.
///
/// To be called once, before anything else: no other thread may run yet.
#[must_use]
pub fn withhold(more: &[String]) -> Withheld {
    let named = secret::SECRET_VARIABLES.iter().copied().chain(more.iter().map(String::as_str));
    let mut withheld = Withheld::new();
    for name in named.filter(|name| !name.is_empty() && !name.contains(['=', '\0'])) {
        let Some(value) = std::env::var_os(name) else { continue };
        take_out(name);
        if let Ok(text) = value.into_string() {
            withheld.insert(name.to_owned(), Secret::new(text));
        }
    }
    if !withheld.is_empty() {
        hide_memory();
    }
    withheld
}

/// Takes variables out of the environment, ours and so every child's. To be called as [`withhold`] is.
pub fn forget(names: &[&str]) {
    names.iter().for_each(|name| take_out(name));
}

fn take_out(name: &str) {
    // SAFETY: `cli::main` gets here before it starts a thread, so nobody reads the environment meanwhile.
    #[allow(unsafe_code, reason = "the only way that also reaches children which libraries start")]
    unsafe {
        std::env::remove_var(name);
    }
}

/// From now on other processes of the same user can neither read our memory nor `/proc/<pid>/environ`, which shows the
/// environment as it was at the start. It doesn't hold back root; where the system refuses, all stays as it was.
fn hide_memory() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// The current directory; `.` when it has none.
#[must_use]
pub fn current_dir() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

/// Our own program's path.
///
/// # Errors
/// When the system doesn't tell.
pub fn current_exe() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// How many CPUs this process may use.
#[must_use]
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
}

/// The user's home directory by the platform's variable.
#[must_use]
pub fn home(variables: &BTreeMap<String, String>) -> Option<PathBuf> {
    let name = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    variables.get(name).filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// The first program of that name on `PATH`.
#[must_use]
pub fn find_program(variables: &BTreeMap<String, String>, name: &str) -> Option<PathBuf> {
    let path = variables.get("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path).map(|dir| dir.join(&file)).find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.is_file()
}
