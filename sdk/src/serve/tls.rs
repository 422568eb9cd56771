//! AutoMTLS: a certificate for this run, and a verifier that accepts the host's one certificate and no other.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use p521::ecdsa::signature::Verifier as _;
use p521::ecdsa::{Signature, VerifyingKey};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, PrivateKeyDer, PrivatePkcs8KeyDer,
    SignatureVerificationAlgorithm, UnixTime, alg_id,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme,
};

use super::certificate;

/// A plugin's side of AutoMTLS.
pub(super) struct Identity {
    pub(super) config: Arc<ServerConfig>,
    /// The certificate as the handshake line carries it: base64 without padding.
    pub(super) line: String,
}

impl Identity {
    /// Makes a certificate that the host will pin, and pins the host's: `pem` is what it put into
    /// `PLUGIN_CLIENT_CERT`.
    pub(super) fn new(pem: &str) -> Result<Identity, String> {
        let host = CertificateDer::from(from_pem(pem)?);
        let (own, key) = certificate::make().ok_or("make a certificate: no randomness")?;
        let line = STANDARD_NO_PAD.encode(&own);
        let provider = Arc::new(provider());
        let verifier = Arc::new(Pinned { host, algorithms: provider.signature_verification_algorithms });
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| format!("prepare TLS: {error}"))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![CertificateDer::from(own)], key)
            .map_err(|error| format!("prepare TLS: {error}"))?;
        // grpc-go ends a connection that doesn't agree on this.
        config.alpn_protocols = vec![b"h2".to_vec()];
        // A plugin has one client, which connects once.
        config.send_tls13_tickets = 0;
        Ok(Identity { config: Arc::new(config), line })
    }
}

/// The one certificate in a PEM text.
fn from_pem(pem: &str) -> Result<Vec<u8>, String> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    let inner = pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"));
    let (text, _) = inner.ok_or("PLUGIN_CLIENT_CERT holds no certificate in PEM")?;
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).map_err(|error| format!("PLUGIN_CLIENT_CERT holds no certificate in PEM: {error}"))
}

/// ring, and P-521 to verify with.
fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    let known = provider.signature_verification_algorithms;
    // Both live as long as the process: this runs once.
    let all = [known.all, &[&P521]].concat().leak();
    let p521: &'static [&'static dyn SignatureVerificationAlgorithm] = &[&P521];
    let mapping = [known.mapping, &[(SignatureScheme::ECDSA_NISTP521_SHA512, p521)]].concat().leak();
    provider.signature_verification_algorithms = WebPkiSupportedAlgorithms { all, mapping };
    provider
}

/// ECDSA over P-521 with SHA-512: what go-plugin's certificates sign with.
#[derive(Debug)]
struct P521;

impl SignatureVerificationAlgorithm for P521 {
    fn verify_signature(&self, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(key).map_err(|_| InvalidSignature)?;
        let signature = Signature::from_der(signature).map_err(|_| InvalidSignature)?;
        key.verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA512
    }
}

/// Accepts one certificate, and whoever proves to have its key. Names, dates and issuers say nothing here.
#[derive(Debug)]
struct Pinned {
    host: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.host {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use p521::ecdsa::SigningKey;
    use p521::ecdsa::signature::Signer as _;
    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;

    /// Ours is P-256 for both sides in these tests; Go's P-521 is met in wick's host suite.
    struct Client {
        certificate: Vec<u8>,
        key: Vec<u8>,
        pem: String,
    }

    fn client() -> Client {
        let (certificate, key) = certificate::make().unwrap();
        let pem = format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            STANDARD.encode(&certificate)
        );
        Client { certificate, key, pem }
    }

    /// Whether a client with that certificate and key gets through to a plugin that pins `pinned`.
    async fn connects(pinned: &Client, certificate: &Client, key: &Client) -> io::Result<()> {
        let identity = Identity::new(&pinned.pem).unwrap();
        // As webpki has it, with the certificate of the handshake line as the only root.
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(STANDARD_NO_PAD.decode(&identity.line).unwrap())).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(
                vec![CertificateDer::from(certificate.certificate.clone())],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.key.clone())),
            )
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (near, far) = tokio::io::duplex(64 << 10);
        let server = tokio::spawn(async move {
            let mut io = TlsAcceptor::from(identity.config).accept(far).await?;
            io.write_all(b"in").await?;
            io.flush().await
        });
        let name = ServerName::try_from("localhost").unwrap();
        let mut io = TlsConnector::from(Arc::new(config)).connect(name, near).await?;
        let mut said = [0; 2];
        io.read_exact(&mut said).await?;
        server.await?
    }

    #[tokio::test]
    async fn lets_the_pinned_client_in_and_nobody_else() {
        let (host, stranger) = (client(), client());
        connects(&host, &host, &host).await.unwrap();
        assert!(connects(&host, &stranger, &stranger).await.is_err(), "another certificate");
        assert!(connects(&host, &host, &stranger).await.is_err(), "the host's certificate without its key");
    }

    #[test]
    fn verifies_p521() {
        let key = SigningKey::from_slice(&[1; 66]).unwrap();
        let public = VerifyingKey::from(&key).to_sec1_point(false);
        let signature: Signature = key.sign(b"message");
        let der = signature.to_der();
        assert!(P521.verify_signature(public.as_bytes(), b"message", der.as_bytes()).is_ok());
        assert!(P521.verify_signature(public.as_bytes(), b"massage", der.as_bytes()).is_err());
        assert!(P521.verify_signature(&public.as_bytes()[1..], b"message", der.as_bytes()).is_err());
        assert!(P521.verify_signature(public.as_bytes(), b"message", b"").is_err());
    }

    #[test]
    fn refuses_what_is_no_certificate() {
        for pem in
            ["", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----"]
        {
            assert!(from_pem(pem).is_err(), "{pem}");
        }
    }
}
