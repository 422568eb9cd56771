//! Launch: starts a plugin as a host does (cookie, handshake, AutoMTLS), speaks to it, and ends it. The plugin runs in
//! the sandbox; whatever happens, no process and no socket of it is left.

pub(in crate::phase) mod suspect;

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::host::wick::goplugin::messages::{self, Chunk, StdioData};
use crate::host::wick::goplugin::wire::WireError;
use crate::host::wick::goplugin::{Accepted, LINE_MAX, MESSAGE_MAX, Offer, VERSIONS, method};
use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Module;
use crate::model::tools::Emulator;
use crate::sys::grpc::{Channel, GrpcError, Identity, Mutual};
use crate::sys::sandbox::{self, Confinement, FirstLine, Held, Reach};

/// How long connecting may take once the plugin has said where it listens.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the plugin may take to end when it is asked to, as go-plugin's host has it.
const GRACE: Duration = Duration::from_secs(2);
/// How long what a plugin said before its connection broke is waited for.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How much of what the plugin prints is kept.
const PRINTED: usize = 64 << 10;

/// Whether both sides show certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// AutoMTLS, as hosts demand it.
    Mutual,
    /// Plain, inside a folder that nobody else can read.
    Off,
}

/// What may be reached by a plugin that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It only has to say what it is: no network, no files.
    Closed,
    /// The network, and what looking up names and trusting certificates takes.
    Network,
    /// All that its user may.
    Open,
}

/// What is launched, and how.
#[derive(Clone, Copy)]
pub struct Launch<'a> {
    /// What it is called in messages.
    pub label: &'a str,
    /// The plugin's binary.
    pub binary: &'a Path,
    /// What runs it, when this machine can't.
    pub emulator: Option<&'a Emulator>,
    /// TLS or none.
    pub tls: Tls,
    /// How it is held.
    pub hold: Hold,
    /// Variables that it gets beside its own; nothing secret belongs here.
    pub variables: &'a BTreeMap<String, String>,
    /// Files and folders that it may read besides.
    pub readable: &'a [std::path::PathBuf],
    /// How long it may take to its first line.
    pub start: Duration,
}

/// A plugin that runs and serves.
pub struct Plugin {
    // First, so that the connection is gone before the process.
    channel: Channel,
    held: Held,
    printed: Arc<Mutex<VecDeque<u8>>>,
    label: String,
    version: u32,
}

/// How a plugin ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Whether it did so when it was asked; otherwise it was killed.
    pub by_itself: bool,
    /// `exit code 0`; nothing when nobody knows.
    pub how: Option<String>,
    /// Processes it left running; they are ended.
    pub left_behind: usize,
}

impl Plugin {
    /// Starts it, and waits until it serves.
    ///
    /// # Errors
    /// When it can't be started, says nothing in time, isn't what was offered, or doesn't serve.
    pub fn launch(launch: &Launch<'_>) -> Result<Plugin, Failure> {
        let identity = match launch.tls {
            Tls::Mutual => Some(Identity::generate().map_err(|why| Failure::new(FailureKind::Bug, why))?),
            Tls::Off => None,
        };
        let pem = identity.as_ref().map(Identity::pem);
        let reach = match launch.hold {
            Hold::Closed => Reach::Nothing,
            Hold::Network => Reach::Network,
            Hold::Open => Reach::Everything,
        };
        let mut suspect = suspect::suspect(launch.binary, launch.emulator, &[], reach);
        suspect.env.extend(launch.variables.clone());
        suspect.readable.extend_from_slice(launch.readable);
        let client_certificate = pem.as_deref();
        let complete = |home: &Path, env: &mut BTreeMap<String, String>| {
            env.extend(Offer { versions: &VERSIONS, client_certificate, sockets: home }.environment());
        };
        let mut held = sandbox::start(&suspect, complete, LINE_MAX)
            .map_err(|error| Failure::from(error).context(launch.label))?;
        let home = held.home().to_owned();
        let offer = Offer { versions: &VERSIONS, client_certificate, sockets: &home };
        let accepted = greet(launch, &mut held, &offer)?;
        let mutual = match (&identity, &accepted.certificate) {
            (Some(identity), Some(server)) => Some(Mutual { identity, server }),
            _ => None,
        };
        let failed = |held: &Held, error: GrpcError| told(launch.label, held, error.into());
        let channel = Channel::open(&accepted.endpoint, mutual, MESSAGE_MAX, CONNECT)
            .map_err(|error| failed(&held, error))?;
        let printed = Arc::new(Mutex::new(VecDeque::new()));
        // First of all: a plugin whose prints nobody reads stands still.
        let kept = Arc::clone(&printed);
        channel.background(method::STDIO, Vec::new(), move |message| keep(&kept, &message));
        let answer = channel
            .unary(method::CHECK, messages::health_check("plugin"), CONNECT)
            .map_err(|error| failed(&held, error))?;
        if !messages::is_serving(&answer).unwrap_or(false) {
            let why = format!("{}: its health service doesn't say that it serves `plugin`", launch.label);
            return Err(Failure::new(FailureKind::Step, why)
                .hint("go-plugin's server registers grpc.health.v1.Health with SERVING for `plugin`"));
        }
        Ok(Plugin { channel, held, printed, label: launch.label.to_owned(), version: accepted.version })
    }

    /// One message there, one back.
    ///
    /// # Errors
    /// When the call fails; what the plugin said is added.
    pub fn unary(&self, method: &str, message: Vec<u8>, limit: Duration) -> Result<Vec<u8>, Failure> {
        self.channel.unary(method, message, limit).map_err(|error| self.failed(error))
    }

