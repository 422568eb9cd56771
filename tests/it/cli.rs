//! The command line as users and programs see it. Most cases are folders: `tests/cli/<verb>/<case>/`, see the README
//! there; a new case is a new folder. What needs more than a transcript is below.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use snapbox::data::DataFormat;
use snapbox::{Data, IntoData as _, Redactions};

use crate::repo::{self, Ran, Repo};

fn cases_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli")
}

/// Whether expectations are written rather than compared.
fn blessing() -> bool {
    std::env::var("SNAPSHOTS").as_deref() == Ok("overwrite")
}

#[test]
fn every_case_folder() {
    let only = std::env::var("WICK_CASE").unwrap_or_default();
    let mut wrong = Vec::new();
    let mut count = 0;
    for verb in folders(&cases_folder()) {
        for case in folders(&verb) {
            let name = format!("{}/{}", file_name(&verb), file_name(&case));
            if !file_name(&verb).starts_with('_') && name.contains(&only) {
                count += 1;
                if let Err(why) = Case::read(&name, &case).check() {
                    wrong.push(format!("=== {name}\n{why}"));
                }
            }
        }
    }
    assert!(count > 0, "no case is called {only:?}");
    assert!(wrong.is_empty(), "{} of {count} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

fn folders(place: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(place)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    all.sort();
    all
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// One case folder.
struct Case {
    name: String,
    folder: PathBuf,
}

impl Case {
    fn read(name: &str, folder: &Path) -> Case {
        Case { name: name.to_owned(), folder: folder.to_owned() }
    }

    fn text(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(file)).ok()
    }

    fn check(&self) -> Result<(), String> {
        let needs = self.text("needs").unwrap_or_default();
        let (targets, tools): (Vec<&str>, Vec<&str>) =
            needs.split_whitespace().partition(|one| one.contains('/'));
        if repo::lacks(&self.name, &tools) {
            return Ok(());
        }
        if !targets.is_empty() && !targets.contains(&repo::this_machine()) {
            // Not a missing tool: the transcript is that of another machine.
            println!("skipped: {}: it was recorded on {}", self.name, targets.join(", "));
            return Ok(());
        }
        let repo = self.repo();
        let commands = self.text("cmd").ok_or("it has no `cmd`")?;
        let commands: Vec<&str> = commands.lines().filter(|line| !line.trim().is_empty()).collect();
        let (last, first) = commands.split_last().ok_or("its `cmd` is empty")?;
        for command in first {
            let ran = self.run(&repo, command);
            if ran.code != Some(0) {
                return Err(format!("a command before the last one failed:\n{ran}"));
            }
        }
        self.compare(&repo, &self.run(&repo, last))
    }

    /// The trees of `_bases` that `base` names, and over them the tree `repo/`. Keys are private, but for `exposed.key`.
    fn repo(&self) -> Repo {
        let repo = Repo::empty();
        for base in self.text("base").unwrap_or_default().split_whitespace() {
            repo::copy_tree(&cases_folder().join("_bases").join(base), repo.root());
        }
        if self.folder.join("repo").is_dir() {
            repo::copy_tree(&self.folder.join("repo"), repo.root());
        }
        #[cfg(unix)]
        for name in repo.list(".").iter().filter(|name| name.ends_with(".key")) {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = if name == "exposed.key" { 0o644 } else { 0o600 };
            fs::set_permissions(repo.path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        repo
    }

    fn run(&self, repo: &Repo, command: &str) -> Ran {
        let root = repo.root().to_string_lossy().into_owned();
        let words: Vec<String> =
            words(command).into_iter().map(|word| word.replace("[ROOT]", &root)).collect();
        assert_eq!(words.first().map(String::as_str), Some("wick"), "{}: {command}", self.name);
        let args: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let mut wick = repo.wick(&args).env("HOME", repo.path("home"));
        for name in ["CARGO_HOME", "RUSTUP_HOME"] {
            wick = wick.env(name, repo::rust_home(name));
        }
        for line in self.text("env").unwrap_or_default().lines() {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{}: env: {line}", self.name));
            wick = wick.env(name, value.replace("[ROOT]", &root));
        }
        wick.run()
    }

    fn compare(&self, repo: &Repo, ran: &Ran) -> Result<(), String> {
        let mut redactions = Redactions::new();
        redactions.insert("[ROOT]", repo.root().to_owned()).unwrap();
        if let Some(go) = repo::find_program("go") {
            redactions.insert("[GO]", go).unwrap();
        }
        let assert =
            snapbox::Assert::new().action_env("SNAPSHOTS").normalize_paths(false).redact_with(redactions);
        let mut wrong = Vec::new();
        for (file, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            if text.contains('\u{1b}') {
                wrong.push(format!("{file} has escape codes, and is no terminal"));
            }
            let path = self.folder.join(file);
            let text = steady(text);
            if text.is_empty() && !path.exists() {
                continue;
            }
            let expected = Data::read_from(&path, Some(DataFormat::Text));
            if let Err(error) = assert.try_eq(Some(&file), text.into_data(), expected) {
                wrong.push(error.to_string());
            }
        }
        let code = self.text("code").map_or(0, |text| text.trim().parse().expect("an exit code"));
        if ran.code != Some(code) {
            if blessing() {
                fs::write(self.folder.join("code"), format!("{}\n", ran.code.unwrap())).unwrap();
            } else {
                wrong.push(format!("the exit code is {:?}, expected {code}\n{ran}", ran.code));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

/// Words as a shell splits them: blanks part, quotes keep together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Takes out what differs from run to run and from compiler to compiler: times, digests, sizes.
fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        // There only when the compiler is newer than the module asks for.
        if line.trim_start().starts_with("\"DefaultGODEBUG\":") {
            continue;
        }
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        out.push_str(&steady_line(body));
        out.push_str(end);
    }
    out
}

fn steady_line(line: &str) -> String {
    // A line of a pretty-printed report.
    if let Some((name, value)) = line.split_once(": ") {
        let field = name.trim().trim_matches('"');
        let comma = if value.ends_with(',') { "," } else { "" };
        match field {
            "size" | "binary_size" => return format!("{name}: [SIZE]{comma}"),
            "sha256" | "binary_sha256" => return format!("{name}: \"[SHA256]\"{comma}"),
            "go_version" => return format!("{name}: \"[GO_VERSION]\"{comma}"),
            "jobs" => return format!("{name}: [CPUS]{comma}"),
            _ => {}
        }
    }
    let words: Vec<String> = line.split(' ').map(steady_word).collect();
    let mut line = words.join(" ");
    // `(0.4 s)` at the end of a progress line.
    if let Some((head, tail)) = line.rsplit_once(" (")
        && tail.strip_suffix(" s)").is_some_and(|number| number.parse::<f64>().is_ok())
    {
        line = format!("{head} ([TIME])");
    }
    line
}

fn steady_word(word: &str) -> String {
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex(word) {
        return "[SHA256]".to_owned();
    }
    match word.strip_prefix("-p=").or_else(|| word.strip_prefix("\"-p=")) {
        Some(rest) => word.replace(rest.trim_end_matches(['"', ',']), "[CPUS]"),
        None => word.to_owned(),
    }
}

/// A repository with one plugin that doesn't compile.
fn broken() -> Repo {
    let repo = Repo::go();
    repo.write("connector/broken/main.go", "package main\n\nfunc main() {\n\tnonsense()\n}\n");
    repo
}

#[test]
fn github_actions_gets_annotations_and_a_summary() {
    if repo::lacks("github_actions_gets_annotations_and_a_summary", &["go"]) {
        return;
    }
    let repo = broken();
    repo.write("summary.md", "### An earlier step\n");
    let this = repo::this_machine();
    let run = |args: &[&str]| {
        let line: Vec<&str> = ["plugin", "build"].iter().chain(args).copied().collect();
        let summary = repo.path("summary.md");
        repo.wick(&line).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", summary).run()
    };
    let ran = run(&["broken", "gamma", "--keep-going", "--format", "json"]).expect_code(5);
    assert_eq!(ran.json()["complete"], false, "{ran}");
    assert!(!ran.stdout.contains("::error"), "{ran}");
    let annotations: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("::")).collect();
    let expected = format!("::error title=wick::broken {this} does not compile (exit code 1)");
    assert_eq!(annotations, [expected.as_str()], "{ran}");
    let summary = repo.read("summary.md");
    assert!(summary.starts_with("### An earlier step\n### wick plugin build\n"), "{summary}");
    let dashed = this.replace('/', "-");
    for row in [
        format!(
            "| `broken-dev-{dashed}.zip` | **failed**: broken {this} does not compile (exit code 1) | | |"
        ),
        format!("| `gamma-0.1.0-{dashed}.zip` | built | "),
    ] {
        assert!(summary.contains(&row), "no {row:?} in\n{summary}");
    }
    // The same for a failure of the whole run, and for wrong packages.
    let ran = run(&["nobody"]).expect_code(2);
    assert!(ran.stderr.contains("::error title=wick::there is no plugin `nobody`"), "{ran}");
    repo.write("x-1.0.0-linux-amd64.zip", "I am a text.\n");
    let line = ["plugin", "verify", "x-1.0.0-linux-amd64.zip", "--format", "json"];
    let ran = repo.wick(&line).env("GITHUB_ACTIONS", "true").run().expect_code(1);
    assert_eq!(ran.json()["accepted"], false, "{ran}");
    assert!(ran.stderr.contains("::error title=wick::x-1.0.0-linux-amd64.zip: "), "{ran}");
}

#[test]
fn colour_is_for_those_who_want_it() {
    let repo = Repo::empty();
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let line: Vec<&str> = ["plugin", "build", "x"].iter().chain(args).copied().collect();
        let wick = variables.iter().fold(repo.wick(&line), |wick, (name, value)| wick.env(name, *value));
        wick.run().expect_code(3).stderr.contains('\u{1b}')
    };
    assert!(!run(&[], &[]), "a pipe has colour");
    assert!(!run(&[], &[("NO_COLOR", "1")]));
    assert!(!run(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(run(&["--color", "always"], &[]));
    assert!(run(&["--color", "always"], &[("NO_COLOR", "1")]), "the flag is nearer than the variable");
    assert!(run(&[], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn json_has_no_colour_whatever_is_asked() {
    let repo = Repo::empty();
    repo.write("x-1.0.0-linux-amd64.zip", "I am a text.\n");
    let line = ["plugin", "verify", "x-1.0.0-linux-amd64.zip", "--format", "json", "--color", "always"];
    let ran = repo.wick(&line).run().expect_code(1);
    assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    ran.json();
}

#[test]
fn every_command_has_examples() {
    let repo = Repo::empty();
    let commands: [&[&str]; 9] = [
        &["plugin", "init"],
        &["plugin", "new"],
        &["plugin", "check"],
        &["plugin", "build"],
        &["plugin", "verify"],
        &["plugin", "inspect"],
        &["plugin", "keygen"],
        &["doctor"],
        &["completions"],
    ];
    for command in commands {
        let line: Vec<&str> = command.iter().chain(&["--help"]).copied().collect();
        let ran = repo.wick(&line).run().expect_code(0);
        assert!(ran.stdout.contains(&format!("Examples:\n  wick {}", command.join(" "))), "{ran}");
    }
}

/// Go is there, Rust is not: nothing is built, not even what could be.
#[test]
#[cfg(unix)]
fn a_missing_tool_is_found_out_before_anything_is_built() {
    if repo::lacks("a_missing_tool_is_found_out_before_anything_is_built", &["go", "cargo"]) {
        return;
    }
    let repo = Repo::go().with_rust();
    fs::create_dir(repo.path("tools")).unwrap();
    std::os::unix::fs::symlink(repo::find_program("go").unwrap(), repo.path("tools/go")).unwrap();
    let line = ["plugin", "build", "--all-plugins", "--keep-going"];
    let ran = repo.wick(&line).env("PATH", repo.path("tools")).run().expect_code(4);
    assert!(ran.stdout.is_empty(), "{ran}");
    let ran =
        ran.says(&["missing: Rust (the `cargo` command)\n", "hint: install Rust from https://rustup.rs"]);
    assert!(!ran.stderr.contains("Go"), "{ran}");
    assert!(!repo.exists("bin"), "something was built");

    // A target that nobody has installed; the command that gets it is named.
    if repo::find_program("rustup").is_some() {
        let ran = repo
            .wick(&["plugin", "build", "--all-plugins", "--target", "freebsd/amd64"])
            .run()
            .expect_code(4);
        ran.says(&[
            "the Rust target x86_64-unknown-freebsd (for freebsd/amd64)",
            "rustup target add x86_64-unknown-freebsd",
        ]);
        assert!(!repo.exists("bin"), "something was built");
    }
}

#[test]
fn a_generated_key_is_private_and_its_public_half_is_printed() {
    let repo = Repo::empty();
    let ran = repo.wick(&["plugin", "keygen", "-o", "keys/my.key"]).run().expect_code(0);
    let private = repo.read("keys/my.key");
    assert_eq!(ran.stdout, repo.read("keys/my.key.pub"), "{ran}");
    let ran = ran.never_says(&[private.trim()]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(repo.path("keys/my.key")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{ran}");
    }
    // The other key stays what it was.
    repo.wick(&["plugin", "keygen", "-o", "keys/my.key"]).run().expect_code(7);
    assert_eq!(repo.read("keys/my.key"), private);
}

/// A zip with these entries, stored as they are. No writer of archives would make such names.
fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut crc = libdeflater::Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        let offset = u32::try_from(body.len()).unwrap().to_le_bytes();
        body.extend(b"PK\x03\x04");
        body.extend(&common);
        body.extend(name.as_bytes());
        body.extend(*content);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0, 0, 0, 0, 0, 0, 0, 0, 0xa4, 0x81]);
        directory.extend(offset);
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend(count);
    end.extend(count);
    end.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    end.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    end.extend([0, 0]);
    [body, directory, end].concat()
}

#[test]
fn a_hostile_archive_is_refused_and_touches_nothing() {
    let repo = Repo::empty();
    let outside = repo.path("escaped.txt");
    let absolute = outside.to_string_lossy().into_owned();
    let name = "x-1.0.0-linux-amd64.zip";
    type Entry<'a> = (&'a str, &'a [u8]);
    let cases: [(&str, Vec<Entry>); 4] = [
        ("../escaped.txt", vec![("../escaped.txt", b"x"), ("plugin.json", b"{}")]),
        ("/escaped.txt", vec![(&absolute, b"x"), ("plugin.json", b"{}")]),
        ("plugin.json", vec![("plugin.json", b"{}"), ("plugin.json", b"{ }")]),
        ("a\\..\\b", vec![("a\\..\\b", b"x"), ("plugin.json", b"{}")]),
    ];
    for (what, entries) in cases {
        fs::create_dir_all(repo.path("inner")).unwrap();
        fs::File::create(repo.path("inner").join(name)).unwrap().write_all(&zip_of(&entries)).unwrap();
        let verify = repo.wick(&["plugin", "verify", name, "--format", "json"]).folder(&repo.path("inner"));
        let ran = verify.run().expect_code(1);
        let report = ran.json();
        let findings = report["packages"][0]["findings"].as_array().unwrap();
        let named = findings.iter().any(|finding| {
            finding["severity"] == "error"
                && finding["message"].as_str().unwrap().contains(&*what.escape_debug().to_string())
        });
        assert!(named, "{what}\n{ran}");
        assert_eq!(repo.list("inner"), [name], "{what}");
        assert!(!outside.exists(), "{what}");
    }
}

/// What is completed is what there is.
#[test]
fn the_completion_script_is_one() {
    let repo = Repo::empty();
    let ran = repo.wick(&["completions", "bash"]).run().expect_code(0);
    for word in ["--all-plugins", "--sign-key", "keygen", "verify"] {
        assert!(ran.stdout.contains(word), "{word} can't be completed");
    }
    if repo::lacks("the_completion_script_is_one", &["bash"]) {
        return;
    }
    repo.write("wick.bash", &ran.stdout);
    let checked = std::process::Command::new("bash").arg("-n").arg(repo.path("wick.bash")).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
