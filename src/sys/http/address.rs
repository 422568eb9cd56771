//! Addresses: origins, relative redirects, percent-encoding.

use std::net::IpAddr;

use ureq::http::Uri;

use super::error::HttpError;

/// Scheme, host and port: what a token may be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `http` or `https`.
    pub scheme: String,
    /// Lower-case host name or address.
    pub host: String,
    /// The port, also where the address leaves it out.
    pub port: u16,
}

impl Origin {
    /// Whether it is on this machine: a loopback address or a name that means one.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        let address: Option<IpAddr> = host.parse().ok();
        host == "localhost" || host.ends_with(".localhost") || address.is_some_and(|ip| ip.is_loopback())
    }
}

/// The origin of an address.
///
/// # Errors
/// When it is no absolute http(s) address, or carries a user name.
pub fn origin(url: &str) -> Result<Origin, HttpError> {
    let bad = |why: &str| HttpError::Address { url: shown(url), why: why.to_owned() };
    let uri: Uri = url.parse().map_err(|_| bad("it isn't written as one"))?;
    let scheme = uri.scheme_str().ok_or_else(|| bad("it has no scheme"))?.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return Err(bad("only http and https are spoken")),
    };
    let authority = uri.authority().ok_or_else(|| bad("it has no host"))?;
    if authority.as_str().contains('@') {
        return Err(bad("a user name in it would be sent in the open"));
    }
    if authority.host().is_empty() {
        return Err(bad("it has no host"));
    }
    let port = authority.port_u16().unwrap_or(usual);
    Ok(Origin { scheme, host: authority.host().to_ascii_lowercase(), port })
}

/// An address for people: without query, which may be signed, and without a user name.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match (plain.find("://"), plain.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}…{}", &plain[..scheme + 3], &plain[at..]),
        _ => plain.to_owned(),
    }
}

/// What a `Location` header means on an answer from `base`.
pub(super) fn join(base: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let scheme_end = base.find("://").map_or(0, |at| at + 3);
    let path_start = base[scheme_end..].find(['/', '?']).map_or(base.len(), |at| scheme_end + at);
    if location.contains("://") {
        return location.to_owned();
    }
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{}{rest}", &base[..scheme_end]);
    }
    if location.starts_with('/') {
        return format!("{}{location}", &base[..path_start]);
    }
    let path = base[path_start..].split('?').next().unwrap_or_default();
    let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
    format!("{}{folder}{location}", &base[..path_start])
}

/// A text as a query value or path segment: everything but letters, digits and `-._~` is percent-encoded.
#[must_use]
pub fn encode(text: &str) -> String {
    encode_but(text, b"")
}

/// A text as a path: slashes stay.
#[must_use]
pub fn encode_path(text: &str) -> String {
    encode_but(text, b"/")
}

fn encode_but(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let a = origin("https://API.github.com/x?y").unwrap();
        assert_eq!(a, origin("https://api.github.com:443").unwrap());
        for other in ["http://api.github.com", "https://api.github.com:8443", "https://github.com"] {
            assert_ne!(a, origin(other).unwrap(), "{other}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_and_never_shown_with_its_password() {
        for bad in
            ["", "api.github.com", "/repos", "ftp://x/", "https://", "https://user:hunter2@evil.example/"]
        {
            let error = origin(bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn locations_are_relative_to_where_they_came_from() {
        let base = "https://h:1/a/b?c";
        for (location, expected) in [
            ("https://o/x#f", "https://o/x"),
            ("//o/x", "https://o/x"),
            ("/x?y", "https://h:1/x?y"),
            ("x", "https://h:1/a/x"),
        ] {
            assert_eq!(join(base, location), expected);
        }
        assert_eq!(join("https://h", "x"), "https://h/x");
    }

    #[test]
    fn names_are_encoded() {
        assert_eq!(encode("a b&c+é/~.zip"), "a%20b%26c%2B%C3%A9%2F~.zip");
        assert_eq!(encode_path("slack/v1.0+x"), "slack/v1.0%2Bx");
    }
}
