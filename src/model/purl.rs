//! Package URLs, the names by which bills of materials and statements call packages: `pkg:cargo/serde@1.0.0`.
//! Format: package-url/purl-spec. Only writing.

use std::fmt::Write as _;

/// `pkg:<kind>/<path>@<version>`; `path` with `/` between its parts.
#[must_use]
pub fn purl(kind: &str, path: &str, version: &str) -> String {
    let path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(encoded).collect();
    let at = if version.is_empty() { String::new() } else { format!("@{}", encoded(version)) };
    format!("pkg:{kind}/{}{at}", path.join("/"))
}

/// A qualifier's value, such as an address: like a part, but `/` stays.
#[must_use]
pub fn qualifier(value: &str) -> String {
    value.split('/').map(encoded).collect::<Vec<_>>().join("/")
}

/// An address without the user name and password that may be in it.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// Percent-encoded, but for what the specification leaves as it is.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_versions_are_encoded_and_slashes_stay() {
        assert_eq!(purl("cargo", "serde", "1.0.0"), "pkg:cargo/serde@1.0.0");
        assert_eq!(
            purl("golang", "github.com/docker/docker", "v20.10.7+incompatible"),
            "pkg:golang/github.com/docker/docker@v20.10.7%2Bincompatible"
        );
        assert_eq!(purl("generic", "a b/@c", ""), "pkg:generic/a%20b/%40c");
        assert_eq!(qualifier("git+https://h/o/r@c0ffee"), "git%2Bhttps://h/o/r%40c0ffee");
    }

    #[test]
    fn credentials_go_and_addresses_stay() {
        for (url, bare) in [
            ("https://user:secret@github.com/o/r", "https://github.com/o/r"),
            ("https://token@h", "https://h"),
            ("https://h/o/r@2", "https://h/o/r@2"),
            ("ssh://git@h:22/o/r", "ssh://h:22/o/r"),
            ("../shared", "../shared"),
        ] {
            assert_eq!(without_credentials(url), bare);
        }
    }
}
