//! `wick plugin inspect`: what a package or binary is, for people or as JSON.

use serde_json::json;

use crate::cli::args::InspectArgs;
use crate::cli::failure;
use crate::cli::render::{Console, verdict};
use crate::cli::session::{Opened, Session};
use crate::model::failure::{Failure, FailureKind};
use crate::model::manifest::Manifest;
use crate::phase::verify::{self, Expectation};

pub(in crate::cli) fn run(args: &InspectArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let mut all = Vec::new();
    for path in &args.paths {
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let expected = Expectation::default();
        let opened = session.open(path)?;
        // A bare binary is worth looking at too.
        if let Opened::File(bytes) = &opened
            && let Ok(facts) = Session::facts(bytes)
        {
            let manifest: Option<Manifest> =
                facts.manifest_section.as_deref().and_then(|text| Manifest::read(text).ok());
            let flaws = verify::flaws(&facts);
            if console.is_json() {
                all.push(json!({ "path": path, "facts": facts, "findings": flaws, "manifest": manifest }));
            } else {
                console.data(&verdict::binary(&name, bytes.len() as u64, &facts, &flaws, manifest.as_ref()));
            }
            continue;
        }
        let (manifest, verdict) = match opened {
            Opened::File(bytes) => (
                verify::manifest_of(&name, &bytes),
                verify::verify_bytes(&name, &bytes, &expected, Session::facts),
            ),
            Opened::Folder(entries) => (
                verify::manifest_in(&entries),
                verify::verify_folder(&name, entries, &expected, Session::facts),
            ),
        };
        if verdict.facts.is_none() && manifest.is_none() {
            let why =
                verdict.findings.first().map_or_else(String::new, |finding| format!(": {}", finding.message));
            return Err(Failure::new(
                FailureKind::Findings,
                format!("{} is neither a package nor a binary{why}", path.display()),
            )
            .hint("give a plugin's zip, tar.gz, unpacked folder or binary"));
        }
        if console.is_json() {
            all.push(json!({ "path": path, "manifest": manifest, "verdict": verdict }));
        } else {
            console.data(&verdict::package(&verdict, manifest.as_ref()));
        }
    }
    if console.is_json() {
        console.json(&json!({ "schema": 1, "inspected": all }));
    }
    Ok(failure::DONE)
}
