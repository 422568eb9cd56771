//! A go-plugin server: the handshake, the socket, the life and the end of the process.

mod certificate;
mod grpc;
mod listen;
mod parent;
mod service;
mod stop;
mod tls;
mod wire;

use std::io::{self, Write as _};
use std::panic;

use tokio_rustls::TlsAcceptor;

use crate::manifest::BEFORE_MODULE;
use crate::plugin::Server;
use listen::Listener;
use service::Service;
use stop::Stop;
use tls::Identity;

/// The version of the wick protocol that is served; it is all there is.
const APP_VERSION: u32 = 1;

/// Plain operations that run at once; more wait.
const THREADS: usize = 256;

/// Serves until the host says so, dies, or the process is told to end.
pub(crate) fn serve(manifest: &'static [u8], server: &'static Server) -> Result<(), String> {
    let tls = match std::env::var("PLUGIN_CLIENT_CERT") {
        Ok(pem) if !pem.is_empty() => Some(Identity::new(&pem)?),
        _ => None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(THREADS)
        .build()
        .map_err(|error| format!("start: {error}"))?;
    let service: &'static Service =
        Box::leak(Box::new(Service::new(server, module(manifest), version(manifest))));
    // A panic may tell a credential; its text reaches the host with the credentials taken out.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(io::stderr(), "[ERROR] an operation panicked at {place}");
    }));
    let done = runtime.block_on(run(tls, service));
    // Plain functions that still run are not waited for.
    runtime.shutdown_background();
    done
}

async fn run(tls: Option<Identity>, service: &'static Service) -> Result<(), String> {
    let stop = Stop::new();
    signals(&stop)?;
    let listener = Listener::open()?;
    parent::watch(listener.path());
    announce(&listener, tls.as_ref())?;
    let acceptor = tls.map(|identity| TlsAcceptor::from(identity.config));
    listener.serve(acceptor, service, stop).await;
    Ok(())
}

/// Prints the handshake line. From then on stdout is stderr: a host reads no second line of the one, and logs the other.
fn announce(listener: &Listener, tls: Option<&Identity>) -> Result<(), String> {
    let certificate = tls.map_or("", |identity| identity.line.as_str());
    let mut line = format!("1|{APP_VERSION}|{}|grpc|{certificate}", listener.address());
    // A host that asks for multiplexing is told that there is none.
    if std::env::var_os("PLUGIN_MULTIPLEX_GRPC").is_some_and(|value| !value.is_empty()) {
        line += "|false";
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| format!("write the handshake: {error}"))?;
    #[cfg(unix)]
    {
        // The pipe stays open: some hosts take its end for the plugin's.
        let kept =
            rustix::io::dup(rustix::stdio::stdout()).map_err(|error| format!("keep stdout: {error}"))?;
        std::mem::forget(kept);
        rustix::stdio::dup2_stdout(rustix::stdio::stderr())
            .map_err(|error| format!("redirect stdout: {error}"))?;
    }
    Ok(())
}

/// Ctrl-C in the host's terminal is the host's to handle; a request to terminate removes the socket first.
fn signals(stop: &Stop) -> Result<(), String> {
    let failed = |error: io::Error| format!("listen to signals: {error}");
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::spawn(async move { while interrupt.recv().await.is_some() {} });
        let stop = stop.clone();
        tokio::spawn(async move {
            terminate.recv().await;
            stop.ask();
        });
    }
    #[cfg(windows)]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(failed)?;
        tokio::spawn(async move { while interrupt.recv().await.is_some() {} });
        let _ = stop;
    }
    Ok(())
}

/// The `module` object of the envelope: its last member.
fn module(manifest: &'static [u8]) -> &'static [u8] {
    let marker = BEFORE_MODULE.as_bytes();
    let start = manifest.windows(marker.len()).position(|window| window == marker);
    start.map_or(b"{}", |start| &manifest[start + marker.len()..manifest.len() - 1])
}

/// The version in the envelope, so that all that is said of it is one.
fn version(manifest: &'static [u8]) -> &'static str {
    const BEFORE: &[u8] = b"\"version\":\"";
    let start = manifest.windows(BEFORE.len()).position(|window| window == BEFORE);
    let rest = start.map_or(&b""[..], |start| &manifest[start + BEFORE.len()..]);
    let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(0);
    std::str::from_utf8(&rest[..end]).unwrap_or_default()
}
