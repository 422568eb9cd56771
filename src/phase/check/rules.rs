//! The table of everything `wick plugin check` can say. docs/checks.md is made from it; a rule without a test case for
//! both answers doesn't pass `tests.rs`.

use super::declared::Declared;
use super::folder::{self, Folder};
use super::{fields, module, operations, texts};
use crate::model::finding::Severity;
use crate::model::finding::Severity::{Error, Warning};

/// One rule.
pub struct Rule {
    /// Its stable name, in kebab-case.
    pub code: &'static str,
    /// An error is what a host, a build or a release refuses, or what harms its user; a warning is what a reviewer
    /// would ask about.
    pub severity: Severity,
    /// What it finds.
    pub what: &'static str,
    /// Why that matters.
    pub why: &'static str,
    /// What to do.
    pub hint: &'static str,
    pub(super) look: Look,
}

/// What a rule looks at.
pub(super) enum Look {
    /// The plugin's folder; nothing is built.
    Folder(fn(&Folder<'_>) -> Vec<String>),
    /// What the built plugin declares.
    Module(fn(&Declared) -> Vec<String>),
    /// Another part of wick has found it on the way.
    Told,
}

const fn rule(
    code: &'static str,
    severity: Severity,
    [what, why, hint]: [&'static str; 3],
    look: Look,
) -> Rule {
    Rule { code, severity, what, why, hint, look }
}

/// All rules, in the order in which their findings are shown.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    // The folder.
    rule("folder-name", Error, [
        "the folder's name is no key: 1 to 64 of a-z, 0-9 and _",
        "The name becomes `Meta.Key`, a part of file names and a folder on the host.",
        "rename the folder, and give Meta.Key the same name",
    ], Look::Told),
    rule("key-shared", Error, [
        "a plugin of another kind has the same key",
        "Their packages and tags would have the same names.",
        "rename one of them",
    ], Look::Folder(folder::key_is_shared)),
    rule("two-sources", Error, [
        "the folder has both main.go and Cargo.toml",
        "Which one is the plugin can't be told.",
        "move one of them into a folder of its own",
    ], Look::Folder(folder::has_two_sources)),
    rule("no-source", Error, [
        "the folder has a VERSION and neither main.go nor Cargo.toml",
        "Nothing can be built from it, and `--all-plugins` passes it over in silence.",
        "add the sources, or remove VERSION",
    ], Look::Folder(folder::has_no_source)),
    rule("go-module-missing", Error, [
        "no go.mod governs a Go plugin",
        "The go command builds nothing outside a module.",
        "run `wick plugin init --lang go`",
    ], Look::Folder(folder::has_no_module)),
    rule("lock-missing", Warning, [
        "there is no Cargo.lock or go.sum",
        "Without it the same sources give other binaries tomorrow.",
        "run `cargo generate-lockfile` or `go mod tidy`, and commit the file",
    ], Look::Folder(folder::has_no_lock)),
    rule("version-missing", Error, [
        "a Go plugin has no VERSION",
        "Without a version it can be built and never released.",
        "write a version such as 0.1.0 into VERSION",
    ], Look::Folder(folder::has_no_version)),
    rule("version-not-semver", Error, [
        "VERSION is no semantic version",
        "Hosts and the catalog order versions by semver; a release is refused.",
        "write a version such as 0.2.0",
    ], Look::Folder(folder::version_is_odd)),
    rule("version-behind", Error, [
        "VERSION is lower than a version that has a tag",
        "The catalog lists the highest version: nobody would be offered this one.",
        "raise VERSION above the highest tag",
    ], Look::Folder(folder::version_is_behind)),
    rule("version-released", Warning, [
        "VERSION has a tag already, and files of the plugin's folder have changed since",
        "What is published is never changed, so these changes stay unreleased.",
        "raise VERSION",
    ], Look::Folder(folder::version_is_out)),
    rule("tags-unknown", Warning, [
        "there is a git repository, and it can't be told which versions have a tag",
        "Whether VERSION is out already, or behind, isn't looked at then.",
        "make `git status` answer in that folder",
    ], Look::Folder(folder::tags_are_unknown)),
    rule("readme-missing", Warning, [
        "there is no README.md",
        "Reviewers and users look there for what the plugin does and needs.",
        "write one: what it does, its settings, its operations",
    ], Look::Folder(folder::has_no_readme)),
    rule("scaffold-unchanged", Warning, [
        "a file is as `wick plugin new` wrote it",
        "It speaks of greetings, not of this plugin.",
        "write what the plugin does, or remove the file",
    ], Look::Folder(folder::is_scaffold)),
    rule("c-code", Error, [
        "a Go file imports \"C\"",
        "Plugins are built with CGO_ENABLED=0, static and for every target: the file is left out of the build.",
        "use a package in pure Go",
    ], Look::Folder(folder::uses_cgo)),
    rule("c-library", Warning, [
        "a crate links a C library of the build machine",
        "The library isn't there for other targets, and Linux plugins are static.",
        "use a crate in pure Rust, such as rustls, or the crate's feature `vendored`",
    ], Look::Folder(folder::links_a_library)),
    rule("path-outside", Warning, [
        "a crate is taken from a path outside the repository",
        "It is in no commit of it: nobody else has it, and `wick plugin reproduce` can't confirm a release.",
        "publish the crate, or move it into the repository",
    ], Look::Folder(folder::draws_on_elsewhere)),
    rule("sdk-by-name", Error, [
        "the crate `wick-plugin` is taken from a registry",
        "No registry has one that is wick's: what is there, or comes to be there, is somebody else's code.",
        "name it by its path: `wick-plugin = { path = \"../../sdk-rust\" }`; `wick plugin new` brings that folder",
    ], Look::Folder(folder::takes_the_sdk_by_name)),
    rule("private-key", Error, [
        "a file of the folder holds a private key",
        "Whoever can read the repository has it, and it may be packed.",
        "remove the file, and replace the key",
    ], Look::Folder(folder::holds_a_key)),

    // What was found on the way to the manifest.
    rule("unresolved", Error, [
        "the plugin's settings or its Cargo.toml can't be read as they are meant",
        "Nothing can be built from it.",
        "see the message",
    ], Look::Told),
    rule("lfs-pointer", Error, [
        "a file that is to be packed is a Git LFS pointer",
        "Users would get the text of the pointer instead of the file.",
        "run `git lfs pull`",
    ], Look::Told),
    rule("file-name", Error, [
        "a file's or the plugin's name is one that packages for its targets can't have",
        "Windows has no files of some names: nobody there could unpack it.",
        "give it another name",
    ], Look::Told),
    rule("does-not-build", Error, [
        "it doesn't compile for this machine",
        "There is nothing to release.",
        "see the compiler's output",
    ], Look::Told),
    rule("does-not-answer", Error, [
        "the built plugin doesn't say what it is",
        "A manifest comes from the binary or not at all.",
        "run the binary with --dump-manifest yourself: it has to print one line of JSON without any set-up",
    ], Look::Told),

    rule("place-in-binary", Warning, [
        "the binary names a folder of the machine that built it",
        "Built elsewhere it has other bytes, and everybody sees where it was built.",
        "take the content of files with `include_str!` rather than their place with `env!(\"CARGO_MANIFEST_DIR\")` or `env!(\"OUT_DIR\")`",
    ], Look::Told),

    // What it declares.
    rule("module-shape", Error, [
        "what it declares isn't of the shape that hosts read",
        "A host would refuse it, or show half of it.",
        "declare it by an SDK",
    ], Look::Module(module::has_odd_shape)),
    rule("key-mismatch", Error, [
        "Meta.Key isn't the folder's name",
        "Builds and hosts refuse a plugin whose names differ.",
        "give both the same name",
    ], Look::Module(module::key_differs)),
    rule("protocol-unknown", Error, [
        "it speaks a protocol version that hosts don't",
        "Hosts refuse it.",
        "build with an SDK that hosts know",
    ], Look::Module(module::protocol_is_unknown)),
    rule("name-missing", Warning, [
        "the plugin or an operation has no Name",
        "People find it by that name on the host's screens.",
        "give it a short name",
    ], Look::Module(module::has_no_name)),
    rule("description-missing", Error, [
        "the plugin or an operation has no Description",
        "A model chooses by this text alone; without it the operation is called wrongly or never.",
        "say in a sentence what it does, and when it is the right one",
    ], Look::Module(module::has_no_description)),
    rule("description-empty-of-meaning", Warning, [
        "a description only repeats the name, or stands at two operations",
        "A model can't tell by it what the operation does.",
        "say what it does that its name doesn't say",
    ], Look::Module(operations::descriptions_say_nothing)),
    rule("scaffold-description", Warning, [
        "the description is the one that `wick plugin new` wrote",
        "People and models choose by this sentence.",
        "say what the plugin is for",
    ], Look::Module(module::is_scaffold)),
    rule("no-operations", Warning, [
        "it has no operations",
        "Nobody can call it.",
        "declare at least one operation",
    ], Look::Module(operations::there_are_none)),
    rule("operation-key", Error, [
        "an operation's key isn't 1 to 64 of a-z, 0-9 and _",
        "It becomes the name of a tool for models, whose names are restricted.",
        "rename the operation",
    ], Look::Module(operations::keys_are_odd)),
    rule("operation-duplicate", Error, [
        "two operations have the same key",
        "A host calls one of them; which one is chance.",
        "rename one of them",
    ], Look::Module(operations::keys_are_twice)),
    rule("destructive-unmarked", Error, [
        "an operation's key says that something is deleted, and it isn't marked destructive",
        "Hosts ask a person before a destructive operation; this one would run unasked.",
        "set its flag Destructive, or rename it",
    ], Look::Module(operations::destroy_unmarked)),
    rule("field-key", Error, [
        "a setting's or an input's key isn't 1 to 64 of a-z, 0-9 and _",
        "Forms and models send values by that key.",
        "rename it",
    ], Look::Module(fields::keys_are_odd)),
    rule("field-duplicate", Error, [
        "two settings, or two inputs of an operation, have the same key",
        "One value would be given to both.",
        "rename one of them",
    ], Look::Module(fields::keys_are_twice)),
    rule("field-type", Warning, [
        "a field's type isn't one that hosts have a form for",
        "It is shown as plain text, or not at all.",
        "use text, textarea, number, checkbox, dropdown, kvlist, email, url, color, date, datetime or secret",
    ], Look::Module(fields::types_are_odd)),
    rule("field-undescribed", Warning, [
        "an optional setting or input has no description",
        "Models and administrators have to guess what belongs there.",
        "describe it, with an example",
    ], Look::Module(fields::optional_undescribed)),
    rule("required-undescribed", Error, [
        "a required setting or input has no description",
        "Nobody can go on without filling it in, and nothing says with what.",
        "describe it, with an example",
    ], Look::Module(fields::required_undescribed)),
    rule("options-missing", Error, [
        "a dropdown has no options",
        "There is nothing to choose.",
        "list them in Options, separated by `|`",
    ], Look::Module(fields::options_are_missing)),
    rule("default-odd", Warning, [
        "a default isn't of the field's type, or isn't among its options",
        "The form starts with a value that it refuses.",
        "give a default that the field accepts",
    ], Look::Module(fields::defaults_are_odd)),
    rule("secret-unmarked", Error, [
        "a field is named or typed as a secret, and isn't marked as one",
        "Hosts show, log and store what isn't marked in plain text.",
        "set its flag IsSecret, or rename it",
    ], Look::Module(fields::secrets_unmarked)),
    rule("secret-default", Error, [
        "a secret has a default",
        "It is in the manifest, which everybody can read.",
        "remove the default, and replace the secret if it was a real one",
    ], Look::Module(fields::secrets_are_told)),
    rule("secret-input", Warning, [
        "an operation takes a secret as an input",
        "Inputs come from a model, which then has to know the secret.",
        "make it a setting of the plugin",
    ], Look::Module(fields::secrets_are_inputs)),
    rule("oauth-address", Error, [
        "an OAuth address is missing or isn't https",
        "Codes and tokens would travel where others can read them.",
        "give the service's https addresses",
    ], Look::Module(module::oauth_is_open)),
    rule("text-too-long", Warning, [
        "a text is longer than hosts and models have room for",
        "Models are sent all of them with every question: the end is cut off, or pushes out others.",
        "say it shorter; details belong into the README",
    ], Look::Module(texts::are_too_long)),
    rule("text-unfinished", Warning, [
        "a text says that it isn't written yet",
        "People and models read it as it is.",
        "write it",
    ], Look::Module(texts::are_unfinished)),
    rule("text-control", Error, [
        "a text holds control characters or ones that turn the direction of writing",
        "They change what people see without changing what a model reads.",
        "remove them",
    ], Look::Module(texts::hold_controls)),
];
