//! A valid signed package, and everything that makes a host refuse it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};

use super::*;
use crate::model::artifact::{BinaryFacts, Format, Linkage};
use crate::model::code_signature::CodeSignature;
use crate::model::digest::Sha256;
use crate::model::finding::Severity;
use crate::model::package::PackageEntry;
use crate::model::signature::PublicKey;
use crate::model::target::Os;

/// The key that signs in tests.
pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A policy that trusts [`signing_key`].
pub(crate) fn trusting(required: bool) -> SignaturePolicy {
    SignaturePolicy { required, keys: vec![PublicKey::new(signing_key().verifying_key())] }
}

/// What a host signs: the 64 hex characters of the digest.
pub(crate) fn sign(key: &SigningKey, digest: &str) -> String {
    STANDARD.encode(key.sign(digest.as_bytes()).to_bytes())
}

/// The facts of a static Go program for `target`.
pub(crate) fn facts(target: Target) -> BinaryFacts {
    let format = match target.os {
        Os::Linux | Os::Freebsd => Format::Elf,
        Os::Darwin => Format::MachO,
        Os::Windows => Format::Pe,
    };
    BinaryFacts {
        system: target.os.as_str().to_owned(),
        format,
        systems: vec![target.os],
        architectures: vec![target.arch],
        machine: target.arch.as_str().to_owned(),
        executable: true,
        linkage: Linkage::Static,
        glibc_floor: None,
        macos_floor: None,
        go: None,
        code_signature: None,
        x86_level: None,
        universal: false,
        unloadable: Vec::new(),
        manifest_section: None,
    }
}

/// A valid signed package of `slack` 0.2.0, to be changed by tests before it is judged or packed.
pub(crate) struct Package {
    pub(crate) file_name: String,
    pub(crate) manifest: String,
    pub(crate) entry: String,
    pub(crate) binary: Vec<u8>,
    pub(crate) executable: bool,
    pub(crate) facts: Result<BinaryFacts, String>,
    pub(crate) extra: Vec<PackageEntry>,
}

impl Package {
    /// The valid one.
    pub(crate) fn signed(target: &str) -> Package {
        let target: Target = target.parse().unwrap();
        let entry = format!("slack{}", target.exe_suffix());
        let binary = format!("program for {target} ").repeat(20).into_bytes();
        let digest = Sha256::of(&binary).to_string();
        let mut manifest: Manifest = serde_json::from_str(
            r#"{"schema_version":1,"proto_version":1,"module":{"Meta":{"Key":"slack","Name":"Slack <&>"},
            "Configs":[],"Operations":[],"Zz":{"a":1,"A":2}}}"#,
        )
        .unwrap();
        manifest.settle(
            crate::model::names::PluginKind::Connector,
            &"slack".parse().unwrap(),
            "v0.2.0",
            target,
        );
        manifest.signature = sign(&signing_key(), &digest);
        manifest.sha256 = digest;
        Package {
            file_name: format!("slack-0.2.0-{}.zip", target.dashed()),
            manifest: manifest.to_json(),
            entry,
            binary,
            executable: true,
            facts: Ok(facts(target)),
            extra: Vec::new(),
        }
    }

    /// Replaces a text in the manifest, which must be there.
    #[track_caller]
    pub(crate) fn edit(mut self, from: &str, to: &str) -> Package {
        assert!(self.manifest.contains(from), "{from} is not in the manifest");
        self.manifest = self.manifest.replace(from, to);
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Package)) -> Package {
        change(&mut self);
        self
    }

    /// The files as they lie in an archive.
    pub(crate) fn entries(&self) -> Vec<PackageEntry> {
        let binary = PackageEntry {
            name: self.entry.clone(),
            bytes: self.binary.clone(),
            executable: self.executable,
        };
        let manifest = PackageEntry {
            name: "plugin.json".to_owned(),
            bytes: self.manifest.clone().into_bytes(),
            executable: false,
        };
        [vec![binary, manifest], self.extra.clone()].concat()
    }

    fn judge(&self, policy: &SignaturePolicy, this_machine: Option<Target>) -> Vec<Finding> {
        let entries = self.entries();
        let files: Vec<_> = entries
            .iter()
            .filter(|entry| entry.name != "plugin.json")
            .map(|entry| (entry.name.as_str(), entry))
            .collect();
        let source =
            Source { file_name: Some(&self.file_name), manifest: self.manifest.as_bytes(), files: &files };
        super::judge(&Unpacked::open(source, |_| self.facts.clone()), policy, this_machine)
    }
}

