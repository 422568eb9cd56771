//! Every way in which a working tree isn't its commit, with the real git; nothing is compiled.

mod rows;

use std::path::Path;

use super::*;
use crate::model::command::CommandLine;
use crate::model::digest::Sha256;
use crate::model::project::{GoSource, RustSource, Source, Targets};
use crate::phase::trace;
use crate::sys::files::Scratch;
use crate::sys::process::{self, Limits};
use crate::toolchain::SourcePath;

/// A repository of plugins in a folder of its own, with room beside it.
struct Repo {
    _dir: Scratch,
    root: PathBuf,
}

impl Repo {
    /// Not committed yet.
    fn new(init: &[&str]) -> Repo {
        let dir = Scratch::new().unwrap();
        let root = files::canonical(dir.path()).unwrap().join("plugins");
        files::create_folder(&root).unwrap();
        let repo = Repo { _dir: dir, root };
        repo.git(&[&["init", "--quiet", "--initial-branch=main"], init].concat());
        for (name, text) in [
            ("go.mod", "module example.com/p\n\ngo 1.21\n"),
            ("wick.toml", "[build]\n"),
            ("connector/hello/main.go", "package main\n"),
            ("connector/hello/main_test.go", "package main\n"),
            ("connector/hello/VERSION", "0.1.0\n"),
            ("connector/hello/README.md", "Hello.\n"),
            ("connector/hello/run.sh", "#!/bin/sh\n"),
            ("shared/words.go", "package shared\n"),
            ("shared/texts/one.txt", "one\n"),
        ] {
            repo.write(name, text);
        }
        repo
    }

    fn committed() -> Repo {
        let repo = Repo::new(&[]);
        repo.commit();
        repo
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root.join(name);
        files::create_folder(path.parent().unwrap()).unwrap();
        files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
    }

    fn remove(&self, name: &str) {
        files::remove(&self.root.join(name)).unwrap();
    }

    fn git(&self, args: &[&str]) -> String {
        git_in(&self.root, args)
    }

    fn commit(&self) {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    }

    /// What `connector/hello` is made from as receipts have it, and what of that is in no commit.
    fn judged(&self) -> Vec<String> {
        let tree = SourcePath::Tree(self.root.join("shared"));
        self.judged_with(&[SourcePath::Package(self.root.join("connector/hello")), tree])
    }

    fn judged_with(&self, more: &[SourcePath]) -> Vec<String> {
        judged(&self.root, more, &[])
    }

    fn says_clean_to_git(&self) {
        assert_eq!(self.git(&["status", "--porcelain", "--untracked-files=all"]), "", "git sees nothing");
    }
}

fn git_in(folder: &Path, args: &[&str]) -> String {
    let identity =
        ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"];
    let line = CommandLine::new("git", folder)
        .args(identity)
        .args(["-c", "commit.gpgsign=false"])
        .args(args.iter().copied())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1");
    let finished = process::run(&line, Limits::TOOL).unwrap();
    assert!(finished.success(), "{args:?}: {}", finished.complaint());
    finished.stdout_text()
}

fn checkout(root: &Path) -> Checkout {
    git::Repository::of(root).unwrap().checkout().unwrap().unwrap()
}

fn go(root: &Path) -> Source {
    Source::Go(GoSource {
        module_root: root.to_owned(),
        tags: Vec::new(),
        ldflags: Vec::new(),
        version_symbols: Vec::new(),
        env: BTreeMap::new(),
    })
}

fn rust(root: &Path) -> Source {
    Source::Rust(RustSource {
        workspace_root: root.to_owned(),
        target_dir: root.join("target"),
        build_dir: None,
        repository: root.to_owned(),
        package: "hello".to_owned(),
        binary: "hello".to_owned(),
        features: Vec::new(),
        default_features: true,
        triples: BTreeMap::new(),
        env: BTreeMap::new(),
        has_lock: true,
    })
}

fn plugin(root: &Path, source: Source, packed: &[&str]) -> Plugin {
    Plugin {
        key: "hello".parse().unwrap(),
        kind: crate::model::names::PluginKind::Connector,
        dir: root.join("connector/hello"),
        place: "connector/hello".to_owned(),
        version: "0.1.0".parse().unwrap(),
        source,
        targets: Targets::Contract,
        files: packed.iter().map(ToString::to_string).collect(),
        generate: Vec::new(),
    }
}

fn judged(root: &Path, more: &[SourcePath], packed: &[&str]) -> Vec<String> {
    judged_as(root, plugin(root, go(root), packed), more, BTreeMap::new())
}

