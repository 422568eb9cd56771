//! Which Go or Rust a plugin's own files ask for, where the one that is here is older and must not fetch another: said
//! with both versions before a compiler starts. Reads go.mod, go.work and Cargo.toml; deciding is pure.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use crate::model::project::{Plugin, Source};
use crate::model::tools::{Missing, Tools};
use crate::sys::files;

/// The newer toolchains that plugins ask for, one per language and file.
#[must_use]
pub fn lacking(plugins: &[Plugin], tools: &Tools) -> Vec<Missing> {
    let mut all: Vec<Missing> = plugins.iter().filter_map(|plugin| lacking_for(plugin, tools)).collect();
    all.sort();
    all.dedup();
    all
}

fn lacking_for(plugin: &Plugin, tools: &Tools) -> Option<Missing> {
    match &plugin.source {
        Source::Go(source) => {
            let go = tools.go.as_ref()?;
            let choice = source.env.get("GOTOOLCHAIN").or_else(|| go.settings.get("GOTOOLCHAIN"))?;
            let workspace = go.settings.get("GOWORK").filter(|path| path.ends_with(".work")).map(Path::new);
            lacking_go(&go.version, choice, &go_files(workspace, &source.module_root), &plugin.dir)
        }
        Source::Rust(source) => {
            lacking_rust(&tools.cargo.as_ref()?.rustc, &plugin.dir, &source.workspace_root)
        }
    }
}

/// Every file whose `go` line the go command goes by: of the plugin's module, of go.work and all modules that it names, and
/// of folders that stand for a module that one of these requires.
fn go_files(workspace: Option<&Path>, module: &Path) -> Vec<PathBuf> {
    let own = module.join("go.mod");
    let Some(work) = workspace else { return [vec![own.clone()], stand_ins(&[own])].concat() };
    let folder = work.parent().unwrap_or(module);
    let used = directives(work).into_iter().filter(|words| words[0] == "use");
    let used = used.filter_map(|words| Some(files::without_dots(&folder.join(words.get(1)?).join("go.mod"))));
    let modules: Vec<PathBuf> = std::iter::once(own).chain(used).collect();
    let all = [vec![work.to_owned()], modules].concat();
    [all.clone(), stand_ins(&all)].concat()
}

/// The go.mod of each folder that replaces a module, where one of the files requires it: others are never looked at.
fn stand_ins(all: &[PathBuf]) -> Vec<PathBuf> {
    let said: Vec<(&Path, Vec<String>)> = all
        .iter()
        .flat_map(|file| directives(file).into_iter().map(|words| (file.parent().unwrap_or(file), words)))
        .collect();
    let is_required =
        |module: &String| said.iter().any(|(_, words)| words[0] == "require" && words.get(1) == Some(module));
    let leads = |(folder, words): &(&Path, Vec<String>)| {
        let arrow = words.iter().position(|word| word == "=>")?;
        let place = words.get(arrow + 1).filter(|_| words[0] == "replace" && is_required(&words[1]))?;
        // Anything else is a module's path.
        let is_folder = place.starts_with("./") || place.starts_with("../") || Path::new(place).is_absolute();
        is_folder.then(|| files::without_dots(&folder.join(place).join("go.mod")))
    };
    said.iter().filter_map(leads).collect()
}

/// The lines of a go.mod or go.work as words, the first of which says what it is about; blocks are taken apart.
/// <https://go.dev/ref/mod#go-mod-file-grammar>
fn directives(file: &Path) -> Vec<Vec<String>> {
    let text = files::read_text(file).unwrap_or_default();
    let (mut found, mut block) = (Vec::new(), None);
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        let words = line.split_whitespace().map(|word| word.trim_matches(['"', '`']).to_owned());
        let mut words: Vec<String> = words.collect();
        match (&block, words.last().map(String::as_str)) {
            (_, None) => {}
            (None, Some("(")) => block = words.first().cloned(),
            (Some(_), Some(")")) => block = None,
            (Some(about), _) => {
                words.insert(0, about.clone());
                found.push(words);
            }
            (None, _) => found.push(words),
        }
    }
    found
}

/// `choice`: GOTOOLCHAIN. `files`: all of those that are there count.
fn lacking_go(version: &str, choice: &str, files: &[PathBuf], plugin: &Path) -> Option<Missing> {
    if !is_fixed(choice) {
        return None;
    }
    let asked = |file: &PathBuf| Some((go_line(&files::read_text(file).ok()?)?, file.clone()));
    let asked = files.iter().rev().filter_map(asked);
    let (asked, file) = asked.max_by(|one, other| compare(&one.0, &other.0))?;
    (compare(&asked, version) == Ordering::Greater).then(|| Missing {
        what: format!(
            "Go {asked} or newer, which {} asks for; the go command is {version} and GOTOOLCHAIN={choice} lets it get \
             no other",
            place(&file, plugin)
        ),
        install: "set GOTOOLCHAIN=auto to let go get it, or install it from https://go.dev/dl".to_owned(),
    })
}

