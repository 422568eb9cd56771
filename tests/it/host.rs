//! A host written in Go, on go-plugin's own client and the standard library: it installs and calls what wick built, and
//! it and `wick plugin verify` refuse the same packages.

use std::fs;
use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::net::TcpListener;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::support::{
    self, BUILD_TOOLS, Ended, Entry, Plugin, built, done, inside, keygen, need, plugin_of, run, scratch,
    sha256, testhost, unzip, wick,
};

const HERE: &str = "linux/amd64";

/// Whose signatures count in a test.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trust {
    /// No key is configured.
    Nobody,
    /// The signer's key.
    Signer,
    /// The signer's key, and a signature is required.
    Required,
    /// Another key than the signer's.
    Stranger,
}

struct Keys {
    signer: String,
    stranger: String,
}

impl Keys {
    /// The same policy for the host, which spells flags Go's way, and for wick.
    fn flags(&self, trust: Trust, dash: &str) -> Vec<String> {
        let pubkey = |key: &String| vec![format!("{dash}pubkey"), key.clone()];
        match trust {
            Trust::Nobody => Vec::new(),
            Trust::Signer => pubkey(&self.signer),
            Trust::Stranger => pubkey(&self.stranger),
            Trust::Required => [pubkey(&self.signer), vec![format!("{dash}require-signature")]].concat(),
        }
    }

    fn install(&self, zip: &Path, into: &Path, trust: Trust) -> Ended {
        let mut command = testhost(&["install"]);
        command.args(self.flags(trust, "-")).arg(zip).arg(into);
        run(&mut command)
    }

    fn verify(&self, zip: &Path, trust: Trust) -> Ended {
        let mut command = wick(zip.parent().unwrap());
        command.args(["plugin", "verify", "--format=json"]).args(self.flags(trust, "--")).arg(zip);
        run(&mut command)
    }
}

fn keys(dir: &Path) -> Keys {
    Keys { signer: built().public.clone(), stranger: keygen(&dir.join("stranger.key")) }
}

/// Conformance 8: a host accepts what was built, whatever its policy, and puts binary and manifest in place.
#[test]
fn the_host_installs_what_was_built() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let keys = keys(dir.path());
    for key in ["statuspage", "sysinfo", "textkit", "weather", "units"] {
        let zip = built().zip(plugin_of(key), HERE);
        for trust in [Trust::Nobody, Trust::Signer, Trust::Required] {
            let plugins = dir.path().join(format!("{trust:?}"));
            let ended = keys.install(&zip, &plugins, trust);
            assert_eq!((ended.code, ended.stdout.trim()), (Some(0), key), "{trust:?}: {}", ended.stderr);
            let home = plugins.join(key);
            assert!(fs::read(home.join(key)).unwrap() == inside(&zip, key), "{key}");
            assert!(fs::read(home.join("plugin.json")).unwrap() == inside(&zip, "plugin.json"), "{key}");
            // Once installed, wick judges the folder as it judged the zip.
            done(wick(&home).args(["plugin", "verify", "--here"]).args(keys.flags(trust, "--")).arg(&home));
        }
        let ended = keys.install(&zip, &dir.path().join("never"), Trust::Stranger);
        assert_eq!(ended.code, Some(1), "{key}: {}", ended.stdout);
    }
    // Packages for other machines are refused, by verify only where this machine is asked for.
    let foreign = built().zip(plugin_of("statuspage"), "windows/amd64");
    let ended = keys.install(&foreign, &dir.path().join("never"), Trust::Signer);
    assert!(ended.code == Some(1) && ended.stderr.contains("this host is linux/amd64"), "{}", ended.stderr);
    assert_eq!(run(wick(dir.path()).args(["plugin", "verify", "--here"]).arg(&foreign)).code, Some(1));
    assert!(!dir.path().join("never").exists());
}

