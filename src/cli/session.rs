//! The only place that wires: environment, tools, store, signer, files. Commands get values from here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{Global, RemoteArgs};
use crate::forge::github::{Access, GitHub};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::catalog::{self, Catalog};
use crate::model::failure::{Failure, FailureKind};
use crate::model::package::{PACKAGE_MAX, PackageEntry};
use crate::model::project::{Language, Project};
use crate::model::repository::{Origin, RepositoryName};
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::plan;
use crate::phase::plan::TargetChoice;
use crate::phase::plan::tools::{self, Emulation};
use crate::phase::store::Store;
use crate::signer::ed25519::{self, Ed25519};
use crate::sys::secret::{self, Secret};
use crate::sys::{env, files, git, interrupt, sandbox};

/// Facts of this run, read once.
pub(super) struct Session {
    environment: BTreeMap<String, String>,
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

/// Plays a hidden role of the sandbox when wick started itself for one.
pub(super) fn hidden_role(args: &[OsString]) -> Option<u8> {
    let args: Vec<String> = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    sandbox::hidden_role(&args)
}

/// From now on Ctrl-C ends the children and lets the run unwind.
pub(super) fn listen_for_interrupts() {
    interrupt::listen();
}

impl Session {
    pub(super) fn new(global: &Global) -> Session {
        let cwd = env::current_dir();
        let root = global.dir.as_ref().map_or_else(|| cwd.clone(), |dir| cwd.join(dir));
        Session { environment: env::variables(), cwd, root }
    }

    /// The repository's folder as it was named.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The environment, without what a compiler must never see.
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
        if inner.as_os_str().is_empty() { ".".to_owned() } else { inner.to_string_lossy().into_owned() }
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

    /// The tools for these languages, with the rustflags of the project's Rust plugins.
    pub(super) fn tools(
        &self,
        project: &Project,
        choice: &TargetChoice,
        emulation: Emulation,
    ) -> Result<Tools, Failure> {
        let mut languages: Vec<Language> = project.plugins.iter().map(|p| p.language()).collect();
        languages.sort();
        languages.dedup();
        // Go's and rustup's answers depend on the folder: go.work, rust-toolchain.toml.
        let mut found = tools::find(&self.environment, &project.root, &languages, emulation)?;
        let mut targets: Vec<Target> = Vec::new();
        for plugin in &project.plugins {
            targets.extend(plan::targets_of(plugin, choice)?);
        }
        targets.sort();
        targets.dedup();
        tools::add_rustflags(&mut found, &project.plugins, &targets);
        Ok(found)
    }

    /// The tools of every language.
    pub(super) fn all_tools(&self) -> Result<Tools, Failure> {
        tools::find(&self.environment, &self.cwd, &[Language::Go, Language::Rust], Emulation::Auto)
    }

    pub(super) fn store(&self, output: &Path, waiting: impl FnOnce()) -> Result<Store, Failure> {
        Ok(Store::open(output, waiting)?)
    }

    pub(super) fn signer(&self, path: &Path) -> Result<Ed25519, Failure> {
        Ok(Ed25519::load(&self.path(path))?)
    }

    /// Makes a key pair; gives the paths of both halves and the public key.
    pub(super) fn generate_key(&self, path: Option<&Path>) -> Result<(PathBuf, PathBuf, String), Failure> {
        let path = match path {
            Some(path) => self.path(path),
            None => env::home(&self.environment)
                .ok_or_else(|| {
                    Failure::new(FailureKind::Missing, "there is no home directory for the default key path")
                        .hint("name a file with -o")
                })?
                .join(".wick/plugin-signing.key"),
        };
        let key = Ed25519::generate(&path)?;
        Ok((path.clone(), ed25519::public_path(&path), key.public().to_string()))
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

    /// A repository on GitHub, by what was typed, else by the environment, else by git.
    pub(super) fn github(&self, typed: &RemoteArgs) -> Result<GitHub, Failure> {
        let api_url = typed.api_url.as_deref().map(str::trim).filter(|url| !url.is_empty());
        if let Some(url) = api_url.filter(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            let message = format!("`{url}` is no address of GitHub's API");
            return Err(Failure::new(FailureKind::Usage, message)
                .hint("give --api-url (or GITHUB_API_URL) like https://ghe.example.com/api/v3"));
        }
        let repository = self.repository(typed, api_url)?.to_string();
        let token = match &typed.token {
            Some(token) => Some(Secret::token(token.expose(), "--token")?),
            None => secret::github_token(&self.environment)?,
        };
        let api_url = api_url.unwrap_or("https://api.github.com").to_owned();
        Ok(GitHub::new(Access { api_url, repository, token }))
    }

    fn repository(&self, typed: &RemoteArgs, api_url: Option<&str>) -> Result<RepositoryName, Failure> {
        let named = typed.repo.as_deref().map(|text| ("--repo", text));
        if let Some((place, text)) =
            named.or_else(|| Some(("GITHUB_REPOSITORY", self.variable("GITHUB_REPOSITORY")?)))
        {
            return text
                .parse()
                .map_err(|error| Failure::new(FailureKind::Usage, format!("{place}: {error}")));
        }
        // Without git or a remote the question stays open; it is asked below.
        let url = git::remote_url(&self.root, "origin").ok().flatten();
        let Some(origin) = url.as_deref().and_then(Origin::parse) else {
            return Err(Failure::new(FailureKind::Usage, "which repository? git has no `origin` that tells")
                .hint("name it with --repo owner/name"));
        };
        if origin.host != "github.com" && api_url.is_none() {
            let message = format!("git's `origin` is on {}, whose API is not known", origin.host);
            return Err(Failure::new(FailureKind::Usage, message)
                .hint(format!("give --api-url https://{}/api/v3, or --repo owner/name", origin.host)));
        }
        Ok(origin.repository)
    }

    /// A catalog's text and what it says, if there is one.
    pub(super) fn catalog(&self, path: &Path) -> Result<Option<(String, Catalog)>, Failure> {
        if files::kind(path) == files::Kind::Missing {
            return Ok(None);
        }
        let bytes = files::read_capped(path, catalog::TEXT_MAX)?;
        let shown = self.shown(path);
        let text = String::from_utf8(bytes)
            .map_err(|error| Failure::new(FailureKind::Project, format!("{shown} is no text: {error}")))?;
        let read = Catalog::parse(&text).map_err(|error| Failure::from(error).context(shown))?;
        Ok(Some((text, read)))
    }

    /// Replaces a file in one step.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), Failure> {
        let mode = files::mode(path).unwrap_or(0o644);
        Ok(files::write_atomic(path, text.as_bytes(), mode)?)
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
        let path = Path::new(path);
        let before = if files::is_file(path) { files::read_text(path)? } else { String::new() };
        Ok(files::write_atomic(path, format!("{before}{text}").as_bytes(), 0o644)?)
    }
}
