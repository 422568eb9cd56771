//! Names of files in packages: what Windows, where hosts run too, can't have, and what a package keeps for itself.
//! Known before anything is built, so said then; whoever makes or takes a name asks here.

use std::collections::BTreeMap;

use super::names::PluginKey;
use super::package::{MANIFEST_NAME, NAME_MAX};

/// Names of devices, which no file can have on Windows, whatever follows the first dot.
/// <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>
#[rustfmt::skip]
const DEVICES: &[&str] = &[
    "aux", "clock$", "con", "conin$", "conout$", "nul", "prn",
    "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "com¹", "com²", "com³",
    "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "lpt¹", "lpt²", "lpt³",
];

/// What signers and hosts put beside a file, by what follows its name: taken whether or not this build signs.
pub const SIDECARS: [&str; 6] =
    [".sig", ".pem", ".crt", ".sigstore.json", ".intoto.sigstore.json", ".cdx.json"];

/// Why no file can be called so on Windows: a name, or a path with `/` between parts.
#[must_use]
pub fn windows_refusal(path: &str) -> Option<String> {
    path.split('/').find_map(|part| {
        let stem = part.split('.').next().unwrap_or_default().trim_end_matches(' ').to_lowercase();
        if DEVICES.contains(&stem.as_str()) {
            return Some(format!("no file is called `{part}` on Windows, where `{stem}` is a device"));
        }
        if let Some(odd) = part.chars().find(|c| matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\\'))
        {
            return Some(format!("no file has a `{odd}` in its name on Windows"));
        }
        let end = part.chars().next_back().filter(|c| matches!(c, '.' | ' '))?;
        Some(format!("Windows drops the `{end}` at the end of `{part}`"))
    })
}

/// Why a package of `key` can't hold a file under that path, on any system. Names that are equal but for case are one
/// file on Windows and macOS.
#[must_use]
pub fn refusal(key: &PluginKey, path: &str) -> Option<String> {
    let parts_ok = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !parts_ok || path.contains(['\\', ':']) || path.chars().any(char::is_control) {
        return Some("must be a path inside the plugin's folder, with / between parts".to_owned());
    }
    if let Some(odd) = path.chars().find(|c| is_invisible(*c)) {
        let number = u32::from(odd);
        return Some(format!("has an invisible character (U+{number:04X}), so it looks like another name"));
    }
    // Readers of archives refuse these everywhere, hosts among them.
    if path.contains(['<', '>', '"', '|', '?', '*']) || path.split('/').any(|part| part.ends_with(['.', ' ']))
    {
        return windows_refusal(path);
    }
    if path.len() > NAME_MAX {
        return Some(format!("has {} bytes; a name in a package has at most {NAME_MAX}", path.len()));
    }
    let first = fold(path.split('/').next().unwrap_or_default());
    let own = [key.to_string(), format!("{key}.exe"), MANIFEST_NAME.to_owned()];
    let taken = own.iter().any(|own| {
        first == *own || first.strip_prefix(own.as_str()).is_some_and(|rest| SIDECARS.contains(&rest))
    });
    taken.then(|| "is a name that the package itself uses".to_owned())
}

/// Two paths, or folders on the way to them, that are one where case doesn't count, or a file and a folder.
#[must_use]
pub fn collision(paths: &[String]) -> Option<(&str, &str)> {
    // What is called so first, and the whole path, by what the name is without case.
    let mut known: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for path in paths {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for name in ends.map(|end| &path[..end]) {
            let Some((other, whole)) = known.get(&fold(name)) else {
                known.insert(fold(name), (name, path));
                continue;
            };
            let folders = name.len() < path.len() && other.len() < whole.len();
            match folders {
                true if name == *other => {}
                true => return Some((*other, name)),
                false => return Some((*whole, path.as_str())),
            }
        }
    }
    None
}

/// Whether a character isn't seen, or decides how others are: a name with one looks like another name.
/// Unicode's format characters (Cf) and separators of lines and paragraphs.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Through upper case, so that letters with only an upper-case relation meet their twins.
fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_cannot_have_are_refused_in_every_part() {
        for bad in [
            "con",
            "CON",
            "con.txt",
            "Con.tar.gz",
            "nul",
            "docs/nul",
            "aux/readme",
            "a/prn.x/b",
            "com1",
            "COM9.log",
            "lpt1",
            "com¹",
            "lpt³.txt",
            "conin$",
            "CONOUT$",
            "con .txt",
            "a<b",
            "a>b",
            "a:b",
            "a\"b",
            "a|b",
            "a?b",
            "a*b",
            "a\\b",
            "a.",
            "a ",
            "docs./x",
            "docs /x",
        ] {
            assert!(windows_refusal(bad).is_some(), "{bad}");
        }
        for good in
            ["console", "conf.txt", "docs/null", "com", "com10", "lpt", "a.b", ".con", "a con", "auxiliary"]
        {
            assert_eq!(windows_refusal(good), None, "{good}");
        }
    }

    #[test]
    fn what_a_package_uses_itself_is_taken_whoever_signs() {
        let hello: PluginKey = "hello".parse().unwrap();
        for bad in [
            "plugin.json",
            "PLUGIN.JSON",
            "hello",
            "Hello",
            "hello.exe",
            "hello/readme",
            "hello.sig",
            "hello.exe.sig",
            "Hello.SIG",
            "hello.pem",
            "hello.sigstore.json",
            "hello.exe.intoto.sigstore.json",
            "plugin.json.sig",
            "hello.cdx.json",
            "",
            "a//b",
            "./a",
            "../a",
            "/a",
            "a\\b",
            "C:a",
            "a\nb",
            "a*",
            "a.",
            "a\u{202e}txt.exe",
            "docs/a\u{2066}b",
            "a\u{200b}",
            "\u{feff}a",
            "a\u{ad}b",
            &"a".repeat(256),
        ] {
            assert!(refusal(&hello, bad).is_some(), "{bad}");
        }
        for good in ["README.md", "docs/hello.sig", "docs/plugin.json", "hello.md", "hello2", "con.txt"] {
            assert_eq!(refusal(&hello, good), None, "{good}");
        }
    }

    #[test]
    fn names_that_differ_by_case_alone_are_one() {
        let paths = |names: &[&str]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        for (names, clash) in [
            (&["README.md", "readme.MD"][..], true),
            (&["Straße", "STRASSE"], true),
            (&["Docs", "docs/a"], true),
            (&["docs/a", "Docs/b"], true),
            (&["x/Docs/a", "x/b", "x/docs/b"], true),
            (&["docs/a", "docs/b", "docs/c/d"], false),
            (&["a/docs", "b/Docs"], false),
            (&["a", "a/b"], true),
            (&["a/b", "A"], true),
            (&["a", "b"], false),
        ] {
            assert_eq!(collision(&paths(names)).is_some(), clash, "{names:?}");
        }
    }
}
