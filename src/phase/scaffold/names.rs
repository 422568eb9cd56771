//! Names a new plugin can't have: what hosts, compilers or file systems refuse. Said before anything is written.

use crate::model::failure::{Explain, Failure, FailureKind};
use crate::model::file_names;
use crate::model::names::{KeyError, PluginKey};
use crate::model::project::Language;

/// Words of Rust that can't name a package, with the packages that come with the compiler and the folders that cargo
/// itself makes in its target folder (cargo's `restricted_names`).
#[rustfmt::skip]
const RUST: &[&str] = &[
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "build", "const", "continue", "core", "crate",
    "deps", "do", "dyn", "else", "enum", "examples", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in",
    "incremental", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "proc_macro", "pub", "ref",
    "return", "self", "static", "std", "struct", "super", "test", "trait", "true", "try", "type", "typeof", "unsafe",
    "unsized", "use", "virtual", "where", "while", "yield",
];

/// Folders that the go command treats in its own way.
const GO: &[&str] = &["internal", "main", "testdata", "vendor"];

/// Why a name can't be a new plugin's.
#[derive(Debug, thiserror::Error)]
enum NameError {
    #[error("`{0}` can't be a new plugin's name")]
    Key(String, #[source] KeyError),
    #[error("`{0}` starts with `_`, as scaffolds do that are never released")]
    Scaffold(PluginKey),
    #[error("`{0}` can't be a new plugin's name: {1}")]
    Reserved(PluginKey, &'static str),
}

impl Explain for NameError {
    fn kind(&self) -> FailureKind {
        FailureKind::Usage
    }

    fn hints(&self) -> Vec<String> {
        let better = match self {
            NameError::Key(text, _) => {
                let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
                text.chars().map(plain).collect::<String>().trim_matches('_').to_owned()
            }
            NameError::Scaffold(key) => key.as_str().trim_matches('_').to_owned(),
            NameError::Reserved(key, _) if key.as_str().starts_with(|c: char| c.is_ascii_digit()) => {
                format!("p{key}")
            }
            NameError::Reserved(key, _) => format!("{key}_plugin"),
        };
        match better.parse::<PluginKey>() {
            Ok(better) => vec![format!("call it `{better}`")],
            Err(_) => vec!["use 1 to 64 of a-z, 0-9 and _, such as `weather`".to_owned()],
        }
    }
}

/// A name as a new plugin's key.
///
/// # Errors
/// When a host, the language or Windows refuses it.
pub fn key(text: &str, language: Language) -> Result<PluginKey, Failure> {
    Ok(checked(text, language)?)
}

fn checked(text: &str, language: Language) -> Result<PluginKey, NameError> {
    let key: PluginKey = text.parse().map_err(|why| NameError::Key(text.to_owned(), why))?;
    let name = key.as_str();
    let reserved = match language {
        _ if name.starts_with('_') => return Err(NameError::Scaffold(key)),
        _ if file_names::windows_refusal(name).is_some() => "no file is called so on Windows",
        Language::Rust if RUST.contains(&name) => "Rust has another use for that word",
        Language::Rust if name.starts_with(|c: char| c.is_ascii_digit()) => {
            "no cargo package starts with a digit"
        }
        Language::Go if GO.contains(&name) => "the go command has another use for folders of that name",
        _ => return Ok(key),
    };
    Err(NameError::Reserved(key, reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_with_a_better_one() {
        let refused = |text: &str, language| key(text, language).unwrap_err();
        for (text, language, why, better) in [
            ("My-Plugin", Language::Go, "only a-z, 0-9 and _", "`my_plugin`"),
            ("", Language::Go, "can't be empty", "such as `weather`"),
            ("_template", Language::Rust, "starts with `_`", "`template`"),
            ("async", Language::Rust, "another use for that word", "`async_plugin`"),
            ("9lives", Language::Rust, "starts with a digit", "`p9lives`"),
            ("vendor", Language::Go, "the go command", "`vendor_plugin`"),
            ("nul", Language::Go, "Windows", "`nul_plugin`"),
        ] {
            let failure = refused(text, language);
            assert!(failure.message.contains(why), "{failure}");
            assert!(failure.hints[0].contains(better), "{failure:?}");
        }
        for (text, language) in
            [("weather", Language::Rust), ("async", Language::Go), ("9lives", Language::Go)]
        {
            assert_eq!(key(text, language).unwrap().as_str(), text);
        }
    }
}
