//! CPU levels: what of an architecture a binary may use. A target's name has none, so everybody who reads it expects
//! the lowest; a binary that needs more dies elsewhere, and must say so by name.

use super::target::Arch;

/// The variable by which the go command takes the level of an architecture, and the lowest level that its name means
/// to both languages' compilers: `arm` is ARMv7 with its floating point unit, `386` has SSE2.
/// <https://go.dev/wiki/MinimumRequirements>
#[must_use]
pub fn of_go(arch: Arch) -> (&'static str, &'static str) {
    match arch {
        Arch::Amd64 => ("GOAMD64", "v1"),
        Arch::Arm64 => ("GOARM64", "v8.0"),
        Arch::X86 => ("GO386", "sse2"),
        Arch::Arm => ("GOARM", "7"),
        Arch::Riscv64 => ("GORISCV64", "rva20u64"),
    }
}

/// Whether a setting in Go's build info names a level above the lowest. The values of the others only go down.
#[must_use]
pub fn is_raised(setting: &str, value: &str) -> bool {
    let levels = [Arch::Amd64, Arch::Arm64, Arch::Riscv64].map(of_go);
    levels.iter().any(|(name, lowest)| setting == *name && value != *lowest)
}
