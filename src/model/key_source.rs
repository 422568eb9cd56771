//! Where a private key is read from, as somebody said it: a file, a variable, stdin. Reading is `signer`'s business.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a private key is read from. Never the key itself: that would be in the list of processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A file.
    File(PathBuf),
    /// `env:NAME`: the text of the key is the value of that variable.
    Variable(String),
    /// `-`: the text of the key comes from stdin.
    Stdin,
}

impl FromStr for KeySource {
    type Err = Infallible;

    /// A file of such a name is meant by `./-` and `./env:NAME`.
    fn from_str(text: &str) -> Result<KeySource, Infallible> {
        Ok(match text.strip_prefix("env:") {
            Some(name) => KeySource::Variable(name.to_owned()),
            None if text == "-" => KeySource::Stdin,
            None => KeySource::File(PathBuf::from(text)),
        })
    }
}

/// The variables that a command line names as holding keys (`env:NAME`, `--flag=env:NAME`, `--cred name=env:NAME`), before anybody knows which
/// flags there are: they are taken out of the environment first of all.
pub fn variables(args: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let named = |arg: &str| {
        let value = arg.rsplit_once('=').map_or(arg, |(_, value)| value);
        value.strip_prefix("env:").map(str::to_owned)
    };
    args.into_iter().filter_map(|arg| named(arg.as_ref())).collect()
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::File(path) => write!(f, "{}", path.display()),
            KeySource::Variable(name) => write!(f, "${name}"),
            KeySource::Stdin => f.write_str("stdin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart() {
        for (text, source, shown) in [
            ("ci.key", KeySource::File("ci.key".into()), "ci.key"),
            ("env:CI_KEY", KeySource::Variable("CI_KEY".to_owned()), "$CI_KEY"),
            ("-", KeySource::Stdin, "stdin"),
            ("./-", KeySource::File("./-".into()), "./-"),
        ] {
            let read: KeySource = text.parse().unwrap();
            assert_eq!((&read, read.to_string().as_str()), (&source, shown));
        }
    }

    #[test]
    fn named_variables_are_found_wherever_they_stand() {
        let args = ["wick", "--sign-key", "env:A", "--cosign-key=env:B", "x=env:C", "./env:D", "env:"];
        assert_eq!(variables(args), ["A", "B", "C", ""]);
    }
}
