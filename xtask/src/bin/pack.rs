//! wick's side of `cargo xtask bench package`: hash a file, zip it, hash the zip, in wick's own code.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the walls in clippy.toml stand inside wick; this reads one file and writes another"
)]

use std::error::Error;

use wick::model::digest::Sha256;
use wick::model::package::PackageEntry;
use wick::phase::package::zip;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, output] = args.as_slice() else { return Err("usage: pack FILE ZIP".into()) };
    let bytes = std::fs::read(input)?;
    let binary = Sha256::of(&bytes);
    let package = zip::write(&[PackageEntry { name: "plugin".into(), bytes, executable: true }], 0)?;
    println!("{binary}\n{}", Sha256::of(&package));
    std::fs::write(output, package)?;
    Ok(())
}
