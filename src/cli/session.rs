//! The only place that wires: environment, tools, store, signer, files. Commands get values from here.

mod callee;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{ForgeArgs, Global, TypedToken};
use super::origin;
use super::reach::{self, Said};
use crate::forge::github::{Access, GitHub};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::catalog::{self, Catalog};
use crate::model::failure::{Failure, FailureKind};
use crate::model::finding::Finding;
use crate::model::key_source;
use crate::model::package::{PACKAGE_MAX, PackageEntry};
use crate::model::project::{Language, Project};
use crate::model::receipt::Origin;
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::build::stand_in;
use crate::phase::plan;
use crate::phase::plan::TargetChoice;
use crate::phase::plan::tools::{self, Emulation};
use crate::phase::store::Store;
use crate::project;
use crate::signer::{Signer, Signers};
use crate::sys::secret::{self, Secret, Withheld};
use crate::sys::{env, files, git, interrupt, sandbox};

/// Facts of this run, read once.
pub(super) struct Session {
    environment: BTreeMap<String, String>,
    withheld: Withheld,
    cwd: PathBuf,
    root: PathBuf,
}

/// What a path on the command line turned out to be.
pub(super) enum Opened {
    /// An archive or a bare file.
    File(Vec<u8>),
    /// A folder's files.
    Folder(Vec<PackageEntry>),
}

/// Takes keys, passwords and tokens out of the environment, so that no child gets them, and what a hook or a wrapper says
/// of its own repository. Before anything else.
pub(super) fn withhold(args: &[OsString]) -> Withheld {
    env::forget(git::LOCAL_VARIABLES);
    env::withhold(&key_source::variables(args.iter().map(|arg| arg.to_string_lossy())))
}

/// A program in a folder of its own, which is gone with the value.
pub(super) struct Kept {
    /// The program.
    pub(super) path: PathBuf,
    _folder: files::Scratch,
}

/// Plays a hidden role of the sandbox, or that of a compiler, when wick was started for one.
pub(super) fn hidden_role(args: &[OsString]) -> Option<Result<u8, Failure>> {
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    stand_in::play(&args).or_else(|| sandbox::hidden_role(args.get(1..).unwrap_or_default()).map(Ok))
}

/// Writes to standard output; what doesn't arrive is an error.
#[cfg(unix)]
pub(super) fn write_out(bytes: &[u8]) -> std::io::Result<()> {
    crate::sys::stdout::write(bytes)
}

/// From now on Ctrl-C ends the children and lets the run unwind.
pub(super) fn listen_for_interrupts() {
    interrupt::listen();
}

/// Who signs statements.
pub(super) fn attester<'a>(signers: &'a Signers, asked_by: &str) -> Result<&'a dyn Signer, Failure> {
    signers.of_statements().ok_or_else(|| {
        Failure::new(FailureKind::Usage, format!("{asked_by} needs somebody who signs the attestations"))
            .hint("name a key with --cosign-key or --sign-key, or use --keyless")
    })
}

impl Session {
    pub(super) fn new(global: &Global, withheld: Withheld) -> Session {
        let cwd = env::current_dir();
        let root = global.dir.as_ref().map_or_else(|| cwd.clone(), |dir| cwd.join(dir));
        Session { environment: env::variables(), withheld, cwd, root }
    }

    /// The repository's folder as it was named.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The environment, without what was withheld: keys, passwords, tokens.
    pub(super) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A path as typed, from the current directory.
    pub(super) fn path(&self, typed: &Path) -> PathBuf {
        self.cwd.join(typed)
    }

    /// A path for people: relative to the current directory where it lies inside.
    pub(super) fn shown(&self, path: &Path) -> String {
        let inner = path.strip_prefix(&self.cwd).unwrap_or(path);
        if inner.as_os_str().is_empty() { ".".to_owned() } else { files::shown(inner) }
    }

    pub(super) fn cpus(&self) -> usize {
        env::cpus()
    }

    /// File times inside archives: SOURCE_DATE_EPOCH, else the zip format's first day. Not the commit's time: the
    /// same sources must give the same bytes in every commit, or a rebuilt release would conflict with itself.
    pub(super) fn epoch(&self) -> Result<u64, Failure> {
        match self.variable("SOURCE_DATE_EPOCH") {
            None => Ok(0),
            Some(text) => text.trim().parse().map_err(|_| {
                Failure::new(FailureKind::Usage, format!("SOURCE_DATE_EPOCH is `{text}`, not a number of seconds"))
                    .hint("unset it, or set it to seconds since 1970, such as the output of `git log -1 --format=%ct`")
            }),
        }
    }

