//! Laws of what a started plugin says: its first line, and the messages of its answers.

use std::path::{Component, Path};

use wick::host::wick::goplugin::messages::{
    Chunk, ExecuteResponse, HealthResponse, IdentityResponse, PermsResponse, StdioData, is_serving,
    schema_response,
};
use wick::host::wick::goplugin::{Offer, VERSIONS};
use wick::model::endpoint::Endpoint;

use super::is_speakable;

const SOCKETS: &str = "/tmp/s";

/// Nothing is accepted that wasn't offered: no other version, no socket elsewhere, no address others could reach.
pub(super) fn handshake(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else { return };
    for client_certificate in [None, Some("PEM")] {
        let offer = Offer { versions: &VERSIONS, client_certificate, sockets: Path::new(SOCKETS) };
        match offer.accept(line) {
            Ok(accepted) => {
                assert!(VERSIONS.contains(&accepted.version));
                assert_eq!(accepted.certificate.is_some(), client_certificate.is_some());
                match accepted.endpoint {
                    Endpoint::Unix(path) => {
                        let below = path.strip_prefix(SOCKETS).expect("its socket is where it was told");
                        assert!(below.components().next().is_some(), "{path:?} is the folder");
                        assert!(
                            below.components().all(|part| matches!(part, Component::Normal(_))),
                            "{path:?}"
                        );
                    }
                    Endpoint::Tcp(address) => assert!(address.ip().is_loopback() && address.port() != 0),
                }
            }
            Err(error) => assert!(is_speakable(&error.to_string()), "{error:?}"),
        }
    }
}

/// Every message is read from any bytes, and what is read is not larger than what was sent.
pub(super) fn messages(data: &[u8]) {
    let most = data.len();
    if let Ok(answer) = ExecuteResponse::decode(data) {
        let meta: usize = answer.meta.iter().map(|(name, value)| name.len() + value.len()).sum();
        let error = answer.error.map_or(0, |error| error.code.len() + error.message.len());
        assert!(answer.result_json.len() + meta + error <= most);
    }
    if let Ok(chunk) = Chunk::decode(data) {
        assert!(chunk.data.len() + chunk.message.len() <= most);
    }
    if let Ok(answer) = PermsResponse::decode(data) {
        let ops: usize = answer.ops.iter().map(|op| op.key.len() + op.reason.len()).sum();
        assert!(ops <= most && answer.ops.len() <= 10_000);
    }
    if let Ok(answer) = IdentityResponse::decode(data) {
        assert!(answer.user_id.len() + answer.display_name.len() <= most);
    }
    if let Ok(answer) = HealthResponse::decode(data) {
        assert!(answer.detail.len() <= most);
    }
    if let Ok(printed) = StdioData::decode(data) {
        assert!(printed.data.len() <= most);
    }
    if let Ok(module) = schema_response(data) {
        assert!(module.len() <= most);
    }
    let _ = is_serving(data);
}
