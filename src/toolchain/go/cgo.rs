//! Go files that are left out of a build without C, and nobody told so: no word in the file itself says that it may be.

use crate::model::target::Target;

/// What the end of a file's name can select (go/build's lists, as far as wick has targets or their neighbours).
const SYSTEMS: [&str; 11] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "windows",
];
const MACHINES: [&str; 9] =
    ["386", "amd64", "arm", "arm64", "loong64", "mips64", "ppc64le", "riscv64", "s390x"];

/// Whether it imports `C`: by a line of its own, or in a list of imports.
#[must_use]
pub fn imports_c(text: &str) -> bool {
    let mut lines = text.lines().map(|line| line.split("//").next().unwrap_or_default().trim());
    lines.any(|line| matches!(line, "import \"C\"" | "\"C\""))
}

/// Whether a file that wasn't selected for a target would have been, were cgo on: it imports `C`, and neither its name
/// nor a constraint keeps it away. One that says `cgo` itself has a stand-in, or its author knows.
#[must_use]
pub fn needs_only_c(name: &str, text: &str, target: Target) -> bool {
    let (os, arch) = (target.os.as_str(), target.arch.as_str());
    let stem = name.strip_suffix(".go").unwrap_or(name);
    // The first part is never a condition.
    let fits = stem
        .split('_')
        .skip(1)
        .all(|part| !SYSTEMS.contains(&part) && !MACHINES.contains(&part) || part == os || part == arch);
    let unix = os != "windows";
    let holds = |constraint: &str| constraint == os || constraint == arch || constraint == "unix" && unix;
    let constraint = text.lines().find_map(|line| line.strip_prefix("//go:build "));
    let test = stem.ends_with("_test");
    imports_c(text) && fits && !test && constraint.is_none_or(|line| holds(line.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_meant_to_leave_out_is_told() {
        let c = "package main\n\nimport \"C\"\n";
        let tagged = |tag: &str| format!("//go:build {tag}\n\n{c}");
        let target: Target = "linux/amd64".parse().unwrap();
        let cases = [
            ("fast.go", c.to_owned(), true),
            ("fast.go", "package main\nimport (\n\t\"C\"\n)\n".to_owned(), true),
            ("fast_linux.go", c.to_owned(), true),
            ("fast_linux_amd64.go", c.to_owned(), true),
            ("linux.go", c.to_owned(), true),
            ("fast.go", tagged("linux"), true),
            ("fast.go", tagged("unix"), true),
            ("fast.go", tagged("cgo"), false),
            ("fast.go", tagged("linux && cgo"), false),
            ("fast.go", tagged("ignore"), false),
            ("fast.go", tagged("windows"), false),
            ("fast_windows.go", c.to_owned(), false),
            ("fast_arm64.go", c.to_owned(), false),
            ("fast_test.go", c.to_owned(), false),
            ("slow.go", "package main\n\n// import \"C\"\n".to_owned(), false),
        ];
        for (name, text, expected) in cases {
            assert_eq!(needs_only_c(name, &text, target), expected, "{name}: {text}");
        }
    }
}