fn judged_as(
    root: &Path,
    plugin: Plugin,
    more: &[SourcePath],
    generated: BTreeMap<PathBuf, Sha256>,
) -> Vec<String> {
    let (fingerprints, tools) = (Fingerprints::default(), Tools::default());
    let head = checkout(root);
    let committed = Committed::new(head, root, &tools, &fingerprints)
        .with_generated(BTreeMap::from([("connector/hello".to_owned(), generated)]));
    let usual = ["go.mod", "go.sum", "go.work", "connector/hello/VERSION"];
    let mut sources: Vec<SourcePath> = usual.map(|name| SourcePath::File(root.join(name))).to_vec();
    sources.extend_from_slice(more);
    let inputs = trace::inputs(&sources, root, &fingerprints).unwrap();
    let state = committed.state(&plugin, &inputs.iter().collect::<Vec<_>>());
    assert_eq!(state.dirty, !state.uncommitted.is_empty());
    state.uncommitted.iter().map(|one| format!("{}: {}", one.path, one.why.says())).collect()
}

const NOT_IN: &str = "not in the commit";
const DIFFERS: &str = "differs from the commit";
const MISSING: &str = "in the commit and not here";
const MAIN: &str = "connector/hello/main.go";

fn main_changes(repo: &Repo) {
    repo.write(MAIN, "package main // changed\n");
}

#[cfg(unix)]
fn link(target: &str, at: &Path) {
    std::os::unix::fs::symlink(target, at).unwrap();
}

#[cfg(unix)]
#[test]
fn a_plugin_behind_a_link_is_judged_by_where_it_lies() {
    let repo = Repo::committed();
    repo.git(&["mv", "connector/hello", "real"]);
    link("../real", &repo.root.join("connector/hello"));
    repo.commit();
    assert_eq!(repo.judged(), [""; 0]);
    repo.write("real/main.go", "package main // changed\n");
    assert_eq!(repo.judged(), [format!("{MAIN}: {DIFFERS}")]);
    // The repository itself by another way.
    let alias = repo.root.parent().unwrap().join("alias");
    link(&repo.root.to_string_lossy(), &alias);
    let hello = SourcePath::Package(alias.join("connector/hello"));
    assert_eq!(judged(&alias, &[hello], &[]), [format!("{MAIN}: {DIFFERS}")]);
}

#[test]
fn line_ends_of_a_checkout_are_told_as_that() {
    let repo = Repo::committed();
    let clone = repo.root.parent().unwrap().join("clone");
    let paths = [repo.root.to_string_lossy().into_owned(), clone.to_string_lossy().into_owned()];
    repo.git(&["clone", "--quiet", "-c", "core.autocrlf=true", &paths[0], &paths[1]]);
    let clone = files::canonical(&clone).unwrap();
    let found = judged(&clone, &[SourcePath::Package(clone.join("connector/hello"))], &[]);
    assert!(found.iter().all(|one| one.ends_with(": line ends differ from the commit")), "{found:?}");
    for name in ["connector/hello/VERSION", MAIN, "go.mod", "wick.toml"] {
        assert!(found.iter().any(|one| one.starts_with(name)), "{name}: {found:?}");
    }
}

#[test]
fn a_sha256_repository_has_other_names_and_the_same_answers() {
    let repo = Repo::new(&["--object-format=sha256"]);
    repo.commit();
    assert_eq!(repo.judged(), [""; 0]);
    main_changes(&repo);
    repo.write("connector/hello/new.go", "package main\n");
    assert_eq!(repo.judged(), [format!("{MAIN}: {DIFFERS}"), format!("connector/hello/new.go: {NOT_IN}")]);
}

#[test]
fn a_linked_worktree_and_a_sparse_checkout_are_as_good_as_any() {
    let repo = Repo::committed();
    let aside = repo.root.parent().unwrap().join("aside");
    repo.git(&["worktree", "add", "--quiet", "--detach", &aside.to_string_lossy()]);
    let hello = SourcePath::Package(aside.join("connector/hello"));
    assert_eq!(judged(&aside, std::slice::from_ref(&hello), &[]), [""; 0]);
    files::write_atomic(&aside.join(MAIN), b"package main // changed\n", 0o644).unwrap();
    assert_eq!(judged(&aside, &[hello], &[]), [format!("{MAIN}: {DIFFERS}")]);
    repo.git(&["sparse-checkout", "set", "connector"]);
    assert!(!files::is_file(&repo.root.join("shared/words.go")));
    assert_eq!(repo.judged_with(&[SourcePath::Package(repo.root.join("connector/hello"))]), [""; 0]);
}