/// Conformance 9: go-plugin's client launches the plugin with AutoMTLS; Health, Schema, Execute, ExecuteStream answer.
/// The host compares Schema's answer with plugin.json in every call.
#[test]
fn the_host_calls_what_it_installed() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let keys = keys(dir.path());
    let call = |key: &str, args: &[&str]| -> String {
        let home = dir.path().join(key);
        if !home.exists() {
            let ended = keys.install(&built().zip(plugin_of(key), HERE), dir.path(), Trust::Required);
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        done(testhost(&["call"]).arg(home).args(args))
    };
    for key in ["statuspage", "sysinfo", "textkit"] {
        let answer = support::json(&call(key, &[]));
        assert_eq!((&answer["healthy"], &answer["schema"]), (&json!(true), &json!("equal")), "{key}");
    }

    let slug = call("textkit", &["-op", "slugify", "-args", r#"{"text": "Größe <L> & mehr"}"#]);
    assert_eq!(support::json(&slug), json!({ "slug": "groesse-l-mehr" }));
    let host = support::json(&call("sysinfo", &["-op", "host"]));
    assert_eq!((&host["os"], &host["arch"]), (&json!("linux"), &json!("amd64")));
    let groups = support::json(&call("sysinfo", &["-op", "cgroups"]));
    assert!(groups["groups"].is_array(), "the operation that only Linux has: {groups}");

    let creds = json!({ "base_url": status_page() }).to_string();
    let summary = support::json(&call("statuspage", &["-op", "summary", "-creds", &creds]));
    assert_eq!(summary["page"], "Acme");
    let watch = ["-stream", "-op", "watch", "-args", r#"{"readings": 2, "every_ms": 1}"#, "-creds", &creds];
    let chunks: Vec<Value> = call("statuspage", &watch).lines().map(support::json).collect();
    let data: Vec<Value> =
        chunks.iter().filter_map(|chunk| chunk["data"].as_str()).map(support::json).collect();
    assert_eq!(data.len(), 2, "{chunks:?}");
    assert!(data.iter().all(|reading| reading["state"] == "All <well> & good"), "{data:?}");
    assert!(chunks.iter().any(|chunk| chunk["progress"] == 2 && chunk["total"] == 2), "{chunks:?}");
    assert_eq!(chunks.last().unwrap()["eof"], true);
}

/// A status page on this machine, for as long as the tests run.
fn status_page() -> String {
    const PAGE: &str = r#"{"page": {"name": "Acme"}, "components": [],
        "status": {"indicator": "none", "description": "All <well> & good"}}"#;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut visitor in listener.incoming().flatten() {
            let asked = BufReader::new(visitor.try_clone().unwrap());
            let _ = asked.lines().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())).count();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let _ = write!(visitor, "{head}\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len());
        }
    });
    address
}

/// A change to a package, and what both judges say of it.
struct Altered {
    what: &'static str,
    change: fn(&Plugin, &mut Vec<Entry>),
    trust: Trust,
    /// A fragment of the host's complaint.
    host: &'static str,
    /// The code of one of wick's findings.
    wick: &'static str,
}

const fn altered(
    what: &'static str,
    trust: Trust,
    host: &'static str,
    wick: &'static str,
    change: fn(&Plugin, &mut Vec<Entry>),
) -> Altered {
    Altered { what, change, trust, host, wick }
}

const ALTERED: [Altered; 15] = [
    altered("binary", Trust::Nobody, "sha256 of", "sha256-mismatch", |plugin, entries| flip(plugin, entries)),
    altered(
        "binary of a signed package",
        Trust::Required,
        "sha256 of",
        "sha256-mismatch",
        |plugin, entries| flip(plugin, entries),
    ),
    altered("sha256", Trust::Nobody, "sha256 of", "sha256-mismatch", |_, entries| {
        edit(entries, "sha256", |digest| {
            let first = if digest.starts_with('0') { "1" } else { "0" };
            format!("{first}{}", &digest[1..])
        });
    }),
    altered("binary and sha256", Trust::Signer, "none of the 1", "signature-mismatch", |plugin, entries| {
        reseal(plugin, entries)
    }),
    altered(
        "binary and sha256, required",
        Trust::Required,
        "none of the 1",
        "signature-mismatch",
        |plugin, entries| reseal(plugin, entries),
    ),
    altered("signature", Trust::Signer, "none of the 1", "signature-mismatch", |_, entries| {
        edit(entries, "signature", |signature| {
            let mut bytes = STANDARD.decode(signature).unwrap();
            bytes[10] ^= 1;
            STANDARD.encode(bytes)
        });
    }),
    altered("signature cut", Trust::Signer, "none of the 1", "signature-mismatch", |_, entries| {
        edit(entries, "signature", |signature| signature[..40].to_owned());
    }),
    altered("signature removed", Trust::Required, "not signed", "signature-missing", |_, entries| {
        edit(entries, "signature", |_| String::new());
    }),
    altered("nothing, wrong key", Trust::Stranger, "none of the 1", "signature-mismatch", |_, _| {}),
    altered("os_arch", Trust::Signer, "this host is", "binary-target", |_, entries| {
        replace(entries, &format!("\"{HERE}\""), "\"linux/arm64\"");
    }),
    altered("proto_version", Trust::Signer, "proto_version", "proto-version", |_, entries| {
        replace(entries, "\"proto_version\": 1", "\"proto_version\": 2");
    }),
    altered("key", Trust::Signer, "key", "key-invalid", |_, entries| {
        edit(entries, "Key", |_| "../x".to_owned())
    }),
    altered("a name that leaves", Trust::Nobody, "leaves its folder", "name-traversal", |_, entries| {
        entries.push(Entry { name: "../evil".to_owned(), mode: 0o644, bytes: b"x".to_vec() });
    }),
    altered("an absolute name", Trust::Nobody, "absolute", "name-absolute", |_, entries| {
        entries.push(Entry { name: "/tmp/evil".to_owned(), mode: 0o644, bytes: b"x".to_vec() });
    }),
    altered("a symlink", Trust::Nobody, "no regular file", "entry-symlink", |_, entries| {
        entries.push(Entry { name: "link".to_owned(), mode: 0o120_777, bytes: b"/etc/passwd".to_vec() });
    }),
];

