//! The reference's way: every page, then one whole zip per plugin, one after the other, by its address and without a
//! token. HTTP/1.1 on a socket, connections kept: what is compared is the way, not the client.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::Result;

/// A client that keeps its connections.
#[derive(Default)]
pub(super) struct Client {
    kept: HashMap<String, BufReader<TcpStream>>,
}

struct Answer {
    location: Option<String>,
    is_last_page: bool,
    body: Vec<u8>,
}

/// Makes a catalog's way through the repository; how many plugins there are.
pub(super) fn read_all(api: &str, repository: &str) -> Result<usize> {
    let (mut client, mut packages) = (Client::default(), BTreeMap::new());
    for page in 1.. {
        let url = format!("{api}/repos/{repository}/releases?per_page=100&page={page}");
        let answer = client.get(&url)?;
        for release in json(&answer.body)?.as_array().into_iter().flatten() {
            let plugin = release["tag_name"].as_str().and_then(|tag| tag.rsplit_once('/'));
            let asset = release["assets"][0]["browser_download_url"].as_str();
            if let Some(((key, _), asset)) = plugin.zip(asset) {
                // Newest first.
                packages.entry(key.to_owned()).or_insert_with(|| asset.to_owned());
            }
        }
        if answer.is_last_page {
            break;
        }
    }
    for url in packages.values() {
        let answer = client.get(url)?;
        if !answer.body.ends_with(&[0, 0]) || !answer.body.starts_with(b"PK") {
            return Err(format!("{url} is no zip"));
        }
    }
    Ok(packages.len())
}

impl Client {
    /// A JSON answer.
    pub(super) fn json(&mut self, url: &str) -> Result<Value> {
        json(&self.get(url)?.body)
    }

    fn get(&mut self, url: &str) -> Result<Answer> {
        let answer = self.once(url).map_err(|error| format!("read {url}: {error}"))?;
        match &answer.location {
            Some(location) => self.get(location),
            None => Ok(answer),
        }
    }

    fn once(&mut self, url: &str) -> io::Result<Answer> {
        let rest = url.strip_prefix("http://").ok_or_else(|| io::Error::other("not http"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let mut stream = match self.kept.remove(host) {
            Some(stream) => stream,
            None => BufReader::with_capacity(256 << 10, TcpStream::connect(host)?),
        };
        let request = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: reference\r\n\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        let answer = read(&mut stream)?;
        self.kept.insert(host.to_owned(), stream);
        Ok(answer)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let mut answer = Answer { location: None, is_last_page: true, body: Vec::new() };
    let (mut length, mut line) = (0, String::new());
    stream.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
    if status != "200" && status != "302" {
        return Err(io::Error::other(format!("answered `{}`", line.trim_end())));
    }
    loop {
        line.clear();
        stream.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            "location" => answer.location = Some(value.to_owned()),
            "link" => answer.is_last_page = !value.contains("rel=\"next\""),
            _ => {}
        }
    }
    answer.body.reserve_exact(length);
    let received = stream.take(length as u64).read_to_end(&mut answer.body)?;
    if received < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}

fn json(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|error| format!("read JSON: {error}"))
}
