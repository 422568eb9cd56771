//! The whole road on loopback: build, release, catalog; then a host in Go that reads the catalog by its own rules,
//! downloads a zip from the address in it and verifies what it installs.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use github_double::{Config, Double, Place};
use serde_json::Value;

use crate::repo::{self, Folder, Ran, Repo};
use crate::support::{TARGETS, done, json, keygen, run, sha256, testhost};

const TOKEN: &str = "ghp_write";

struct Road {
    repo: Repo,
    double: Double,
    key: PathBuf,
}

impl Road {
    /// Every command names all it needs; the token comes as CI's does.
    fn wick(&self, args: &[&str]) -> Ran {
        let ran = self.repo.wick(args).env("WICK_GITHUB_TOKEN", TOKEN).run();
        ran.never_says(&[TOKEN])
    }

    fn build(&self) -> Ran {
        self.wick(&["plugin", "build", "alpha", "--all", "--sign-key", self.key.to_str().unwrap()])
    }

    fn release(&self) -> Ran {
        let github = ["--repo", self.double.repository(), "--api-url", self.double.api_url()];
        self.wick(&[&["plugin", "release", "alpha"][..], &github].concat())
    }

    fn catalog(&self, more: &[&str]) -> Ran {
        let github = ["--repo", self.double.repository(), "--api-url", self.double.api_url()];
        self.wick(&[&["plugin", "catalog", "--out", "plugins.json"][..], &github, more].concat())
    }

    /// What was asked of the double since the last time that could change something, and how often assets were read.
    fn changes(&self) -> (Vec<String>, usize) {
        assert_eq!(self.double.counters().tokens_leaked, 0);
        let log = self.double.log();
        self.double.clear_log();
        let writes = log.iter().filter(|entry| entry.method != "GET").map(github_double::Entry::line);
        (writes.collect(), log.iter().filter(|entry| entry.place == Place::Storage).count())
    }

    fn entry(&self) -> Value {
        let entries = json(&self.repo.read("plugins.json"));
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        entries[0].clone()
    }

    /// The release is the zips of bin/ and their checksums, and the catalog says what they are.
    fn check_out(&self, version: &str) {
        let state = self.double.snapshot();
        let tag = format!("alpha/v{version}");
        let release = state.releases.iter().find(|release| release.tag == tag).unwrap();
        assert!(!release.draft && state.latest.is_none(), "{tag}");
        assert_eq!(state.tags[&tag].commit, self.repo.git(&["rev-parse", "HEAD"]).trim());
        let zips: BTreeMap<String, Vec<u8>> = TARGETS
            .iter()
            .map(|target| format!("alpha-{version}-{}.zip", target.replace('/', "-")))
            .map(|name| (name.clone(), self.repo.read_bytes(&format!("bin/{name}"))))
            .collect();
        for (name, bytes) in &zips {
            let asset = release.asset(name).unwrap_or_else(|| panic!("{tag} has no {name}"));
            assert_eq!(sha256(&asset.content.to_vec()), sha256(bytes), "{name}");
        }
        let entry = self.entry();
        assert_eq!((&entry["key"], &entry["version"]), (&"alpha".into(), &version.into()));
        assert_eq!(entry["assets"].as_object().unwrap().len(), TARGETS.len());
        for target in TARGETS {
            let name = format!("alpha-{version}-{}.zip", target.replace('/', "-"));
            assert!(entry["assets"][target].as_str().unwrap().ends_with(&name), "{entry}");
            assert_eq!(entry["digests"][target], sha256(&zips[&name]).as_str(), "{name}");
        }
    }
}

/// Serves one file at any address, with an ETag, as raw.githubusercontent.com does; gives the address.
fn serve(file: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/plugins.json", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A reader that goes away is no business of the server's.
            let _ = answer(stream, &file);
        }
    });
    address
}

