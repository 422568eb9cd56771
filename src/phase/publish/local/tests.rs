//! Against the real git.

use super::*;
use crate::model::command::CommandLine;
use crate::model::names::PluginKind;
use crate::model::project::{GoSource, Source, Targets};
use crate::sys::process::{self, Limits};

#[test]
fn a_committed_attribute_that_asks_for_crlf_is_what_has_to_change() {
    let scratch = files::Scratch::new().unwrap();
    let root = scratch.path();
    let line = CommandLine::new("git", root).args(["init", "--quiet"]);
    assert!(process::run(&line, Limits::TOOL).unwrap().success());
    let text = b"* text=auto\n*.bat text eol=crlf\nconnector/x/run text eol=crlf\n";
    files::write_atomic(&root.join(".gitattributes"), text, 0o644).unwrap();
    let source = Source::Go(GoSource {
        module_root: root.to_owned(),
        tags: Vec::new(),
        ldflags: Vec::new(),
        version_symbols: Vec::new(),
        env: BTreeMap::new(),
    });
    let plugin = Plugin {
        key: "x".parse().unwrap(),
        kind: PluginKind::Connector,
        dir: root.join("connector/x"),
        place: "connector/x".to_owned(),
        version: "0.1.0".parse().unwrap(),
        source,
        targets: Targets::Contract,
        files: Vec::new(),
        generate: Vec::new(),
    };
    for (path, begins) in [
        ("connector/x/run.bat", "write `*.bat -text` into .gitattributes"),
        ("connector/x/run", "write `connector/x/run -text` into .gitattributes"),
        ("connector/x/main.go", "have git leave line ends alone"),
    ] {
        let file = Uncommitted { path: path.to_owned(), why: Why::LineEnds };
        let said = hint(&plugin, &BTreeSet::from([&file]));
        assert!(said.starts_with(begins), "{path}: {said}");
    }
}
