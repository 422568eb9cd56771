//! What the Rust plugins of this repository share: the manifest, and what a plugin says when started by hand.
//!
//! It is not the SDK: answering a host's calls is left to that.
//!
//! A plugin declares its manifest once. The compiler puts the text into a section of the binary, where a
//! tool can read it without running anything, and `--dump-manifest` prints the very same bytes.

mod args;
mod command;
pub mod json;
pub mod text;

pub use args::Args;
pub use command::{Operation, run};

/// The version the plugin was built as. A plain `cargo build` leaves `dev`.
pub const VERSION: &str = match option_env!("WICK_PLUGIN_VERSION") {
    Some(version) => version,
    None => "dev",
};

/// The target in Go's spelling, which is what manifests use.
pub const OS_ARCH: [&str; 2] = [os(), arch()];

/// What the target adds to the name of a program.
pub const EXE_SUFFIX: &str = if cfg!(windows) { ".exe" } else { "" };

const fn os() -> &'static str {
    if cfg!(target_os = "linux") {
        "linux"
    } else if cfg!(target_os = "macos") {
        "darwin"
    } else if cfg!(windows) {
        "windows"
    } else {
        panic!("plugins are built for linux, darwin and windows")
    }
}

const fn arch() -> &'static str {
    if cfg!(target_arch = "x86_64") {
        "amd64"
    } else if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        panic!("plugins are built for amd64 and arm64")
    }
}

/// Declares `MANIFEST`: the envelope as one line of JSON, in the binary's manifest section.
///
/// `module` is JSON text, usually `include_str!("module.json")`; white space between its tokens goes away.
#[macro_export]
macro_rules! manifest {
    (kind: $kind:literal, module: $module:expr $(,)?) => {
        /// The envelope, byte for byte as `--dump-manifest` prints it (without the line's end).
        // The section must stay when the linker drops what nobody uses and `strip` what nobody needs:
        // hence a section of its own, `#[used]`, and a `static` that `main` refers to.
        #[used]
        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__wick"))]
        #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".wick"))]
        static MANIFEST: [u8; $crate::text::length(MANIFEST_PARTS)] = $crate::text::join(MANIFEST_PARTS);

        const MANIFEST_MODULE: &str = {
            const BYTES: [u8; $crate::json::compact_length($module)] = $crate::json::compact($module);
            $crate::text::from_utf8(&BYTES)
        };

        const MANIFEST_PARTS: &[&str] = &[
            concat!("{\"schema_version\":1,\"kind\":\"", $kind, "\",\"version\":\""),
            $crate::VERSION,
            concat!("\",\"proto_version\":1,\"entry\":\"", env!("CARGO_BIN_NAME")),
            $crate::EXE_SUFFIX,
            "\",\"os_arch\":[\"",
            $crate::OS_ARCH[0],
            "/",
            $crate::OS_ARCH[1],
            // What only the finished file can tell is left to whoever packs it.
            "\"],\"sha256\":\"\",\"signature\":\"\",\"module\":",
            MANIFEST_MODULE,
            "}",
        ];
    };
}
