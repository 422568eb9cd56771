//! Where a host connects: a unix socket that only its user may open, on Windows a port of this machine.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use super::grpc;
use super::service::Service;
use super::stop::Stop;

/// How long answers may take to leave after the host asked for the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// An open socket. Dropping it removes its file.
pub(super) struct Listener {
    #[cfg(unix)]
    inner: tokio::net::UnixListener,
    #[cfg(unix)]
    path: PathBuf,
    #[cfg(windows)]
    inner: tokio::net::TcpListener,
}

impl Listener {
    /// The socket's file; none on Windows.
    pub(super) fn path(&self) -> Option<PathBuf> {
        #[cfg(unix)]
        return Some(self.path.clone());
        #[cfg(windows)]
        None
    }

    /// Network and address as the handshake line has them.
    pub(super) fn address(&self) -> String {
        #[cfg(unix)]
        return format!("unix|{}", self.path.display());
        #[cfg(windows)]
        return format!(
            "tcp|{}",
            self.inner.local_addr().map_or_else(|_| String::new(), |address| address.to_string())
        );
    }

    /// Serves all who connect, until the end.
    pub(super) async fn serve(&self, tls: Option<TlsAcceptor>, service: &'static Service, stop: Stop) {
        let (left, mut all_left) = tokio::sync::mpsc::channel::<()>(1);
        let mut stopped = std::pin::pin!(stop.clone().wait());
        loop {
            let next = std::future::poll_fn(|cx| {
                if stopped.as_mut().poll(cx).is_ready() {
                    return std::task::Poll::Ready(None);
                }
                self.inner.poll_accept(cx).map(Some)
            });
            let Some(accepted) = next.await else { break };
            let Ok((io, _)) = accepted else {
                // Out of file descriptors, as it happens; some come back.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let (tls, stop, left) = (tls.clone(), stop.clone(), left.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => {
                        if let Ok(io) = tls.accept(io).await {
                            grpc::serve(io, service, stop).await;
                        }
                    }
                    None => grpc::serve(io, service, stop).await,
                }
                drop(left);
            });
        }
        drop(left);
        // Each connection holds a sender: this ends when the last of them is over.
        let _ = tokio::time::timeout(FAREWELL, all_left.recv()).await;
    }
}

#[cfg(unix)]
impl Listener {
    /// Makes a socket in the folder that the host wants, else in that for temporary files.
    pub(super) fn open() -> Result<Listener, String> {
        let wanted = std::env::var_os("PLUGIN_UNIX_SOCKET_DIR").filter(|folder| !folder.is_empty());
        let named = if wanted.is_some() { "PLUGIN_UNIX_SOCKET_DIR" } else { "TMPDIR" };
        let folder = wanted.map_or_else(std::env::temp_dir, PathBuf::from);
        let failed = |path: &Path, error: &dyn std::fmt::Display| {
            format!("make the socket {}: {error} (its folder is from {named})", path.display())
        };
        for _ in 0..100 {
            let path = folder.join(format!("plugin{:08x}", random().ok_or("make a socket: no randomness")?));
            if path.to_str().is_none_or(|text| text.contains(['|', '\n'])) {
                return Err(failed(&path, &"a handshake can't carry that name"));
            }
            // Nobody but the user may connect, from the first moment on. No other thread makes files yet.
            let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
            let bound = tokio::net::UnixListener::bind(&path);
            rustix::process::umask(before);
            match bound {
                Ok(inner) => {
                    let listener = Listener { inner, path };
                    listener.share()?;
                    return Ok(listener);
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(failed(&path, &error)),
            }
        }
        Err(failed(&folder, &"a hundred names are taken"))
    }

    /// Lets a group in, where the host asks for it.
    fn share(&self) -> Result<(), String> {
        let Some(group) = std::env::var("PLUGIN_UNIX_SOCKET_GROUP").ok().filter(|group| !group.is_empty())
        else {
            return Ok(());
        };
        let id = group.parse().ok().or_else(|| group_id(&group));
        let id = id.ok_or_else(|| format!("PLUGIN_UNIX_SOCKET_GROUP: no group `{group}`"))?;
        let failed = |error| format!("give {} to the group `{group}`: {error}", self.path.display());
        std::os::unix::fs::chown(&self.path, None, Some(id)).map_err(failed)?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o660);
        std::fs::set_permissions(&self.path, mode).map_err(failed)
    }
}

#[cfg(unix)]
impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// `name:x:id:members`
#[cfg(unix)]
fn group_id(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").ok()?;
    let line = groups.lines().find(|line| line.split(':').next() == Some(name))?;
    line.split(':').nth(2)?.parse().ok()
}

#[cfg(unix)]
fn random() -> Option<u32> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 4];
    ring::rand::SystemRandom::new().fill(&mut bytes).ok()?;
    Some(u32::from_ne_bytes(bytes))
}

#[cfg(windows)]
impl Listener {
    /// Takes the first free port of the host's range, or any.
    pub(super) fn open() -> Result<Listener, String> {
        let port = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u16>().ok());
        let (first, last) = match (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")) {
            (None, None) => (0, 0),
            (first, last) => (first.unwrap_or(0), last.unwrap_or(u16::MAX)),
        };
        for port in first..=last {
            let Ok(socket) = std::net::TcpListener::bind(("127.0.0.1", port)) else { continue };
            let ready = socket.set_nonblocking(true).and_then(|()| tokio::net::TcpListener::from_std(socket));
            return ready.map(|inner| Listener { inner }).map_err(|error| format!("listen: {error}"));
        }
        Err(format!("listen on 127.0.0.1: no port from {first} to {last} is free"))
    }
}
