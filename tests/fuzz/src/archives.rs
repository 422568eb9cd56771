//! Laws of archives: what is unpacked is bounded and safe to write anywhere, readers agree, and what is accepted is
//! what its manifest says.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::Range;

use wick::inspect::archive::limits::{CONTENT_MAX, ENTRIES_MAX, NAME_MAX};
use wick::inspect::archive::{Contents, RemoteError, locate_package, read_archive, read_remote_manifest};
use wick::inspect::inspect;
use wick::model::digest::Sha256;
use wick::model::signature::{PublicKey, SignaturePolicy};
use wick::phase::verify::{Expectation, manifest_of, verify_bytes};

use super::{is_speakable, put_right};

/// The name seeds of packages go by.
const NAME: &str = "hello-1.0.0-linux-amd64.zip";

/// Signed the seeds that are signed: the public half of RFC 8032's first test key.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// Manifests far away are read up to here.
const MANIFEST_MAX: usize = 64 << 10;

pub(super) fn zip(data: &[u8]) {
    let bytes = put_right::zip(data);
    let contents = unpacked(NAME, &bytes);
    if !contents.is_sound() {
        return;
    }
    // Who reads only parts of a good zip sees the same manifest.
    let Ok(located) = locate_package(&contents) else { return };
    if located.manifest.bytes.len() <= MANIFEST_MAX {
        let far = read_remote_manifest(bytes.len() as u64, MANIFEST_MAX, |range| {
            Ok::<_, Infallible>(bytes[range.start as usize..range.end as usize].to_vec())
        });
        assert_eq!(far.expect("what is good as a whole is good in parts"), located.manifest.bytes);
    }
}

/// A tar.gz as it is, or the tar to be packed.
pub(super) fn targz(data: &[u8]) {
    if data.starts_with(&[0x1f, 0x8b]) {
        unpacked("hello-1.0.0-linux-amd64.tar.gz", data);
    } else {
        unpacked("hello-1.0.0-linux-amd64.tgz", &put_right::tar(data));
    }
}

fn unpacked(name: &str, bytes: &[u8]) -> Contents {
    let contents = read_archive(name, bytes);
    for finding in &contents.findings {
        assert!(is_speakable(&finding.message), "{finding:?}");
    }
    assert!(contents.entries.len() <= ENTRIES_MAX);
    let size: u64 = contents.entries.iter().map(|entry| entry.bytes.len() as u64).sum();
    assert!(size <= CONTENT_MAX);
    let mut seen = BTreeSet::new();
    for entry in &contents.entries {
        let name = &entry.name;
        assert!(!name.is_empty() && name.len() <= NAME_MAX && is_speakable(name), "{name:?}");
        assert!(!name.contains(['\\', ':']), "{name:?}");
        assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")), "{name:?}");
        assert!(seen.insert(name.to_lowercase()), "{name:?} is there twice");
    }
    if contents.is_sound() {
        let folder = Contents::from_entries(contents.entries.clone());
        assert!(folder.is_sound(), "a folder of the same files: {:?}", folder.findings);
        assert_eq!(folder.entries, contents.entries);
    }
    contents
}

/// A server that has the zip, and how it lies: the first byte says how, the second says where.
pub(super) fn remote(data: &[u8]) {
    let [manner, amount, rest @ ..] = data else { return };
    let bytes = put_right::zip(rest);
    let amount = u64::from(*amount);
    let total = match manner % 8 {
        1 => bytes.len() as u64 + amount,
        2 => (bytes.len() as u64).saturating_sub(amount),
        3 => u64::MAX - amount,
        _ => bytes.len() as u64,
    };
    let (mut asked, mut calls) = (0_u64, 0_u64);
    let mut lied = false;
    let read = read_remote_manifest(total, MANIFEST_MAX, |range: Range<u64>| {
        assert!(range.start < range.end && range.end <= total, "{range:?} of {total}");
        calls += 1;
        asked += range.end - range.start;
        let honest = |range: &Range<u64>| -> Vec<u8> {
            range.clone().map(|at| bytes.get(at as usize).copied().unwrap_or(0x50)).collect()
        };
        let mut answer = honest(&range);
        let now = calls == 1 + amount % 4;
        match manner % 8 {
            4 if now => answer.truncate(amount as usize),
            5 if now => answer.extend([b'P'; 7]),
            // Another range of the same length, as a cache might hand out.
            6 if now => answer = honest(&(range.start / 2..range.start / 2 + (range.end - range.start))),
            7 if now => return Err("the connection broke"),
            _ => {}
        }
        lied |= answer.len() as u64 != range.end - range.start;
        Ok(answer)
    });
    assert!(calls <= 5, "{calls} fetches");
    // The tail, a long comment, the directory, and the entry twice.
    assert!(
        asked <= (16 << 10) + (66 << 10) + (64 << 10) + 2 * (MANIFEST_MAX as u64 + (192 << 10)),
        "{asked}"
    );
    match read {
        Ok(manifest) => {
            assert!(!lied, "an answer of another length was taken");
            assert!(manifest.len() <= MANIFEST_MAX);
            let whole = read_archive(NAME, &bytes);
            if *manner % 8 == 0 && whole.is_sound() {
                let located = locate_package(&whole).expect("it was found in parts");
                assert_eq!(located.manifest.bytes, manifest);
            }
        }
        Err(RemoteError::Fetch(_)) => assert_eq!(manner % 8, 7),
        Err(RemoteError::Short { asked, got }) => assert_ne!(asked.end - asked.start, got as u64),
        Err(RemoteError::Refused(findings)) => {
            assert!(!findings.is_empty(), "refused without a reason");
            findings.iter().for_each(|finding| assert!(is_speakable(&finding.message), "{finding:?}"));
        }
    }
}

/// A whole package: what is accepted is what it says, and signed where that is asked for.
pub(super) fn verify(data: &[u8]) {
    let bytes = put_right::zip(data);
    let key: PublicKey = PUBLIC_KEY.parse().expect("it is a key");
    for required in [false, true] {
        let policy = SignaturePolicy { required, keys: vec![key] };
        let expected = Expectation { policy, ..Expectation::default() };
        let verdict = verify_bytes(NAME, &bytes, &expected, |program| {
            inspect(program).map_err(|error| error.to_string())
        });
        for finding in &verdict.findings {
            assert!(is_speakable(&finding.message), "{finding:?}");
        }
        serde_json::to_string(&verdict).expect("a verdict is told");
        if !verdict.is_accepted() {
            assert!(!verdict.findings.is_empty(), "refused without a reason");
            continue;
        }
        assert_eq!(verdict.sha256, Some(Sha256::of(&bytes)));
        assert_eq!(verdict.size, bytes.len() as u64);
        let manifest = manifest_of(NAME, &bytes).expect("what is accepted has a manifest");
        let contents = read_archive(NAME, &bytes);
        let located = locate_package(&contents).expect("what is accepted is there");
        let (_, program) = located
            .files
            .iter()
            .find(|(name, _)| *name == manifest.entry)
            .expect("what is accepted has its program");
        let digest = Sha256::of(&program.bytes);
        assert_eq!(manifest.sha256.parse(), Ok(digest));
        let signed = key.verifies(&digest, &manifest.signature);
        assert!(signed || manifest.signature.is_empty() && !required, "a wrong signature is accepted");
        assert_eq!(verdict.signed_by, signed.then(|| PUBLIC_KEY.to_owned()));
        let (target, facts) =
            (verdict.target.expect("accepted for a target"), verdict.facts.expect("a program"));
        assert!(facts.contradictions(target).is_empty());
    }
}
