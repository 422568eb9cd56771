//! What must hold of wick's readers whatever bytes they are given: one law per reader, as a function of bytes that
//! panics when the law is broken. libFuzzer makes up the bytes (`fuzz_targets/`); the plain test `tests/seeds` gives
//! every law all committed seeds. That a reader neither panics nor thinks or grows without end is part of every law.

mod archives;
mod binaries;
mod forge;
mod plugin;
mod put_right;
mod texts;
mod trust;

/// A law: panics when it is broken.
pub type Law = fn(&[u8]);

/// All laws by the names of their targets and of their seeds' folders.
pub const LAWS: &[(&str, Law)] = &[
    ("buildinfo", binaries::buildinfo),
    ("bundle", trust::bundle),
    ("catalog", texts::catalog),
    ("cosign", trust::cosign),
    ("elf", binaries::elf),
    ("github", forge::github),
    ("handshake", plugin::handshake),
    ("keys", trust::keys),
    ("macho", binaries::macho),
    ("manifest", texts::manifest),
    ("messages", plugin::messages),
    ("pe", binaries::pe),
    ("remote", archives::remote),
    ("section", binaries::section),
    ("statement", trust::statement),
    ("targz", archives::targz),
    ("verify", archives::verify),
    ("wasm", binaries::wasm),
    ("zip", archives::zip),
];

/// Holds one law against an input.
pub fn check(name: &str, data: &[u8]) {
    let (_, law) = LAWS.iter().find(|(known, _)| *known == name).expect("every target has its law");
    law(data);
}

/// What comes of foreign bytes and is shown to people must not steer their terminal.
fn is_speakable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