/// A commit of a submodule counts as the superproject names it, whatever is checked out there.
#[test]
fn submodules_are_looked_up_in_the_commit_that_is_named() {
    let repo = Repo::committed();
    let other = Repo::committed();
    let deep = Repo::committed();
    other.git(&["submodule", "--quiet", "add", &deep.root.to_string_lossy(), "deep"]);
    other.commit();
    repo.git(&["submodule", "--quiet", "add", &other.root.to_string_lossy(), "lib"]);
    repo.git(&["submodule", "--quiet", "update", "--init", "--recursive"]);
    repo.commit();
    let tree = [SourcePath::Tree(repo.root.join("lib"))];
    assert_eq!(repo.judged_with(&tree), [""; 0]);

    repo.git(&["config", "submodule.lib.ignore", "all"]);
    repo.git(&["config", "diff.ignoreSubmodules", "all"]);
    repo.write("lib/shared/words.go", "package shared // changed\n");
    repo.write("lib/deep/shared/words.go", "package shared // changed\n");
    repo.says_clean_to_git();
    let found = repo.judged_with(&tree);
    assert_eq!(
        found,
        ["lib/deep/shared/words.go", "lib/shared/words.go"].map(|name| format!("{name}: {DIFFERS}"))
    );
    // Committed there, and the pointer still names the old one.
    git_in(&repo.root.join("lib/deep"), &["commit", "--quiet", "-am", "x"]);
    git_in(&repo.root.join("lib"), &["commit", "--quiet", "-am", "x"]);
    assert_eq!(repo.judged_with(&tree), found);
    repo.git(&["config", "--unset", "submodule.lib.ignore"]);
    repo.git(&["config", "--unset", "diff.ignoreSubmodules"]);
    repo.commit();
    assert_eq!(repo.judged_with(&tree), [""; 0]);
    // Another commit is checked out there, with the same bytes: they are what counts.
    git_in(&repo.root.join("lib"), &["commit", "--quiet", "--allow-empty", "-m", "more"]);
    assert_eq!(repo.judged_with(&tree), [""; 0]);

    // Not checked out: an empty folder isn't answered for by the repository around it.
    repo.git(&["submodule", "--quiet", "deinit", "--force", "lib"]);
    assert_eq!(repo.judged_with(&tree), ["lib: in a submodule whose commit isn't here"]);
    repo.write("lib/lib.go", "package lib\n");
    let found = repo.judged_with(&[SourcePath::Package(repo.root.join("lib"))]);
    assert_eq!(found, ["lib/lib.go: in a submodule whose commit isn't here"]);
}

/// Files that are packed have a mode in the zip; of sources only the bytes count.
#[cfg(unix)]
#[test]
fn the_mode_counts_where_it_is_packed() {
    let repo = Repo::committed();
    let packed = |repo: &Repo| judged(&repo.root, &[], &["run.sh"]);
    assert_eq!(packed(&repo), [""; 0]);
    repo.git(&["config", "core.fileMode", "false"]);
    let path = repo.root.join("connector/hello/run.sh");
    files::write_atomic(&path, b"#!/bin/sh\n", 0o755).unwrap();
    files::write_atomic(&repo.root.join(MAIN), b"package main\n", 0o755).unwrap();
    repo.says_clean_to_git();
    assert_eq!(packed(&repo), ["connector/hello/run.sh: its executable bit differs from the commit"]);
    assert_eq!(repo.judged(), [""; 0]);
    repo.remove("connector/hello/run.sh");
    assert_eq!(packed(&repo), [format!("connector/hello/run.sh: {MISSING}")]);
}

#[test]
fn a_file_of_lfs_is_its_pointers_when_digest_and_size_are() {
    let repo = Repo::committed();
    repo.write("connector/hello/logo.png", &lfs::pointer(&Sha256::of(b"a picture"), 9));
    repo.commit();
    repo.write("connector/hello/logo.png", "a picture");
    let packed = |repo: &Repo| judged(&repo.root, &[], &["logo.png"]);
    assert_eq!(packed(&repo), [""; 0]);
    repo.write("connector/hello/logo.png", "a painting");
    assert_eq!(packed(&repo), [format!("connector/hello/logo.png: {DIFFERS}")]);
}

