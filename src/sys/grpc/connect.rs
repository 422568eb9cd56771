//! From an address to an HTTP/2 connection, with TLS when both sides have certificates.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::SendRequest;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::model::endpoint::Endpoint;

/// What go-plugin puts into its certificates.
const SERVER_NAME: &str = "localhost";

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

type Driver = Box<dyn Future<Output = ()> + Send + Unpin>;

/// The sender of requests, and what has to run for them to get anywhere.
pub(super) async fn connect(
    endpoint: &Endpoint,
    tls: Option<rustls::ClientConfig>,
) -> Result<(SendRequest<Bytes>, Driver), String> {
    let raw = raw(endpoint).await.map_err(|error| error.to_string())?;
    let stream: Box<dyn Io> = match tls {
        None => raw,
        Some(config) => {
            let name = ServerName::try_from(SERVER_NAME).expect("a DNS name");
            let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
                .connect(name, raw)
                .await
                .map_err(|error| format!("TLS: {error}"))?;
            if stream.get_ref().1.alpn_protocol() != Some(b"h2".as_slice()) {
                return Err("TLS: it doesn't speak HTTP/2".to_owned());
            }
            Box::new(stream)
        }
    };
    let (send, connection) = h2::client::Builder::new()
        .initial_window_size(4 << 20)
        .initial_connection_window_size(16 << 20)
        .max_frame_size(1 << 20)
        .max_header_list_size(64 << 10)
        .enable_push(false)
        .handshake::<_, Bytes>(stream)
        .await
        .map_err(|error| format!("HTTP/2: {error}"))?;
    // How it ends is told to every call; nobody asks the connection itself.
    let driver = Box::pin(async move {
        let _ = connection.await;
    });
    Ok((send, Box::new(driver)))
}

async fn raw(endpoint: &Endpoint) -> std::io::Result<Box<dyn Io>> {
    match endpoint {
        Endpoint::Tcp(address) => {
            let stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Endpoint::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(std::io::Error::other("this system has no Unix sockets")),
    }
}