/// Conformance 8 and 12: altered packages are refused by the host, which leaves nothing behind, and by verify.
#[test]
fn the_host_and_verify_refuse_altered_packages() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let keys = keys(dir.path());
    for plugin in [plugin_of("weather"), plugin_of("sysinfo")] {
        let original = unzip(&built().zip(plugin, HERE));
        // The law's other half: packing anew without a change is fine with both, so a refusal is the change's doing.
        let zip = dir.path().join(plugin.zip(HERE));
        fs::write(&zip, pack(&original)).unwrap();
        let ended = keys.install(&zip, &dir.path().join("unchanged"), Trust::Required);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let ended = keys.verify(&zip, Trust::Required);
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        for case in &ALTERED {
            let mut entries = original.clone();
            (case.change)(plugin, &mut entries);
            fs::write(&zip, pack(&entries)).unwrap();
            refused(&keys, &zip, case);
        }
    }
}

/// Two entries of one name: readers would take either.
#[test]
fn the_host_and_verify_refuse_a_file_that_is_there_twice() {
    need!(BUILD_TOOLS);
    let dir = scratch();
    let plugin = plugin_of("weather");
    let mut entries = unzip(&built().zip(plugin, HERE));
    entries.push(Entry { name: "plugin.jsoX".to_owned(), mode: 0o644, bytes: b"{}".to_vec() });
    // Writers refuse to write such a thing, so its name is changed afterwards, in both headers.
    let mut bytes = pack(&entries);
    let places: Vec<usize> =
        (0..bytes.len() - 11).filter(|at| &bytes[*at..at + 11] == b"plugin.jsoX").collect();
    assert_eq!(places.len(), 2);
    places.into_iter().for_each(|at| bytes[at + 10] = b'n');
    let zip = dir.path().join(plugin.zip(HERE));
    fs::write(&zip, bytes).unwrap();
    let case = altered("twice", Trust::Nobody, "twice", "entry-duplicate", |_, _| {});
    refused(&keys(dir.path()), &zip, &case);
}

fn refused(keys: &Keys, zip: &Path, case: &Altered) {
    let plugins = zip.with_extension("plugins");
    fs::create_dir_all(&plugins).unwrap();
    let ended = keys.install(zip, &plugins, case.trust);
    assert_eq!(ended.code, Some(1), "{}: the host takes it", case.what);
    assert!(ended.stderr.contains(case.host), "{}: {}", case.what, ended.stderr);
    assert_eq!(fs::read_dir(&plugins).unwrap().count(), 0, "{}: the host left something", case.what);
    let ended = keys.verify(zip, case.trust);
    assert_eq!(ended.code, Some(1), "{}: wick says {}{}", case.what, ended.stdout, ended.stderr);
    let said = support::json(&ended.stdout);
    assert_eq!(said["accepted"], false, "{}", case.what);
    let findings = said["packages"][0]["findings"].as_array().unwrap();
    let named = findings.iter().any(|f| f["code"] == case.wick && f["severity"] == "error");
    assert!(named, "{}: no {} in {findings:#?}", case.what, case.wick);
}

fn pack(entries: &[Entry]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let options = options.unix_permissions(entry.mode & 0o777);
        if entry.mode & 0o170_000 == 0o120_000 {
            out.add_symlink(&entry.name, String::from_utf8_lossy(&entry.bytes), options).unwrap();
        } else {
            out.start_file(&entry.name, options).unwrap();
            out.write_all(&entry.bytes).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

fn part<'a>(entries: &'a mut [Entry], name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|entry| entry.name == name).unwrap().bytes
}

fn flip(plugin: &Plugin, entries: &mut [Entry]) {
    let binary = part(entries, plugin.key);
    let middle = binary.len() / 2;
    binary[middle] ^= 1;
}

/// What somebody without the key can do: alter the binary and write its new digest.
fn reseal(plugin: &Plugin, entries: &mut [Entry]) {
    flip(plugin, entries);
    let digest = sha256(part(entries, plugin.key));
    edit(entries, "sha256", |_| digest.clone());
}

/// Changes the first string of that key in plugin.json.
fn edit(entries: &mut [Entry], key: &str, change: impl Fn(&str) -> String) {
    let text = String::from_utf8(part(entries, "plugin.json").clone()).unwrap();
    let start = text.find(&format!("\"{key}\": \"")).unwrap() + key.len() + 5;
    let end = start + text[start..].find('"').unwrap();
    let edited = format!("{}{}{}", &text[..start], change(&text[start..end]), &text[end..]);
    *part(entries, "plugin.json") = edited.into_bytes();
}

fn replace(entries: &mut [Entry], from: &str, to: &str) {
    let text = String::from_utf8(part(entries, "plugin.json").clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *part(entries, "plugin.json") = text.replacen(from, to, 1).into_bytes();
}
