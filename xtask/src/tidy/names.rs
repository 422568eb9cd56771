//! No text of this repository installs or depends on a name of a registry that the project doesn't own. It owns none: in
//! the cargo registry `wick` is a PHP formatter, and a name that nobody has yet can be taken by anybody, whose code then runs
//! in the builds of all who follow our words. What is ours is named by a path, or by a git address with a commit.

use super::{File, Finding};

/// This file holds what is forbidden as examples.
const SELF: &str = "xtask/src/tidy/names.rs";

/// Commands that fetch what the words after them name, and the options with which these are no registry's.
const INSTALLERS: &[(&str, &[&str])] = &[
    ("cargo install", &["--git", "--path"]),
    ("cargo binstall", &["--git"]),
    ("cargo add", &["--path"]),
    ("go install", &[]),
    ("go get", &[]),
    ("go run", &[]),
    ("pip install", &[]),
    ("pip3 install", &[]),
    ("pipx install", &[]),
    ("pipx run", &[]),
    ("uv add", &[]),
    ("uv tool install", &[]),
    ("uvx", &[]),
    ("npm install", &[]),
    ("npm i", &[]),
    ("npm add", &[]),
    ("npm create", &[]),
    ("npx", &[]),
    ("pnpm add", &[]),
    ("pnpm dlx", &[]),
    ("yarn add", &[]),
    ("yarn dlx", &[]),
    ("bun add", &[]),
    ("bunx", &[]),
    ("deno install", &[]),
    ("deno add", &[]),
    ("gem install", &[]),
    ("composer require", &[]),
    ("dotnet tool install", &[]),
    ("brew install", &[]),
    ("apt install", &[]),
    ("apt-get install", &[]),
    ("dnf install", &[]),
    ("apk add", &[]),
    ("pacman -S", &[]),
    ("snap install", &[]),
    ("nix profile install", &[]),
    ("conda install", &[]),
    ("choco install", &[]),
    ("scoop install", &[]),
    ("winget install", &[]),
    ("kubectl krew install", &[]),
    ("helm install", &[]),
    ("docker pull", &[]),
    ("docker run", &[]),
    ("podman pull", &[]),
    ("podman run", &[]),
];

/// Registries' pages about something of that name.
const PAGES: &[&str] = &[
    "crates.io/crates/wick",
    "docs.rs/wick",
    "lib.rs/crates/wick",
    "npmjs.com/package/wick",
    "pypi.org/project/wick",
    "rubygems.org/gems/wick",
    "hub.docker.com/r/wick",
    "shields.io/crates/v/wick",
];

/// What is wrong with a line, or with the lines that begin with it.
type Form = fn(&File, &[&str]) -> Option<&'static str>;

const FORMS: &[Form] = &[installer, at_version, dependency, dependency_table, patch, locked, go_path, page];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path != SELF) {
        let lines: Vec<&str> = file.text().lines().collect();
        for at in 0..lines.len() {
            let wrong = FORMS.iter().find_map(|form| form(file, &lines[at..]));
            found.extend(wrong.map(|what| Finding::error(&file.path, at + 1, sentence(what))));
        }
    }
    found
}

fn sentence(what: &str) -> String {
    format!("{what}: no registry has a name of ours; use a path, or a git address with a commit")
}

/// Whether a package of that name would be taken for ours: `wick`, `wick-plugin`, `@acme/wick`, `example.com/x/wick`.
fn is_ours(name: &str) -> bool {
    let part = |part: &str| {
        let part = part.trim_start_matches('@').trim_end_matches('.');
        let end = part.find(|c: char| "@=:~^!$".contains(c)).unwrap_or(part.len());
        part[..end] == *"wick" || part.starts_with("wick-") || part.starts_with("wick_")
    };
    name.split('/').any(part)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || "\"'`()[]{},;<>".contains(c)).filter(|word| !word.is_empty())
}

/// `cargo install wick`.
fn installer(_: &File, lines: &[&str]) -> Option<&'static str> {
    // A backslash goes on with the command.
    let mut line = lines[0].to_owned();
    for next in &lines[1..] {
        let Some(first) = line.strip_suffix('\\') else { break };
        line = format!("{first} {next}");
    }
    for (command, elsewhere) in INSTALLERS {
        for (at, _) in line.match_indices(command) {
            let before = line[..at].chars().next_back();
            let Some(rest) = line[at + command.len()..].strip_prefix(' ') else { continue };
            if before.is_some_and(|c| c.is_alphanumeric() || c == '-') {
                continue;
            }
            // The command ends with the code that it stands in, or where a shell ends it.
            let rest = rest.split(['`', ';', '|', '&', '#']).next().unwrap_or_default();
            let named = words(rest).any(|word| !word.starts_with(['.', '/', '-', '$']) && is_ours(word));
            let option = |option: &&str| words(rest).any(|word| word.split('=').next() == Some(*option));
            if named && !elsewhere.iter().any(option) {
                return Some("this installs by a name");
            }
        }
    }
    None
}

