//! The only place that wires: environment, tools, store, signer, files. Commands get values from here.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{ForgeArgs, Global, InstanceArgs, SigningArgs, TrustArgs, TypedToken};
use super::origin;
use super::reach::{self, Said};
use crate::forge::github::{Access, GitHub};
use crate::inspect;
use crate::model::artifact::BinaryFacts;
use crate::model::catalog::{self, Catalog};
use crate::model::failure::{Failure, FailureKind};
use crate::model::key_source::{self, KeySource};
use crate::model::package::{PACKAGE_MAX, PackageEntry};
use crate::model::project::{Language, Project};
use crate::model::receipt::Origin;
use crate::model::signature::PublicKey;
use crate::model::target::Target;
use crate::model::tools::Tools;
use crate::phase::plan;
use crate::phase::plan::TargetChoice;
use crate::phase::plan::tools::{self, Emulation};
use crate::phase::store::Store;
use crate::phase::verify::Sidecars;
use crate::signer::check::Trust;
use crate::signer::cosign::{self, Cosign};
use crate::signer::ed25519::{self, Ed25519};
use crate::signer::instance::{self, Accepted, RootSource, Wish};
use crate::signer::key::KeyText;
use crate::signer::{Signer, Signers};
use crate::sys::secret::{self, Secret, Withheld};
use crate::sys::{env, files, git, interrupt, sandbox};

/// The most bytes of a call's arguments.
const ARGUMENTS_MAX: u64 = 64 << 20;

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

/// Takes keys, passwords and tokens out of the environment, so that no child gets them. Before anything else.
pub(super) fn withhold(args: &[OsString]) -> Withheld {
    env::withhold(&key_source::variables(args.iter().map(|arg| arg.to_string_lossy())))
}

/// A program in a folder of its own, which is gone with the value.
pub(super) struct Kept {
    /// The program.
    pub(super) path: PathBuf,
    _folder: files::Scratch,
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

    /// Adds the rustflags of the project's Rust plugins.
    pub(super) fn add_rustflags(
        &self,
        found: &mut Tools,
        project: &Project,
        choice: &TargetChoice,
    ) -> Result<(), Failure> {
        let mut targets: Vec<Target> = Vec::new();
        for plugin in &project.plugins {
            targets.extend(plan::targets_of(plugin, choice)?);
        }
        targets.sort();
        targets.dedup();
        tools::add_rustflags(found, &project.plugins, &targets);
        Ok(())
    }

