//! What else decides a binary: variables, flags, the toolchain. And what can't be known, so that it is never fresh.

use std::fs;
use std::path::Path;

use super::{ALL, USERS, assert_built, assert_due, assert_nothing_to_do, build};
use crate::repo::{self, Repo};

/// A variable, set for one build, the same again, and not set any more.
#[test]
fn a_variable_that_the_compiler_reads_rebuilds() {
    if repo::lacks("a_variable_that_the_compiler_reads_rebuilds", &["go"]) {
        return;
    }
    let repo = Repo::go();
    build(&repo).run().expect_code(0);
    for (name, value) in [("GOFLAGS", "-tags=x"), ("GOFLAGS", "-gcflags=-l")] {
        let what = format!("{name}={value}");
        let cause = format!("${name} ");
        let with = || build(&repo).env(name, value).run().expect_code(0);
        assert_due(&with(), &what, &ALL, &cause);
        assert_nothing_to_do(&with(), &what);
        assert_due(&build(&repo).run().expect_code(0), &format!("no more {what}"), &ALL, &cause);
    }
    // What wick sets itself is the same everywhere, and what isn't used is said.
    for (name, value) in
        [("GOAMD64", "v3"), ("CGO_ENABLED", "1"), ("GO111MODULE", "off"), ("GOARM64", "v9.0")]
    {
        let what = format!("{name}={value}");
        let ran = build(&repo).env(name, value).run().expect_code(0);
        assert_nothing_to_do(&ran, &what);
        let of_this_machine =
            name != "GOARM64" && (name != "GOAMD64" || repo::this_machine().ends_with("/amd64"));
        assert_eq!(
            ran.to_string().contains(&format!("{what} is a setting of this machine")),
            of_this_machine,
            "{ran}"
        );
    }
    assert_nothing_to_do(&build(&repo).env("GOPROXY", "off").run().expect_code(0), "GOPROXY");
    assert_nothing_to_do(&build(&repo).env("SOME_VARIABLE", "x").run().expect_code(0), "any variable");
}

#[test]
fn what_cannot_be_traced_is_never_fresh() {
    if repo::lacks("what_cannot_be_traced_is_never_fresh", &["go"]) {
        return;
    }
    let repo = Repo::go();
    repo.write("overlay.json", "{}\n");
    let overlay = format!("-overlay={}", repo.path("overlay.json").display());
    let build = || repo.wick(&["plugin", "build", "gamma", "--format", "json"]);
    for (name, value, cause) in [("GOFLAGS", overlay.as_str(), "-overlay")] {
        for what in ["once", "again"] {
            let ran = build().env(name, value).run().expect_code(0);
            assert_due(&ran, what, &["gamma"], cause);
            assert_eq!(ran.compiler_runs(), 1, "{ran}");
        }
        let variable = format!("${name} ");
        assert_due(&build().run().expect_code(0), "without it", &["gamma"], &variable);
        assert_nothing_to_do(&build().run().expect_code(0), "without it, again");
    }
}