    /// One message there, chunks back, as they come. Stops calling `each` after a chunk that ends the stream.
    ///
    /// # Errors
    /// As [`Plugin::unary`]; also when a chunk can't be read.
    pub fn chunks(
        &self,
        message: Vec<u8>,
        limit: Duration,
        mut each: impl FnMut(&Chunk),
    ) -> Result<(), Failure> {
        let mut wrong: Option<&'static str> = None;
        let mut unreadable: Option<WireError> = None;
        let mut ended = false;
        self.channel
            .stream(method::EXECUTE_STREAM, message, limit, |bytes| match Chunk::decode(&bytes) {
                Err(error) => unreadable = Some(error),
                Ok(_) if ended => wrong = Some("sent a piece after its last one"),
                Ok(chunk) => {
                    ended = chunk.eof || chunk.error.is_some();
                    each(&chunk);
                }
            })
            .map_err(|error| self.failed(error))?;
        if let Some(error) = unreadable {
            return Err(self.broken(&error.to_string()));
        }
        match wrong.or((!ended).then_some("ended without a last piece")) {
            Some(problem) => Err(self.broken(&format!("ExecuteStream: it {problem}"))),
            None => Ok(()),
        }
    }

    /// What it declares of itself.
    ///
    /// # Errors
    /// When the call fails or the answer is no module.
    pub fn schema(&self, limit: Duration) -> Result<Module, Failure> {
        let answer = self.unary(method::SCHEMA, Vec::new(), limit)?;
        let bytes = messages::schema_response(&answer).map_err(|error| self.broken(&error.to_string()))?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| self.broken("Schema: it answers bytes that are no text"))?;
        Module::read(text).map_err(|error| self.broken(&format!("Schema: it answers no module: {error}")))
    }

    /// The version of the plugin interface that it speaks.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// How tightly it is held.
    #[must_use]
    pub fn held(&self) -> String {
        describe(&self.held.confinement())
    }

    /// The end of what it printed and logged.
    #[must_use]
    pub fn said(&self) -> String {
        let bytes: Vec<u8> =
            self.printed.lock().map(|kept| kept.iter().copied().collect()).unwrap_or_default();
        self.held.said() + &String::from_utf8_lossy(&bytes)
    }

    /// Asks it to end, and ends it when it doesn't.
    #[must_use]
    pub fn end(mut self) -> Ended {
        // A connection that breaks is the usual answer.
        if let Err(error) = self.channel.unary(method::SHUTDOWN, Vec::new(), GRACE)
            && error.is_unimplemented()
        {
            self.held.ask_to_end();
        }
        let by_itself = self.held.wait(GRACE);
        let ending = self.held.end();
        Ended { by_itself, how: ending.how, left_behind: ending.left_behind }
    }

    /// An answer that breaks the contract.
    #[must_use]
    pub fn broken(&self, what: &str) -> Failure {
        Failure::new(FailureKind::Step, format!("{}: {what}", self.label))
    }

    fn failed(&self, error: GrpcError) -> Failure {
        if matches!(error, GrpcError::Broken { .. }) {
            // Who dies with a word on stderr closes the connection first: the word is still on its way.
            self.held.hear_out(LAST_WORDS);
        }
        let mut failure = Failure::from(error).context(&self.label);
        failure.output = tail(&self.said());
        failure
    }
}

/// Waits for the first line, and judges it.
fn greet(launch: &Launch<'_>, held: &mut Held, offer: &Offer<'_>) -> Result<Accepted, Failure> {
    let fail = |message: String| Failure::new(FailureKind::Step, message);
    let first = held.first_line(launch.start).map_err(|error| Failure::from(error).context(launch.label))?;
    let failure = match first {
        FirstLine::Line(line) => match offer.accept(&line) {
            Ok(accepted) => return Ok(accepted),
            Err(error) => error.into(),
        },
        FirstLine::TooLong(start) => {
            fail(format!("its first line has more than {} KiB: `{}…`", LINE_MAX >> 10, start.escape_debug()))
        }
        FirstLine::Late => {
            fail(format!("it didn't say where it listens within {} s of its start", launch.start.as_secs()))
                .hint("a plugin prints its handshake line before it does anything else")
        }
        FirstLine::Ended(text) if text.trim().is_empty() => {
            held.wait(Duration::from_secs(1));
            let ending = held.end();
            if let Some(error) = held.start_failure(&ending) {
                return Err(Failure::from(error).context(launch.label));
            }
            let how = ending.how.map_or_else(String::new, |how| format!(" with {how}"));
            fail(format!("it ended{how} before it said where it listens"))
                .hint("started by a host, a plugin serves: is plugin.Serve reached?")
        }
        FirstLine::Ended(text) => {
            let start: String = text.chars().take(120).collect();
            fail(format!("it ended before its first line was whole: `{}`", start.trim().escape_debug()))
        }
    };
    Err(told(launch.label, held, failure))
}

/// A failure with who it is about, and what that one said.
fn told(label: &str, held: &Held, failure: Failure) -> Failure {
    let mut failure = failure.context(label);
    failure.output = tail(&held.said());
    failure
}

fn keep(kept: &Mutex<VecDeque<u8>>, message: &[u8]) {
    if let (Ok(printed), Ok(mut kept)) = (StdioData::decode(message), kept.lock()) {
        kept.extend(printed.data);
        let over = kept.len().saturating_sub(PRINTED);
        kept.drain(..over);
    }
}

/// The last lines of what a plugin said.
fn tail(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let last = lines[lines.len().saturating_sub(30)..].join("\n");
    (!last.trim().is_empty()).then_some(last)
}

/// How tightly a plugin was held, in words.
pub(in crate::phase) fn describe(confinement: &Confinement) -> String {
    match confinement {
        Confinement::Landlock(what) => format!("held by Landlock: {what}"),
        Confinement::GroupOnly(why) => format!("not sandboxed: {why}"),
    }
}
