//! The layers of `src/`: which module may name which. A module that names another is an arrow in the architecture, and
//! these are all the arrows there are.

use super::code::{PathUse, paths, tokens};
use super::{File, Finding};

/// Each layer, lowest first, and what it may name beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("sys", &["model"]),
    ("inspect", &["model"]),
    ("host", &["model"]),
    ("toolchain", &["model"]),
    ("project", &["model", "sys"]),
    ("signer", &["model", "sys"]),
    ("forge", &["model", "sys"]),
    ("phase", &["model", "project", "host", "toolchain", "inspect", "sys", "signer", "forge"]),
    ("cli", &["model", "project", "phase"]),
];

/// The one module that may name more than its layer: it wires the rest together.
const SESSION: &str = "src/cli/session";
const WIRED: &[&str] = &["host", "toolchain", "inspect", "signer", "forge", "sys"];

/// The two files of the crate's root only hand over.
const ROOTS: &[&str] = &["src/main.rs", "src/lib.rs"];

/// Names that are used against the table.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.path.starts_with("src/") && file.is_rust());
    sources.flat_map(|file| broken(&file.path, file.text())).collect()
}

fn broken(path: &str, source: &str) -> Vec<Finding> {
    let module = module_of(path);
    let own = module.first().map(String::as_str);
    let allowed = allowed(path, own);
    let Some(allowed) = allowed else {
        let sentence =
            "this folder is in no layer; add it to design.md and to xtask/src/tidy/layers.rs, lowest first";
        return vec![Finding::error(path, 0, sentence)];
    };
    let mut found = Vec::new();
    for used in paths(&tokens(source)) {
        let sentence = match named(&module, &used) {
            Named::Elsewhere => continue,
            Named::Root => "names the crate's root as a whole; name the module that is meant".to_owned(),
            Named::Layer(layer) if own == Some(layer.as_str()) || allowed.contains(&layer.as_str()) => {
                continue;
            }
            Named::Layer(layer) => {
                let who = own.unwrap_or("the crate's root");
                let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                format!("{who} names `{layer}`, but may name only: {may}; move the code or pass the value in")
            }
        };
        let finding = Finding::error(path, used.line, sentence);
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    found
}

/// What a file may name; none when it belongs to no layer.
fn allowed(path: &str, own: Option<&str>) -> Option<Vec<&'static str>> {
    if ROOTS.contains(&path) {
        return Some(vec!["cli"]);
    }
    let (_, listed) = LAYERS.iter().find(|(layer, _)| Some(*layer) == own)?;
    let session = path.strip_prefix(SESSION).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'));
    let wired = if session { WIRED } else { &[] };
    Some(listed.iter().chain(wired).copied().collect())
}

enum Named {
    Layer(String),
    Root,
    /// In the own layer, or in another crate.
    Elsewhere,
}

/// The layer that a path leads to, seen from a file's module.
fn named(module: &[String], used: &PathUse) -> Named {
    let names: Vec<&str> = used.names.iter().map(String::as_str).collect();
    let rest = match names[0] {
        "crate" => &names[1..],
        // The library, seen from the program.
        "wick" if module.is_empty() => &names[1..],
        "super" | "self" => {
            let supers = names.iter().filter(|name| **name == "super").count();
            let depth = module.len() + used.inside.len();
            if supers < depth {
                return Named::Elsewhere;
            }
            let start = names.iter().position(|name| !["self", "super"].contains(name));
            &names[start.unwrap_or(names.len())..]
        }
        // At the crate's root a module needs no `crate::` before it.
        first if module.is_empty() && LAYERS.iter().any(|(layer, _)| *layer == first) => &names[..],
        _ => return Named::Elsewhere,
    };
    match rest.first() {
        Some(&"*" | &"self") | None => Named::Root,
        Some(layer) => Named::Layer((*layer).to_owned()),
    }
}

/// `src/sys/files.rs` is `[sys, files]`, `src/sys/mod.rs` is `[sys]`, the roots are `[]`.
fn module_of(path: &str) -> Vec<String> {
    if ROOTS.contains(&path) {
        return Vec::new();
    }
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inner.split('/').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentences(path: &str, source: &str) -> Vec<(usize, String)> {
        broken(path, source).into_iter().map(|finding| (finding.line, finding.sentence)).collect()
    }

    #[track_caller]
    fn caught(path: &str, source: &str, layer: &str) {
        let found = sentences(path, source);
        assert_eq!(found.len(), 1, "{path}: {source}: {found:?}");
        assert!(found[0].1.contains(&format!("names `{layer}`")), "{found:?}");
    }

    #[track_caller]
    fn fine(path: &str, source: &str) {
        assert_eq!(sentences(path, source), [], "{path}: {source}");
    }

    #[test]
    fn catches_an_arrow_that_is_not_in_the_table() {
        caught("src/model/plan.rs", "use crate::sys::files;", "sys");
        caught("src/model/plan.rs", "fn f() { crate::sys::files::read(); }", "sys");
        caught("src/host/wick/mod.rs", "use crate::{model::target::Target, sys::{env, files}};", "sys");
        caught("src/toolchain/go.rs", "use super::super::phase::plan;", "phase");
        caught("src/toolchain/mod.rs", "pub use super::inspect::elf;", "inspect");
        caught("src/sys/git.rs", "mod tests { use super::super::super::phase::x; }", "phase");
        caught("src/cli/command/build.rs", "use crate::sys::env;", "sys");
        caught("src/main.rs", "fn main() { wick::sys::run() }", "sys");
        caught("src/lib.rs", "pub use model::Target;", "model");
        caught("src/phase/plan/mod.rs", "use crate::Verb;", "Verb");
    }

    #[test]
    fn lets_the_table_pass() {
        fine("src/model/plan.rs", "use crate::model::target::Target; use super::names::PluginKey;");
        fine("src/model/plan.rs", "mod tests { use super::*; use super::super::names; }");
        fine("src/phase/plan/mod.rs", "use crate::{host::Host, sys::files};");
        fine("src/cli/session.rs", "use crate::{host, sys::env, toolchain, signer};");
        fine("src/main.rs", "fn main() { wick::cli::main() }");
        fine("src/model/plan.rs", "// crate::sys is out of reach\nconst TEXT: &str = \"crate::sys\";");
        fine("src/sys/mod.rs", "pub(crate) fn f() { $crate::model::x!(); other::sys::f(); }");
    }

    #[test]
    fn wants_a_module_named() {
        assert!(sentences("src/model/mod.rs", "use super::*;")[0].1.contains("root as a whole"));
        assert!(sentences("src/model/plan.rs", "use crate::*;")[0].1.contains("root as a whole"));
        assert!(sentences("src/helpers/mod.rs", "")[0].1.contains("in no layer"));
    }

    #[test]
    fn the_table_has_no_cycle() {
        for (index, (layer, allowed)) in LAYERS.iter().enumerate() {
            for name in *allowed {
                let below = LAYERS[..index].iter().any(|(lower, _)| lower == name);
                assert!(below, "{layer} may name {name}, which is not below it");
            }
        }
    }
}
