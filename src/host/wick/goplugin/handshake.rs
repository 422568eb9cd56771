//! The handshake: the variables a plugin is started with, and the one line it answers (contract go-plugin 2 and 3).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::COOKIE;
use crate::model::endpoint::Endpoint;
use crate::model::failure::{Explain, FailureKind};

/// The sixth field holds a certificate when it is longer than this; old plugins put other things there.
const CERTIFICATE_MIN: usize = 50;

/// The longest path of a Unix socket that every system takes (macOS has room for 104 bytes with the final zero).
const SOCKET_MAX: usize = 103;

/// What a plugin is offered when it is started.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// The versions of the plugin interface, any of which will do.
    pub versions: &'a [u32],
    /// Our certificate as PEM, when both sides have to show one (AutoMTLS).
    pub client_certificate: Option<&'a str>,
    /// The folder its socket has to be in.
    pub sockets: &'a Path,
}

/// What the plugin chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// One of the versions that were offered.
    pub version: u32,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// The DER of its certificate: there exactly when ours was offered.
    pub certificate: Option<Vec<u8>>,
}

/// Why a first line is none, or not acceptable.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HandshakeError {
    /// Something else was printed first.
    #[error("its first line is no handshake (it has {fields} of at least 4 fields): `{line}`")]
    Noise {
        /// The line, shortened.
        line: String,
        /// How many fields it has.
        fields: usize,
    },
    /// The first field.
    #[error("its first line is no handshake (the first field is `{0}`, not a number)")]
    CoreText(String),
    /// Another generation of go-plugin.
    #[error("it speaks version {0} of go-plugin's own protocol; hosts speak 1")]
    Core(u64),
    /// The second field.
    #[error("the version in its handshake is `{0}`, not a number")]
    VersionText(String),
    /// No common version.
    #[error("it serves version {chosen} of the plugin interface; offered: {offered}")]
    Version {
        /// What the plugin chose.
        chosen: u32,
        /// What it could choose from.
        offered: String,
    },
    /// Neither unix nor tcp.
    #[error("it listens on the network `{0}`; known: unix, tcp")]
    Network(String),
    /// An address that could not be used.
    #[error("it listens on `{address}`, which {problem}")]
    Address {
        /// What it says.
        address: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Not gRPC.
    #[error("it speaks {0}; hosts speak grpc")]
    Protocol(String),
    /// The sixth field.
    #[error("the certificate in its handshake can't be read: {0}")]
    Certificate(String),
    /// Offered TLS, got none.
    #[error("it ignores the host's certificate and would talk without TLS (AutoMTLS is not honoured)")]
    NoCertificate,
    /// Offered none, got TLS.
    #[error("it wants TLS, which it wasn't offered")]
    Uncalled,
    /// The seventh field.
    #[error("it wants to multiplex its connection, which it wasn't offered")]
    Multiplexed,
}

impl Explain for HandshakeError {
    fn kind(&self) -> FailureKind {
        FailureKind::Step
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            HandshakeError::Noise { .. } | HandshakeError::CoreText(_) => {
                "nothing may be printed on stdout before the handshake; logs belong on stderr"
            }
            HandshakeError::Version { .. } => "build it with an SDK that hosts know",
            HandshakeError::Protocol(_) => {
                "serve with go-plugin's gRPC server (GRPCServer: DefaultGRPCServer)"
            }
            HandshakeError::NoCertificate => {
                "hosts refuse such a plugin: serve with AutoMTLS (PLUGIN_CLIENT_CERT); `--no-mtls` calls it anyway"
            }
            HandshakeError::Address { .. } => {
                "a plugin listens in PLUGIN_UNIX_SOCKET_DIR or, on Windows, on 127.0.0.1"
            }
            _ => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

impl Offer<'_> {
    /// The variables that say it. `PLUGIN_MULTIPLEX_GRPC` is never among them.
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::from([
            (COOKIE.0.to_owned(), COOKIE.1.to_owned()),
            ("PLUGIN_PROTOCOL_VERSIONS".to_owned(), numbers(self.versions)),
            ("PLUGIN_MIN_PORT".to_owned(), "10000".to_owned()),
            ("PLUGIN_MAX_PORT".to_owned(), "25000".to_owned()),
            ("PLUGIN_UNIX_SOCKET_DIR".to_owned(), self.sockets.to_string_lossy().into_owned()),
        ]);
        if let Some(pem) = self.client_certificate {
            variables.insert("PLUGIN_CLIENT_CERT".to_owned(), pem.to_owned());
        }
        variables
    }

