//! Go's build info: real blobs, and lines that Go itself refuses.

use super::build::{ARM64, MachO};
use super::seeds::seed;
use crate::inspect::go_build_info::{in_data, in_section};
use crate::inspect::inspect;
use crate::model::artifact::{BinaryFacts, GoBuildInfo, GoModule};
use crate::model::target::Target;

/// The blob of a Go 1.26.8 program with two replaced dependencies.
const REAL: &[u8] = include_bytes!("../../../tests/fixtures/binaries/go-linux.bin");

fn module(path: &str) -> GoModule {
    GoModule { path: path.to_owned(), version: "(devel)".to_owned(), sum: String::new() }
}

/// A blob of the inline format.
fn blob(version: &str, lines: &str) -> Vec<u8> {
    let framed = format!("{}{lines}{}", "<".repeat(16), ">".repeat(16));
    let mut bytes = b"\xff Go buildinf:\x08\x02".to_vec();
    bytes.resize(32, 0);
    for text in [version, framed.as_str()] {
        bytes.extend([0x80 | (text.len() & 0x7f) as u8, (text.len() >> 7) as u8]);
        bytes.extend(text.as_bytes());
    }
    bytes
}

fn read(lines: &str) -> Result<GoBuildInfo, String> {
    match in_section(&blob("go1.26.8", lines), 0x4000) {
        Ok(info) => Ok(info.unwrap()),
        Err(error) => Err(error.to_string()),
    }
}

/// Compared with `go version -m`.
#[test]
fn a_real_blob_says_what_go_says() {
    let info = in_section(REAL, 0x4000).unwrap().unwrap();
    assert_eq!(info.go_version, "go1.26.8");
    assert_eq!(info.main_package, "example.com/rep");
    assert_eq!(info.main_module, Some(module("example.com/rep")));
    assert_eq!(info.modules, [module("./dep"), module("./dep2")]);
    let settings: Vec<(&str, &str)> = info.settings.iter().map(|(key, value)| (&**key, &**value)).collect();
    assert_eq!(
        settings,
        [
            ("-buildmode", "exe"),
            ("-compiler", "gc"),
            ("-ldflags", r#"-s -X 'main.v=a "b" \\ c'"#),
            ("CGO_ENABLED", "0"),
            ("GOAMD64", "v1"),
            ("GOARCH", "amd64"),
            ("GOOS", "linux"),
        ]
    );
}

#[test]
fn all_formats_lead_to_it() {
    let elf = inspect(&seed("linux-amd64-go")).unwrap();
    assert_eq!(elf.go, in_section(REAL, 0).unwrap());
    let pe = inspect(&seed("windows-amd64-go.exe")).unwrap();
    assert_eq!(pe.go.unwrap().settings["GOOS"], "windows");
    let macho = inspect(&MachO { go: Some(REAL), ..MachO::program(ARM64) }.bytes()).unwrap();
    assert_eq!(macho.go, elf.go);
    let target: Target = "darwin/arm64".parse().unwrap();
    assert_eq!(
        macho.contradictions(target),
        ["its Go build info says GOOS=linux, not darwin", "its Go build info says GOARCH=amd64, not arm64"]
    );
}

#[test]
fn the_blob_is_found_where_it_is_aligned() {
    for (offset, address, found) in [(0, 0, true), (16, 0, true), (8, 8, true), (8, 0, false), (3, 13, true)]
    {
        let data = [vec![0; offset], REAL.to_vec()].concat();
        assert_eq!(in_data(&data, address).is_some(), found, "{offset} from {address}");
    }
}

#[test]
fn lines_mean_what_go_means() {
    let info = read(
        "path\tcommand-line-arguments\nmod\texample.com/m\tv1.0.0\th1:a=\ndep\ta\tv1\n=>\tb\tv2\th1:b=\n\
         dep\tc\tv3\th1:c=\nbuild\t\"a=b\"=`c d`\nbuild\tempty=\nlater\twhat Go may add\n",
    )
    .unwrap();
    assert_eq!(info.main_package, "command-line-arguments");
    assert_eq!(info.main_module.unwrap().sum, "h1:a=");
    let paths: Vec<(&str, &str)> = info.modules.iter().map(|m| (&*m.path, &*m.sum)).collect();
    assert_eq!(paths, [("b", "h1:b="), ("c", "h1:c=")]);
    assert_eq!(info.settings["a=b"], "c d");
    assert_eq!(info.settings["empty"], "");
    // Built without modules.
    let bare = read("").unwrap();
    assert_eq!((bare.main_package.as_str(), bare.main_module), ("", None));
}

#[test]
fn names_and_contradictions_cannot_steer_a_terminal() {
    let info = read("path\ta\u{1b}[2J\nmod\tm\r\tv\u{7}\tsum\nbuild\tGOARCH=am\u{6}64\n").unwrap();
    let module = info.main_module.clone().unwrap();
    for name in [&info.main_package, &module.path, &module.version] {
        assert!(!name.chars().any(char::is_control), "{name:?}");
    }
    assert_eq!(info.settings["GOARCH"], "am\u{6}64", "a setting stays what it is");
    let slice = MachO { go: Some(REAL), ..MachO::program(ARM64) };
    let facts = BinaryFacts { go: Some(info), ..inspect(&slice.bytes()).unwrap() };
    let said = facts.contradictions("darwin/arm64".parse().unwrap());
    assert_eq!(said, [r"its Go build info says GOARCH=am\u{6}64, not arm64"]);
}

#[test]
fn what_go_refuses_is_refused() {
    for (lines, reason) in [
        ("mod\ta\n", "line 1: a module needs two or three columns"),
        ("path\tx\ndep\ta\tb\tc\td\n", "line 2: a module needs two or three columns"),
        ("=>\ta\tb\tc\n", "line 1: a replacement follows no module"),
        ("dep\ta\tv1\n=>\tb\tv2\n", "line 2: a replacement needs three columns"),
        ("dep\ta\tv1\n=>\tb\tv2\t\n=>\tc\tv3\t\n", "line 3: a replacement follows no module"),
        ("build\t=x\n", "line 1: a setting isn't `key=value`"),
        ("build\tGOOS\n", "line 1: a setting isn't `key=value`"),
        ("build\t\"GOOS\n", "line 1: a setting isn't `key=value`"),
        ("build\t\"GOOS\"x=1\n", "line 1: a setting isn't `key=value`"),
        ("build\ta b=1\n", "line 1: a setting isn't `key=value`"),
        ("build\ta=b c\n", "line 1: a setting isn't `key=value`"),
        ("build\ta=\"b\n", "line 1: a setting isn't `key=value`"),
        ("build\tGOOS=linux\nbuild\tGOOS=windows\n", "line 2: a setting has two values"),
    ] {
        assert_eq!(read(lines).unwrap_err(), format!("its Go build info can't be read: {reason}"), "{lines}");
    }
}

#[test]
fn damaged_blobs_are_errors_in_their_section_and_nothing_elsewhere() {
    let good = blob("go1.26.8", "path\tx\n");
    let endless = [&good[..32], &[0xff; 12]].concat();
    let huge = [&good[..32], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]].concat();
    for damaged in [&good[..good.len() - 1], &endless, &huge, &good[..32]] {
        assert!(in_section(damaged, 0).is_err());
        assert_eq!(in_data(damaged, 0), None);
    }
    // Before Go 1.18: pointers. No version: not Go. Less than a header: nothing.
    let mut old = good.clone();
    old[15] = 0;
    for other in [&old[..], &blob("", ""), &good[..31], b""] {
        assert_eq!(in_section(other, 0), Ok(None));
    }
}