fn linux() -> Package {
    Package::signed("linux/amd64")
}

fn errors(findings: &[Finding]) -> Vec<&'static str> {
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.code).collect()
}

/// The package is refused for exactly these reasons, and each of them says something with a value in it.
#[track_caller]
fn refused(package: Package, codes: &[&str]) -> Vec<Finding> {
    let findings = package.judge(&trusting(true), None);
    assert_eq!(errors(&findings), codes, "{findings:#?}");
    findings
}

#[test]
fn valid_packages_have_no_findings() {
    for target in Target::ALL {
        let package = Package::signed(&target.to_string());
        assert_eq!(package.judge(&trusting(true), Some(target)), [], "{target}");
        assert_eq!(package.judge(&trusting(false), None), [], "{target}");
    }
}

/// Conformance 1 of contract wick, the side of verify: the key rule.
#[test]
fn conformance_1_invalid_keys_are_refused() {
    for bad in ["", "../x", "a/b", "a-b", "Slack", "a b", "a\\u0000", &"k".repeat(65)] {
        let findings =
            linux().edit("\"Key\": \"slack\"", &format!("\"Key\": \"{bad}\"")).judge(&trusting(true), None);
        assert_eq!(errors(&findings), ["key-invalid"], "{bad:?}");
    }
    refused(linux().edit("\"Key\"", "\"Kex\""), &["key-missing"]);
    refused(linux().edit("\"Meta\": {", "\"Mela\": {"), &["key-missing"]);
    refused(linux().edit("\"Key\": \"slack\"", "\"Key\": \"other\""), &["name-key", "entry-name"]);
    refused(linux().with(|p| p.file_name = "other-0.2.0-linux-amd64.zip".to_owned()), &["name-key"]);
}

/// Conformance 7 of contract wick: a signature that an ed25519 library makes over the hex text verifies.
#[test]
fn conformance_7_signatures_are_over_the_hex_text() {
    let package = linux();
    assert_eq!(package.judge(&trusting(true), None), []);
    // Over the raw digest, over the binary, over upper case: all others' ideas.
    let digest = Sha256::of(&package.binary).to_string();
    let good = sign(&signing_key(), &digest);
    let raw = STANDARD.encode(signing_key().sign(&package.binary).to_bytes());
    for other in
        [sign(&signing_key(), &digest.to_uppercase()), sign(&signing_key(), &format!("{digest}\n")), raw]
    {
        refused(linux().edit(&good, &other), &["signature-mismatch"]);
    }
    let stranger = sign(&SigningKey::from_bytes(&[8; 32]), &digest);
    refused(linux().edit(&good, &stranger), &["signature-mismatch"]);
    let mut both = trusting(true);
    both.keys.insert(0, PublicKey::new(SigningKey::from_bytes(&[9; 32]).verifying_key()));
    assert_eq!(linux().judge(&both, None), [], "any trusted key will do");
}

/// Conformance 7 of contract wick: a key for which everything is signed is refused, however it comes in.
#[test]
fn conformance_7_small_order_keys_are_refused() {
    let mut identity = [0; 32];
    identity[0] = 1;
    assert!(STANDARD.encode(identity).parse::<PublicKey>().is_err());
    let weak = VerifyingKey::from_bytes(&identity).unwrap();
    let forged = [identity, [0; 32]].concat();
    let signature = ed25519_dalek::Signature::from_slice(&forged).unwrap();
    assert!(ed25519_dalek::Verifier::verify(&weak, b"anything", &signature).is_ok(), "the attack is real");
    let package = linux().with(|p| {
        let mut manifest: Manifest = serde_json::from_str(&p.manifest).unwrap();
        manifest.signature = STANDARD.encode(&forged);
        p.manifest = manifest.to_json();
    });
    let policy = SignaturePolicy { required: true, keys: vec![PublicKey::new(weak)] };
    assert_eq!(errors(&package.judge(&policy, None)), ["signature-mismatch"]);
}