    /// Judges the plugin's first line.
    ///
    /// # Errors
    /// When it is no handshake, or asks for something that wasn't offered.
    pub fn accept(&self, line: &str) -> Result<Accepted, HandshakeError> {
        let fields: Vec<&str> = line.trim().split('|').collect();
        let [core, version, network, address, more @ ..] = fields.as_slice() else {
            return Err(HandshakeError::Noise { line: cut(line.trim()), fields: fields.len() });
        };
        match core.parse::<u64>() {
            Ok(1) => {}
            Ok(other) => return Err(HandshakeError::Core(other)),
            Err(_) => return Err(HandshakeError::CoreText(cut(core))),
        }
        let version: u32 = version.parse().map_err(|_| HandshakeError::VersionText(cut(version)))?;
        if !self.versions.contains(&version) {
            return Err(HandshakeError::Version { chosen: version, offered: numbers(self.versions) });
        }
        match more.first() {
            Some(&"grpc") => {}
            None | Some(&"") => {
                return Err(HandshakeError::Protocol("netrpc (it names nothing else)".to_owned()));
            }
            Some(other) => return Err(HandshakeError::Protocol(format!("`{}`", cut(other)))),
        }
        let endpoint = match *network {
            "unix" => self.socket(address)?,
            "tcp" => tcp(address)?,
            other => return Err(HandshakeError::Network(cut(other))),
        };
        let certificate = match more.get(1).filter(|text| text.len() > CERTIFICATE_MIN) {
            None => None,
            Some(text) => Some(
                STANDARD_NO_PAD
                    .decode(text)
                    .map_err(|error| HandshakeError::Certificate(error.to_string()))?,
            ),
        };
        if more.get(2).is_some_and(|mux| matches!(*mux, "1" | "t" | "T" | "true" | "TRUE" | "True")) {
            return Err(HandshakeError::Multiplexed);
        }
        match (self.client_certificate, &certificate) {
            (Some(_), None) => Err(HandshakeError::NoCertificate),
            (None, Some(_)) => Err(HandshakeError::Uncalled),
            _ => Ok(Accepted { version, endpoint, certificate }),
        }
    }

    fn socket(&self, address: &str) -> Result<Endpoint, HandshakeError> {
        let path = PathBuf::from(address);
        let climbs = path.components().any(|part| matches!(part, Component::ParentDir | Component::CurDir));
        let problem = if address.len() > SOCKET_MAX || address.contains('\0') {
            "is no usable path of a socket"
        } else if climbs || !path.starts_with(self.sockets) || path == self.sockets {
            "is outside the folder that was made for it"
        } else {
            return Ok(Endpoint::Unix(path));
        };
        Err(HandshakeError::Address { address: cut(address), problem })
    }
}

fn tcp(address: &str) -> Result<Endpoint, HandshakeError> {
    let wrong = |problem| HandshakeError::Address { address: cut(address), problem };
    let parsed: SocketAddr = address.parse().map_err(|_| wrong("is no IP address with a port"))?;
    if !parsed.ip().is_loopback() {
        return Err(wrong("is not a loopback address: others could call it"));
    }
    if parsed.port() == 0 {
        return Err(wrong("names no port"));
    }
    Ok(Endpoint::Tcp(parsed))
}

