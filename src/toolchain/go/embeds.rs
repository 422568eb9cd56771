//! What a Go package may embed, by the `//go:embed` lines of its files: go itself lists only what is there, and a file of the
//! commit that isn't here may have been embedded. Says rather too much than too little. Pure.

/// The first elements of the patterns that the files of a package embed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Embeds(Vec<String>);

impl Embeds {
    /// Adds what this file says. <https://pkg.go.dev/embed#hdr-Directives>
    pub fn add(&mut self, text: &str) {
        let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("//go:embed"));
        for pattern in lines.flat_map(str::split_whitespace) {
            // Half of a name with spaces in it: any.
            let is_half = pattern.matches(['"', '`']).count() % 2 == 1;
            let pattern = if is_half { "." } else { pattern.trim_matches(['"', '`']) };
            let pattern = pattern.strip_prefix("all:").unwrap_or(pattern);
            let pattern = pattern.trim_start_matches("./");
            self.0.push(pattern.split('/').next().unwrap_or_default().to_owned());
        }
    }

    /// Whether none was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of the patterns may be about what has this name in the package's folder.
    #[must_use]
    pub fn may_take(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| {
            let odd = |c: char| matches!(c, '*' | '?' | '[' | '\\' | '"' | '`');
            match (pattern.find(odd), pattern.rfind(|c: char| odd(c) || c == ']')) {
                // Nothing before and after the first and the last of them is ever another character.
                (Some(first), Some(last)) if !pattern.contains(['\\', '[', '"', '`']) => {
                    name.starts_with(&pattern[..first]) && name.ends_with(&pattern[last + 1..])
                }
                (Some(_), _) => true,
                // The package's folder itself.
                _ => matches!(pattern.as_str(), "" | ".") || pattern == name,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pattern_may_take_is_known_by_its_first_element() {
        for (line, taken, left) in [
            ("//go:embed texts", &["texts"][..], &["testdata", "texts2"][..]),
            ("\t//go:embed all:texts/deep/*.txt logo.png", &["texts", "logo.png"], &["deep", "testdata"]),
            ("//go:embed \"texts\" `logo.png`", &["texts", "logo.png"], &["testdata"]),
            ("//go:embed *.txt", &["a.txt", ".txt"], &["testdata"]),
            ("//go:embed a?c*e", &["abcde", "a/e"], &["b"]),
            ("//go:embed \"with space\"", &["with space", "testdata"], &[]),
            ("//go:embed [ab]*", &["a", "testdata"], &[]),
            ("//go:embed *", &["a", "testdata"], &[]),
            ("//go:embed .", &["a", "testdata"], &[]),
            ("// go:embed texts", &[], &["texts"]),
        ] {
            let mut embeds = Embeds::default();
            embeds.add(&format!("package x\n\n{line}\nvar x embed.FS\n"));
            assert!(taken.iter().all(|name| embeds.may_take(name)), "{line}");
            assert!(!left.iter().any(|name| embeds.may_take(name)), "{line}");
        }
    }
}
