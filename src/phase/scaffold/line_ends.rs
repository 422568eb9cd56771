//! What a repository's .gitattributes say of line ends. Where git converts them, a checkout's bytes aren't the commit's, and
//! neither is what is made from them.

use std::path::{Path, PathBuf};

use crate::model::failure::Failure;
use crate::sys::{files, git};

const NAME: &str = ".gitattributes";

/// Whether files have the commit's line ends in every checkout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEnds {
    /// They have.
    Kept,
    /// There is no .gitattributes in the folder, and none above says anything.
    Unsaid,
    /// This .gitattributes leaves it to each machine's git, or wants others.
    Converted(PathBuf),
}

/// What to do about a file that leaves them open.
pub const OPEN: &str = ".gitattributes is yours and stays; without a line `* text=auto eol=lf` a checkout's bytes may differ from the commit's";

/// How a project's folder is treated.
///
/// # Errors
/// When a file can't be read.
pub fn line_ends(root: &Path) -> Result<LineEnds, Failure> {
    let top = git::top(root).ok().flatten().and_then(|top| files::canonical(&top).ok());
    let top = top.as_deref().filter(|top| root.starts_with(top)).unwrap_or(root);
    // The nearest that says something of every file decides, as it does for git.
    for folder in root.ancestors().take_while(|folder| folder.starts_with(top)) {
        let path = folder.join(NAME);
        if !files::is_file(&path) {
            continue;
        }
        match of_every_file(&files::read_text(&path)?) {
            Some(true) => return Ok(LineEnds::Kept),
            Some(false) => return Ok(LineEnds::Converted(path)),
            None => {}
        }
    }
    let own = root.join(NAME);
    Ok(if files::kind(&own) == files::Kind::Missing { LineEnds::Unsaid } else { LineEnds::Converted(own) })
}

/// Whether the lines for every file keep line ends; nothing when no line says so or the contrary.
fn of_every_file(text: &str) -> Option<bool> {
    let (mut raw, mut eol) = (None, None);
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if !matches!(words.next(), Some("*" | "**" | "/**" | "**/*")) {
            continue;
        }
        for word in words {
            match word {
                "-text" | "binary" => raw = Some(true),
                "text" | "text=auto" | "!text" => raw = Some(false),
                "eol=lf" => eol = Some(true),
                word if word.trim_start_matches(['-', '!']).starts_with("eol") => eol = Some(false),
                _ => {}
            }
        }
    }
    match (raw, eol) {
        (Some(true), _) => Some(true),
        (_, Some(eol)) => Some(eol),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_every_file_decide() {
        for (text, expected) in [
            ("* text=auto eol=lf\n", Some(true)),
            ("# mine\n*.png binary\n* eol=lf text=auto\n", Some(true)),
            ("* -text\n", Some(true)),
            ("* binary\n", Some(true)),
            ("* text=auto\n* eol=lf\n", Some(true)),
            ("* eol=lf\n* eol=crlf\n", Some(false)),
            ("* text=auto eol=crlf\n", Some(false)),
            ("* -text\n* text=auto\n", None),
            ("* text=auto\n", None),
            ("*.rs text eol=lf\n", None),
            ("# * eol=lf\n", None),
            ("", None),
        ] {
            assert_eq!(of_every_file(text), expected, "{text}");
        }
    }

    #[test]
    fn the_folder_decides_without_git() {
        let scratch = files::Scratch::new().unwrap();
        let root = files::canonical(scratch.path()).unwrap();
        assert_eq!(line_ends(&root).unwrap(), LineEnds::Unsaid);
        let path = root.join(NAME);
        for (text, expected) in [
            ("*.png binary\n", LineEnds::Converted(path.clone())),
            ("* text=auto\n", LineEnds::Converted(path.clone())),
            ("* text=auto eol=lf\n", LineEnds::Kept),
        ] {
            files::write_atomic(&path, text.as_bytes(), 0o644).unwrap();
            assert_eq!(line_ends(&root).unwrap(), expected, "{text}");
        }
    }
}
