//! Laws over made-up lines and bytes: no reader panics, what is written is read back, what plugins in Go and Python
//! print on the wire is understood.

use std::path::Path;

use proptest::prelude::*;

use super::messages::{
    Chunk, ExecuteRequest, ExecuteResponse, HealthResponse, IdentityResponse, OpHealth, PermsResponse,
    PluginError, StdioData, is_serving, schema_response,
};
use super::wire::{Fields, Value, Writer};
use super::{Offer, VERSIONS};
use crate::model::endpoint::Endpoint;

fn read_everything(bytes: &[u8]) {
    let _ = ExecuteResponse::decode(bytes);
    let _ = Chunk::decode(bytes);
    let _ = PermsResponse::decode(bytes);
    let _ = IdentityResponse::decode(bytes);
    let _ = HealthResponse::decode(bytes);
    let _ = StdioData::decode(bytes);
    let _ = is_serving(bytes);
    let _ = schema_response(bytes);
}

proptest! {
    #[test]
    fn no_line_gets_past_what_was_offered(
        line in "[0-9]{0,2}\\|[0-9]{0,2}\\|(unix|tcp|udp)\\|[/.a-z0-9:]{0,12}\\|(grpc|netrpc)?\\|[A-Za-z0-9+/=]{0,70}(\\|true)?",
        mutual: bool,
    ) {
        let certificate = mutual.then_some("PEM");
        let offer = Offer { versions: &VERSIONS, client_certificate: certificate, sockets: Path::new("/s") };
        if let Ok(accepted) = offer.accept(&line) {
            prop_assert_eq!(accepted.version, 1);
            prop_assert_eq!(accepted.certificate.is_some(), mutual);
            match accepted.endpoint {
                Endpoint::Unix(path) => prop_assert!(path.starts_with("/s") && !line.contains("..")),
                Endpoint::Tcp(address) => prop_assert!(address.ip().is_loopback()),
            }
        }
    }

    #[test]
    fn any_text_is_a_line_or_an_error(line in any::<String>()) {
        let offer = Offer { versions: &VERSIONS, client_certificate: None, sockets: Path::new("/s") };
        let _ = offer.accept(&line);
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_everything(&bytes);
    }

    /// Bytes that begin well: a good message with one byte changed and its end cut off.
    #[test]
    fn a_damaged_message_is_a_message_or_an_error(at in 0usize..400, byte: u8, cut in 0usize..400) {
        let error = Writer::default().text(1, "code").text(2, "what happened").done();
        let mut bytes = Writer::default()
            .bytes(1, &[7; 200])
            .bytes(3, &error)
            .map(3, &[("key", "value"), ("k", "")])
            .bytes(2, &error)
            .done();
        let len = bytes.len();
        bytes[at % len] = byte;
        bytes.truncate(cut % (len + 1));
        read_everything(&bytes);
    }

    #[test]
    fn what_is_asked_can_be_read(operation in "\\PC{0,20}", args in proptest::collection::vec(any::<u8>(), 0..200), secret in "\\PC{0,20}") {
        let creds = [("token", secret.as_str()), ("", "")];
        let request = ExecuteRequest {
            operation: &operation, args_json: &args, creds: &creds, request_id: "r", session_id: "s",
        };
        let bytes = request.encode();
        let fields: Vec<(u32, Value<'_>)> = Fields::of(&bytes).map(Result::unwrap).collect();
        let of = |number| fields.iter().filter(move |(n, _)| *n == number).map(|(_, value)| value.bytes());
        prop_assert_eq!(of(1).next().unwrap_or_default(), operation.as_bytes());
        prop_assert_eq!(of(2).next().unwrap_or_default(), &args[..]);
        prop_assert_eq!(of(3).count(), 2);
        prop_assert!(secret.is_empty() || of(3).next().unwrap().ends_with(secret.as_bytes()));
    }
}

/// What Go's protobuf wrote for the same values (`proto.Marshal`).
#[test]
fn messages_of_go_are_understood() {
    let bytes = b"\x0a\x07{\"a\":1}\x1a\x0a\x0a\x01v\x12\x051.0.0";
    let answer = ExecuteResponse::decode(bytes).unwrap();
    assert_eq!(answer.result_json, b"{\"a\":1}");
    assert_eq!(answer.meta["v"], "1.0.0");
    assert_eq!(answer.error, None);

    let chunk =
        Chunk::decode(b"\x0a\x02hi\x10\x01\x1a\x08\x0a\x01c\x12\x03why\x20\x03\x28\x0a\x32\x04half").unwrap();
    let error = PluginError { code: "c".to_owned(), message: "why".to_owned() };
    let expected = Chunk {
        data: b"hi".to_vec(),
        eof: true,
        error: Some(error),
        progress: 3,
        total: 10,
        message: "half".to_owned(),
    };
    assert_eq!(chunk, expected);

    let perms = PermsResponse::decode(b"\x0a\x05\x0a\x01a\x10\x01\x0a\x07\x0a\x01b\x1a\x02no").unwrap();
    let op = |key: &str, ok, reason: &str| OpHealth { key: key.to_owned(), ok, reason: reason.to_owned() };
    assert_eq!(perms.ops, [op("a", true, ""), op("b", false, "no")]);

    // A negative int32 has ten bytes.
    let negative = Chunk::decode(b"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").unwrap();
    assert_eq!(negative.progress, -1);
    assert!(is_serving(b"\x08\x01").unwrap());
    assert!(!is_serving(b"\x08\x02").unwrap() && !is_serving(b"").unwrap());
}

#[test]
fn lists_without_end_are_refused() {
    let many = b"\x0a\x00".repeat(20_000);
    assert!(PermsResponse::decode(&many).is_err());
    // An unknown field of any kind is passed over, a group isn't.
    assert_eq!(HealthResponse::decode(b"\x08\x01\x7d\x01\x02\x03\x04").map(|h| h.healthy), Ok(true));
    assert!(HealthResponse::decode(b"\x0b\x0c").is_err());
}