/// What the kernel of Apple silicon kills is refused; what still runs is said.
#[test]
fn code_signatures_and_levels_are_judged_by_the_target() {
    let spoil = |target: &str, change: fn(&mut BinaryFacts)| {
        Package::signed(target).with(|package| package.facts.iter_mut().for_each(change))
    };
    let missing = |facts: &mut BinaryFacts| facts.code_signature = Some(CodeSignature::Missing);
    let broken = |facts: &mut BinaryFacts| {
        facts.code_signature = Some(CodeSignature::Broken { why: "it is cut short".to_owned() });
    };
    let level = |facts: &mut BinaryFacts| facts.x86_level = Some("x86-64-v3".to_owned());
    for change in [missing as fn(&mut BinaryFacts), broken] {
        refused(spoil("darwin/arm64", change), &["binary-target"]);
    }
    refused(
        spoil("linux/amd64", |facts| facts.unloadable = vec!["it has no entry".to_owned()]),
        &["binary-target"],
    );
    for (package, code) in [
        (spoil("darwin/amd64", missing), "code-signature"),
        (spoil("darwin/amd64", broken), "code-signature"),
        (spoil("linux/amd64", level), "cpu-level"),
    ] {
        let findings = package.judge(&trusting(true), None);
        let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning);
        assert_eq!(warnings.map(|finding| finding.code).collect::<Vec<_>>(), [code], "{findings:?}");
        assert_eq!(errors(&findings), [""; 0]);
    }
}

/// Conformance 12 of contract wick: wrong architecture, by name, by manifest, by header, by this machine.
#[test]
fn conformance_12_wrong_architecture_is_refused() {
    let arm: Target = "linux/arm64".parse().unwrap();
    assert_eq!(errors(&linux().judge(&trusting(true), Some(arm))), ["wrong-machine"]);
    refused(linux().edit("linux/amd64", "linux/arm64"), &["name-target", "binary-target"]);
    refused(linux().with(|p| p.file_name = "slack-0.2.0-linux-arm64.zip".to_owned()), &["name-target"]);
    refused(linux().with(|p| p.facts = Ok(facts(arm))), &["binary-target"]);
    refused(linux().with(|p| p.facts = Err("no header".to_owned())), &["binary-unreadable"]);
    refused(linux().edit("\"linux/amd64\"", "\"linux/amd64\", \"linux/arm64\""), &["os-arch-count"]);
    refused(linux().edit("[\n    \"linux/amd64\"\n  ]", "[]"), &["os-arch-count"]);
    refused(linux().edit("[\n    \"linux/amd64\"\n  ]", "null"), &["os-arch-count"]);
    refused(linux().edit("linux/amd64", "linux/x86_64"), &["os-arch-unknown"]);
    let dynamic = Linkage::Dynamic { interpreter: None, libraries: vec!["libc.so.6".to_owned()] };
    let termux = Package::signed("linux/arm64").with(|p| p.facts.as_mut().unwrap().linkage = dynamic.clone());
    assert!(refused(termux, &["binary-not-static"])[0].message.contains("libc.so.6"));
    assert_eq!(
        linux().with(|p| p.facts.as_mut().unwrap().linkage = dynamic).judge(&trusting(true), None),
        []
    );
}

/// Conformance 12 of contract wick: wrong protocol, and other numbers hosts don't know.
#[test]
fn conformance_12_wrong_protocol_is_refused() {
    for bad in ["0", "2", "4294967295"] {
        refused(
            linux().edit("\"proto_version\": 1", &format!("\"proto_version\": {bad}")),
            &["proto-version"],
        );
    }
    refused(linux().edit("\"proto_version\": 1", "\"proto_version\": -1"), &["manifest-unreadable"]);
    refused(linux().edit("\"schema_version\": 1", "\"schema_version\": 2"), &["schema-version"]);
}