#[test]
fn only_what_can_reach_the_bytes_counts() {
    let repo = Repo::committed();
    for quiet in [
        "connector/hello/.DS_Store",
        "connector/hello/notes.txt",
        "connector/hello/_old.go",
        "README.md",
        "connector/hello/.env",
        "connector/hello/new_test.go",
        "connector/hello/bin/x.go",
        "shared/texts/two.txt",
    ] {
        repo.write(quiet, "x");
    }
    repo.write("connector/hello/main_test.go", "package main // changed\n");
    assert_eq!(repo.judged(), [""; 0], "the compiler takes none of them by its name");
    let told = SourcePath::File(repo.root.join("shared/texts/two.txt"));
    assert_eq!(repo.judged_with(&[told]), [format!("shared/texts/two.txt: {NOT_IN}")], "embedded");
    repo.remove("shared/texts/one.txt");
    assert_eq!(repo.judged(), [format!("shared/texts/one.txt: {MISSING}")], "it may have been embedded");
    repo.write("shared/texts/one.txt", "one\n");
    repo.write("go.work", "go 1.21\n");
    repo.write("wick.toml", "[build]\n# more\n");
    assert_eq!(repo.judged(), [format!("go.work: {NOT_IN}"), format!("wick.toml: {DIFFERS}")]);
    repo.commit();
    repo.remove("go.work");
    assert_eq!(repo.judged(), [format!("go.work: {MISSING}")]);
}

#[cfg(unix)]
#[test]
fn names_need_not_be_text_or_tame() {
    use std::os::unix::ffi::OsStrExt as _;
    let repo = Repo::committed();
    let names: [&[u8]; 3] = [b"new\nline.go", b"say \"hi\" \\t.go", b"caf\xe9.go"];
    let paths = names.map(|name| repo.root.join("shared").join(std::ffi::OsStr::from_bytes(name)));
    for path in &paths {
        files::write_atomic(path, b"package shared\n", 0o644).unwrap();
    }
    let found = repo.judged();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|one| !one.contains('\n') && one.ends_with(NOT_IN)), "{found:?}");
    repo.commit();
    assert_eq!(repo.judged(), [""; 0]);
    for path in &paths {
        files::write_atomic(path, b"package shared // changed\n", 0o644).unwrap();
    }
    assert_eq!(repo.judged().len(), 3);
    for path in &paths {
        files::remove(path).unwrap();
    }
    assert!(repo.judged().iter().all(|one| one.ends_with(MISSING)), "{:?}", repo.judged());
}

#[test]
fn what_a_generator_wrote_counts_as_long_as_it_is_that() {
    let repo = Repo::committed();
    repo.write("connector/hello/zz.go", "package main\n");
    let hello = [SourcePath::Package(repo.root.join("connector/hello"))];
    let generated =
        BTreeMap::from([(repo.root.join("connector/hello/zz.go"), Sha256::of(b"package main\n"))]);
    let judged =
        |generated| judged_as(&repo.root, plugin(&repo.root, go(&repo.root), &[]), &hello, generated);
    assert_eq!(judged(generated.clone()), [""; 0]);
    repo.write("connector/hello/zz.go", "package main // by hand\n");
    assert_eq!(judged(generated), [format!("connector/hello/zz.go: {NOT_IN}")]);
}

/// A machine's own configuration of cargo: a mirror doesn't reach the bytes, flags do.
#[test]
fn a_configuration_beside_the_repository_counts_by_what_it_says() {
    let repo = Repo::committed();
    let config = [SourcePath::File(repo.root.join("../.cargo/config.toml"))];
    let judged =
        || judged_as(&repo.root, plugin(&repo.root, rust(&repo.root), &[]), &config, BTreeMap::new());
    assert_eq!(judged(), [""; 0]);
    repo.write("../.cargo/config.toml", "[source.crates-io]\nreplace-with = \"m\"\n[net]\nretry = 3\n");
    assert_eq!(judged(), [""; 0]);
    repo.write("../.cargo/config.toml", "[build]\nrustflags = [\"-g\"]\n");
    assert_eq!(judged(), ["../.cargo/config.toml: outside the repository"]);
}

#[test]
fn who_cannot_say_what_was_read_vouches_for_nothing() {
    let repo = Repo::committed();
    let (fingerprints, tools) = (Fingerprints::default(), Tools::default());
    let head = checkout(&repo.root);
    let hello = plugin(&repo.root, go(&repo.root), &[]);
    let state = Committed::new(head.clone(), &repo.root, &tools, &fingerprints).state(&hello, &[]);
    assert_eq!(state.uncommitted[0].why, Why::Unlisted);
    let gone = Checkout { commit: "0123456789012345678901234567890123456789".to_owned(), ..head };
    let inputs =
        trace::inputs(&[SourcePath::File(repo.root.join("go.mod"))], &repo.root, &fingerprints).unwrap();
    let state = Committed::new(gone, &repo.root, &tools, &fingerprints).state(&hello, &[&inputs[0]]);
    assert!(state.dirty, "{state:?}");
}
