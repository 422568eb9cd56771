//! What can be typed by somebody who writes plugins: init, new, check.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::KindArg;
use crate::model::project::Language;
use crate::phase::workflow::Install;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LanguageArg {
    Go,
    Rust,
}

impl From<LanguageArg> for Language {
    fn from(language: LanguageArg) -> Language {
        match language {
            LanguageArg::Go => Language::Go,
            LanguageArg::Rust => Language::Rust,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin init                     make this folder a repository of plugins
  wick plugin init --wick git:https://example.com/wick@COMMIT
                                       and have its workflow install that wick
  wick plugin init --lang rust         and a cargo workspace; --lang go,rust for both
  wick plugin init --check             exit code 1 when the workflow or an SDK has drifted, with a diff
  wick plugin init --update            replace what another wick wrote and nobody has changed

It writes README.md, wick.toml, .gitignore, .gitattributes, the folders and
.github/workflows/plugins.yml, which builds and releases the plugins. The workflow installs wick from
a commit of its repository, as no registry has it: the one of --wick, else the file's own, else the
one that this wick was installed from; where none is known the workflow is left out. What is there
stays: a workflow that somebody has changed is only overwritten with --force, other changed files
never. `wick plugin new` sets up a language when its first plugin comes.")]
pub(in crate::cli) struct InitArgs {
    /// Set it up for these languages too, comma separated
    #[arg(long, value_enum, value_delimiter = ',', conflicts_with = "check")]
    pub(in crate::cli) lang: Vec<LanguageArg>,
    /// The name of a new Go module [default: by the remote `origin`, else example.com/plugins]
    #[arg(long, value_name = "PATH", conflicts_with = "check")]
    pub(in crate::cli) module: Option<String>,
    /// Write nothing; say how the workflow and the SDKs would change
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// Also bring the SDKs that `wick plugin new` wrote in step with this wick; changed files stay
    #[arg(long, conflicts_with = "check")]
    pub(in crate::cli) update: bool,
    /// Overwrite a workflow that was changed by hand
    #[arg(long, conflicts_with = "check")]
    pub(in crate::cli) force: bool,
    /// The branch whose pushes are released [default: the file's own, else main]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) branch: Option<String>,
    /// Where the workflow installs wick from: git:https://HOST/PATH@COMMIT
    #[arg(long, value_name = "SOURCE")]
    pub(in crate::cli) wick: Option<Install>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin new weather --lang rust
  wick plugin new slugs --lang go --kind tool

The new folder holds a plugin that builds, passes its own tests and answers; its README says how to
try it. A Rust plugin joins the cargo workspace, a Go plugin the Go module; where there is none, one
is made. The SDK comes along, in sdk-rust or sdk. The name is the plugin's key: 1 to 64 of a-z, 0-9
and _. Nothing that exists is replaced.")]
pub(in crate::cli) struct NewArgs {
    /// The plugin's key, which becomes its folder's name
    #[arg(value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// The language it is written in [default: the repository's, when it has one]
    #[arg(long, value_enum)]
    pub(in crate::cli) lang: Option<LanguageArg>,
    /// What it is to its host
    #[arg(long, value_enum, default_value = "connector")]
    pub(in crate::cli) kind: KindArg,
    /// The name of a new Go module [default: by the remote `origin`, else example.com/plugins]
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) module: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wick plugin check weather
  wick plugin check --all-plugins --strict          warnings fail too
  wick plugin check --all-plugins --no-build        only what can be seen without building
  wick plugin check weather --allow readme-missing

The plugin is built for this machine, unless it is up to date, and asked what it is. Everything that
a host or a reviewer would complain about comes in one list; docs/checks.md explains each rule. Exit
code 1 means errors.")]
pub(in crate::cli) struct CheckArgs {
    /// Plugins by key, or by folder such as connector/slack
    #[arg(value_name = "PLUGIN", conflicts_with = "all_plugins")]
    pub(in crate::cli) plugins: Vec<String>,
    /// Check every plugin but scaffolds (names that start with `_`)
    #[arg(long, help_heading = "Selection")]
    pub(in crate::cli) all_plugins: bool,
    /// Only plugins of this kind
    #[arg(long, value_enum, help_heading = "Selection")]
    pub(in crate::cli) kind: Option<KindArg>,
    /// Ask only what can be seen in the folders; no compiler is started and nothing is run
    #[arg(long)]
    pub(in crate::cli) no_build: bool,
    /// Leave out the findings of these rules, comma separated
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub(in crate::cli) allow: Vec<String>,
    /// Let warnings count like errors
    #[arg(long)]
    pub(in crate::cli) strict: bool,
    /// Where builds are kept, relative to the repository
    #[arg(short, long, value_name = "DIR", default_value = "bin")]
    pub(in crate::cli) output: PathBuf,
    /// How many steps run at once [default: the number of CPUs]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(in crate::cli) jobs: Option<u16>,
}