fn numbers(versions: &[u32]) -> String {
    versions.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// A plugin's text, shortened, without what could move a terminal's cursor.
fn cut(text: &str) -> String {
    let short: String = text.chars().take(120).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    let shown = short.chars().flat_map(|c| if c.is_control() { c.escape_debug().collect() } else { vec![c] });
    format!("{}{more}", shown.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSIONS: [u32; 3] = [3, 1, 2];

    fn offer(certificate: bool) -> Offer<'static> {
        let client_certificate = certificate.then_some("PEM");
        Offer { versions: &VERSIONS, client_certificate, sockets: Path::new("/tmp/s") }
    }

    fn no(line: &str) -> HandshakeError {
        offer(false).accept(line).unwrap_err()
    }

    /// Conformance 1.
    #[test]
    fn lines_that_plugins_print_are_read() {
        let unix = Endpoint::Unix(PathBuf::from("/tmp/s/p"));
        for line in [
            "1|1|unix|/tmp/s/p|grpc|",
            "1|1|unix|/tmp/s/p|grpc",
            "1|1|unix|/tmp/s/p|grpc|\r",
            "  1|1|unix|/tmp/s/p|grpc|  ",
            "1|1|unix|/tmp/s/p|grpc||false",
            // What old plugins put into the sixth field is no certificate.
            "1|1|unix|/tmp/s/p|grpc|AAAA",
        ] {
            let accepted = offer(false).accept(line).unwrap();
            assert_eq!(
                accepted,
                Accepted { version: 1, endpoint: unix.clone(), certificate: None },
                "{line}"
            );
        }
        let tcp = offer(false).accept("1|2|tcp|127.0.0.1:1234|grpc").unwrap();
        assert_eq!(tcp.endpoint, Endpoint::Tcp("127.0.0.1:1234".parse().unwrap()));
        assert_eq!(tcp.version, 2);
        let der = vec![0x30; 596];
        let line = format!("1|3|unix|/tmp/s/p|grpc|{}", STANDARD_NO_PAD.encode(&der));
        assert_eq!(offer(true).accept(&line).unwrap().certificate, Some(der));
    }

    /// Conformance 2, 3, 4, 7, 10, 18 and 19.
    #[test]
    fn lines_that_no_host_takes_are_refused_with_the_reason() {
        let padded = format!("{}==", "A".repeat(70));
        let cases: &[(&str, &str)] = &[
            ("1|1|unix", "3 of at least 4 fields"),
            ("starting up", "`starting up`"),
            ("", "1 of at least 4"),
            ("2|1|unix|/tmp/s/p|grpc", "version 2 of go-plugin's"),
            ("x|1|unix|/tmp/s/p|grpc", "first field is `x`"),
            ("1|x|unix|/tmp/s/p|grpc", "`x`, not a number"),
            ("1|9|unix|/tmp/s/p|grpc", "serves version 9 of the plugin interface; offered: 3,1,2"),
            ("1|1|udp|/tmp/s/p|grpc", "`udp`"),
            ("1|1|unix|/tmp/s/p|netrpc", "`netrpc`"),
            ("1|1|unix|/tmp/s/p", "netrpc (it names nothing else)"),
            ("1|1|unix|/tmp/s/p|http", "`http`"),
            ("1|1|tcp|0.0.0.0:1|grpc", "not a loopback"),
            ("1|1|tcp|192.0.2.1:80|grpc", "not a loopback"),
            ("1|1|tcp|example.com:80|grpc", "no IP address"),
            ("1|1|tcp|127.0.0.1:0|grpc", "no port"),
            ("1|1|unix|/var/run/docker.sock|grpc", "outside the folder"),
            ("1|1|unix|/tmp/s/../x|grpc", "outside the folder"),
            ("1|1|unix|p|grpc", "outside the folder"),
            ("1|1|unix|/tmp/s|grpc", "outside the folder"),
            ("1|1|unix|/tmp/s/p|grpc||true", "multiplex"),
        ];
        for (line, says) in cases {
            let message = no(line).to_string();
            assert!(message.contains(says), "{line}: {message}");
        }
        let long = format!("1|1|unix|/tmp/s/{}|grpc", "p".repeat(100));
        assert!(no(&long).to_string().contains("no usable path"));
        for certificate in [padded.as_str(), &"*".repeat(80)] {
            let line = format!("1|1|unix|/tmp/s/p|grpc|{certificate}");
            assert!(no(&line).to_string().contains("can't be read"), "{line}");
        }
        let good = format!("1|1|unix|/tmp/s/p|grpc|{}", "A".repeat(80));
        assert_eq!(no(&good), HandshakeError::Uncalled);
        assert_eq!(offer(true).accept("1|1|unix|/tmp/s/p|grpc|"), Err(HandshakeError::NoCertificate));
    }

    /// Conformance 17.
    #[test]
    fn plugins_are_told_what_the_contract_says_and_no_more() {
        let names = |offer: Offer<'_>| offer.environment().into_keys().collect::<Vec<_>>();
        let plain = [
            "PLUGIN_MAX_PORT",
            "PLUGIN_MIN_PORT",
            "PLUGIN_PROTOCOL_VERSIONS",
            "PLUGIN_UNIX_SOCKET_DIR",
            "WICK_CONNECTOR_PLUGIN",
        ];
        assert_eq!(names(offer(false)), plain);
        assert_eq!(names(offer(true)).len(), plain.len() + 1);
        let told = offer(true).environment();
        assert_eq!(told["PLUGIN_CLIENT_CERT"], "PEM");
        assert_eq!(told["PLUGIN_PROTOCOL_VERSIONS"], "3,1,2");
    }
}