fn answer(mut stream: TcpStream, file: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let body = fs::read(file)?;
    let etag = format!("\"{}\"", sha256(&body));
    let mut known = false;
    for line in BufReader::new(&stream).lines() {
        let line = line?;
        match line.split_once(": ") {
            Some((name, value)) => known |= name.eq_ignore_ascii_case("if-none-match") && value == etag,
            None if line.is_empty() => break,
            None => {}
        }
    }
    let (status, body) = if known { ("304 Not Modified", Vec::new()) } else { ("200 OK", body) };
    let length = if known { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    write!(stream, "HTTP/1.1 {status}\r\netag: {etag}\r\n{length}connection: close\r\n\r\n")?;
    stream.write_all(&body)
}

#[test]
fn a_host_installs_what_was_built_released_and_listed() {
    if repo::lacks("a_host_installs_what_was_built_released_and_listed", &["go", "git"]) {
        return;
    }
    let aside = Folder::new();
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.write("wick.toml", "[go]\nversion_symbols = [\"main.Version\"]\n");
    repo.go_plugin("connector", "alpha", None);
    let key = aside.path().join("signing.key");
    let public = keygen(&key);
    let road = Road { repo: repo.committed(), double: Double::start(Config::default()), key };
    let file = road.repo.path("plugins.json");

    // Out: all five packages, their bill of materials and their checksums.
    road.build().expect_code(0);
    let released = road.release().expect_code(0);
    assert!(released.stdout.contains("alpha/v0.1.0"), "{released}");
    let (writes, _) = road.changes();
    let uploads = writes.iter().filter(|line| line.contains("/assets?name=")).count();
    assert_eq!(uploads, TARGETS.len() + 2, "{writes:?}");
    let first = road.catalog(&[]).expect_code(0).says(&["plugins.json is written"]);
    assert!(first.stdout.contains("+ alpha 0.1.0"), "{first}");
    road.check_out("0.1.0");

    // Again: nothing is done twice.
    road.changes();
    let again = road.release().expect_code(0);
    assert!(again.stdout.contains("already out"), "{again}");
    let before = (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap());
    road.catalog(&[]).expect_code(0).says(&["up to date"]);
    road.catalog(&["--check"]).expect_code(0);
    assert_eq!((fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap()), before);
    assert_eq!(road.changes(), (Vec::new(), 0), "a second run changes nothing and downloads nothing");

    // A host on each target takes it by its own rules.
    let (url, plugins, cache) = (serve(file), aside.path().join("plugins"), aside.path().join("cache"));
    let fetch = |target: &str, key: &str| {
        let [into, cache] = [&plugins, &cache].map(|path| path.join(target.replace('/', "-")));
        let mut command = testhost(&["fetch", &url, "alpha", "-require-signature", "-pubkey", key]);
        command.args(["-os-arch", target, "-cache"]).args([&cache, &into]);
        command
    };
    let installed = |target: &str| json(&fs::read_to_string(manifest_of(&plugins, target)).unwrap());
    for target in TARGETS {
        assert_eq!(done(&mut fetch(target, &public)), "alpha 0.1.0 (catalog new)\n", "{target}");
        assert_eq!(done(&mut fetch(target, &public)), "alpha 0.1.0 (catalog not modified)\n", "{target}");
        assert_eq!(installed(target)["version"], "0.1.0", "{target}");
    }
    let stranger = keygen(&aside.path().join("another.key"));
    let refused = run(&mut fetch("linux/amd64", &stranger));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("none of the 1 trusted keys"), "{refused:?}");

    // The next version, from a tree where the catalog is committed as CI does.
    road.repo.write("connector/alpha/VERSION", "0.2.0\n");
    road.repo.commit("alpha 0.2.0");
    road.build().expect_code(0);
    road.release().expect_code(0);
    let stale = road.catalog(&["--check"]).expect_code(1);
    assert!(stale.stdout.contains("~ alpha 0.1.0 → 0.2.0"), "{stale}");
    let updated = road.catalog(&[]).expect_code(0);
    assert!(updated.stdout.contains("~ alpha 0.1.0 → 0.2.0"), "{updated}");
    road.check_out("0.2.0");
    for target in TARGETS {
        assert_eq!(done(&mut fetch(target, &public)), "alpha 0.2.0 (catalog new)\n", "{target}");
        assert_eq!(installed(target)["version"], "0.2.0", "{target}");
    }
    road.changes();
}

fn manifest_of(plugins: &Path, target: &str) -> PathBuf {
    plugins.join(target.replace('/', "-")).join("alpha/plugin.json")
}
