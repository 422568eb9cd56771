//! What this machine can build, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{ERROR, GOOD};
use crate::model::project::Language;
use crate::model::target::{Os, Target};
use crate::model::tools::{Ability, Tools};

/// What may be said of every target.
const SHORT: usize = 60;

pub(in crate::cli) fn table(tools: &Tools, abilities: &[Ability]) -> String {
    let mut out = String::new();
    let this = tools.this_machine.map_or_else(|| "unknown to wick".to_owned(), |target| target.to_string());
    let _ = writeln!(out, "this machine: {this}, {} CPUs", tools.cpus);
    let mut commands: Vec<&str> = Vec::new();
    // A reason is said in full once.
    let mut said: BTreeMap<String, Target> = BTreeMap::new();
    for (language, name) in [(Language::Go, "Go"), (Language::Rust, "Rust")] {
        let _ = writeln!(out, "\n{name}: {}", version(tools, language));
        for ability in abilities.iter().filter(|ability| ability.language == language) {
            match &ability.how {
                Ok(how) => {
                    let _ = writeln!(out, "  {GOOD}yes{GOOD:#} {:<15} {how}", ability.target);
                }
                Err(missing) => {
                    let what: Vec<&str> = missing.iter().map(|m| m.what.as_str()).collect();
                    let what = what.join("; ");
                    let first = *said.entry(what.clone()).or_insert(ability.target);
                    let what = if first == ability.target || what.len() <= SHORT {
                        format!("missing: {what}")
                    } else {
                        format!("as {first}")
                    };
                    let _ = writeln!(out, "  {ERROR}no{ERROR:#}  {:<15} {what}", ability.target);
                    for install in missing.iter().map(|m| m.install.as_str()) {
                        if !commands.contains(&install) {
                            commands.push(install);
                        }
                    }
                }
            }
        }
    }
    let _ = writeln!(out, "\nForeign binaries run in:");
    if tools.emulators.is_empty() {
        let _ = writeln!(out, "  nothing{}", advice(tools.this_machine));
    }
    for (target, emulator) in &tools.emulators {
        let _ = writeln!(out, "  {:<15} {}", target, emulator.name);
    }
    if !commands.is_empty() {
        let _ = writeln!(out, "\nTo get the rest:");
        for command in commands {
            let _ = writeln!(out, "  {command}");
        }
    }
    out.trim_end().to_owned()
}

/// Which emulators there are for this system. wick knows none that run on others.
fn advice(this: Option<Target>) -> &'static str {
    match this.map(|target| target.os) {
        Some(Os::Linux) => {
            ": put qemu-user (Debian: qemu-user-static) or wine on PATH, and their manifests are learned by running them"
        }
        Some(Os::Darwin | Os::Freebsd) => {
            ": put wine on PATH, and the manifests of Windows plugins are learned by running them"
        }
        Some(Os::Windows) | None => "",
    }
}

fn version(tools: &Tools, language: Language) -> String {
    match language {
        Language::Go => tools.go.as_ref().map(|go| format!("{} in {}", go.version, go.root.display())),
        Language::Rust => tools.cargo.as_ref().map(|cargo| {
            let of = |tool: &Option<crate::model::tools::ToolVersion>, name: &str| {
                tool.as_ref().map_or_else(
                    || format!("no {name}"),
                    |tool| format!("{name} {}", tool.version.trim_start_matches(name).trim()),
                )
            };
            let (zigbuild, zig) = (of(&tools.zigbuild, "cargo-zigbuild"), of(&tools.zig, "zig"));
            format!("{}, {zigbuild}, {zig}", cargo.version)
        }),
    }
    .unwrap_or_else(|| "not found".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tools::Missing;

    #[test]
    fn a_long_reason_is_said_once_and_a_short_one_every_time() {
        for (what, times) in [("zig", 3), ("x".repeat(130).as_str(), 1)] {
            let one = |target: &Target| Ability {
                language: Language::Rust,
                target: *target,
                how: Err(vec![Missing { what: what.to_owned(), install: "get it".to_owned() }]),
            };
            let all: Vec<Ability> = Target::ALL[..3].iter().map(one).collect();
            let table = table(&Tools::default(), &all);
            assert_eq!(table.matches(what).count(), times, "{table}");
            assert_eq!(table.matches(&format!("as {}", Target::ALL[0])).count(), 3 - times, "{table}");
        }
    }
}
