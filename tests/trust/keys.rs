//! Key files, both ways: cosign uses what wick makes, wick uses what cosign makes.

use std::fs;

use crate::repo::{Folder, Repo};
use crate::support::{self, PASSWORD, accepts, need};

#[test]
fn cosign_takes_a_key_that_wick_made() {
    need!(&["cosign", "go"]);
    let repo = support::repository();
    let said = support::cosign(repo.root(), &["public-key", "--key", "cosign.key"]);
    accepts(&said, "cosign public-key");
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), repo.read("cosign.pub").trim());
    repo.write("blob", "some bytes");
    support::cosign_signs(repo.root(), "cosign.key", "blob");
    accepts(&support::cosign_verifies(repo.root(), "cosign.pub", "blob.sigstore.json", "blob"), "its own");
    // The form is the same to the letter: label, fields, their order.
    let theirs = Folder::new();
    accepts(&support::cosign(theirs.path(), &["generate-key-pair"]), "cosign generate-key-pair");
    let form = |text: String| -> (Vec<String>, Vec<usize>) {
        let lines: Vec<&str> = text.lines().collect();
        let inner = lines[1..lines.len() - 1].concat();
        let json = String::from_utf8(decode(&inner)).unwrap();
        let kept = |text: &str| if text.len() > 30 { "…".to_owned() } else { text.to_owned() };
        (json.split('"').map(kept).collect(), lines.iter().map(|line| line.len()).take(5).collect())
    };
    assert_eq!(
        form(repo.read("cosign.key")),
        form(fs::read_to_string(theirs.path().join("cosign.key")).unwrap())
    );
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[test]
fn wick_signs_with_a_key_that_cosign_made() {
    need!(&["cosign", "go"]);
    let repo = Repo::empty();
    repo.write("go.mod", "module example.com/plugins\n\ngo 1.24\n");
    repo.go_plugin("connector", "alpha", None);
    accepts(&support::cosign(repo.root(), &["generate-key-pair"]), "cosign generate-key-pair");
    support::build(&repo, &["--cosign-key", "cosign.key"]).expect_code(0);
    let zip = support::zip();
    let bundle = format!("{zip}.sigstore.json");
    accepts(&support::cosign_verifies(&repo.path("bin"), "../cosign.pub", &bundle, &zip), "wick's bundle");
    repo.wick(&["plugin", "verify", "bin", "--cosign-pub", "cosign.pub", "--require", "bundle"])
        .run()
        .expect_code(0);
}

/// Everything that can be wrong with a key is said before a compiler starts, and nothing of it is quoted.
#[test]
fn a_key_that_cannot_be_used_is_found_out_first() {
    need!(&["cosign", "go", "openssl"]);
    let repo = support::repository();
    let openssl = |args: &[&str]| {
        let made =
            std::process::Command::new("openssl").args(args).current_dir(repo.root()).output().unwrap();
        accepts(&made, "openssl");
    };
    // What cosign can import and wick doesn't sign with.
    for (name, args, why) in [
        (
            "p384",
            &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"][..],
            "an ECDSA key over P-384",
        ),
        ("rsa", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "an RSA key"),
        ("ed25519", &["genpkey", "-algorithm", "ed25519"], "an ed25519 key"),
    ] {
        openssl(&[args, &["-out", "plain.pem"]].concat());
        let import = ["import-key-pair", "--key", "plain.pem", "--output-key-prefix", name];
        accepts(&support::cosign(repo.root(), &import), &format!("cosign import-key-pair of {name}"));
        let key = format!("{name}.key");
        let ran = support::build(&repo, &["--cosign-key", &key]).expect_code(5);
        ran.says(&[&format!("it holds {why}"), "wick plugin keygen --cosign"]);
    }
    // An imported P-256 key is fine.
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "plain.pem"]);
    let import = ["import-key-pair", "--key", "plain.pem", "--output-key-prefix", "mine"];
    accepts(&support::cosign(repo.root(), &import), "cosign import-key-pair");
    support::build(&repo, &["--cosign-key", "mine.key"]).expect_code(0);

    let text = repo.read("cosign.key");
    fs::write(repo.path("short.key"), &text[..text.len() / 2]).unwrap();
    fs::copy(repo.path("cosign.key"), repo.path("shown.key")).unwrap();
    mode(&repo, "short.key", 0o600);
    mode(&repo, "shown.key", 0o640);
    for (key, password, code, why) in [
        ("cosign.key", Some("wrong"), 5, "COSIGN_PASSWORD is not its password"),
        ("cosign.key", None, 4, "COSIGN_PASSWORD is not set"),
        ("short.key", Some(PASSWORD), 5, "it is damaged: it has no end"),
        ("shown.key", Some(PASSWORD), 5, "can be read by others (mode 0640)"),
        ("plain.pem", Some(PASSWORD), 5, "without encryption"),
        ("cosign.pub", Some(PASSWORD), 5, "it is a public key"),
    ] {
        if key == "cosign.pub" || key == "plain.pem" {
            mode(&repo, key, 0o600);
        }
        let mut wick = repo.wick(&["plugin", "build", "alpha", "--force", "--cosign-key", key]);
        if let Some(password) = password {
            wick = wick.env("COSIGN_PASSWORD", password);
        }
        let ran = wick.run().expect_code(code).says(&[why, "hint: "]);
        let secrets: Vec<&str> = text.lines().collect();
        ran.never_says(&[secrets[1], secrets[3], PASSWORD, "wrong", "build alpha"]);
    }
}

fn mode(repo: &Repo, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(repo.path(name), fs::Permissions::from_mode(mode)).unwrap();
}
