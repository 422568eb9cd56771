//! Just enough Rust to see which paths a file names: words and signs without comments and literals, `use` trees unfolded.
//! Not a parser: it knows nothing of scopes, except which inline module a word stands in.

/// A word (`crate`, `use`, `Path`), a sign (`{`, `!`) or a path separator (`::`), and the line it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) line: usize,
}

/// A path of two or more names, or one with a glob: `["crate", "model", "Target"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathUse {
    pub(super) names: Vec<String>,
    pub(super) line: usize,
    /// The inline modules around it, outermost first.
    pub(super) inside: Vec<String>,
}

/// Splits source text into tokens.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let start = at;
        let c = chars[at];
        if let Some(end) = end_of_skipped(&chars, at) {
            at = end;
        } else if is_word(c) {
            while at < chars.len() && is_word(chars[at]) {
                at += 1;
            }
            found.push(Token { text: chars[start..at].iter().collect(), line });
        } else if c == ':' && chars.get(at + 1) == Some(&':') {
            at += 2;
            found.push(Token { text: "::".into(), line });
        } else {
            at += 1;
            if !c.is_whitespace() {
                found.push(Token { text: c.into(), line });
            }
        }
        line += chars[start..at].iter().filter(|&&c| c == '\n').count();
    }
    found
}

/// Where the comment or literal that starts here ends; none when none starts.
fn end_of_skipped(chars: &[char], at: usize) -> Option<usize> {
    let starts = |text: &str| text.chars().enumerate().all(|(offset, c)| chars.get(at + offset) == Some(&c));
    if starts("//") {
        return Some(position(chars, at, |rest| rest[0] == '\n'));
    }
    if starts("/*") {
        return Some(end_of_block_comment(chars, at));
    }
    let prefix = ["br", "cr", "b", "c", "r", ""]
        .into_iter()
        .find(|prefix| starts(prefix) && matches!(chars.get(at + prefix.len()), Some('"' | '#' | '\'')))?;
    let open = at + prefix.len();
    let hashes = chars[open..].iter().take_while(|&&c| c == '#').count();
    match chars.get(open + hashes)? {
        '"' if prefix.contains('r') => {
            let close = |rest: &[char]| {
                rest[0] == '"' && rest[1..].iter().take_while(|&&c| c == '#').count() >= hashes
            };
            Some((position(chars, open + hashes + 1, close) + 1 + hashes).min(chars.len()))
        }
        '"' if hashes == 0 => Some(end_of_quoted(chars, open, '"')),
        '\'' if hashes == 0 && matches!(prefix, "" | "b") && is_char_literal(chars, open) => {
            Some(end_of_quoted(chars, open, '\''))
        }
        _ => None,
    }
}

/// A quote that opens a character, not a lifetime.
fn is_char_literal(chars: &[char], quote: usize) -> bool {
    matches!((chars.get(quote + 1), chars.get(quote + 2)), (Some('\\'), _) | (Some(_), Some('\'')))
}

fn end_of_quoted(chars: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn end_of_block_comment(chars: &[char], open: usize) -> usize {
    let (mut at, mut depth) = (open + 2, 1);
    while at < chars.len() && depth > 0 {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at.min(chars.len())
}

fn position(chars: &[char], from: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (from..chars.len()).find(|&at| found(&chars[at..])).unwrap_or(chars.len())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path, with `use` trees unfolded into one path per leaf.
pub(super) fn paths(tokens: &[Token]) -> Vec<PathUse> {
    let mut found = Vec::new();
    let mut modules: Vec<(String, usize)> = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        match text {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if modules.last().is_some_and(|(_, opened)| *opened == depth) {
                    modules.pop();
                }
            }
            "mod" if is(tokens, at + 2, "{") => modules.push((tokens[at + 1].text.clone(), depth)),
            _ => {}
        }
        if is_name(text) && is(tokens, at + 1, "::") {
            let inside: Vec<String> = modules.iter().map(|(name, _)| name.clone()).collect();
            let mut leaves = Vec::new();
            at = unfold(tokens, at, &[], &mut leaves);
            found.extend(leaves.into_iter().map(|(names, line)| PathUse {
                names,
                line,
                inside: inside.clone(),
            }));
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path or tree at `at`; where it ends.
fn unfold(
    tokens: &[Token],
    mut at: usize,
    before: &[String],
    leaves: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let mut names = before.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    loop {
        match tokens.get(at).map(|token| token.text.as_str()) {
            Some("{") => {
                at += 1;
                while at < tokens.len() && !is(tokens, at, "}") {
                    let start = at;
                    at = unfold(tokens, at, &names, leaves);
                    if is(tokens, at, "as") {
                        at += 2;
                    }
                    // Whatever stands here is no use tree; going on one by one ends at its brace.
                    if at == start || is(tokens, at, ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(name) if is_name(name) || name == "*" => {
                names.push(name.to_owned());
                at += 1;
                if name != "*" && is(tokens, at, "::") {
                    at += 1;
                    continue;
                }
            }
            _ => {}
        }
        leaves.push((names, line));
        return at;
    }
}

fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str) -> Vec<String> {
        paths(&tokens(source)).iter().map(|path| path.names.join("::")).collect()
    }

    #[test]
    fn unfolds_use_trees() {
        let found = named("use crate::{model::{self, Target as T}, sys::files::*};\nuse std::fmt;");
        assert_eq!(found, ["crate::model::self", "crate::model::Target", "crate::sys::files::*", "std::fmt"]);
    }

    #[test]
    fn sees_nothing_in_comments_and_literals() {
        let source = r##"
            // crate::a::b
            /* crate::a /* nested::a */ crate::b::c */
            let text = "crate::a::b \" x::y";
            let raw = r#"crate::a "quoted" b::c"#;
            let (byte, tick, life): (u8, char, &'static str) = (b'\'', '"', "x::y");
            real::path();
        "##;
        assert_eq!(named(source), ["real::path"]);
    }

    #[test]
    fn knows_lines_and_inline_modules() {
        let found = paths(&tokens("mod tests {\n use super::x;\n}\nsuper::y();"));
        assert_eq!((found[0].line, found[0].inside.as_slice()), (2, ["tests".to_owned()].as_slice()));
        assert_eq!((found[1].line, found[1].inside.len()), (4, 0));
    }
}
