//! HTTP/1.1 on a socket, as little as is needed.

use std::io::{self, BufRead, Read, Write};

use crate::content::Content;

/// The head of a request.
pub(crate) struct Head {
    pub(crate) method: String,
    /// Path and query as sent.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// A query parameter, decoded.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?')?.1;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decode(&value.replace('+', " ")))
        })
    }

    pub(crate) fn token(&self) -> Option<&str> {
        let value = self.header("authorization")?;
        Some(value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("token ")).unwrap_or(value))
    }

    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }
}

/// Percent-decodes.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match hex.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads the next request's head; nothing when the client is done.
pub(crate) fn read_head(reader: &mut impl BufRead) -> io::Result<Option<Head>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.by_ref().take(64 << 10).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim_end() {
            "" if lines.is_empty() => {}
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut first = lines[0].split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers = lines[1..].iter().filter_map(|line| line.split_once(':'));
    Ok(Some(Head {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect(),
    }))
}

/// A request's body. It counts, and it may end early on purpose.
pub(crate) struct Incoming<'a> {
    pub(crate) reader: &'a mut dyn Read,
    pub(crate) left: u64,
    pub(crate) received: u64,
    /// Where the connection is to be cut.
    pub(crate) cut_at: Option<u64>,
}

impl Incoming<'_> {
    /// Reads and forgets the rest.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(|_| ())
    }

    /// Reads the rest.
    pub(crate) fn all(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if let Some(cut_at) = self.cut_at {
            let until = cut_at.saturating_sub(self.received);
            if until == 0 {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            most = most.min(usize::try_from(until).unwrap_or(usize::MAX));
        }
        if most == 0 {
            return Ok(0);
        }
        let count = self.reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        self.received += count as u64;
        Ok(count)
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Content,
    /// The part of `body` that is sent.
    pub(crate) range: std::ops::Range<u64>,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        let body = Content::bytes(body);
        let range = 0..body.size();
        Reply { status, headers: vec![("content-type".to_owned(), content_type.to_owned())], body, range }
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Reply {
        Reply::new(status, "application/json; charset=utf-8", value.to_string())
    }

    pub(crate) fn empty(status: u16) -> Reply {
        let mut reply = Reply::new(status, "", Vec::new());
        reply.headers.clear();
        reply
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The head on the wire.
    pub(crate) fn write_head(&self, out: &mut impl Write, keep: bool) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !matches!(self.status, 204 | 304) {
            head.push_str(&format!("content-length: {}\r\n", self.range.end - self.range.start));
        }
        head.push_str(if keep { "\r\n" } else { "connection: close\r\n\r\n" });
        out.write_all(head.as_bytes())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
