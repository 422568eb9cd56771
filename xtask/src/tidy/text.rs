//! Rules about how files read: a first line, a length, nothing unfinished.

use super::code::tokens;
use super::{File, Finding};

/// Look twice at the first, split at the second.
const LONG: usize = 400;
const TOO_LONG: usize = 600;

/// Files that may be longer, each with its reason.
const MAY_BE_LONG: &[(&str, &str)] = &[];

/// Words that say a thing isn't done. Split, so that this file doesn't say so of itself.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const UNFINISHED_MACROS: &[&str] = &[concat!("to", "do"), concat!("un", "implemented")];

/// The text files in which a note to oneself would be found.
const TEXTS: &[&str] = &[".rs", ".go", ".md", ".toml", ".yml", ".yaml", ".proto"];

/// Every Rust file begins by saying what it is.
pub(super) fn first_lines(files: &[File]) -> Vec<Finding> {
    let silent = files.iter().filter(|file| file.is_rust() && !file.text().starts_with("//! "));
    silent
        .map(|file| Finding::error(&file.path, 1, "begin with a `//!` line that says what this file is"))
        .collect()
}

/// Long files are hard to read as a summary of themselves.
pub(super) fn lengths(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text().lines().count();
        if lines > TOO_LONG && !MAY_BE_LONG.iter().any(|(path, _)| *path == file.path) {
            let sentence = format!(
                "{lines} lines; above {TOO_LONG} only tables: split it, or list it with a reason in xtask"
            );
            found.push(Finding::error(&file.path, 0, sentence));
        } else if lines > LONG {
            found.push(Finding::warning(&file.path, 0, format!("{lines} lines; look twice above {LONG}")));
        }
    }
    found
}

/// What is unfinished belongs into an issue, not into the code.
pub(super) fn unfinished(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| TEXTS.iter().any(|end| file.path.ends_with(end))) {
        for (index, line) in file.text().lines().enumerate() {
            if let Some(word) = words(line).find(|word| UNFINISHED.contains(word)) {
                found.push(Finding::error(
                    &file.path,
                    index + 1,
                    format!("`{word}`: do it, or file an issue"),
                ));
            }
        }
        if file.is_rust() {
            found.extend(unfinished_code(&file.path, file.text()));
        }
    }
    found
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
}

fn unfinished_code(path: &str, source: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let tokens = tokens(source);
    for three in tokens.windows(3) {
        let [first, second, third] = [0, 1, 2].map(|index| three[index].text.as_str());
        if UNFINISHED_MACROS.contains(&first) && second == "!" {
            found.push(Finding::error(path, three[0].line, format!("`{first}!`: do it, or file an issue")));
        }
        if [first, second, third] == ["#", "[", "ignore"] {
            let sentence = "an ignored test tests nothing: fix it, delete it, or print `skipped: why` when a tool is missing";
            found.push(Finding::error(path, three[0].line, sentence));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), bytes: text.into() }
    }

    #[test]
    fn finds_silent_files() {
        let files = [file("src/a.rs", "use x;\n"), file("src/b.rs", "//! B.\n"), file("c.go", "package c\n")];
        assert_eq!(first_lines(&files).len(), 1);
    }

    #[test]
    fn finds_long_files() {
        let files = [("a.rs", 400), ("b.rs", 401), ("c.rs", 601)]
            .map(|(path, lines)| file(path, &"x\n".repeat(lines)));
        let found = lengths(&files);
        assert_eq!(found.iter().map(|finding| finding.warning).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn finds_what_is_unfinished() {
        let bad = [
            format!("// {}: later\n", UNFINISHED[0]),
            format!("fn f() {{ {}!() }}\n", UNFINISHED_MACROS[0]),
            "#[test]\n#[ignore = \"slow\"]\nfn f() {}\n".to_owned(),
        ];
        for text in bad {
            assert_eq!(unfinished(&[file("a.rs", &text)]).len(), 1, "{text}");
        }
        assert_eq!(unfinished(&[file("a.rs", "// a mastodont, and a methodology\n")]).len(), 0);
    }
}
