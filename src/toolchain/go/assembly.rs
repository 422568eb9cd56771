//! Which files an assembly file names. `go list` doesn't tell, and the assembler takes them from anywhere.

/// The files that `#include "…"` lines name, as they are spelled. A line too many names a file too many, no more.
#[must_use]
pub fn included(text: &str) -> Vec<&str> {
    let named = |line: &'_ str| -> Option<(usize, usize)> {
        let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?;
        let start = line.len() - rest.len() + rest.find('"')? + 1;
        let length = line.get(start..)?.find('"')?;
        Some((start, start + length))
    };
    text.lines().filter_map(|line| named(line).and_then(|(start, end)| line.get(start..end))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_include_is_found() {
        let cases = [
            ("#include \"defs.inc\"", &["defs.inc"][..]),
            ("\t#  include\t\"../../inc/d.h\" // more", &["../../inc/d.h"]),
            ("#include \"a.h\"\r\n#define X 1\n#include \"b.h\"\n", &["a.h", "b.h"]),
            ("#include <a.h>\nTEXT ·f(SB), $0\n// include \"c.h\"\n#include \"", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(included(text), expected, "{text}");
        }
    }
}
