//! A plugin as a process, under a host that speaks plain HTTP/2: the handshake, calls, and every way to end.
//! What go-plugin's own client says of it, with AutoMTLS, is in wick's host suite.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;

const COOKIE: (&str, &str) = ("WICK_CONNECTOR_PLUGIN", "b3f1c2a4-wick-connector-grpc");

/// The example that cargo builds with the tests.
fn greeter() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().unwrap().parent().unwrap().join("examples/greeter");
    assert!(path.is_file(), "cargo build --package wick-plugin --examples");
    path
}

/// A short folder, as a socket's path has 108 bytes.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("wickp-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }

    fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.0).unwrap().next().is_none()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A plugin that runs, and its handshake line.
struct Plugin {
    child: Child,
    line: String,
    folder: Folder,
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(greeter());
    command.env_clear().env(COOKIE.0, COOKIE.1).env("PLUGIN_UNIX_SOCKET_DIR", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

fn launch(more: &[(&str, &str)]) -> Plugin {
    let folder = Folder::new();
    let mut child = command(&folder.0).envs(more.iter().copied()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    Plugin { child, line, folder }
}

impl Plugin {
    fn fields(&self) -> Vec<&str> {
        self.line.trim_end().split('|').collect()
    }

    async fn connect(&self) -> SendRequest<Bytes> {
        let io = tokio::net::UnixStream::connect(self.fields()[3]).await.unwrap();
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(64 << 20).initial_connection_window_size(64 << 20);
        let (sender, connection) = builder.handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    /// Waits for the end; the test's own time limit is the runner's.
    fn ended(mut self) -> (Option<i32>, bool) {
        let code = self.child.wait().unwrap().code();
        (code, self.folder.is_empty())
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A call's messages and its status.
async fn call(sender: &SendRequest<Bytes>, path: &str, message: &[u8]) -> (Vec<Vec<u8>>, String, String) {
    let mut sender = sender.clone().ready().await.unwrap();
    let request = Request::post(format!("http://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (response, mut stream) = sender.send_request(request, false).unwrap();
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    stream.send_data([&[0][..], &length, message].concat().into(), true).unwrap();
    let (head, mut body) = response.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        body.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend_from_slice(&data);
    }
    let trailers = body.trailers().await.unwrap().unwrap_or(head.headers);
    let text =
        |name: &str| trailers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let mut messages = Vec::new();
    let mut rest = &bytes[..];
    while let Some((head, tail)) = rest.split_at_checked(5) {
        let length = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize;
        messages.push(tail[..length].to_vec());
        rest = &tail[length..];
    }
    (messages, text("grpc-status"), text("grpc-message"))
}

/// A length-delimited field.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = value.len();
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    [out, value.to_vec()].concat()
}

fn execute(operation: &str, arguments: &str) -> Vec<u8> {
    [field(1, operation.as_bytes()), field(2, arguments.as_bytes())].concat()
}

fn shown(messages: &[Vec<u8>]) -> String {
    messages.iter().map(|message| String::from_utf8_lossy(message).into_owned()).collect()
}

const EXECUTE: &str = "/wick.connector.v1.Connector/Execute";

/// Contract go-plugin 1: without the cookie an explanation on stderr, exit code 1 and nothing on stdout.
#[test]
fn explains_itself_to_people() {
    for cookie in [None, Some("wrong")] {
        let mut command = Command::new(greeter());
        command.env_clear().envs(cookie.map(|value| (COOKIE.0, value)));
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        assert!(
            said.contains("a wick host starts")
                && said.contains("greet ")
                && said.contains("--dump-manifest"),
            "{said}"
        );
    }
    let help = Command::new(greeter()).arg("--help").output().unwrap();
    assert_eq!((help.status.code(), help.stderr.len()), (Some(0), 0));
}

/// Contract go-plugin 2 and 3: five parts and an empty sixth; the version is ours whatever is asked for; a socket in the
/// host's folder that only its user may open.
#[test]
fn shakes_hands() {
    use std::os::unix::fs::PermissionsExt as _;
    for versions in ["1", "3,1,2", "7"] {
        let plugin = launch(&[("PLUGIN_PROTOCOL_VERSIONS", versions)]);
        let fields = plugin.fields();
        assert_eq!(
            (&fields[..3], &fields[4..]),
            (&["1", "1", "unix"][..], &["grpc", ""][..]),
            "{}",
            plugin.line
        );
        let socket = Path::new(fields[3]);
        assert_eq!(socket.parent(), Some(&*plugin.folder.0));
        assert_eq!(std::fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let multiplexed = launch(&[("PLUGIN_MULTIPLEX_GRPC", "true")]);
    assert_eq!(multiplexed.fields()[5..], ["", "false"], "there is no multiplexing, and the host is told");
}

#[test]
fn says_why_it_can_not_start() {
    let folder = Folder::new();
    for (name, value, reason) in [
        ("PLUGIN_CLIENT_CERT", "no certificate", "PLUGIN_CLIENT_CERT holds no certificate in PEM"),
        ("PLUGIN_UNIX_SOCKET_DIR", "/nowhere/at/all", "PLUGIN_UNIX_SOCKET_DIR"),
        ("PLUGIN_UNIX_SOCKET_GROUP", "no such group", "no group `no such group`"),
    ] {
        let output = command(&folder.0).env(name, value).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains(reason), "{said}");
    }
    assert!(folder.is_empty());
}

#[tokio::test]
async fn answers() {
    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let ping = call(&host, "/grpc.health.v1.Health/Check", &field(1, b"plugin")).await;
    assert_eq!(ping, (vec![vec![8, 1]], "0".to_owned(), String::new()));

    let greeted = call(&host, EXECUTE, &execute("greet", r#"{"name": "Ada", "tone": "formal"}"#)).await;
    assert!(shown(&greeted.0).contains(r#"{"text":"Good day, Ada!","signed":false}"#), "{greeted:?}");
    for (operation, arguments, error) in [
        ("greet", "{}", "bad_arguments\u{12}\u{11}`name` is missing"),
        ("greet", "[]", "the arguments are no JSON object"),
        ("greet", r#"{"name": "Ada", "tone": "rude"}"#, "`tone` must be one of formal, friendly"),
        ("spell", r#"{"name": "Ada"}"#, "stream_only"),
        ("sing", "", "unknown_operation"),
    ] {
        let (messages, status, _) = call(&host, EXECUTE, &execute(operation, arguments)).await;
        assert_eq!(status, "0", "an operation's failure is no failure of the call");
        assert!(shown(&messages).contains(error), "{operation} {arguments}: {:?}", shown(&messages));
    }
    let stream = "/wick.connector.v1.Connector/ExecuteStream";
    let (messages, status, _) = call(&host, stream, &execute("spell", r#"{"name": "Ab"}"#)).await;
    assert_eq!((messages.len(), status.as_str()), (5, "0"));
    assert_eq!(messages[1], field(1, b"\"A\"\n"));
    assert_eq!(messages[4], [0x10, 1], "the end");

    let identity = call(&host, "/wick.connector.v1.Connector/ResolveIdentity", &field(1, b"token")).await;
    assert!(shown(&identity.0).contains("unsupported"));
    let health = call(&host, "/wick.connector.v1.Connector/Health", b"").await;
    assert!(shown(&health.0).contains("greeter 0.1.0"));
}

/// What the call itself gets wrong is a status, and nothing of it ends the plugin.
#[tokio::test]
async fn refuses_what_is_no_call() {
    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let (_, status, message) = call(&host, "/wick.connector.v1.Connector/Nothing", b"").await;
    assert_eq!((status.as_str(), message.as_str()), ("12", "no method /wick.connector.v1.Connector/Nothing"));
    assert_eq!(call(&host, EXECUTE, b"\x0a\xff").await.1, "13");
    assert_eq!(call(&host, "/grpc.health.v1.Health/Check", &field(1, b"other")).await.1, "5");
    assert_eq!(call(&host, "/grpc.health.v1.Health/Check", b"").await.1, "0");
}

/// Schema, `--dump-manifest` and the section in the binary are one text.
#[tokio::test]
async fn declares_one_thing_in_three_places() {
    let dumped = Command::new(greeter()).env_clear().arg("--dump-manifest").output().unwrap().stdout;
    assert_eq!(dumped.iter().filter(|byte| **byte == b'\n').count(), 1);
    let line = dumped.trim_ascii_end();
    let binary = std::fs::read(greeter()).unwrap();
    assert_eq!(binary.windows(line.len()).filter(|window| *window == line).count(), 1);

    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let (messages, ..) = call(&host, "/wick.connector.v1.Connector/Schema", b"").await;
    let module = messages[0]
        .windows(8)
        .position(|window| window == b"{\"Meta\":")
        .map(|at| &messages[0][at..])
        .unwrap();
    let text = std::str::from_utf8(line).unwrap();
    assert!(text.ends_with(&format!("\"module\":{}}}", std::str::from_utf8(module).unwrap())));
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(text).unwrap();
    assert_eq!(all["module"]["Configs"][1]["IsSecret"], true);
}

/// 20 MiB go in and come back; a hundred calls run at once.
#[tokio::test]
async fn carries_much_and_many() {
    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let name = "x".repeat(20 << 20);
    let (messages, status, _) =
        call(&host, EXECUTE, &execute("greet", &format!("{{\"name\": \"{name}\"}}"))).await;
    assert_eq!(status, "0");
    assert!(messages[0].len() > 20 << 20);
    let calls: Vec<_> = (0..100)
        .map(|number| {
            let host = host.clone();
            tokio::spawn(async move {
                let arguments = format!("{{\"name\": \"number {number}\"}}");
                (number, call(&host, EXECUTE, &execute("greet", &arguments)).await.0)
            })
        })
        .collect();
    for answered in calls {
        let (number, messages) = answered.await.unwrap();
        assert!(shown(&messages).contains(&format!("Hello, number {number}!")));
    }
}

/// Conformance 13: the process ends with 0 and leaves no socket, also while a host drains stdio.
#[tokio::test]
async fn ends_when_the_host_says_so() {
    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let drain = tokio::spawn({
        let host = host.clone();
        async move { call(&host, "/plugin.GRPCStdio/StreamStdio", b"").await }
    });
    let mut ready = host.clone().ready().await.unwrap();
    let request = Request::post("http://localhost/plugin.GRPCController/Shutdown").body(()).unwrap();
    let (response, mut stream) = ready.send_request(request, false).unwrap();
    stream.send_data(vec![0; 5].into(), true).unwrap();
    assert_eq!(response.await.unwrap().status(), 200);
    assert_eq!(drain.await.unwrap().1, "0");
    drop((host, ready));
    assert_eq!(plugin.ended(), (Some(0), true));
}

/// Ctrl-C in the host's terminal reaches the plugin too and is the host's affair; SIGTERM leaves no socket.
#[tokio::test]
async fn lives_through_an_interrupt_and_tidies_up_when_terminated() {
    let plugin = launch(&[]);
    let host = plugin.connect().await;
    let signal = |name: &str| {
        Command::new("kill").args([name, &plugin.child.id().to_string()]).status().unwrap();
    };
    signal("-INT");
    assert_eq!(call(&host, "/grpc.health.v1.Health/Check", b"").await.1, "0");
    signal("-TERM");
    poll_fn(|cx| host.clone().poll_ready(cx)).await.ok();
    assert_eq!(plugin.ended(), (Some(0), true));
}

/// Conformance 14: a host that is killed leaves no plugin, and no socket.
#[test]
fn does_not_outlive_its_host() {
    let folder = Folder::new();
    // The shell is the host here: it starts the plugin, and nobody but the plugin holds the pipe then.
    let mut host = Command::new("sh");
    host.args(["-c", "\"$0\" & wait"])
        .arg(greeter())
        .env(COOKIE.0, COOKIE.1)
        .env("PLUGIN_UNIX_SOCKET_DIR", &folder.0);
    let mut host = host.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(host.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert!(!folder.is_empty(), "{line}");
    host.kill().unwrap();
    host.wait().unwrap();
    // The end of the pipe is the end of the plugin: it holds the only other end.
    assert_eq!(out.read(&mut [0]).unwrap(), 0);
    assert!(folder.is_empty());
}