/// `wick@1.2.3`, `uses: acme/wick-action@v1`.
fn at_version(_: &File, lines: &[&str]) -> Option<&'static str> {
    let named = words(lines[0]).any(|word| {
        let source = ["git:", "https:"].iter().any(|start| word.starts_with(start));
        let name = word.trim_start_matches('@').split_once('@').map(|(name, _)| name);
        let last = name.and_then(|name| name.rsplit('/').next());
        !source && last.is_some_and(is_ours)
    });
    let image =
        lines[0].contains("uses:") && words(lines[0]).any(|word| word.contains("://") && is_ours(word));
    (named || image).then_some("this names a version of a package or an action")
}

/// `wick-plugin = "0.1"`, `wick-plugin = { version = "0.1" }`, `x = { package = "wick-plugin", … }`.
fn dependency(_: &File, lines: &[&str]) -> Option<&'static str> {
    let line = lines[0].replace("\\n", " ").replace('\\', "");
    let by_path = |table: &str| {
        let table = table.split('}').next().unwrap_or_default();
        let path = table.contains("path =") || table.contains("path=");
        path && !table.contains("version") || table.contains("workspace")
    };
    let starts = line.match_indices("wick").filter(|(at, _)| {
        let before = line[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"-_./@$".contains(c))
    });
    for (at, _) in starts {
        let rest = &line[at..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
        if !is_ours(&rest[..end]) {
            continue;
        }
        let rest = rest[end..].trim_start_matches('"');
        let (rest, version) = rest.strip_prefix(".version").map_or((rest, false), |rest| (rest, true));
        let Some(value) = rest.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        let number = |value: &str| value.starts_with(|c: char| c.is_ascii_digit() || "^~=<>*".contains(c));
        let bare = value.strip_prefix('"').is_some_and(number);
        let table = value.strip_prefix('{').is_some_and(|table| table.contains('=') && !by_path(table));
        if version || bare || table {
            return Some("this depends on a crate of a registry");
        }
    }
    let renamed =
        line.split_once("package = \"wick").is_some_and(|(_, rest)| !by_path(rest) && !by_path(&line));
    renamed.then_some("this depends on a crate of a registry")
}

/// `[dependencies.wick-plugin]` without a path below it.
fn dependency_table(_: &File, lines: &[&str]) -> Option<&'static str> {
    let name = lines[0].trim().strip_prefix('[')?.strip_suffix(']')?.split("dependencies.").nth(1)?;
    let mut table = lines[1..].iter().take_while(|line| !line.trim_start().starts_with('['));
    let by_path = table.any(|line| line.trim_start().starts_with("path"));
    (is_ours(name.trim_matches('"')) && !by_path).then_some("this depends on a crate of a registry")
}

/// `[patch.…]`: who has it asks a registry for the name, and who hasn't gets what is there.
fn patch(_: &File, lines: &[&str]) -> Option<&'static str> {
    let (_, rest) = lines[0].split_once("[patch.")?;
    let below = lines[1..].iter().take(8).take_while(|line| !line.trim_start().starts_with('['));
    let ours = words(rest).skip(1).chain(below.flat_map(|line| words(line))).any(is_ours);
    ours.then_some("this patches a crate of a registry")
}

/// A lock file that has it from somewhere.
fn locked(file: &File, lines: &[&str]) -> Option<&'static str> {
    let name = lines[0].strip_prefix("name = \"")?.strip_suffix('"')?;
    let mut package = lines[1..].iter().take_while(|line| !line.is_empty());
    let sourced = file.path.ends_with("Cargo.lock") && package.any(|line| line.starts_with("source = "));
    (is_ours(name) && sourced).then_some("this has a crate from a registry")
}

/// `require example.com/wick v1.0.0`, `import "example.com/wick/sdk"`.
fn go_path(file: &File, lines: &[&str]) -> Option<&'static str> {
    let line = lines[0].trim();
    let go = [".go", "go.mod", "go.sum", "go.work"].iter().any(|end| file.path.ends_with(end));
    let comment = line.starts_with("//") || line.starts_with("module ");
    // Nobody can have a module at a reserved name: those are local.
    let path = |word: &str| {
        let (host, inner) = word.split_once('/').unwrap_or_default();
        host.contains('.') && !host.starts_with("example.") && is_ours(inner)
    };
    (go && !comment && words(line).any(path)).then_some("this is a module of a proxy")
}

