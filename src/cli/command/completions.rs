//! `wick completions`: a script for the user's shell.

use clap::CommandFactory as _;

use crate::cli::args::{Cli, CompletionsArgs};
use crate::cli::failure;
use crate::cli::render::Console;
use crate::model::failure::Failure;

pub(in crate::cli) fn run(args: &CompletionsArgs, console: &Console) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wick", &mut script);
    console.data(String::from_utf8_lossy(&script).trim_end());
    Ok(failure::DONE)
}
