//! The rustflags that cargo would use by itself: environment and config files, merged by cargo's own rules.

use std::path::Path;

/// The flags for a triple, for a workspace. Nothing on broken config files: cargo itself will say so better.
#[must_use]
pub fn rustflags(workspace: &Path, triple: &str) -> Vec<String> {
    let Ok(config) = cargo_config2::Config::load_with_cwd(workspace) else { return Vec::new() };
    match config.rustflags(triple) {
        Ok(Some(flags)) => flags.flags,
        _ => Vec::new(),
    }
}