/// `about`: what `rustc -vV` says.
fn lacking_rust(about: &str, plugin: &Path, workspace: &Path) -> Option<Missing> {
    let version = about.split_whitespace().nth(1)?;
    let file = plugin.join("Cargo.toml");
    let asked = rust_version(&file, workspace)?;
    (compare(&asked, version.split('-').next()?) == Ordering::Greater).then(|| Missing {
        what: format!("Rust {asked} or newer, which {} asks for; rustc is {version}", place(&file, plugin)),
        install: "rustup update".to_owned(),
    })
}

/// Whether the go command stays the one it is: `local`, or a version without `+auto` or `+path`.
/// <https://go.dev/doc/toolchain#select>
fn is_fixed(choice: &str) -> bool {
    choice == "local" || choice.starts_with("go") && !choice.contains('+')
}

/// A file's place in the repository that `plugin`, a folder in a folder of it, is in.
fn place(file: &Path, plugin: &Path) -> String {
    let root = plugin.ancestors().nth(2).unwrap_or(plugin);
    let shown = file.strip_prefix(root).unwrap_or(file);
    shown.to_string_lossy().replace('\\', "/")
}

/// The version in a go.mod's or go.work's `go` line. The `toolchain` line only matters where go may get another.
fn go_line(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let mut words = line.split("//").next()?.split_whitespace();
        (words.next()? == "go").then(|| words.next().map(ToOwned::to_owned))?
    })
}

/// `package.rust-version`, also where the workspace says it.
fn rust_version(manifest: &Path, workspace: &Path) -> Option<String> {
    let read = |path: &Path| files::read_text(path).ok()?.parse::<toml::Table>().ok();
    let own = read(manifest)?.get("package")?.get("rust-version")?.clone();
    let inherited = || {
        let root = read(&workspace.join("Cargo.toml"))?;
        Some(root.get("workspace")?.get("package")?.get("rust-version")?.as_str()?.to_owned())
    };
    match own {
        toml::Value::String(text) => Some(text),
        _ => inherited(),
    }
}

/// As Go orders its versions: `1.21 < 1.21rc1 < 1.21.0`. What is no version is as new as it needs to be.
fn compare(asked: &str, there: &str) -> Ordering {
    match (parts(asked), parts(there)) {
        (Some(asked), Some(there)) => asked.cmp(&there),
        _ => Ordering::Equal,
    }
}

