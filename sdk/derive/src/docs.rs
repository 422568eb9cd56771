//! Doc comments as descriptions, names made of identifiers, and the rule for keys.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The doc comment: lines of a paragraph joined, paragraphs apart. Empty without one.
pub(crate) fn description(attributes: &[Attribute]) -> String {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in attributes
        .iter()
        .filter_map(doc_text)
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
    {
        let line = line.trim();
        match (line.is_empty(), open) {
            (true, _) => open = false,
            (false, true) => {
                if let Some(paragraph) = paragraphs.last_mut() {
                    *paragraph = format!("{paragraph} {line}");
                }
            }
            (false, false) => {
                paragraphs.push(line.to_owned());
                open = true;
            }
        }
    }
    paragraphs.join("\n\n")
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            // An empty line in a comment is an empty text, which has no lines of its own.
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(format!("{}\n", text.value())),
            _ => None,
        },
        _ => None,
    }
}

/// `dew_point` → `Dew point`.
pub(crate) fn human(name: &str) -> String {
    let mut letters = name.chars().map(|c| if c == '_' { ' ' } else { c });
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// `DewPoint` → `dew_point`.
pub(crate) fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let ends_run = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts = before.is_some_and(|c| !c.is_uppercase() || ends_run);
        if letter.is_uppercase() && starts && before != Some('_') {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// What is wrong with a key, if anything.
pub(crate) fn key_fault(key: &str) -> Option<String> {
    let fits = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_');
    if key.is_empty() {
        return Some("a key has at least one letter".to_owned());
    }
    if key.len() > 64 {
        return Some(format!("`{key}` has {} letters; a key has at most 64", key.len()));
    }
    key.chars()
        .find(|c| !fits(*c))
        .map(|c| format!("`{key}` is no key because of `{c}`; keys are made of a-z, 0-9 and _"))
}

/// A text as JSON, escaped as Go does it.
pub(crate) fn json(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            '\u{8}' => out += "\\b",
            '\u{c}' => out += "\\f",
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                out += &format!("\\u{:04x}", c as u32)
            }
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(human("dew_point"), "Dew point");
        assert_eq!(snake("MetresPerSecond"), "metres_per_second");
        assert_eq!(snake("HTTPServer"), "http_server");
        assert_eq!(snake("A"), "a");
    }

    #[test]
    fn paragraphs() {
        let item: syn::ItemStruct = syn::parse_quote! {
            /// One
            /// two.
            ///
            /// Three.
            #[repr(C)]
            struct X;
        };
        assert_eq!(description(&item.attrs), "One two.\n\nThree.");
    }

    #[test]
    fn keys() {
        assert_eq!(key_fault("a_1"), None);
        assert!(key_fault("").is_some());
        assert!(key_fault(&"a".repeat(65)).is_some());
        assert!(key_fault("a-b").is_some_and(|fault| fault.contains("because of `-`")));
    }

    #[test]
    fn json_is_gos() {
        assert_eq!(json("a\"<\u{2028}\u{1}é\n"), "\"a\\\"\\u003c\\u2028\\u0001é\\n\"");
    }
}
