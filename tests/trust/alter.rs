//! Alters JSON text one place at a time and leaves every other byte as it was. No test is here but of itself.

/// A scalar or a key in a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// Where in the text, quotes included.
    pub(crate) span: std::ops::Range<usize>,
    /// For messages: `a.b[2].c`, with `!` behind a key.
    pub(crate) path: String,
}

/// Every scalar and every key of a text that is known to be JSON.
pub(crate) fn leaves(text: &str) -> Vec<Leaf> {
    let mut walk = Walk { text: text.as_bytes(), at: 0, found: Vec::new() };
    walk.value("");
    assert_eq!(text[walk.at..].trim(), "", "not all of it was walked");
    walk.found
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    found: Vec<Leaf>,
}

impl Walk<'_> {
    fn space(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Takes `byte` when it comes next.
    fn takes(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self, path: &str) {
        if self.takes(b'{') {
            while !self.takes(b'}') {
                self.space();
                let key = self.scalar();
                let name = String::from_utf8_lossy(&self.text[key.start + 1..key.end - 1]).into_owned();
                let inner = if path.is_empty() { name } else { format!("{path}.{name}") };
                self.found.push(Leaf { span: key, path: format!("{inner}!") });
                assert!(self.takes(b':'));
                self.value(&inner);
                self.takes(b',');
            }
        } else if self.takes(b'[') {
            let mut index = 0;
            while !self.takes(b']') {
                self.value(&format!("{path}[{index}]"));
                index += 1;
                self.takes(b',');
            }
        } else {
            let span = self.scalar();
            self.found.push(Leaf { span, path: path.to_owned() });
        }
    }

    fn scalar(&mut self) -> std::ops::Range<usize> {
        let start = self.at;
        if self.text[start] == b'"' {
            self.at += 1;
            while self.text[self.at] != b'"' {
                self.at += if self.text[self.at] == b'\\' { 2 } else { 1 };
            }
            self.at += 1;
        } else {
            while self.text.get(self.at).is_some_and(|b| !b",]} \n\r\t".contains(b)) {
                self.at += 1;
            }
        }
        start..self.at
    }
}

/// The text with one leaf altered, in every way that suits it. All of them are JSON.
pub(crate) fn altered(text: &str, leaf: &Leaf) -> Vec<String> {
    let (before, now, after) = (&text[..leaf.span.start], &text[leaf.span.clone()], &text[leaf.span.end..]);
    let others: Vec<String> = match now {
        "true" => vec!["false".to_owned()],
        "false" => vec!["true".to_owned()],
        "null" => vec!["\"x\"".to_owned()],
        text if text.starts_with('"') => {
            let inner = &text[1..text.len() - 1];
            let mut all = vec![format!("\"{inner}x\"")];
            // One character for another: texts of a fixed length, and base64, stay plausible.
            let middle = inner.char_indices().nth(inner.chars().count() / 2);
            if let Some((at, c)) = middle.filter(|_| !inner.contains('\\')) {
                let other = if c == 'A' { 'B' } else { 'A' };
                all.push(format!("\"{}{other}{}\"", &inner[..at], &inner[at + c.len_utf8()..]));
            }
            all
        }
        number => vec![(number.parse::<i64>().unwrap() + 1).to_string()],
    };
    others.into_iter().map(|other| format!("{before}{other}{after}")).collect()
}

#[test]
fn every_leaf_is_found_and_only_it_is_altered() {
    let text = r#"{"a": [1, {"b":"x\"y"}], "c":null , "d":{},"e":[] }"#;
    let found = leaves(text);
    let paths: Vec<&str> = found.iter().map(|leaf| leaf.path.as_str()).collect();
    assert_eq!(paths, ["a!", "a[0]", "a[1].b!", "a[1].b", "c!", "c", "d!", "e!"]);
    for leaf in &found {
        for other in altered(text, leaf) {
            assert_ne!(other, text);
            assert!(serde_json::from_str::<serde_json::Value>(&other).is_ok(), "{}: {other}", leaf.path);
        }
    }
}
