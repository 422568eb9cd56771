//! Bills of materials of real builds: valid by the official schema, and true by what go and cargo say themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{need, python};
use super::whole::*;

const SCHEMA_CHECK: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(error) if error else 0)
";

/// Reads a document after the official schema has accepted it.
fn document(path: &Path) -> Value {
    let checked = run(Command::new(python().unwrap()).args(["-c", SCHEMA_CHECK]).arg(path));
    assert_eq!(checked.code, Some(0), "{}: {}", path.display(), checked.stderr);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn texts<'a>(list: &'a Value, field: &str) -> BTreeSet<&'a str> {
    list.as_array().unwrap().iter().filter_map(|one| one[field].as_str()).collect()
}

/// Whoever is named in the graph is there.
fn is_closed(document: &Value) {
    let mut known = texts(&document["components"], "bom-ref");
    known.insert(document["metadata"]["component"]["bom-ref"].as_str().unwrap());
    for edges in document["dependencies"].as_array().unwrap() {
        let needs = edges["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in needs.chain(edges["ref"].as_str()) {
            assert!(known.contains(name), "{name} is named and not there");
        }
    }
    assert_eq!(texts(&document["dependencies"], "ref"), known);
}

#[test]
fn the_schema_refuses_what_is_no_bill_of_materials() {
    need!(&["cyclonedx"]);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/wick/sbom.cdx.json");
    document(&golden);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("wrong.json");
    fs::write(&path, fs::read_to_string(golden).unwrap().replace("\"library\"", "\"shelf\"")).unwrap();
    assert_ne!(run(Command::new(python().unwrap()).args(["-c", SCHEMA_CHECK]).arg(&path)).code, Some(0));
}

/// `go version -m` says what is in a binary; the document says the same, and who needs whom.
#[test]
fn go_modules_are_those_in_the_binaries() {
    need!(&["linux/amd64", "go", "cyclonedx"]);
    let repository = Repository::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plugins").display().to_string();
    let bin = repository.bin();
    let mut build = wick(repository.home.path());
    build.args([
        "--dir",
        &examples,
        "plugin",
        "build",
        "statuspage",
        "--target=linux/amd64,windows/amd64",
        "-o",
    ]);
    done(build.arg(&bin));
    let text = document(&bin.join("statuspage-0.1.0.cdx.json"));
    is_closed(&text);
    let mut told = BTreeSet::new();
    for target in ["linux/amd64", "windows/amd64"] {
        let kept = bin.join(".wick/build");
        let binary = find(&kept, &target.replace('/', "-"));
        let said = done(clean("go", &bin).args(["version", "-m"]).arg(binary));
        for line in said.lines() {
            let words: Vec<&str> = line.trim().split('\t').collect();
            if let ["dep", path, version, sum] = words[..] {
                told.insert((path.to_owned(), version.to_owned(), sum.to_owned()));
            }
        }
    }
    assert!(told.len() > 5, "{told:?}");
    let components = text["components"].as_array().unwrap();
    let sum = |component: &Value| {
        let properties = component["properties"].as_array().cloned().unwrap_or_default();
        properties
            .iter()
            .find(|one| one["name"] == "wick:go-sum")
            .map(|one| one["value"].as_str().unwrap().to_owned())
    };
    let ours = components.iter().filter(|one| one["name"] != "std").map(|one| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (text("name"), text("version"), sum(one).unwrap())
    });
    assert_eq!(ours.collect::<BTreeSet<_>>(), told);
    let go = done(clean("go", &bin).args(["env", "GOVERSION"]));
    let std = components.iter().find(|one| one["name"] == "std").unwrap();
    assert_eq!(std["version"], go.trim().trim_start_matches("go"));
    // go.mod lists what is imported without `// indirect`; the graph has it as the plugin's own needs.
    let own = &text["dependencies"][0]["dependsOn"];
    let grpc = own
        .as_array()
        .unwrap()
        .iter()
        .any(|one| one.as_str().unwrap().starts_with("pkg:golang/google.golang.org/grpc@"));
    let yamux = own.as_array().unwrap().iter().any(|one| one.as_str().unwrap().contains("/yamux@"));
    assert!(grpc && !yamux, "{own}");
    let sums = fs::read_to_string(bin.join("checksums.txt")).unwrap();
    assert!(sums.contains("  statuspage-0.1.0.cdx.json\n"), "{sums}");
}