/// Conformance 12 of contract wick: an altered binary.
#[test]
fn conformance_12_altered_binary_is_refused() {
    let findings = refused(linux().with(|p| p.binary[5] ^= 1), &["sha256-mismatch", "signature-mismatch"]);
    let (is, said) = (Sha256::of(&linux().with(|p| p.binary[5] ^= 1).binary), Sha256::of(&linux().binary));
    assert!(findings[0].message.contains(&is.to_string()) && findings[0].message.contains(&said.to_string()));
    let digest = Sha256::of(&linux().binary).to_string();
    refused(linux().edit(&digest, &digest.to_uppercase()), &["sha256-invalid"]);
    refused(linux().edit(&digest, ""), &["sha256-invalid"]);
    refused(linux().edit(&digest, &Sha256::of(b"other").to_string()), &["sha256-mismatch"]);
}

/// Conformance 12 of contract wick: an altered signature, and a missing one; the whole table of 7.5.
#[test]
fn conformance_12_signature_policy_is_kept() {
    let signature = sign(&signing_key(), &Sha256::of(&linux().binary).to_string());
    let none = || linux().edit(&signature, "");
    let altered = || linux().edit(&signature[..8], "AAAAAAAA");
    let garbage = || linux().edit(&signature, "not base64!");
    let no_keys = |required| SignaturePolicy { required, keys: Vec::new() };
    let codes = |package: Package, policy: &SignaturePolicy| -> Vec<(Severity, &'static str)> {
        package.judge(policy, None).iter().map(|finding| (finding.severity, finding.code)).collect()
    };
    use Severity::{Error, Note};
    assert_eq!(codes(linux(), &trusting(true)), []);
    assert_eq!(codes(linux(), &trusting(false)), []);
    assert_eq!(codes(linux(), &no_keys(true)), [(Error, "signature-no-keys")]);
    assert_eq!(codes(linux(), &no_keys(false)), [(Note, "signature-not-checked")]);
    assert_eq!(codes(none(), &trusting(true)), [(Error, "signature-missing")]);
    assert_eq!(codes(none(), &trusting(false)), [(Note, "signature-absent")]);
    assert_eq!(codes(none(), &no_keys(true)), [(Error, "signature-no-keys")]);
    assert_eq!(codes(none(), &no_keys(false)), []);
    let bad: [&dyn Fn() -> Package; 2] = [&altered, &garbage];
    for bad in bad {
        assert_eq!(codes(bad(), &trusting(true)), [(Error, "signature-mismatch")]);
        assert_eq!(codes(bad(), &trusting(false)), [(Error, "signature-mismatch")]);
        assert_eq!(codes(bad(), &no_keys(false)), [(Note, "signature-not-checked")]);
    }
}

#[test]
fn entry_must_be_the_bare_name_of_the_program() {
    for bad in
        ["", ".", "..", "../slack", "bin/slack", "bin\\\\slack", "C:slack", "plugin.json", "Plugin.json"]
    {
        let findings = linux()
            .edit("\"entry\": \"slack\"", &format!("\"entry\": \"{bad}\""))
            .judge(&trusting(true), None);
        assert_eq!(errors(&findings), ["entry-name"], "{bad}");
    }
    refused(linux().with(|p| p.entry = "other".to_owned()), &["entry-missing"]);
    refused(
        linux().edit("\"entry\": \"slack\"", "\"entry\": \"other\"").with(|p| p.entry = "other".to_owned()),
        &["entry-name"],
    );
    let exe = linux().edit("\"entry\": \"slack\"", "\"entry\": \"slack.exe\"");
    refused(exe.with(|p| p.entry = "slack.exe".to_owned()), &["entry-name"]);
    let bare = Package::signed("windows/amd64").edit("slack.exe", "slack");
    refused(bare.with(|p| p.entry = "slack".to_owned()), &["entry-name"]);
}

#[test]
fn names_must_agree_with_the_manifest() {
    refused(linux().with(|p| p.file_name = "slack-0.3.0-linux-amd64.zip".to_owned()), &["name-version"]);
    refused(linux().edit("v0.2.0", "0.2"), &["version-invalid"]);
    refused(linux().edit("v0.2.0", " 0.2.0"), &["version-invalid"]);
    refused(linux().edit("\"connector\"", "\"widget\""), &["kind-unknown"]);
    for (name, codes) in [
        ("slack-0.2.0-linux-amd64.tar.gz", vec![]),
        ("slack-0.2.0-linux-amd64.tgz", vec![]),
        ("slack-v0.2.0-linux-amd64.zip", vec!["name-form"]),
        ("slack.zip", vec!["name-form"]),
        ("slack-0.2.0-linux-amd64.zip.zip", vec!["name-form"]),
    ] {
        let findings = linux().with(|p| p.file_name = name.to_owned()).judge(&trusting(true), None);
        assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), codes, "{name}");
        assert_eq!(errors(&findings), [""; 0], "{name}");
    }
}

