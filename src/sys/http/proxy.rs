//! Which proxy a request takes, by the variables curl and Go made common.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::address::Origin;

/// The proxies of an environment.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    except: Vec<String>,
}

/// A proxy's address and the variable it came from. No Debug: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) variable: &'static str,
    pub(super) url: String,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, each also in lower case; empty counts as unset.
    /// `HTTP_PROXY` in capitals is ignored where `REQUEST_METHOD` is set: there a stranger's `Proxy:` header made it.
    #[must_use]
    pub fn from_environment(environment: &BTreeMap<String, String>) -> Proxies {
        let value =
            |name: &str| environment.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some(Named { variable: name, url: value(name)?.to_owned() }))
        };
        let http = if environment.contains_key("REQUEST_METHOD") {
            first(&["http_proxy", "ALL_PROXY", "all_proxy"])
        } else {
            first(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
        };
        let except = first(&["NO_PROXY", "no_proxy"]).map(|named| named.url).unwrap_or_default();
        Proxies {
            https: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            http,
            except: except
                .split([',', ' '])
                .map(|item| item.trim().to_ascii_lowercase())
                .filter(|item| !item.is_empty())
                .collect(),
        }
    }

    /// The proxy for an origin. This machine itself is never asked through one, as in Go.
    pub(super) fn of(&self, origin: &Origin) -> Option<&Named> {
        let proxy = if origin.scheme == "https" { &self.https } else { &self.http };
        let host = origin.host.trim_matches(['[', ']']);
        let address: Option<IpAddr> = host.parse().ok();
        let excepted = self.except.iter().any(|item| matches(item, host, origin.port, address));
        proxy.as_ref().filter(|_| !origin.is_this_machine() && !excepted)
    }
}

/// Whether an item of `NO_PROXY` means this host: `*`, a name (with its subdomains), `.name` (only those), an address,
/// a network as `10.0.0.0/8`; each may end in `:port`.
fn matches(item: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    if item == "*" {
        return true;
    }
    if let (Some(address), Some((network, bits))) = (address, item.split_once('/')) {
        return within(address, network, bits);
    }
    let (name, wanted) = match item.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') => (name, digits.parse().ok()),
        _ => (item, None),
    };
    if wanted.is_some_and(|wanted: u16| wanted != port) {
        return false;
    }
    let name = name.trim_matches(['[', ']']);
    if let Ok(ip) = name.parse::<IpAddr>() {
        return address == Some(ip);
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    let below =
        |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1);
    match name.strip_prefix('.') {
        Some(name) => below(name),
        None => host == name || below(name),
    }
}

fn within(address: IpAddr, network: &str, bits: &str) -> bool {
    let (Ok(network), Ok(bits)) = (network.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(n)) if bits <= 32 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(n)) if bits <= 128 => {
            (a.to_bits() ^ n.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::address::origin;
    use super::*;

    fn chosen(pairs: &[(&str, &str)], url: &str) -> Option<String> {
        let environment = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Proxies::from_environment(&environment).of(&origin(url).unwrap()).map(|named| named.url.clone())
    }

    #[test]
    fn each_scheme_has_its_proxy_and_all_is_the_fallback() {
        let all = [("HTTPS_PROXY", "http://s"), ("http_proxy", "http://h"), ("ALL_PROXY", "http://a")];
        assert_eq!(chosen(&all, "https://x/"), Some("http://s".to_owned()));
        assert_eq!(chosen(&all, "http://x/"), Some("http://h".to_owned()));
        assert_eq!(chosen(&all[2..], "https://x/"), Some("http://a".to_owned()));
        assert_eq!(chosen(&[("HTTPS_PROXY", "")], "https://x/"), None);
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil")];
        assert_eq!(chosen(&cgi, "http://x/"), None);
    }

    #[test]
    fn no_proxy_names_hosts_networks_and_ports() {
        let is_direct =
            |list: &str, url: &str| chosen(&[("ALL_PROXY", "http://p"), ("NO_PROXY", list)], url).is_none();
        for (list, url) in [
            ("*", "https://x/"),
            ("a.example, github.com", "https://github.com/"),
            ("github.com", "https://api.GitHub.com/"),
            (".github.com", "https://api.github.com/"),
            ("*.github.com", "https://api.github.com/"),
            ("10.0.0.0/8", "https://10.1.2.3/"),
            ("10.1.2.3", "https://10.1.2.3/"),
            ("fd00::/8", "https://[fd12::1]/"),
            ("ghe.example:8443", "https://ghe.example:8443/"),
            ("", "http://127.0.0.1:1/"),
            ("", "http://localhost/"),
        ] {
            assert!(is_direct(list, url), "{list} {url}");
        }
        for (list, url) in [
            ("github.com", "https://notgithub.com/"),
            (".github.com", "https://github.com/"),
            ("ghe.example:8443", "https://ghe.example/"),
            ("10.0.0.0/8", "https://11.1.2.3/"),
            ("10.0.0.0/99", "https://10.1.2.3/"),
        ] {
            assert!(!is_direct(list, url), "{list} {url}");
        }
    }
}
