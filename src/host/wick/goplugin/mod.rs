//! hashicorp/go-plugin as a wick host speaks it (contract go-plugin): what a plugin is told when it is started, how its
//! first line is judged, and the messages of the calls. Pure; who starts processes and sends bytes is `phase/launch`.

mod handshake;
pub mod messages;
pub mod wire;

#[cfg(test)]
mod laws;

pub use handshake::{Accepted, HandshakeError, Offer};

/// The variable by which a plugin knows that a host started it. It keeps people from running plugins by hand; it is no
/// secret.
pub const COOKIE: (&str, &str) = ("WICK_CONNECTOR_PLUGIN", "b3f1c2a4-wick-connector-grpc");

/// The versions of the plugin interface that hosts offer.
pub const VERSIONS: [u32; 1] = [1];

/// The largest message, either way, in bytes.
pub const MESSAGE_MAX: usize = 64 << 20;

/// The longest first line, in bytes. A P-521 certificate takes 800.
pub const LINE_MAX: usize = 64 << 10;

/// The paths of the calls.
pub mod method {
    /// Whether the server serves at all ("ping").
    pub const CHECK: &str = "/grpc.health.v1.Health/Check";
    /// Asks the process to end; the answer is often a broken connection.
    pub const SHUTDOWN: &str = "/plugin.GRPCController/Shutdown";
    /// What the plugin prints after its first line. Unread, it blocks the plugin.
    pub const STDIO: &str = "/plugin.GRPCStdio/StreamStdio";
    /// What the plugin declares.
    pub const SCHEMA: &str = "/wick.connector.v1.Connector/Schema";
    /// One operation, one answer.
    pub const EXECUTE: &str = "/wick.connector.v1.Connector/Execute";
    /// One operation, an answer in pieces.
    pub const EXECUTE_STREAM: &str = "/wick.connector.v1.Connector/ExecuteStream";
    /// Which operations the credentials allow.
    pub const CHECK_PERMISSIONS: &str = "/wick.connector.v1.Connector/CheckPermissions";
    /// Whose token it is.
    pub const RESOLVE_IDENTITY: &str = "/wick.connector.v1.Connector/ResolveIdentity";
    /// Whether the plugin can do its work.
    pub const HEALTH: &str = "/wick.connector.v1.Connector/Health";
}