/// wick.toml is the place to ask for cgo or for a higher level, which the report then names.
#[test]
fn wick_toml_asks_for_what_a_variable_cannot() {
    if repo::lacks("wick_toml_asks_for_what_a_variable_cannot", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let before = fs::read_to_string(repo.path("wick.toml")).unwrap();
    let build = |env: &str| {
        repo.write("wick.toml", &format!("{before}\n[plugin.gamma.go]\nenv = {{ {env} }}\n"));
        repo.wick(&["plugin", "build", "gamma", "--format", "json"]).run().expect_code(0)
    };
    build("");
    if repo::this_machine() == "linux/amd64" {
        let ran = build("GOAMD64 = \"v2\"");
        assert_due(&ran, "a level", &["gamma"], "$GOAMD64 changed");
        assert!(ran.to_string().contains("it needs GOAMD64=v2, as wick.toml asks"), "{ran}");
    }
    for what in ["once", "again"] {
        assert_due(&build("CGO_ENABLED = \"1\""), what, &["gamma"], "cgo is on");
    }
}

/// A `go.mod` between a package and its module's root takes the package away.
#[test]
fn a_module_that_appears_in_between_rebuilds() {
    if repo::lacks("a_module_that_appears_in_between_rebuilds", &["go"]) {
        return;
    }
    let repo = Repo::go();
    build(&repo).run().expect_code(0);
    repo.write("tool/go.mod", "module example.com/tools\n\ngo 1.24\n");
    let ran = build(&repo).run().expect_code(0);
    assert_built(&ran, "around a plugin", &["gamma"], "tool/go.mod appeared");
    repo.write("shared/go.mod", "module example.com/elsewhere\n\ngo 1.24\n");
    let ran = build(&repo).run().expect_code(5).says(&["example.com/plugins/shared/words"]);
    assert_eq!(ran.with_status("failed"), USERS, "{ran}");
    assert!(ran.reasons("alpha").contains("shared/go.mod appeared"), "{ran}");
    assert_eq!(ran.with_status("up-to-date"), ["gamma"], "{ran}");
}

/// A workspace decides which modules are used; it may appear in any folder above.
#[test]
fn a_workspace_that_appears_rebuilds() {
    if repo::lacks("a_workspace_that_appears_rebuilds", &["go"]) {
        return;
    }
    let repo = Repo::go();
    build(&repo).run().expect_code(0);
    repo.write("go.work", "go 1.24\n\nuse .\n");
    assert_due(&build(&repo).run().expect_code(0), "go.work appears", &ALL, "go workspace");
    assert_nothing_to_do(&build(&repo).run().expect_code(0), "go.work appears");
    repo.append("go.work", "\n// More.\n");
    assert_due(&build(&repo).run().expect_code(0), "go.work changes", &ALL, "go.work changed");
    let off = || build(&repo).env("GOWORK", "off").run().expect_code(0);
    assert_due(&off(), "GOWORK=off", &ALL, "go workspace");
    assert_nothing_to_do(&off(), "GOWORK=off");
}

/// The same sources and another compiler: the same path, version text and size don't make it the same tool.
#[test]
#[cfg(unix)]
fn a_changed_toolchain_rebuilds() {
    if repo::lacks("a_changed_toolchain_rebuilds", &["go"]) {
        return;
    }
    let repo = Repo::go();
    let toolchain = Toolchain::copy(&repo);
    let build = || {
        let path = format!("{}:/usr/bin:/bin", repo.path("goroot/bin").display());
        let line = ["plugin", "build", "gamma", "--format", "json"];
        repo.wick(&line).env("PATH", path).env("GOTOOLCHAIN", "local").run().expect_code(0)
    };
    build();
    assert_nothing_to_do(&build(), "the same toolchain");
    for tool in ["compile", "link", "asm"] {
        toolchain.touch(tool);
        assert_due(&build(), tool, &["gamma"], "go tools");
        assert_nothing_to_do(&build(), tool);
    }
    repo.append("goroot/VERSION", "patched by hand\n");
    assert_due(&build(), "VERSION", &["gamma"], "go tools");
    let other = repo.wick(&["plugin", "build", "gamma", "--format", "json"]).run().expect_code(0);
    assert_due(&other, "another GOROOT", &["gamma"], "go tools");
}

/// A Go installation of our own, mostly links: `goroot/` in the repository.
#[cfg(unix)]
struct Toolchain {
    tools: std::path::PathBuf,
}

#[cfg(unix)]
impl Toolchain {
    fn copy(repo: &Repo) -> Toolchain {
        let root = repo::go_env("GOROOT");
        let here = repo.path("goroot");
        let tool_dir = repo::go_env("GOTOOLDIR");
        let tool_dir = Path::new(&tool_dir).strip_prefix(&root).unwrap();
        let tools = here.join(tool_dir);
        fs::create_dir_all(&tools).unwrap();
        link_all(Path::new(&root), &here);
        link_all(&Path::new(&root).join("pkg"), &here.join("pkg"));
        link_all(&Path::new(&root).join(tool_dir), &tools);
        // Real files: `go` finds its root by where it really is, and what is touched must be ours.
        for place in ["VERSION", "go.env"] {
            replace_link(&Path::new(&root).join(place), &here.join(place));
        }
        fs::create_dir_all(here.join("bin")).unwrap();
        fs::copy(Path::new(&root).join("bin/go"), here.join("bin/go")).unwrap();
        for tool in ["compile", "link", "asm"] {
            replace_link(&Path::new(&root).join(tool_dir).join(tool), &tools.join(tool));
        }
        Toolchain { tools }
    }

    /// The tool is another one now, of the same size.
    fn touch(&self, tool: &str) {
        let file = fs::OpenOptions::new().append(true).open(self.tools.join(tool)).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }
}

/// Links to everything in `from` that isn't in `to` already; `bin` is left out.
#[cfg(unix)]
fn link_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().flatten() {
        let place = to.join(entry.file_name());
        if !place.exists() && entry.file_name() != "bin" {
            std::os::unix::fs::symlink(entry.path(), place).unwrap();
        }
    }
}

#[cfg(unix)]
fn replace_link(from: &Path, place: &Path) {
    fs::remove_file(place).unwrap();
    fs::copy(from, place).unwrap();
}