    /// The tools for these languages, all of which must have a toolchain.
    pub(super) fn tools(
        &self,
        root: &Path,
        languages: &BTreeSet<Language>,
        emulation: Emulation,
    ) -> Result<Tools, Failure> {
        let wanted: Vec<Language> = languages.iter().copied().collect();
        // Go's and rustup's answers depend on the folder: go.work, rust-toolchain.toml.
        let found = tools::find(&self.environment, root, &wanted, emulation)?;
        tools::check(&found, languages)?;
        Ok(found)
    }

    /// Adds what cargo's configuration says of the project's Rust plugins.
    pub(super) fn add_cargo_settings(
        &self,
        found: &mut Tools,
        project: &Project,
        choice: &TargetChoice,
    ) -> Result<(), Failure> {
        let targets = self.targets(project, choice)?;
        tools::add_cargo_settings(found, &project.plugins, &targets, &self.environment);
        Ok(())
    }

    /// Leaves out emulators that run nothing, of those that this choice needs; gives what there is to say of them.
    pub(super) fn prove_emulators(
        &self,
        found: &mut Tools,
        project: &Project,
        (choice, output): (&TargetChoice, &Path),
    ) -> Result<Vec<Finding>, Failure> {
        let targets = self.targets(project, choice)?;
        plan::emulators::prove(found, &targets, Some(output))
    }

    /// The targets that a choice means for any plugin of the project.
    fn targets(&self, project: &Project, choice: &TargetChoice) -> Result<Vec<Target>, Failure> {
        let mut targets: Vec<Target> = Vec::new();
        for plugin in &project.plugins {
            targets.extend(plan::targets_of(plugin, choice)?);
        }
        targets.sort();
        targets.dedup();
        Ok(targets)
    }

    /// The tools of every language.
    pub(super) fn all_tools(&self) -> Result<Tools, Failure> {
        tools::find(&self.environment, &self.cwd, &[Language::Go, Language::Rust], Emulation::Auto)
    }

    /// Leaves out emulators that run nothing, of all there are.
    pub(super) fn prove_every_emulator(&self, found: &mut Tools) -> Result<Vec<Finding>, Failure> {
        let targets: Vec<Target> = found.emulators.keys().copied().collect();
        plan::emulators::prove(found, &targets, None)
    }

    pub(super) fn store(&self, output: &Path, waiting: impl FnOnce()) -> Result<Store, Failure> {
        Ok(Store::open(output, waiting)?)
    }

    /// The folder's lock, when the folder is there.
    pub(super) fn store_if_there(
        &self,
        output: &Path,
        waiting: impl FnOnce(),
    ) -> Result<Option<Store>, Failure> {
        let is_there = files::kind(output) == files::Kind::Folder;
        is_there.then(|| self.store(output, waiting)).transpose()
    }

    /// The forge that is meant, with the environment's token. Nothing is sent yet.
    pub(super) fn forge(&self, said: &ForgeArgs) -> Result<GitHub, Failure> {
        self.forge_with(said, None)
    }

    /// As [`Session::forge`], but a token that was typed wins.
    pub(super) fn forge_with(&self, said: &ForgeArgs, typed: Option<&TypedToken>) -> Result<GitHub, Failure> {
        let said = Said {
            repository: said.repo.as_deref().or_else(|| self.variable("GITHUB_REPOSITORY")),
            api_url: said.api_url.as_deref().or_else(|| self.variable("GITHUB_API_URL")),
        };
        // A repository that git doesn't tell of isn't one without a remote.
        let remote = || match git::top(&self.root)? {
            Some(_) => Ok(git::remote_url(&self.root, "origin")?),
            None => Ok(None),
        };
        let reach = reach::reach(&said, remote)?;
        let token = match typed {
            Some(token) => Some(Secret::token(token.expose(), "--token")?),
            None => secret::github_token(&self.withheld)?,
        };
        Ok(GitHub::new(Access { api_url: reach.api_url, repository: reach.repository, token }))
    }

    /// Whether the environment holds a token for the forge.
    pub(super) fn has_token(&self) -> Result<bool, Failure> {
        Ok(secret::github_token(&self.withheld)?.is_some())
    }

    /// The tags of this clone.
    pub(super) fn tags(&self) -> Result<BTreeSet<String>, Failure> {
        Ok(git::tags(&self.root, "*/v*", "HEAD")?.into_iter().collect())
    }

    /// Whether this clone is only a part of its repository.
    pub(super) fn is_shallow(&self) -> Result<bool, Failure> {
        Ok(git::is_shallow(&self.root)?)
    }

    /// Where this run is.
    pub(super) fn origin(&self, root: &Path) -> Origin {
        // Who has no git can build; then the statement says less.
        let top = git::top(root).ok().flatten();
        let folder = top.and_then(|top| {
            let root = files::canonical(root).ok()?;
            let inner = root.strip_prefix(files::canonical(&top).ok()?).ok()?.to_owned();
            Some(inner.to_string_lossy().replace('\\', "/"))
        });
        let remote = folder.as_ref().and_then(|_| git::remote_url(root, "origin").ok().flatten());
        let checkout = origin::Checkout { remote, folder: folder.unwrap_or_default() };
        origin::origin(|name| self.variable(name), checkout)
    }

