//! Documentation that runs: the commands and files that pages print, typed in from an empty folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repo::{self, Repo};

/// What a page tells a reader to do.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// To type this.
    Type(String),
    /// To see this, after the last command.
    See(String),
    /// To write this file: its place and text.
    Write(String, String),
}

/// Reads the fenced blocks: `sh` is typed, `text` was printed, others are files that the line before them names.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            before = if line.is_empty() { before } else { line };
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match language {
            "sh" => steps.extend(block.iter().map(|line| Step::Type((*line).to_owned()))),
            "text" => steps.push(Step::See(block.join("\n"))),
            _ => {
                let name = before.rsplit('`').nth(1).unwrap_or_else(|| panic!("which file? {before}"));
                steps.push(Step::Write(name.to_owned(), block.join("\n") + "\n"));
            }
        }
    }
    steps
}

/// An empty folder on a machine that has wick, the languages and their registries, and nothing else of wick's.
pub(crate) struct Desk {
    _outer: repo::Folder,
    pub(crate) folder: PathBuf,
    env: BTreeMap<String, String>,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let outer = repo::Folder::new();
        let folder = outer.path().join("plugins");
        fs::create_dir(&folder).unwrap();
        let env: BTreeMap<String, String> = [
            // What was compiled once for any of these tests is compiled.
            ("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/scaffold")),
            ("CARGO_NET_OFFLINE", "true"),
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("GOPROXY", "off"),
            ("GOFLAGS", "-mod=readonly"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        Desk { _outer: outer, folder, env }
    }

    /// Types a line; gives stdout. It must go well.
    #[track_caller]
    pub(crate) fn types(&self, line: &str) -> String {
        let words: Vec<&str> = line.split_whitespace().collect();
        if words[0] == "wick" {
            return self.wick(&words[1..]).run().expect_code(0).stdout;
        }
        let program = repo::find_program(words[0]).unwrap_or_else(|| panic!("{} is not there", words[0]));
        let said = Command::new(program).args(&words[1..]).current_dir(&self.folder).envs(&self.env).output();
        let said = said.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(said.status.success(), "{line}\n{}{}", text(&said.stdout), text(&said.stderr));
        text(&said.stdout)
    }

    pub(crate) fn wick(&self, args: &[&str]) -> repo::Wick {
        let wick = repo::Wick::new(&self.folder, args);
        self.env.iter().fold(wick, |wick, (name, value)| wick.env(name, value))
    }

    pub(crate) fn read(&self, place: &str) -> String {
        fs::read_to_string(self.folder.join(place)).unwrap_or_else(|error| panic!("{place}: {error}"))
    }

    fn follow(&self, page: &str) {
        let mut printed = String::new();
        let steps = steps(page);
        assert!(steps.iter().filter(|step| matches!(step, Step::Type(_))).count() >= 5, "{steps:?}");
        for step in steps {
            match step {
                Step::Type(line) => printed = self.types(&line),
                Step::See(text) => assert_eq!(printed.trim_end(), text),
                Step::Write(place, text) => {
                    assert!(self.folder.join(&place).is_file(), "{place} is new");
                    fs::write(self.folder.join(place), text).unwrap();
                }
            }
        }
    }
}

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The part of docs/first-connector.md under a heading.
fn part(heading: &str) -> String {
    let page = page("docs/first-connector.md");
    let from = page.find(&format!("## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let text = &page[from + 3..];
    text[..text.find("\n## ").unwrap()].to_owned()
}

const RUST: [&str; 2] = ["cargo", "cargo-zigbuild"];

#[test]
fn the_first_connector_in_rust() {
    if repo::lacks("the_first_connector_in_rust", &RUST) {
        return;
    }
    let desk = Desk::new();
    desk.follow(&part("In Rust"));
    assert_eq!(zips(&desk).len(), 5, "{:?}", zips(&desk));
    nothing_of_ours_has_a_source(&desk);
}

/// No registry has a crate that is the project's: whoever takes a name there must get into nobody's build.
fn nothing_of_ours_has_a_source(desk: &Desk) {
    // Of one system: the crates that only others need may never have been fetched.
    let said =
        desk.types("cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu");
    let metadata: serde_json::Value = serde_json::from_str(&said).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let ours = packages.iter().filter(|one| one["name"].as_str().unwrap().starts_with("wick"));
    let ours: Vec<_> = ours.map(|one| (one["name"].as_str().unwrap(), one["source"].as_str())).collect();
    assert_eq!(ours, [("wick-plugin", None), ("wick-plugin-derive", None)]);
    let lock: toml::Table = desk.read("Cargo.lock").parse().unwrap();
    let locked = lock["package"].as_array().unwrap().iter();
    let ours = locked.filter(|one| one["name"].as_str().unwrap().starts_with("wick"));
    assert!(ours.clone().count() == 2 && ours.clone().all(|one| one.get("source").is_none()), "Cargo.lock");
    // Members are what the author wrote.
    let members = metadata["workspace_members"].to_string();
    assert!(!members.contains("wick-plugin"), "{members}");
}

#[test]
fn the_first_connector_in_go() {
    if repo::lacks("the_first_connector_in_go", &["go"]) {
        return;
    }
    let desk = Desk::new();
    desk.follow(&part("In Go"));
    assert_eq!(zips(&desk).len(), 5, "{:?}", zips(&desk));
}

fn zips(desk: &Desk) -> Vec<String> {
    let names = fs::read_dir(desk.folder.join("bin")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".zip")).collect()
}

/// Both templates in one repository: what each plugin's README prints works, and `check` has no errors.
#[test]
fn the_readme_of_each_template() {
    if repo::lacks("the_readme_of_each_template", &RUST)
        || repo::lacks("the_readme_of_each_template", &["go"])
    {
        return;
    }
    let desk = Desk::new();
    desk.types(&format!("wick plugin init --lang go,rust --wick {WICK}"));
    desk.types("wick plugin new ferris --lang rust --kind job");
    desk.types("wick plugin new gopher --lang go --kind tool");
    for readme in ["job/ferris/README.md", "tool/gopher/README.md"] {
        desk.follow(&desk.read(readme));
    }
    let checked = desk.wick(&["plugin", "check", "--all-plugins", "--format", "json"]).run().expect_code(0);
    assert_eq!(checked.json()["errors"], 0, "{checked}");
    // What was written says how it wants to be written, by the languages' own rules.
    desk.types("cargo fmt --all --check");
    desk.types("cargo clippy --all-targets -- -D warnings");
    assert_eq!(desk.types("gofmt -l ."), "");
    desk.types("go vet ./...");
    // Everything that was written is in what was read: another run has nothing to add.
    desk.wick(&["plugin", "init", "--check"]).run().expect_code(0);
}

#[test]
fn blocks_are_read_as_they_are_meant() {
    let page =
        "Do:\n\n```sh\na b\nc\n```\n\n```text\nseen\n```\n\nThen `x/y.rs`:\n\n```rust\nfn x() {}\n```\n";
    let expected = [
        Step::Type("a b".to_owned()),
        Step::Type("c".to_owned()),
        Step::See("seen".to_owned()),
        Step::Write("x/y.rs".to_owned(), "fn x() {}\n".to_owned()),
    ];
    assert_eq!(steps(page), expected);
}

/// Where a workflow gets wick from.
pub(crate) const WICK: &str = "git:https://example.com/acme/wick@0123456789abcdef0123456789abcdef01234567";

/// A repository of this kind, with nothing in it.
pub(crate) fn empty() -> Repo {
    Repo::empty()
}
