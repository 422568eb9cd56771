//! Who is named in a bundle, without asking whether it is true: the key's hint, or what stands in the certificate. For
//! comparing two releases; whether a signature counts is `check`'s business.
//!
//! Formats: X.509 (RFC 5280) in DER, of which only the path to two extensions is read; Fulcio's issuer extension
//! (`sigstore/fulcio`, `docs/oid-info.md`).

use super::decode;
use crate::model::bundle::{Bundle, Identity};

/// Subject alternative name, 2.5.29.17.
const SUBJECT: &[u8] = &[0x55, 0x1d, 0x11];
/// The issuer as a UTF-8 string, 1.3.6.1.4.1.57264.1.8.
const ISSUER: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x08];
/// The same in raw bytes, 1.3.6.1.4.1.57264.1.1, in certificates from before 2023.
const OLD_ISSUER: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x01];

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const UTF8: u8 = 0x0c;
/// `[3]` of the certificate's body: its extensions.
const EXTENSIONS: u8 = 0xa3;
/// In a general name: an e-mail address, an address.
const EMAIL: u8 = 0x81;
const URI: u8 = 0x86;
/// Bodies have ten fields, certificates about as many extensions.
const MOST: usize = 64;

/// Who is named; nothing when the certificate can't be read.
#[must_use]
pub fn named(bundle: &Bundle) -> Option<Identity> {
    let material = &bundle.verification_material;
    match (&material.public_key, &material.certificate) {
        // ed25519 keys, too, are named by the digest of their DER form.
        (Some(key), _) => Some(Identity::Cosign { hint: key.hint.clone() }),
        (None, Some(certificate)) => of_certificate(&decode(&certificate.raw_bytes)?),
        (None, None) => None,
    }
}

/// Who a bundle says has signed it, for people; equal for the same signer, as [`is_same`] has it.
#[must_use]
pub fn says_signer(bundle: &Bundle) -> String {
    named(bundle)
        .map_or_else(|| "a certificate that can't be read".to_owned(), |identity| in_words(&identity))
}

fn in_words(identity: &Identity) -> String {
    match identity {
        // Whether it is a cosign or an ed25519 key, a hint doesn't tell.
        Identity::Cosign { hint } => format!("key {}", hint.escape_debug()),
        Identity::Certificate { subject, issuer } => {
            let subject = without_ref(subject).to_owned();
            let signer = Identity::Certificate { subject, issuer: issuer.clone() };
            signer.to_string().escape_debug().to_string()
        }
        Identity::Ed25519 { .. } => identity.to_string(),
    }
}

/// Whether two names mean the same signer. A workflow is the same at every branch and tag: its address counts up to the
/// `@`, so a release from another tag is no other signer, and one from another repository or workflow is.
#[must_use]
pub fn is_same(a: &Identity, b: &Identity) -> bool {
    match (a, b) {
        (
            Identity::Certificate { subject: a, issuer: by_a },
            Identity::Certificate { subject: b, issuer: by_b },
        ) => by_a == by_b && without_ref(a) == without_ref(b),
        _ => a == b,
    }
}

/// `https://github.com/owner/name/.github/workflows/release.yml@refs/tags/x` without what follows the file.
fn without_ref(subject: &str) -> &str {
    match subject.split_once('@') {
        Some((workflow, reference)) if workflow.starts_with("https://") && reference.starts_with("refs/") => {
            workflow
        }
        _ => subject,
    }
}

fn of_certificate(der: &[u8]) -> Option<Identity> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (body, _) = value(certificate, SEQUENCE)?;
    let (all, _) = value(fields(body).find(|field| field.tag == EXTENSIONS)?.content, SEQUENCE)?;
    let (mut subject, mut issuer) = (None, None);
    for extension in fields(all).filter(|field| field.tag == SEQUENCE) {
        let (id, _) = value(extension.content, OID)?;
        // A flag may stand between.
        let content = fields(extension.content).find(|field| field.tag == OCTETS)?.content;
        match id {
            SUBJECT => {
                let (names, _) = value(content, SEQUENCE)?;
                subject = fields(names)
                    .find(|name| matches!(name.tag, EMAIL | URI))
                    .and_then(|name| text(name.content));
            }
            ISSUER => issuer = text(value(content, UTF8)?.0),
            OLD_ISSUER if issuer.is_none() => issuer = text(content),
            _ => {}
        }
    }
    Some(Identity::Certificate { subject: subject?, issuer: issuer? })
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(ToOwned::to_owned)
}

struct Field<'a> {
    tag: u8,
    content: &'a [u8],
}

/// The fields that lie side by side, up to the first that is damaged.
fn fields(mut bytes: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || {
        let (tag, content, rest) = field(bytes)?;
        bytes = rest;
        Some(Field { tag, content })
    })
    .take(MOST)
}

/// The content of a field with this tag, and what follows it.
fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    field(bytes).filter(|(is, ..)| *is == tag).map(|(_, content, rest)| (content, rest))
}

/// Tag, content and rest; lengths of up to three bytes, as certificates have them (X.690, 8.1.3).
fn field(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A public certificate as Fulcio issued it, of sigstore's conformance suite.
    const REAL: &str = include_str!("../../tests/golden/sigstore/certificate.b64");

    fn workflow(at: &str) -> Identity {
        let issuer = "https://token.actions.githubusercontent.com".to_owned();
        Identity::Certificate { subject: format!("https://github.com/{at}"), issuer }
    }

    #[test]
    fn a_real_certificate_names_its_workflow() {
        let der = decode(REAL.trim()).unwrap();
        let identity = of_certificate(&der).unwrap();
        let Identity::Certificate { subject, issuer } = &identity else { panic!("{identity:?}") };
        assert!(subject.starts_with("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"), "{subject}");
        assert_eq!(issuer, "https://token.actions.githubusercontent.com");
        // Cut off anywhere, it is none or the same.
        for end in 0..der.len() {
            assert!(of_certificate(&der[..end]).is_none_or(|one| one == identity), "{end}");
        }
    }

    #[test]
    fn a_workflow_is_the_same_at_every_ref_and_nowhere_else() {
        let tag = workflow("o/r/.github/workflows/plugins.yml@refs/tags/slack/v0.2.0");
        let main = workflow("o/r/.github/workflows/plugins.yml@refs/heads/main");
        assert!(is_same(&tag, &main));
        assert_eq!(in_words(&tag), in_words(&main), "a set signed at two refs has one signer");
        for other in [
            "o/r/.github/workflows/other.yml@refs/heads/main",
            "o/fork/.github/workflows/plugins.yml@refs/heads/main",
            "o/r/.github/workflows/plugins.yml@evil",
        ] {
            assert!(!is_same(&tag, &workflow(other)), "{other}");
            assert_ne!(in_words(&tag), in_words(&workflow(other)), "{other}");
        }
        let mail =
            |address: &str| Identity::Certificate { subject: address.to_owned(), issuer: "x".to_owned() };
        assert!(!is_same(&mail("a@refs/x"), &mail("a@refs/y")), "a person's address is whole");
        let key = Identity::Cosign { hint: "h".to_owned() };
        assert!(is_same(&key, &key.clone()) && !is_same(&key, &tag));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = of_certificate(&bytes);
        }

        #[test]
        fn no_changed_byte_makes_it_panic(at in 0usize..600, byte: u8) {
            let mut der = decode(REAL.trim()).unwrap();
            let at = at % der.len();
            der[at] = byte;
            let _ = of_certificate(&der);
        }
    }
}