fn page(_: &File, lines: &[&str]) -> Option<&'static str> {
    PAGES.iter().any(|page| lines[0].contains(page)).then_some("this page is about somebody else's")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&[File { path: path.into(), bytes: text.into() }]).len()
    }

    #[test]
    fn finds_names_that_are_not_ours() {
        for text in [
            "      - run: cargo install --locked \"wick@$WICK_VERSION\"",
            "`cargo install --locked wick --features keyless`",
            "cargo install wick",
            "cargo install wick-cli",
            "cargo install \\\n  --locked \\\n  wick",
            "hint: cargo binstall wick",
            "cargo add wick-plugin",
            "cargo add wick-plugin@0.1 --features x",
            "cargo add wick-plugin --git https://example.com/x",
            "pip install wick==1.0",
            "python -m pip install --user wick",
            "uv tool install wick",
            "uvx wick plugin build",
            "npm install -g wick",
            "npm i @acme/wick",
            "npx wick",
            "go install github.com/acme/wick/cmd/wick@latest",
            "go get example.com/wick",
            "brew install acme/tap/wick",
            "docker run --rm ghcr.io/acme/wick:latest build",
            "sudo apt-get install -y wick",
            "Try wick@1.0.0.",
            "  - uses: acme/wick-action@0123456789abcdef0123456789abcdef01234567 # v1.0.0",
            "  - uses: acme/wick@v1",
            "  - uses: docker://ghcr.io/acme/wick",
            "wick-plugin = \"0.1\"",
            "wick-plugin = \"^0\"",
            "wick-plugin = { version = \"0.1\" }",
            "wick-plugin = { version = \"0.1\", path = \"derive\" }",
            "wick-plugin = { git = \"https://example.com/x\" }",
            "wick-plugin.version = \"0.1\"",
            "wick_plugin = \"*\"",
            "    let text = \"[dependencies]\\nwick-plugin = \\\"0.1\\\"\\n\";",
            "sdk = { package = \"wick-plugin\", version = \"0.1\" }",
            "[dependencies.wick-plugin]\nversion = \"0.1\"",
            "[patch.crates-io]\nwick-plugin = { path = \"../sdk\" }",
            "the lines `[patch.crates-io]` and `wick-plugin = { path = \"…/sdk\" }`",
            "See https://docs.rs/wick-plugin and",
            "[crates.io](https://crates.io/crates/wick)",
        ] {
            assert_eq!(found("docs/x.md", text), 1, "{text}");
        }
        for (path, text) in [
            ("go.mod", "require github.com/acme/wick v1.0.0"),
            ("templates/go/main.go", "\t\"github.com/acme/wick/sdk\""),
            (
                "Cargo.lock",
                "[[package]]\nname = \"wick-plugin\"\nversion = \"0.1.0\"\nsource = \"registry+x\"\n",
            ),
        ] {
            assert_eq!(found(path, text), 1, "{text}");
        }
    }

    #[test]
    fn lets_paths_and_commits_be() {
        for text in [
            "cargo install --locked --git \"$WICK_GIT\" --rev \"$WICK_COMMIT\" wick --features keyless",
            "To install wick itself: `cargo install --locked --path .`",
            "`cargo install --locked cargo-zigbuild`, then wick finds it",
            "pip install cargo-zigbuild # which wick uses",
            "wick plugin init --wick git:https://example.com/wick@COMMIT",
            "wick-plugin = { path = \"../../sdk-rust\" }",
            "wick-plugin.workspace = true",
            "wick-plugin = { workspace = true }",
            "[dependencies.wick-plugin]\npath = \"../sdk\"",
            "[patch.crates-io]\nring = { path = \"../ring\" }",
            "version_symbols = [\"github.com/yogasw/wick/pkg/plugin.Version\"]",
            "let wick = \"the program\";",
            "name = \"wick-plugin\"\nversion = \"0.1.0\"",
            "the wicked@example.com",
            "cargo run --package wick",
        ] {
            assert_eq!(found("docs/x.md", text), 0, "{text}");
        }
        assert_eq!(found("Cargo.lock", "[[package]]\nname = \"wick-plugin\"\nversion = \"0.1.0\"\n"), 0);
        assert_eq!(found("go.mod", "module example.com/wick"), 0);
    }
}
