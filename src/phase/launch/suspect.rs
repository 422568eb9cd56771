//! How a plugin is started, whatever it is then asked: the clean environment, the emulator where it needs one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::tools::Emulator;
use crate::sys::sandbox::{Reach, Suspect};

/// A binary with arguments, in an environment that holds nothing of the user's.
pub(in crate::phase) fn suspect(
    binary: &Path,
    emulator: Option<&Emulator>,
    args: &[&str],
    reach: Reach,
) -> Suspect {
    let wine = is_wine(emulator);
    let mut env: BTreeMap<String, String> = [("LANG", "C.UTF-8"), ("TZ", "UTC"), ("PATH", "/usr/bin:/bin")]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into();
    if wine {
        env.insert("WINEDEBUG".to_owned(), "-all".to_owned());
    }
    if cfg!(windows) {
        // Without it Windows programs can't load their system libraries.
        env.insert("SystemRoot".to_owned(), "C:\\Windows".to_owned());
        env.insert("PATH".to_owned(), "C:\\Windows\\System32".to_owned());
    }
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let Some(emulator) = emulator else {
        let program = binary.to_owned();
        return Suspect { program, args, env, readable: Vec::new(), may_linger: false, reach };
    };
    args.insert(0, binary.to_string_lossy().into_owned());
    let mut readable = vec![binary.to_owned()];
    if wine {
        readable.extend(
            [
                "/usr/bin",
                "/usr/share/wine",
                "/opt",
                "/etc/fonts",
                "/usr/share/fonts",
                "/usr/share/fontconfig",
            ]
            .map(PathBuf::from),
        );
    } else {
        // qemu looks up its own mappings.
        readable.push(PathBuf::from("/proc/self"));
    }
    Suspect { program: emulator.path.clone(), args, env, readable, may_linger: wine, reach }
}

/// wine builds a whole Windows home first, and keeps a server for a while.
pub(in crate::phase) fn is_wine(emulator: Option<&Emulator>) -> bool {
    emulator.is_some_and(|emulator| emulator.name.starts_with("wine"))
}
