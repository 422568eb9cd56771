//! cosign's key file: PEM around JSON around NaCl's secretbox around PKCS#8, the box's key from a password by scrypt.
//! Form: `go-securesystemslib/encrypted`, as `cosign generate-key-pair` of versions 1 to 3 writes it.

use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use p256::ecdsa::SigningKey;
use p256::pkcs8::{EncodePrivateKey as _, PrivateKeyInfoRef};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::pem::{self, NoBlock};

/// What cosign writes today, and what its first version wrote.
pub(super) const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];
/// The costs that exist. Others are refused: a key file must not decide how much memory wick takes.
pub(super) const COSTS: [(u64, u8); 2] = [(32_768, 15), (65_536, 16)];
/// What is written.
pub(super) const COST: (u64, u8) = COSTS[1];
const IMPORT: &str = "encrypt it the way cosign does: `cosign import-key-pair --key FILE`";
const AGAIN: &str = "give the file as `wick plugin keygen --cosign` or `cosign generate-key-pair` wrote it";

/// Why a text is no such file, and what to do. Never quotes it.
pub(super) type Wrong = (String, String);

#[derive(Serialize, Deserialize)]
struct Form {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// A key file that was read and is not decrypted yet.
pub(super) struct Sealed {
    log_n: u8,
    salt: Vec<u8>,
    nonce: [u8; 24],
    ciphertext: Vec<u8>,
}

/// What can be wrong after reading: the password, or what it protects.
pub(super) enum Locked {
    /// Another password, or altered bytes: the box can't tell which.
    Password,
    /// It opens, and holds something else.
    Content(Wrong),
}

impl Sealed {
    pub(super) fn read(text: &[u8]) -> Result<Sealed, Wrong> {
        let damaged = |what: &str| (format!("it is damaged: {what}"), AGAIN.to_owned());
        let text = std::str::from_utf8(text).map_err(|_| ("it is not text".to_owned(), AGAIN.to_owned()))?;
        let block = pem::read(text).map_err(|none| match none {
            NoBlock::Missing => no_pem(text),
            NoBlock::Damaged => damaged("it has no end, or holds what is no base64"),
        })?;
        if !LABELS.contains(&block.label) {
            return Err(other_label(block.label));
        }
        let form: Form = serde_json::from_slice(&block.bytes)
            .map_err(|_| damaged("it is not the JSON that cosign writes"))?;
        if form.kdf.name != "scrypt" || form.cipher.name != "nacl/secretbox" {
            let why = "it is encrypted in another way than scrypt and nacl/secretbox".to_owned();
            return Err((why, AGAIN.to_owned()));
        }
        let Params { n, r, p } = form.kdf.params;
        let cost = COSTS.iter().find(|(known, _)| (*known, 8, 1) == (n, r, p));
        let Some((_, log_n)) = cost else {
            let why = format!("its scrypt parameters N {n}, r {r}, p {p} are none that cosign writes");
            return Err((why, AGAIN.to_owned()));
        };
        let decode = |text: &str| crate::signer::decode(text).ok_or_else(|| damaged("a field is no base64"));
        let nonce = decode(&form.cipher.nonce)?;
        Ok(Sealed {
            log_n: *log_n,
            salt: decode(&form.kdf.salt)?,
            nonce: nonce.try_into().map_err(|_| damaged("its nonce has not 24 bytes"))?,
            ciphertext: decode(&form.ciphertext)?,
        })
    }

    /// Decrypts the key. Takes a quarter of a second and 64 MiB, by design.
    pub(super) fn open(&self, password: &str) -> Result<SigningKey, Locked> {
        let cipher = secret_box(password, &self.salt, self.log_n);
        let plain = cipher.decrypt(&self.nonce.into(), self.ciphertext.as_slice());
        let plain = Zeroizing::new(plain.map_err(|_| Locked::Password)?);
        let info = PrivateKeyInfoRef::try_from(plain.as_slice());
        let info =
            info.map_err(|_| Locked::Content(("it holds no PKCS#8 key".to_owned(), AGAIN.to_owned())))?;
        let curve = info.algorithm.parameters_oid().ok().map(|oid| oid.to_string());
        let kind = super::algorithm(&info.algorithm.oid.to_string(), curve.as_deref());
        SigningKey::try_from(info).map_err(|_| Locked::Content(super::other_kind(kind)))
    }
}

/// A new file around a key.
pub(super) fn write(
    key: &SigningKey,
    password: &str,
    salt: &[u8; 32],
    nonce: [u8; 24],
    cost: (u64, u8),
) -> String {
    let plain = key.to_pkcs8_der().expect("a P-256 key fits PKCS#8");
    let cipher = secret_box(password, salt, cost.1);
    let ciphertext = cipher.encrypt(&nonce.into(), plain.as_bytes()).expect("a key is short");
    let form = Form {
        kdf: Kdf {
            name: "scrypt".to_owned(),
            params: Params { n: cost.0, r: 8, p: 1 },
            salt: crate::signer::encode(salt),
        },
        cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: crate::signer::encode(&nonce) },
        ciphertext: crate::signer::encode(&ciphertext),
    };
    pem::write(LABELS[0], &serde_json::to_vec(&form).expect("the form is plain data"))
}

fn secret_box(password: &str, salt: &[u8], log_n: u8) -> XSalsa20Poly1305 {
    let params = scrypt::Params::new(log_n, 8, 1).expect("one of two known costs");
    let mut key = Zeroizing::new([0u8; 32]);
    scrypt::scrypt(password.as_bytes(), salt, &params, key.as_mut()).expect("32 bytes can be derived");
    XSalsa20Poly1305::new((&*key).into())
}

fn no_pem(text: &str) -> Wrong {
    match crate::signer::decode(text.trim()).map(|bytes| bytes.len()) {
        Some(64) => (
            "it is an ed25519 key of wick's".to_owned(),
            "give it as --sign-key, or make a cosign key with `wick plugin keygen --cosign`".to_owned(),
        ),
        _ => ("it is no PEM file".to_owned(), AGAIN.to_owned()),
    }
}

fn other_label(label: &str) -> Wrong {
    let (why, hint) = match label {
        "PUBLIC KEY" => ("it is a public key", "give the private half, cosign.key"),
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
            ("it is a private key without encryption", IMPORT)
        }
        "ENCRYPTED PRIVATE KEY" => ("it is encrypted as OpenSSL does it", IMPORT),
        "OPENSSH PRIVATE KEY" => ("it is an SSH key", "make a cosign key with `wick plugin keygen --cosign`"),
        "CERTIFICATE" => ("it is a certificate", "give the private key, cosign.key"),
        _ => ("it is a PEM file of another kind than cosign's private keys", AGAIN),
    };
    (why.to_owned(), hint.to_owned())
}
