//! wick's client itself, against plugins that a test starts without the sandbox: many calls over one connection.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use wick::host::wick::goplugin::messages::{Chunk, ExecuteRequest, ExecuteResponse, StdioData};
use wick::host::wick::goplugin::{MESSAGE_MAX, Offer, VERSIONS, method};
use wick::sys::grpc::{Channel, GrpcError, Identity, Mutual};

use super::{odd, probes, temp};
use crate::support::{BUILD_TOOLS, need};

const LIMIT: Duration = Duration::from_secs(60);

/// A plugin and a connection to it; both end with the value.
struct Connected {
    channel: Channel,
    plugin: Child,
}

impl Drop for Connected {
    fn drop(&mut self) {
        let _ = self.plugin.kill();
        let _ = self.plugin.wait();
    }
}

fn connect(binary: &Path, sockets: &Path, mutual: bool) -> Connected {
    let identity = Identity::generate().unwrap();
    let pem = identity.pem();
    let client_certificate = mutual.then_some(pem.as_str());
    let offer = Offer { versions: &VERSIONS, client_certificate, sockets };
    let mut plugin = Command::new(binary)
        .env_clear()
        .envs(offer.environment())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(plugin.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let accepted = offer.accept(&line).unwrap();
    let server = accepted.certificate.as_deref().map(|server| Mutual { identity: &identity, server });
    let channel = Channel::open(&accepted.endpoint, server, MESSAGE_MAX, LIMIT).unwrap();
    Connected { channel, plugin }
}

fn execute(channel: &Channel, operation: &str, args: &serde_json::Value) -> ExecuteResponse {
    let message = request(operation, args);
    ExecuteResponse::decode(&channel.unary(method::EXECUTE, message, LIMIT).unwrap()).unwrap()
}

fn request(operation: &str, args: &serde_json::Value) -> Vec<u8> {
    let args_json = args.to_string().into_bytes();
    ExecuteRequest { operation, args_json: &args_json, ..ExecuteRequest::default() }.encode()
}

#[test]
fn many_calls_share_a_connection() {
    need!(BUILD_TOOLS);
    for probe in probes() {
        for mutual in [true, false] {
            let sockets = temp();
            let connected = connect(&probe.binary(), sockets.path(), mutual);
            let channel = &connected.channel;
            channel.background(method::STDIO, Vec::new(), |message| {
                StdioData::decode(&message).unwrap();
            });
            std::thread::scope(|scope| {
                for at in 0..100 {
                    scope.spawn(move || {
                        let text = format!("call {at}");
                        let answer = execute(channel, "echo", &json!({ "text": text }));
                        let result: serde_json::Value = serde_json::from_slice(&answer.result_json).unwrap();
                        assert_eq!(result["text"], text);
                    });
                }
            });
            // A call that nobody waits for any more takes the others nothing.
            let slow = request("slow", &json!({ "ms": 60_000 }));
            let late = channel.unary(method::EXECUTE, slow, Duration::from_millis(200));
            let in_time = matches!(
                late,
                Err(GrpcError::Deadline { .. }
                    | GrpcError::Status { code: 4, .. }
                    | GrpcError::Status { code: 1, .. })
            );
            assert!(in_time, "{late:?}");
            let mut pieces = 0;
            let stream = request("stream", &json!({ "pieces": 50 }));
            channel
                .stream(method::EXECUTE_STREAM, stream, LIMIT, |message| {
                    pieces += usize::from(!Chunk::decode(&message).unwrap().data.is_empty());
                })
                .unwrap();
            assert_eq!(pieces, 50);
            // A large message there, and as large a one back.
            let text = "y".repeat(20 << 20);
            let answer = execute(channel, "echo", &json!({ "text": text }));
            assert!(answer.result_json.len() > 20 << 20);
            let too_much = channel.unary(method::EXECUTE, vec![0; MESSAGE_MAX + 1], LIMIT);
            assert!(matches!(too_much, Err(GrpcError::TooBig { .. })), "{too_much:?}");
            let unknown =
                channel.unary("/wick.connector.v1.Connector/Nothing", Vec::new(), LIMIT).unwrap_err();
            assert!(unknown.is_unimplemented(), "{unknown}");
        }
    }
}

/// A plugin that dies takes its calls with it, at once and not at their deadline.
#[test]
fn a_call_ends_with_its_plugin() {
    need!(BUILD_TOOLS);
    let (_folder, path) = odd("dies");
    let sockets = temp();
    let connected = connect(&path, sockets.path(), true);
    let error = connected.channel.unary(method::EXECUTE, request("die", &json!({})), LIMIT).unwrap_err();
    assert!(matches!(error, GrpcError::Broken { .. }), "{error:?}");
    let error = connected.channel.unary(method::HEALTH, Vec::new(), LIMIT).unwrap_err();
    assert!(matches!(error, GrpcError::Broken { .. }), "{error:?}");
}