    /// The tools of every language.
    pub(super) fn all_tools(&self) -> Result<Tools, Failure> {
        tools::find(&self.environment, &self.cwd, &[Language::Go, Language::Rust], Emulation::Auto)
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
        let remote = || git::remote_url(&self.root, "origin").ok().flatten();
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

    /// A secret that was in the environment; an empty one is one.
    pub(super) fn withheld(&self, name: &str) -> Option<&Secret> {
        self.withheld.get(name)
    }

    /// Who signs: every key is read once, here.
    pub(super) fn signers(&self, said: &SigningArgs) -> Result<Signers, Failure> {
        if said.sign_key == Some(KeySource::Stdin) && said.cosign_key == Some(KeySource::Stdin) {
            let message = "--sign-key and --cosign-key can't both come from stdin";
            return Err(
                Failure::new(FailureKind::Usage, message).hint("give one of them as a file or env:NAME")
            );
        }
        let read = |source: &KeySource| match source {
            KeySource::File(path) => KeyText::read_file(&self.path(path)),
            other => KeyText::read(other, &self.withheld),
        };
        let ed25519 = said.sign_key.as_ref().map(|key| Ed25519::open(&read(key)?)).transpose()?;
        let password = self.withheld(cosign::PASSWORD_VARIABLE);
        let cosign = said.cosign_key.as_ref().map(|key| Cosign::open(&read(key)?, password)).transpose()?;
        let keyless = said.keyless.then(|| self.keyless(&said.instance)).transpose()?;
        Ok(Signers { ed25519, cosign, keyless })
    }

    fn keyless(&self, said: &InstanceArgs) -> Result<Box<dyn Signer>, Failure> {
        let url = |typed: &Option<String>, variable: &str| {
            typed.clone().or_else(|| self.variable(variable).map(str::to_owned))
        };
        let configured = said.signing_config.is_some();
        let wish = Wish {
            fulcio_url: url(&said.fulcio_url, "SIGSTORE_FULCIO_URL").filter(|_| !configured),
            rekor_url: url(&said.rekor_url, "SIGSTORE_REKOR_URL").filter(|_| !configured),
            signing_config: said.signing_config.as_ref().map(|path| self.path(path)),
            trusted_root: self.trusted_root(said.trusted_root.as_deref()),
        };
        instance::keyless(&wish, &self.environment, &self.withheld)
    }

    fn trusted_root(&self, said: Option<&Path>) -> RootSource {
        match said {
            None => RootSource::Public,
            Some(path) if path == Path::new("embedded") => RootSource::Embedded,
            Some(path) => RootSource::File(self.path(path)),
        }
    }

    /// Makes an ed25519 key pair; gives the paths of both halves and the public key.
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

    /// Makes a cosign key pair, in this folder when no other is named; gives the paths of both halves and the public key.
    pub(super) fn generate_cosign_key(
        &self,
        path: Option<&Path>,
    ) -> Result<(PathBuf, PathBuf, String), Failure> {
        let path = self.path(path.unwrap_or(Path::new("cosign.key")));
        let key = Cosign::generate(&path, self.withheld(cosign::PASSWORD_VARIABLE))?;
        Ok((path.clone(), cosign::public_path(&path), key.public().to_string()))
    }

    /// Who is trusted beside these ed25519 keys: cosign keys in files, and names in certificates.
    pub(super) fn trust(&self, said: &TrustArgs, ed25519: &[PublicKey]) -> Result<Trust, Failure> {
        let read = |path: &PathBuf| {
            let text = files::read_text(&self.path(path))?;
            text.parse::<cosign::PublicKey>().map_err(|error| {
                Failure::new(FailureKind::Usage, format!("--cosign-pub {}: {error}", path.display()))
                    .hint("give the .pub file that `wick plugin keygen --cosign` or cosign wrote")
            })
        };
        let cosign = said.cosign_pub.iter().map(read).collect::<Result<_, Failure>>()?;
        let certificates = match &said.certificate_oidc_issuer {
            None => None,
            Some(issuer) => {
                let accepted = Accepted {
                    subjects: said.certificate_identity.clone(),
                    issuer: issuer.clone(),
                    trusted_root: self.trusted_root(said.trusted_root.as_deref()),
                };
                Some(instance::policy(&accepted, &self.environment)?)
            }
        };
        Ok(Trust { ed25519: ed25519.to_vec(), cosign, certificates })
    }

    /// What lies beside an archive and speaks of it.
    pub(super) fn sidecars(&self, path: &Path) -> Sidecars {
        Sidecars::of(&self.path(path))
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

    /// Puts a program where it can be run.
    pub(super) fn keep_program(&self, name: &str, bytes: &[u8]) -> Result<Kept, Failure> {
        let folder = files::Scratch::new()?;
        let path = folder.path().join(name);
        files::write_atomic(&path, bytes, 0o755)?;
        Ok(Kept { path, _folder: folder })
    }

    /// A JSON text in a file, or on stdin.
    pub(super) fn json_of(&self, path: &Path) -> Result<serde_json::Value, Failure> {
        let (bytes, shown) = if path == Path::new("-") {
            (files::read_stdin(ARGUMENTS_MAX)?, "stdin".to_owned())
        } else {
            (files::read_capped(&self.path(path), ARGUMENTS_MAX)?, path.display().to_string())
        };
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::new(FailureKind::Usage, format!("{shown} holds no JSON: {error}")))
    }

    /// A credential that is typed as `NAME=env:VARIABLE`. What was typed is never repeated beyond its name: it may be
    /// a secret by mistake.
    pub(super) fn credential(&self, typed: &str) -> Result<(String, Secret), Failure> {
        let (name, value) = typed.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "a --cred is not NAME=env:VARIABLE")
                .hint("for example --cred token=env:SLACK_TOKEN")
        })?;
        Ok((name.to_owned(), self.secret_of(&format!("--cred {}", name.escape_debug()), value)?))
    }

    /// What `env:VARIABLE` means.
    pub(super) fn secret_of(&self, flag: &str, typed: &str) -> Result<Secret, Failure> {
        let name = typed.strip_prefix("env:").filter(|name| !name.is_empty()).ok_or_else(|| {
            Failure::new(FailureKind::Usage, format!("{flag} takes the name of a variable, as env:NAME"))
                .hint("set a variable to the value: others on this machine see command lines, and shells keep them")
        })?;
        match self.environment.get(name) {
            Some(value) => Ok(Secret::new(value.clone())),
            None => Err(Failure::new(
                FailureKind::Missing,
                format!("{flag}: the variable {} is not set", name.escape_debug()),
            )),
        }
    }

    /// What a called plugin gets of this environment: how the network is reached; with `everything` also where its
    /// user's files and programs are. And the files that these variables name.
    pub(super) fn for_a_plugin(&self, everything: bool) -> (BTreeMap<String, String>, Vec<PathBuf>) {
        const NETWORK: [&str; 10] = [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "all_proxy",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
        ];
        const USER: [&str; 5] = ["HOME", "USERPROFILE", "PATH", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];
        let names = NETWORK.iter().chain(if everything { &USER[..] } else { &[] });
        let variables: BTreeMap<String, String> =
            names.filter_map(|name| Some(((*name).to_owned(), self.variable(name)?.to_owned()))).collect();
        let certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
        let readable = certificates.iter().filter_map(|name| variables.get(*name)).map(PathBuf::from);
        let readable = readable.collect();
        (variables, readable)
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
