//! Rules about the repository around the code: reasons for dependencies, the README, what is tracked, what CI trusts.

use super::{File, Finding};

const LARGEST: usize = 256 * 1024;

/// Every dependency is introduced by a comment: above it, or above its group of lines.
pub(super) fn dependencies_have_reasons(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| MANIFESTS.contains(&file.path.as_str())).flat_map(unexplained).collect()
}

/// What users of wick and authors of plugins compile.
const MANIFESTS: [&str; 3] = ["Cargo.toml", "sdk/Cargo.toml", "sdk/derive/Cargo.toml"];

fn unexplained(manifest: &File) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut in_table, mut explained) = (false, false);
    for (index, line) in manifest.text().lines().enumerate() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            in_table = table.trim_end_matches(']').ends_with("dependencies");
            explained = false;
        } else if line.is_empty() {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if in_table && !explained {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            let sentence = format!("`{name}`: say above it, or above its group, what it is for");
            found.push(Finding::error(&manifest.path, index + 1, sentence));
        }
    }
    found
}

/// A verb that the README doesn't name is one that nobody finds. Silent until there are verbs.
pub(super) fn readme_names_every_verb(files: &[File]) -> Vec<Finding> {
    const VERBS: &str = "src/cli/command/";
    let readme = files.iter().find(|file| file.path == "README.md").map_or("", File::text);
    let mut found = Vec::new();
    for file in files {
        let Some(inner) = file.path.strip_prefix(VERBS).and_then(|path| path.strip_suffix(".rs")) else {
            continue;
        };
        let inner = inner.trim_end_matches("/mod");
        let verb = inner.rsplit('/').next().unwrap_or(inner).replace('_', "-");
        if inner.ends_with("mod") || inner.ends_with("tests") {
            continue;
        }
        let spellings = [format!("wick {verb}"), format!("wick plugin {verb}")];
        if !spellings.iter().any(|spelling| readme.contains(spelling)) {
            let sentence = format!("README.md names neither `{}` nor `{}`", spellings[0], spellings[1]);
            found.push(Finding::error(&file.path, 0, sentence));
        }
    }
    found
}

/// A large file is paid for by every clone, for ever.
pub(super) fn sizes(files: &[File]) -> Vec<Finding> {
    let large = files.iter().filter(|file| file.bytes.len() > LARGEST);
    let sentence = |file: &File| {
        format!("{} KiB; nothing above {} KiB is kept here", file.bytes.len() / 1024, LARGEST / 1024)
    };
    large.map(|file| Finding::error(&file.path, 0, sentence(file))).collect()
}

/// Folders and first bytes that only a build makes.
pub(super) fn no_build_output(files: &[File]) -> Vec<Finding> {
    const FOLDERS: &[&str] = &["target", ".wick", ".cache", "node_modules", "__pycache__"];
    const MAGIC: &[&[u8]] =
        &[b"\x7fELF", b"MZ\x90", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"!<arch>\n", b"PK\x03\x04"];
    let made = files.iter().filter(|file| {
        let folders = file.path.split('/').rev().skip(1).any(|part| FOLDERS.contains(&part));
        // A parser's tests need small files that a real linker wrote, a fuzzer those that start it off.
        let fixture =
            ["tests/fixtures/", "tests/fuzz/seeds/"].iter().any(|place| file.path.starts_with(place));
        folders || !fixture && MAGIC.iter().any(|magic| file.bytes.starts_with(magic))
    });
    let sentence =
        "build output: make it in the test or the build that needs it, and list its folder in .gitignore";
    made.map(|file| Finding::error(&file.path, 0, sentence)).collect()
}

/// A tag can be moved to other code; a commit can't.
pub(super) fn pinned_actions(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.starts_with(".github/")) {
        for (index, line) in file.text().lines().enumerate() {
            let Some(action) = line.trim().trim_start_matches("- ").strip_prefix("uses:") else { continue };
            let action = action.split('#').next().unwrap_or_default().trim();
            let commit = action.split_once('@').map_or("", |(_, commit)| commit);
            let pinned = commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit());
            if !pinned && !action.starts_with("./") {
                let sentence = format!(
                    "`{action}`: pin the action to a commit, 40 hex digits, with its tag in a comment"
                );
                found.push(Finding::error(&file.path, index + 1, sentence));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, bytes: &[u8]) -> File {
        File { path: path.into(), bytes: bytes.into() }
    }

    #[test]
    fn wants_reasons_for_dependencies() {
        let text = "[package]\nname = \"x\"\n\n[dependencies]\n# Numbers.\none = \"1\"\ntwo = \"2\"\n\nthree = \"3\"\n";
        let found = dependencies_have_reasons(&[file("Cargo.toml", text.as_bytes())]);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [9]);
        assert_eq!(dependencies_have_reasons(&[file("sdk/Cargo.toml", text.as_bytes())]).len(), 1);
        assert_eq!(dependencies_have_reasons(&[file("tests/x/Cargo.toml", text.as_bytes())]), []);
    }

    #[test]
    fn wants_verbs_in_the_readme() {
        let files = [
            file("README.md", b"run `wick plugin build`"),
            file("src/cli/command/mod.rs", b""),
            file("src/cli/command/build.rs", b""),
            file("src/cli/command/keygen.rs", b""),
        ];
        let found = readme_names_every_verb(&files);
        assert_eq!(
            found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(),
            ["src/cli/command/keygen.rs"]
        );
    }

    #[test]
    fn refuses_what_a_build_made() {
        let files =
            [file("a/target/x", b""), file("x.bin", b"\x7fELF rest"), file("tests/fixtures/x", b"\x7fELF")];
        assert_eq!(no_build_output(&files).len(), 2);
        assert_eq!(sizes(&[file("big", &vec![0; LARGEST + 1])]).len(), 1);
    }

    #[test]
    fn wants_commits_of_actions() {
        let text = "steps:\n  - uses: a/b@v1\n  - uses: a/c@0123456789abcdef0123456789abcdef01234567 # v1\n  - uses: ./x\n";
        let found = pinned_actions(&[file(".github/workflows/ci.yml", text.as_bytes())]);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
    }
}
