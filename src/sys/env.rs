//! The environment, read once: variables, working directory, our own program, the machine's size.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// All variables whose name and value are text.
#[must_use]
pub fn variables() -> BTreeMap<String, String> {
    std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
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