/// Major, minor, and what follows: nothing, a pre-release with its number, a patch.
fn parts(text: &str) -> Option<(u64, u64, (u8, u64))> {
    let text = text.split_whitespace().next()?.trim_start_matches("go");
    let number = |text: &str| -> (Option<u64>, usize) {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        (text[..end].parse().ok(), end)
    };
    let (major, rest) = text.split_once('.')?;
    let (minor, end) = number(rest);
    let rest = &rest[end..];
    let last = match rest.strip_prefix('.') {
        Some(patch) => (3, number(patch).0?),
        None if rest.is_empty() => (0, 0),
        // `beta1`, `rc2`; a development build is newer than all of them.
        None => match (rest.strip_prefix("beta"), rest.strip_prefix("rc")) {
            (Some(beta), _) => (1, number(beta).0?),
            (_, Some(candidate)) => (2, number(candidate).0?),
            _ => (4, 0),
        },
    };
    Some((major.parse().ok()?, minor?, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_the_tools_do() {
        for (older, newer) in [
            ("1.21", "go1.21rc1"),
            ("1.21rc2", "1.21.0"),
            ("1.21beta1", "1.21rc1"),
            ("1.21.9", "1.21.10"),
            ("1.26.8", "1.99"),
            ("go1.26.8", "1.27"),
            ("1.26.8", "go1.27-devel_abc"),
            ("1.89.0", "1.95.0"),
        ] {
            assert_eq!(compare(older, newer), Ordering::Less, "{older} {newer}");
            assert_eq!(compare(newer, older), Ordering::Greater, "{older} {newer}");
        }
        for same in ["go1.26.8", "go1.26.8 X:jsonv2"] {
            assert_eq!(compare("1.26.8", same), Ordering::Equal);
        }
        assert_eq!(compare("next", "1.26"), Ordering::Equal);
    }

    /// Tools of these versions, and plugins of both languages in a scratch repository.
    #[test]
    fn both_versions_are_named_before_anything_is_started() {
        let scratch = files::Scratch::new().unwrap();
        let root = scratch.path();
        let write = |place: &str, text: &str| {
            files::create_folder(root.join(place).parent().unwrap()).unwrap();
            files::write_atomic(&root.join(place), text.as_bytes(), 0o644).unwrap();
        };
        let own = "[package]\nname = \"x\"\nrust-version = \"1.99\"\n";
        let inherited = "[package]\nname = \"x\"\nrust-version.workspace = true\n";
        let workspace = "[workspace.package]\nrust-version = \"1.98\"\n";
        for (go_mod, go_work, choice, cargo, said) in [
            ("go 1.21\n", "", "local", "[package]\n", &[][..]),
            (
                "go 1.99\n",
                "",
                "local",
                "[package]\n",
                &[
                    "Go 1.99 or newer, which go.mod asks for; the go command is go1.26.8 and GOTOOLCHAIN=local",
                ],
            ),
            ("go 1.99\n", "", "go1.26.8", "[package]\n", &["GOTOOLCHAIN=go1.26.8"]),
            ("go 1.99\n", "", "auto", "[package]\n", &[]),
            ("go 1.21\ntoolchain go1.99.0\n", "", "local", "[package]\n", &[]),
            (
                "go 1.21\n",
                "go 1.98\nuse .\n",
                "local",
                "[package]\n",
                &["Go 1.98 or newer, which go.work asks for"],
            ),
            (
                "go 1.21\n",
                "",
                "local",
                own,
                &["Rust 1.99 or newer, which connector/x/Cargo.toml asks for; rustc is 1.95.0"],
            ),
            ("go 1.21\n", "", "local", inherited, &["Rust 1.98 or newer"]),
            ("go 1.99\n", "", "local", own, &["Go 1.99", "Rust 1.99"]),
        ] {
            write("go.mod", &format!("module x\n\n{go_mod}"));
            write("go.work", go_work);
            write("Cargo.toml", workspace);
            write("connector/x/Cargo.toml", cargo);
            let dir = root.join("connector/x");
            let (go_work, go_mod) = (root.join("go.work"), root.join("go.mod"));
            let go = lacking_go("go1.26.8", choice, &[go_work, go_mod], &dir);
            let rust = lacking_rust("rustc 1.95.0 (abc 2026-01-01)\nbinary: rustc", &dir, root);
            let told: Vec<String> = go.into_iter().chain(rust).map(|one| one.what).collect();
            assert_eq!(told.len(), said.len(), "{told:?}");
            assert!(told.iter().zip(said).all(|(told, said)| told.contains(said)), "{told:?}");
        }
    }

    #[test]
    fn modules_beside_the_plugins_own_ask_as_well() {
        let scratch = files::Scratch::new().unwrap();
        let root = scratch.path();
        let write = |place: &str, text: &str| {
            files::create_folder(root.join(place).parent().unwrap()).unwrap();
            files::write_atomic(&root.join(place), text.as_bytes(), 0o644).unwrap();
        };
        write("lib/go.mod", "module example.com/lib\n\ngo 1.99\n");
        for (go_mod, go_work, asks) in [
            ("require example.com/lib v0.0.0\nreplace example.com/lib => ./lib\n", None, true),
            (
                "require (\n\texample.com/lib v0.0.0 // x\n)\nreplace (\n\texample.com/lib v0.0.0 => ./lib\n)\n",
                None,
                true,
            ),
            ("replace example.com/lib => ./lib\n", None, false),
            ("require example.com/lib v0.0.0\n// replace example.com/lib => ./lib\n", None, false),
            ("require example.com/lib v0.0.0\nreplace example.com/lib => lib v1.0.0\n", None, false),
            ("", Some("use (\n\t.\n\t./lib\n)\n"), true),
            ("", Some("use .\nuse \"./lib\"\n"), true),
            ("require example.com/lib v0.0.0\n", Some("use .\nreplace example.com/lib => ./lib\n"), true),
            ("", Some("use .\n"), false),
        ] {
            write("go.mod", &format!("module example.com/x\n\ngo 1.21\n{go_mod}"));
            write("go.work", &format!("go 1.21\n\n{}", go_work.unwrap_or_default()));
            let work = root.join("go.work");
            let files = go_files(go_work.map(|_| work.as_path()), root);
            let told = lacking_go("go1.26.8", "local", &files, &root.join("connector/x"));
            let said = told.map(|one| one.what).unwrap_or_default();
            let named = said.starts_with("Go 1.99 or newer, which lib/go.mod asks for;");
            assert_eq!((named, said.is_empty()), (asks, !asks), "{go_mod} {go_work:?}: {said}");
        }
    }

    #[test]
    fn only_the_go_line_of_a_module_counts() {
        for (text, asked) in [
            ("module x\n\ngo 1.99\n", Some("1.99")),
            ("module x\ngo 1.21.3 // why\ntoolchain go1.99.0\n", Some("1.21.3")),
            ("module x\n// go 1.99\n", None),
            ("module go\n", None),
        ] {
            assert_eq!(go_line(text).as_deref(), asked, "{text}");
        }
        for (choice, fixed) in
            [("local", true), ("go1.26.8", true), ("auto", false), ("path", false), ("go1.26.8+auto", false)]
        {
            assert_eq!(is_fixed(choice), fixed, "{choice}");
        }
    }
}