#[test]
fn what_a_host_tolerates_is_said_without_refusing() {
    let said = |package: Package| -> Vec<(Severity, &'static str)> {
        let findings = package.judge(&trusting(true), None);
        findings.iter().map(|finding| (finding.severity, finding.code)).collect()
    };
    use Severity::{Note, Warning};
    let file = |name: &str| PackageEntry { name: name.to_owned(), bytes: Vec::new(), executable: false };
    assert_eq!(said(linux().with(|p| p.executable = false)), [(Warning, "entry-mode")]);
    assert_eq!(said(Package::signed("windows/amd64").with(|p| p.executable = false)), []);
    assert_eq!(said(linux().with(|p| p.manifest.push('\n'))), [(Warning, "manifest-text")]);
    assert_eq!(said(linux().edit("\\u003c", "<")), [(Warning, "manifest-text")]);
    assert_eq!(said(linux().edit("  \"kind\": \"connector\",\n", "")), [(Warning, "kind-missing")]);
    assert_eq!(
        said(linux().edit("\"module\"", "\"new\": 1,\n  \"module\"")),
        [(Note, "manifest-unknown-field")]
    );
    assert_eq!(said(linux().with(|p| p.extra.push(file("README.md")))), [(Note, "extra-file")]);
    assert_eq!(said(linux().with(|p| p.extra.push(file("slack.sig")))), [(Note, "sidecar-not-checked")]);
    let dev = linux().edit("v0.2.0", "dev").with(|p| p.file_name = "slack-dev-linux-amd64.zip".to_owned());
    assert_eq!(said(dev), [(Note, "version-dev")]);
}

/// Go hosts match field names without regard to case, and the last one wins.
#[test]
fn keys_that_replace_others_are_refused() {
    let before_module = |text: &str| linux().edit("\"module\"", &format!("{text},\n  \"module\""));
    refused(before_module("\"entry\": \"slack\""), &["manifest-duplicate-key"]);
    refused(before_module("\"Entry\": \"evil\""), &["manifest-key-case"]);
    refused(before_module("\"ſha256\": \"evil\""), &["manifest-key-case"]);
    refused(before_module("\"new\": 1, \"new\": 2"), &["manifest-duplicate-key"]);
    refused(
        linux().edit("\"Configs\"", "\"meta\": {\"Key\": \"evil\"}, \"Configs\""),
        &["manifest-key-case"],
    );
    refused(linux().edit("\"Name\"", "\"KEY\": \"evil\", \"Name\""), &["manifest-key-case"]);
    refused(linux().edit("\"Name\"", "\"\\u212aey\": \"evil\", \"Name\""), &["manifest-key-case"]);
    refused(linux().edit("\"a\": 1", "\"a\": 0, \"a\": 1"), &["manifest-duplicate-key"]);
    let many: Vec<String> = (0..100).map(|_| "\"a\": 1".to_owned()).collect();
    let findings = refused(linux().edit("\"a\": 1", &many.join(", ")), &["manifest-duplicate-key"]);
    assert!(findings[0].message.ends_with("and others"), "{}", findings[0].message);
}

#[test]
fn unreadable_manifests_are_refused() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for text in ["", "null", "[]", "{}", "{\"schema_version\": 1}", "\u{feff}{}", "{} {}", "{", &deep] {
        refused(linux().with(|p| p.manifest = text.to_owned()), &["manifest-unreadable"]);
    }
    refused(linux().edit("\"Slack", "\"\\ud800"), &["manifest-unreadable"]);
    refused(linux().with(|p| p.manifest += "x"), &["manifest-unreadable"]);
    refused(linux().with(|p| p.manifest += &" ".repeat(MANIFEST_MAX)), &["manifest-too-large"]);
    assert_eq!(manifest::read(b"{\"a\": \"\xff\"}").1[0].code, "manifest-unreadable");
}
