//! The command line: arguments in, exit code out. Commands speak to `phase`; only `session` wires the parts together,
//! only `render` prints.

mod args;
mod callee;
mod command;
mod failure;
mod origin;
mod reach;
mod render;
mod select;
mod session;

use std::ffi::OsString;

use clap::Parser as _;

use crate::model::failure::Failure;
use args::{Cli, PluginVerb, Verb};
use render::Console;
use session::Session;

/// Runs wick and gives the exit code (design.md 5).
#[must_use]
pub fn main(args: Vec<OsString>) -> u8 {
    if let Some(ended) = session::hidden_role(&args) {
        return ended.unwrap_or_else(|failure| render::stood_in(&failure));
    }
    let withheld = session::withhold(&args);
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return render::usage(&error),
    };
    session::listen_for_interrupts();
    let session = Session::new(&cli.global, withheld);
    let console = Console::new(&cli.global, session.variable("GITHUB_ACTIONS") == Some("true"));
    let code = match dispatch(&cli, &session, &console) {
        Ok(code) => code,
        Err(failure) => {
            console.failure(&failure);
            failure::exit_code(failure.kind)
        }
    };
    console.conclude(code)
}

fn dispatch(cli: &Cli, session: &Session, console: &Console) -> Result<u8, Failure> {
    match &cli.verb {
        Verb::Plugin(PluginVerb::Build(args)) => command::build::run(args, session, console),
        Verb::Plugin(PluginVerb::Verify(args)) => command::verify::run(args, session, console),
        Verb::Plugin(PluginVerb::Inspect(args)) => command::inspect::run(args, session, console),
        Verb::Plugin(PluginVerb::Call(args)) => command::call::run(args, session, console),
        Verb::Plugin(PluginVerb::Catalog(args)) => command::catalog::run(args, session, console),
        Verb::Plugin(PluginVerb::Keygen(args)) => command::keygen::run(args, session, console),
        Verb::Plugin(PluginVerb::Attest(args)) => command::attest::run(args, session, console),
        Verb::Plugin(PluginVerb::Release(args)) => command::release::run(args, session, console),
        Verb::Plugin(PluginVerb::Merge(args)) => command::merge::run(args, session, console),
        Verb::Plugin(PluginVerb::Plan(args)) => command::plan::run(args, session, console),
        Verb::Plugin(PluginVerb::Reproduce(args)) => command::reproduce::run(args, session, console),
        Verb::Plugin(PluginVerb::Init(args)) => command::init::run(args, session, console),
        Verb::Plugin(PluginVerb::New(args)) => command::new::run(args, session, console),
        Verb::Plugin(PluginVerb::Check(args)) => command::check::run(args, session, console),
        Verb::Doctor => command::doctor::run(session, console),
        Verb::Completions(args) => command::completions::run(args, console),
    }
}
