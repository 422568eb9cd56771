//! wick builds plugins for every target, asks each binary what it is, packs it reproducibly and signs it.
//! The sentence to live up to: **what is published is provably what was built, for every target, or nothing is
//! published.** This page is the architecture; the README is for users.
//!
//! # Flow
//!
//! [`phase`] is the product, an ordered list: plan → build → interrogate → package (which signs on the way) →
//! sign → publish. Planning is pure: project, tools and wishes become a [`Plan`](model::plan::Plan) that names every unit, command and file.
//! Steps inside a phase don't depend on each other: a phase is one bounded parallel loop
//! ([`parallel`](phase::parallel)). A finished step leaves a receipt ([`model::receipt`]) under `<output>/.wick/`;
//! a run skips what still matches and says why when something doesn't.
//!
//! [`catalog`](phase::catalog) reads what a forge has and makes the list that hosts install from; what can't be read
//! is named and never lost.
//!
//! # Map
//!
//! Lowest first; a module may name only what is listed. `cargo xtask tidy` enforces it.
//!
//! | module | what it owns | may name |
//! |---|---|---|
//! | [`model`] | values: names, target, digest, version, plan, receipt, manifest, failure, event | – |
//! | [`sys`] | the only door to the world: files, processes, the sandbox, network, gRPC, git, environment, clock, Ctrl-C | model |
//! | [`inspect`] | what a file really is, without running it: headers, build info, archives | model |
//! | [`host`] | what the programs that load plugins accept, one folder per platform | model |
//! | [`toolchain`] | what a build needs, the command as data, the sources it reads | model |
//! | [`signer`] | keys, and signatures that verify at once | model, sys |
//! | [`forge`] | releases on GitHub: limits, repetition, reading back what a lost answer left open | model, sys |
//! | [`project`] | plugins found by layout, `wick.toml` as written and as meant | model, sys |
//! | [`forge`] | where releases live: GitHub's API, retried and read back | model, sys |
//! | [`phase`] | the ordered list | all of these |
//! | [`cli`] | arguments, wiring (`session`), commands, rendering, exit codes | model, project, phase |
//!
//! # Invariants, as absences
//!
//! * Only `sys` touches files, processes, network, clock and environment; only `cli/render` prints.
//! * `interrogate` and `call` alone run plugin code: in [`sys::sandbox`], with a clean environment, no keys, no tokens, a
//!   scratch home, a deadline and an output limit; no process of it is left. Only `call` opens the network for it.
//! * No artifact is packed whose headers contradict its target; no zip gets its name before [`host::wick`]'s rules
//!   accept it.
//! * Nothing that is published is ever changed; a release becomes visible in one step, when it is complete and read back.
//! * No output is ever half-written under its final name; a request that can't be fulfilled fails, it never warns.
//! * A token reaches the origin it is meant for and no other, whoever redirects; no error or log repeats it.
//! * The private key is never handed to a child process, and no secret implements `Debug` or `Serialize` readably. No
//!   child inherits a variable that holds a key, a password or a token: [`sys::env::withhold`] takes them out at the start.
//! * No signature is given out that wasn't verified, and beside a zip lies no bundle that isn't over it.
//!
//! # Glossary
//!
//! *Plugin*: a folder of sources with a *key*, of a *kind* (connector, tool, job). *Host*: a program that loads
//! plugins. *Target*: an OS and architecture. *Unit*: one plugin for one target. *Step*: one compiler run for one or
//! more units. *Artifact*: a built binary. *Descriptor*: what a binary says of itself; *manifest*: the file a host
//! reads, made from it. *Evidence*: how the descriptor was learned (executed, emulated, embedded, same-source).
//! *Package*: the zip. *Receipt*: what a step was made from. *Forge*: where releases live; GitHub is one.
//! *Finding*: what a check has to say. This machine is
//! "this machine", never "host".

pub mod cli;
pub mod forge;
pub mod host;
pub mod inspect;
pub mod model;
pub mod phase;
pub mod project;
pub mod signer;
pub mod sys;
pub mod toolchain;
