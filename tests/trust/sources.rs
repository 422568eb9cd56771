//! Where keys come from: files, variables, stdin. The same key gives the same packages, whichever it was.

use std::fs;

use crate::support::{self, PASSWORD, need};

#[test]
fn a_key_is_the_same_from_a_file_a_variable_or_stdin() {
    need!(&["go"]);
    let repo = support::repository();
    repo.wick(&["plugin", "keygen", "-q", "-o", "sign.key"]).run().expect_code(0);
    let (sign, cosign) = (repo.read("sign.key"), repo.read("cosign.key"));
    let mut seen = Vec::new();
    for (sign_key, cosign_key, stdin) in [
        ("sign.key", "cosign.key", ""),
        ("env:SIGN", "env:COSIGN", ""),
        ("-", "env:COSIGN", sign.as_str()),
        ("env:SIGN", "-", cosign.as_str()),
    ] {
        let line =
            ["plugin", "build", "alpha", "--force", "--sign-key", sign_key, "--cosign-key", cosign_key];
        repo.wick(&line)
            .env("COSIGN_PASSWORD", PASSWORD)
            .env("SIGN", &sign)
            .env("COSIGN", &cosign)
            .stdin(stdin)
            .run()
            .expect_code(0)
            .never_says(&[sign.trim(), cosign.trim()]);
        let files = [support::zip(), format!("{}.sigstore.json", support::zip())];
        seen.push(files.map(|name| fs::read(repo.path("bin").join(name)).unwrap()));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "all four are the same");
}

#[test]
fn an_empty_stdin_or_variable_is_no_key() {
    need!(&["go"]);
    let repo = support::repository();
    let build =
        |key: &str| repo.wick(&["plugin", "build", "alpha", "--sign-key", key]).env("EMPTY", " ").stdin("");
    build("-").run().expect_code(5).says(&["signing key stdin: it holds 0 bytes"]);
    build("env:EMPTY").run().expect_code(4).says(&["$EMPTY is to hold the signing key"]);
    build("env:").run().expect_code(4);
    let endless = "A".repeat(70 << 10);
    let ran = repo.wick(&["plugin", "build", "alpha", "--sign-key", "-"]).stdin(&endless).run();
    ran.expect_code(5).says(&["it is longer than 64 KiB"]);
}