    /// Whether a folder is in a git repository.
    pub(super) fn is_in_git(&self, folder: &Path) -> Result<bool, Failure> {
        Ok(git::top(folder)?.is_some())
    }

    /// A folder's place in the checkout of a CI service, empty or ending with `/`.
    pub(super) fn in_workspace(&self, folder: &Path) -> String {
        let top = self.variable("GITHUB_WORKSPACE").and_then(|top| files::canonical(Path::new(top)).ok());
        let inner = top.and_then(|top| folder.strip_prefix(top).ok().map(Path::to_owned)).unwrap_or_default();
        let inner = inner.to_string_lossy().replace('\\', "/");
        if inner.is_empty() { inner } else { format!("{inner}/") }
    }

    /// The text of a file, as typed from the current directory.
    pub(super) fn text(&self, path: &Path) -> Result<String, Failure> {
        Ok(files::read_text(&self.path(path))?)
    }

    /// What stands at a path: a file's bytes or a folder's files.
    pub(super) fn open(&self, path: &Path) -> Result<Opened, Failure> {
        let path = self.path(path);
        if files::kind(&path) == files::Kind::Folder {
            let entries = files::read_tree(&path)?
                .into_iter()
                .map(|(name, bytes, executable)| PackageEntry { name, bytes, executable });
            return Ok(Opened::Folder(entries.collect()));
        }
        Ok(Opened::File(files::read_capped(&path, PACKAGE_MAX)?))
    }

    /// Whether a file stands at a path as typed.
    pub(super) fn has_file(&self, path: &Path) -> bool {
        files::is_file(&self.path(path))
    }

    /// Whether a folder stands at a path as typed.
    pub(super) fn has_folder(&self, path: &Path) -> bool {
        files::kind(&self.path(path)) == files::Kind::Folder
    }

    /// A plugin's name as typed, without the path of its folder's being spelled in another way.
    pub(super) fn spelled(&self, name: &str) -> String {
        let root = files::canonical(&self.root).unwrap_or_else(|_| self.root.clone());
        project::spelled(&root, name)
    }

    /// The archives in a folder, unless the folder is itself an unpacked plugin.
    pub(super) fn packages_in(&self, path: &Path) -> Result<Option<Vec<PathBuf>>, Failure> {
        let folder = self.path(path);
        let is_folder = files::kind(&folder) == files::Kind::Folder;
        if !is_folder || files::is_file(&folder.join(crate::model::package::MANIFEST_NAME)) {
            return Ok(None);
        }
        let archive = |name: &String| [".zip", ".tar.gz", ".tgz"].iter().any(|end| name.ends_with(end));
        let names: Vec<PathBuf> =
            files::list(&folder)?.into_iter().filter(archive).map(|name| path.join(name)).collect();
        Ok((!names.is_empty()).then_some(names))
    }

    /// A catalog's text and what it says, if there is one.
    pub(super) fn catalog(&self, path: &Path) -> Result<Option<(String, Catalog)>, Failure> {
        if files::kind(path) == files::Kind::Missing {
            return Ok(None);
        }
        let bytes = files::read_capped(path, catalog::TEXT_MAX).map_err(|error| {
            let is_file = files::kind(path) != files::Kind::Other;
            let failure = Failure::from(error);
            if is_file { failure } else { failure.hint("`--out -` prints the catalog") }
        })?;
        let shown = self.shown(path);
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::new(FailureKind::Project, format!("{shown} is no text: {error}")))?;
        let read = Catalog::parse(&text).map_err(|error| Failure::from(error).context(shown))?;
        Ok(Some((text, read)))
    }

    /// Gives a file of the user's new content.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        Ok(files::write_users(path, text.as_bytes())?)
    }

    /// The text of a small file, if there is one.
    pub(super) fn small_text(&self, path: &str) -> Option<String> {
        let path = self.path(Path::new(path));
        files::is_file(&path).then(|| files::read_text(&path).ok()).flatten()
    }

    /// Reads the headers of a binary.
    pub(super) fn facts(bytes: &[u8]) -> Result<BinaryFacts, String> {
        inspect::inspect(bytes).map_err(|error| error.to_string())
    }

    /// Adds text to a file that a CI service has named, such as its step summary.
    pub(super) fn append(&self, path: &str, text: &str) -> Result<(), Failure> {
        let appended = files::append(&self.path(Path::new(path)), text.as_bytes());
        // It's the service that names it, so whatever is missing there, a step of this run failed.
        appended.map_err(|error| Failure { kind: FailureKind::Step, ..error.into() })
    }
}
