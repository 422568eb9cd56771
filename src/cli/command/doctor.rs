//! `wick doctor`: what this machine can build, and the commands that get the rest.

use serde_json::json;

use crate::cli::failure;
use crate::cli::render::{Console, doctor};
use crate::cli::session::Session;
use crate::model::failure::Failure;
use crate::model::target::Target;
use crate::phase::plan::tools;

pub(in crate::cli) fn run(session: &Session, console: &Console) -> Result<u8, Failure> {
    let mut found = session.all_tools()?;
    let unfit = session.prove_every_emulator(&mut found)?;
    let abilities = tools::abilities(&found, &Target::ALL);
    if console.is_json() {
        let rows: Vec<_> = abilities
            .iter()
            .map(|ability| {
                let (how, missing) = match &ability.how {
                    Ok(how) => (Some(how.clone()), Vec::new()),
                    Err(missing) => {
                        (None, missing.iter().map(|m| json!({ "what": m.what, "install": m.install })).collect())
                    }
                };
                json!({ "language": ability.language, "target": ability.target, "how": how, "missing": missing })
            })
            .collect();
        let emulators: Vec<_> = found
            .emulators
            .iter()
            .map(|(target, emulator)| json!({ "target": target, "name": emulator.name, "path": emulator.path }))
            .collect();
        let this = found.this_machine.map(|target| target.to_string());
        console.json(&json!({ "schema": 1, "this_machine": this, "builds": rows, "emulators": emulators }));
    } else {
        console.data(&doctor::table(&found, &abilities));
    }
    console.findings(&unfit);
    Ok(failure::DONE)
}
