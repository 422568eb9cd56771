//! The fuzzers' laws (`tests/fuzz`) over every committed seed, and over every input that once broke one: an ordinary
//! test, with the ordinary compiler.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, clippy::unwrap_used, reason = "tests")]

#[allow(dead_code, unreachable_pub, reason = "the fuzzers use it as a library")]
#[path = "../fuzz/src/lib.rs"]
mod laws;

use std::path::Path;

/// Small files that real linkers wrote; they are seeds too.
const BINARIES: &str = "tests/fixtures/binaries";

#[test]
fn all_seeds_obey_their_laws() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, law) in laws::LAWS {
        let mut folders = vec![root.join("tests/fuzz/seeds").join(name)];
        if matches!(*name, "elf" | "pe") {
            folders.push(root.join(BINARIES));
        }
        let mut count = 0;
        for folder in folders {
            let files = std::fs::read_dir(&folder);
            for file in files.unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
                let path = file.unwrap().path();
                // Shown when the law is broken.
                println!("{}", path.display());
                law(&std::fs::read(&path).unwrap());
                count += 1;
            }
        }
        assert!(count > 0, "{name} has no seeds");
    }
}
