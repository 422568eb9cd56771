//! What a wick host accepts (contract wick 7, and the rules of 1 to 5 it relies on), and how it speaks to plugins
//! ([`goplugin`]). Pure: a package that
//! somebody else has unpacked goes in, findings come out. An error means that a host refuses the package, or
//! that it breaks a rule of the contract which other programs rely on.

pub mod goplugin;
mod manifest;
mod names;
mod program;
mod signature;
mod unpacked;

#[cfg(test)]
pub(crate) mod tests;

pub use program::sidecar_not_checked;
pub use signature::signer;
pub use unpacked::{Program, Source, Unpacked};

use crate::model::finding::Finding;
use crate::model::manifest::Manifest;
use crate::model::signature::SignaturePolicy;
use crate::model::target::Target;

/// The largest `plugin.json` that is read, in bytes. Manifests have about 10 KiB; hosts keep them in memory.
pub const MANIFEST_MAX: usize = 8 << 20;

/// What a rule looks at. The manifest is there: without one there is nothing to judge.
struct Case<'a> {
    package: &'a Unpacked<'a>,
    manifest: &'a Manifest,
    policy: &'a SignaturePolicy,
    this_machine: Option<Target>,
}

type Rule = fn(&Case<'_>, &mut Vec<Finding>);

/// All rules, in the order in which their findings are shown.
const RULES: [Rule; 13] = [
    manifest::schema_is_known,
    manifest::text_is_canonical,
    names::key_is_valid,
    names::kind_is_known,
    names::version_is_semver,
    names::target_is_one_and_known,
    names::file_name_says_the_same,
    program::protocol_is_spoken,
    program::entry_is_there,
    program::digest_is_the_binarys,
    program::binary_is_for_the_target,
    signature::policy_is_met,
    program::no_other_files,
];

/// Everything a wick host would say to a package. `this_machine` is the target it has to run on; with `None` a
/// package for any target is fine.
#[must_use]
pub fn judge(package: &Unpacked<'_>, policy: &SignaturePolicy, this_machine: Option<Target>) -> Vec<Finding> {
    let mut findings = package.reading.clone();
    if let Some(manifest) = &package.manifest {
        let case = Case { package, manifest, policy, this_machine };
        for rule in RULES {
            rule(&case, &mut findings);
        }
    }
    findings
}
