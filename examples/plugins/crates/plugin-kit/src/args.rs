//! Arguments of an operation that is tried by hand: `name=value`.

use std::str::FromStr;

/// What was given to an operation.
pub struct Args(Vec<(String, String)>);

impl Args {
    /// Reads `name=value` words.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let pair = |word: String| {
            let (name, value) =
                word.split_once('=').ok_or_else(|| format!("`{word}` is not `name=value`"))?;
            Ok((name.to_owned(), value.to_owned()))
        };
        words.into_iter().map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The text called `name`.
    pub fn text(&self, name: &str) -> Result<&str, String> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// The value called `name`, as any type that can be read from text.
    pub fn value<T: FromStr>(&self, name: &str) -> Result<T, String> {
        let text = self.text(name)?;
        text.parse().map_err(|_| format!("`{name}` can't be `{text}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_wrong_with_arguments() {
        let args = Args::parse(["n=4".into(), "t=a=b".into()]).unwrap();
        assert_eq!(args.value::<u8>("n"), Ok(4));
        assert_eq!(args.text("t"), Ok("a=b"));
        assert_eq!(args.value::<u8>("t").unwrap_err(), "`t` can't be `a=b`");
        assert_eq!(args.text("x").unwrap_err(), "`x` is missing");
        assert_eq!(Args::parse(["n".into()]).err().unwrap(), "`n` is not `name=value`");
    }
}