/// The binary of a target, wherever the output folder keeps it.
fn find(folder: &Path, target: &str) -> std::path::PathBuf {
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().contains(target) {
                return path;
            }
        }
    }
    panic!("{} has no binary for {target}", folder.display());
}

/// A plugin that uses its kit.
const MAIN: &str = r##"fn main() {
    let version = env!("WICK_PLUGIN_VERSION");
    let module = r#"{"Meta":{"Key":"rusty","Name":"rusty","Description":"x"},"Configs":null,"Operations":null}"#;
    let proto = kit::text(1);
    println!(r#"{{"schema_version":1,"kind":"connector","version":"{version}","proto_version":{proto},"entry":"","os_arch":[],"sha256":"","signature":"","module":{module}}}"#);
}
"##;

/// What is linked is there, with its archive's digest; what only runs at build time is not.
#[test]
fn crates_are_those_that_are_linked() {
    need!(&["linux/amd64", "cargo", "cyclonedx"]);
    let repository = Repository::new();
    let root = repository.root();
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    // A version that this machine has, because wick itself is made of it.
    let version_of = |name: &str| {
        let entry = lock
            .split("[[package]]")
            .find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")))
            .unwrap();
        let field = |field: &str| {
            entry.split(&format!("{field} = \"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        (field("version"), field("checksum"))
    };
    let (itoa, sum) = version_of("itoa");
    let (cfg, _) = version_of("cfg-if");
    let manifest = |name: &str, rest: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n{rest}")
    };
    repository.write(".cargo/config.toml", "[net]\noffline = true\n");
    repository
        .write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"kit\", \"connector/rusty\"]\n");
    repository.write("kit/Cargo.toml", &manifest("kit", &format!("[dependencies]\nitoa = \"={itoa}\"\n")));
    repository.write(
        "kit/src/lib.rs",
        "pub fn text(n: u32) -> String { itoa::Buffer::new().format(n).to_owned() }\n",
    );
    let depends = format!(
        "[dependencies]\nkit = {{ path = \"../../kit\" }}\n\n[build-dependencies]\ncfg-if = \"={cfg}\"\n"
    );
    repository.write("connector/rusty/Cargo.toml", &manifest("rusty", &depends));
    repository.write(
        "connector/rusty/build.rs",
        "cfg_if::cfg_if! { if #[cfg(unix)] { fn main() {} } else { fn main() {} } }\n",
    );
    repository.write("connector/rusty/src/main.rs", MAIN);
    done(clean("cargo", &root).arg("generate-lockfile"));
    done(&mut repository.wick(&["build", "rusty", "--target=linux/amd64"]));
    let text = document(&repository.bin().join("rusty-0.1.0.cdx.json"));
    is_closed(&text);
    let tree = [
        "tree",
        "--package=rusty",
        "--edges=normal",
        "--prefix=none",
        "--format={lib}",
        "--target=x86_64-unknown-linux-musl",
    ];
    let linked = done(clean("cargo", &root).args(tree));
    let mut told: BTreeSet<&str> = linked.lines().filter(|name| !name.is_empty()).collect();
    told.insert("rust-std");
    assert_eq!(texts(&text["components"], "name"), told);
    let component =
        |name: &str| text["components"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    let crates_io = component("itoa");
    assert_eq!(crates_io["purl"], format!("pkg:cargo/itoa@{itoa}"));
    assert_eq!(crates_io["hashes"][0]["content"], sum.as_str());
    assert_eq!(crates_io["licenses"][0]["expression"], "MIT OR Apache-2.0");
    assert_eq!(component("kit")["purl"], Value::Null);
    // The plugin needs the kit, the kit needs the crate.
    assert!(text["dependencies"][0]["dependsOn"].as_array().unwrap().contains(&"local:kit@0.1.0".into()));
    let kit =
        text["dependencies"].as_array().unwrap().iter().find(|one| one["ref"] == "local:kit@0.1.0").unwrap();
    assert!(kit["dependsOn"].as_array().unwrap().contains(&crates_io["bom-ref"]));
}
