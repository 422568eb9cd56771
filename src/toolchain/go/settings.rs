//! What besides sources and flags decides a Go binary: variables that wick sets, and what is left to this machine.
//!
//! The rule: whatever changes bytes, or what machines they run on, is wick's to set, the same everywhere, and `env` in
//! wick.toml is the place to ask for something else. A variable or a line of `go env -w` is one machine's matter: it is
//! not used, and that is said. GOFLAGS, GOEXPERIMENT and GOWORK can't be set to nothing; they are used, kept in the
//! receipt and named.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Order;
use crate::model::finding::Finding;
use crate::model::level;
use crate::model::project::GoSource;
use crate::model::target::Target;

/// `go env` names that can't change what is built: caches, proxies (modules are pinned by go.sum), telemetry, and
/// what is set per target or recorded in another way. Levels of other architectures than the target's are nothing to it.
pub(super) const IRRELEVANT: [&str; 34] = [
    "AR",
    "GO386",
    "GOAMD64",
    "GOARCH",
    "GOARM",
    "GOARM64",
    "GOAUTH",
    "GOBIN",
    "GOCACHE",
    "GOCACHEPROG",
    "GOENV",
    "GOEXE",
    "GOGCCFLAGS",
    "GOHOSTARCH",
    "GOHOSTOS",
    "GOINSECURE",
    "GOMOD",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOOS",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GORISCV64",
    "GOROOT",
    "GOSUMDB",
    "GOTELEMETRY",
    "GOTELEMETRYDIR",
    "GOTMPDIR",
    "GOTOOLDIR",
    "GOVCS",
    "GOWORK",
    "PKG_CONFIG",
];

/// Flags in GOFLAGS that leave the binary as it is, or that wick gives itself.
const HARMLESS: [&str; 10] =
    ["-buildvcs", "-json", "-mod", "-modcacherw", "-n", "-p", "-trimpath", "-v", "-work", "-x"];

/// What the go command, its compiler and its linker read besides what `go env` shows: how Go's own developers look into
/// them. Some decide what is linked against, none is meant for a plugin, so no build inherits them.
const TAKEN_OUT: [&str; 13] = [
    "DEBUG_TRACE_INLHEUR",
    "GOCLOBBERDEADHASH",
    "GOCOMPILEDEBUG",
    "GOSSADIR",
    "GOSSAFUNC",
    "GOSSAHASH",
    "GOSSAPKG",
    "GO_BUILDER_NAME",
    "GO_EXTLINK_ENABLED",
    "GO_GCFLAGS",
    "GO_LDFLAGS",
    "GO_SSA_PHI_LOC_CUTOFF",
    "GSHS_LOGFILE",
];

/// Of an environment, what reaches no build.
pub(super) fn taken_out(environment: &BTreeMap<String, String>) -> BTreeSet<String> {
    // Windows takes names in any case.
    let is = |name: &&String| TAKEN_OUT.contains(&name.to_ascii_uppercase().as_str());
    environment.keys().filter(is).cloned().collect()
}

/// Flags that bring files into a build of which `go list` tells nothing.
const UNLISTED: [&str; 8] =
    ["-overlay", "-modfile", "-toolexec", "-pgoprofile", "-compiler", "-gccgoflags", "-asmflags", "-pkgdir"];

/// The first flag of GOFLAGS by which a build reads what can't be listed.
pub(super) fn unlisted(goflags: &str) -> Option<&'static str> {
    // `off` reads none, and `auto` reads the one that is a source.
    let profile = |word: &str| {
        let word = word.trim_matches(['"', '\'']);
        let value = word.trim_start_matches('-').strip_prefix("pgo=");
        value.is_some_and(|value| value != "off" && value != "auto")
    };
    let known = UNLISTED.into_iter().find(|flag| goflags.contains(flag));
    known.or_else(|| goflags.split_whitespace().any(profile).then_some("-pgo"))
}

/// What is set for every build unless wick.toml says otherwise. Cross builds can't use cgo, and a binary for Termux must
/// not need the C library of the builder.
fn decided(target: Target) -> [(&'static str, &'static str); 4] {
    [("CGO_ENABLED", "0"), ("GO111MODULE", "on"), ("GOFIPS140", "off"), level::of_go(target.arch)]
}

/// What holds for a build, whatever machine it is made on: the values that receipts keep.
pub(super) fn in_force(go: &GoSource, target: Target) -> BTreeMap<String, String> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut env: BTreeMap<String, String> = decided(target).map(owned).into();
    env.extend(go.env.clone());
    env.extend([("GOOS", target.os.as_str()), ("GOARCH", target.arch.as_str())].map(owned));
    env
}

/// What is set on top of the inherited environment, so that this is in force: what go would do by itself isn't said.
pub(super) fn environment(order: &Order<'_>, go: &GoSource, target: Target) -> BTreeMap<String, String> {
    let by_itself = |name: &str, value: &str| match name {
        "CGO_ENABLED" | "GOOS" | "GOARCH" => false,
        _ => !go.env.contains_key(name) && inherited(order, name).is_none_or(|other| other == value),
    };
    let mut env = in_force(go, target);
    env.retain(|name, value| !by_itself(name, value));
    env
}

/// What a variable or `go env -w` says, where it isn't empty.
fn inherited<'a>(order: &Order<'a>, name: &str) -> Option<&'a str> {
    let settings = order.tools.go.as_ref().map(|go| &go.settings);
    let variable = order.environment.get(name).filter(|value| !value.is_empty());
    let value = variable.or_else(|| settings.and_then(|all| all.get(name)))?;
    Some(value.as_str()).filter(|value| !value.is_empty())
}

/// What somebody who builds should know: which of this machine's settings aren't used, and which are.
pub(super) fn remarks(order: &Order<'_>, go: &GoSource, target: Target) -> Vec<Finding> {
    let variable = |name: &str| order.environment.get(name).map(String::as_str).filter(|v| !v.is_empty());
    let mut found = Vec::new();
    for (name, value) in decided(target) {
        // What `go env` says of cgo is a guess of its own where nobody has asked for anything.
        let asked = if name == "CGO_ENABLED" { variable(name) } else { inherited(order, name) };
        if let Some(asked) = asked.filter(|asked| *asked != value && !go.env.contains_key(name)) {
            let asked = asked.escape_debug();
            found.push(
                Finding::warning(
                    "setting-unused",
                    format!("{name}={asked} is a setting of this machine and isn't used; plugins are built with {value}"),
                )
                .hint(format!("ask for it in wick.toml: [go] env = {{ {name} = \"{asked}\" }}")),
            );
        }
    }
    for name in taken_out(order.environment).iter().filter(|name| !go.env.contains_key(*name)) {
        if let Some(value) = variable(name) {
            let value = value.escape_debug();
            found.push(
                Finding::warning(
                    "setting-unused",
                    format!("{name}={value} is a setting of this machine and isn't used; plugins are built without it"),
                )
                .hint(format!("unset {name}")),
            );
        }
    }
    let flags = inherited(order, "GOFLAGS").unwrap_or_default();
    let odd: Vec<&str> = flags.split_whitespace().filter(|flag| !is_harmless(flag)).collect();
    let mut used = vec![("GOFLAGS", odd.join(" "), "use the keys `tags` and `ldflags` of [go] in wick.toml")];
    if !go.env.contains_key("GOEXPERIMENT") {
        let experiment = inherited(order, "GOEXPERIMENT").unwrap_or_default();
        used.push(("GOEXPERIMENT", experiment.to_owned(), "ask for it with `env` of [go] in wick.toml"));
    }
    used.push(("GOWORK", variable("GOWORK").unwrap_or_default().to_owned(), "unset it"));
    for (name, value, hint) in used.into_iter().filter(|(_, value, _)| !value.is_empty()) {
        let value = value.escape_debug();
        found.push(
            Finding::warning(
                "setting-used",
                format!("{name}={value} is a setting of this machine and decides the binary, which is another one elsewhere"),
            )
            .hint(hint),
        );
    }
    found
}

fn is_harmless(flag: &str) -> bool {
    let name = flag.split('=').next().unwrap_or(flag);
    let name = name.strip_prefix("--").map_or_else(|| name.to_owned(), |name| format!("-{name}"));
    HARMLESS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::target::{Arch, Os};
    use crate::model::tools::{GoTool, Tools};

    const LINUX: Target = Target::new(Os::Linux, Arch::Amd64);

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    fn source(env: &[(&str, &str)]) -> GoSource {
        GoSource {
            module_root: "/r".into(),
            tags: Vec::new(),
            ldflags: Vec::new(),
            version_symbols: Vec::new(),
            env: map(env),
        }
    }

    type Pairs<'a> = &'a [(&'a str, &'a str)];

    fn ordered<T>(environment: Pairs<'_>, settings: Pairs<'_>, ask: impl Fn(&Order<'_>) -> T) -> T {
        let go = GoTool {
            path: "go".into(),
            version: "go1.26.8".to_owned(),
            root: "/go".into(),
            module_cache: "/m".into(),
            settings: map(settings),
            identity: String::new(),
        };
        let tools = Tools { go: Some(go), ..Tools::default() };
        let environment = map(environment);
        let order = Order {
            tools: &tools,
            environment: &environment,
            units: &[],
            scratch: std::path::Path::new(""),
            cpus: 1,
        };
        ask(&order)
    }

    fn said(environment: Pairs<'_>, settings: Pairs<'_>, env: Pairs<'_>) -> Vec<String> {
        let told = ordered(environment, settings, |order| remarks(order, &source(env), LINUX));
        told.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_level_is_the_lowest_unless_wick_toml_asks_for_more() {
        for (arch, name, value) in [
            (Arch::Amd64, "GOAMD64", "v1"),
            (Arch::Arm64, "GOARM64", "v8.0"),
            (Arch::X86, "GO386", "sse2"),
            (Arch::Arm, "GOARM", "7"),
            (Arch::Riscv64, "GORISCV64", "rva20u64"),
        ] {
            let target = Target::new(Os::Linux, arch);
            assert_eq!(in_force(&source(&[]), target)[name], value);
            assert_eq!(in_force(&source(&[(name, "x")]), target)[name], "x");
        }
        let env = in_force(&source(&[("GOOS", "plan9"), ("CGO_ENABLED", "1")]), LINUX);
        assert_eq!(
            (env["GOOS"].as_str(), env["CGO_ENABLED"].as_str(), env["GO111MODULE"].as_str()),
            ("linux", "1", "on")
        );
    }

    #[test]
    fn what_this_machine_asks_for_is_overruled() {
        let set = |environment: Pairs<'_>, settings: Pairs<'_>, env: Pairs<'_>| {
            ordered(environment, settings, |order| super::environment(order, &source(env), LINUX))
        };
        let base = [("CGO_ENABLED", "0"), ("GOOS", "linux"), ("GOARCH", "amd64")];
        for (environment, settings, env, more) in [
            (&[][..], &[("GOAMD64", "v1"), ("GO111MODULE", ""), ("GOFIPS140", "off")][..], &[][..], &[][..]),
            (&[("GOAMD64", "v3")], &[("GOAMD64", "v3")], &[], &[("GOAMD64", "v1")]),
            (&[], &[("GOAMD64", "v2")], &[], &[("GOAMD64", "v1")]),
            (&[("GO111MODULE", "off")], &[], &[], &[("GO111MODULE", "on")]),
            (&[], &[("GOFIPS140", "latest")], &[], &[("GOFIPS140", "off")]),
            (&[("GOAMD64", "v3")], &[], &[("GOAMD64", "v2")], &[("GOAMD64", "v2")]),
            (&[("CGO_ENABLED", "1")], &[("GOARM64", "v9.0")], &[], &[]),
        ] {
            let expected: Vec<(&str, &str)> = base.iter().chain(more).copied().collect();
            assert_eq!(set(environment, settings, env), map(&expected), "{environment:?} {settings:?}");
        }
    }

    #[test]
    fn what_this_machine_asks_for_is_named() {
        for (environment, settings, env, words) in [
            (
                &[("GOAMD64", "v3")][..],
                &[][..],
                &[][..],
                Some("GOAMD64=v3 is a setting of this machine and isn't used"),
            ),
            (&[], &[("GOAMD64", "v3")], &[], Some("plugins are built with v1")),
            (&[("CGO_ENABLED", "1")], &[], &[], Some("CGO_ENABLED=1")),
            (&[("GO111MODULE", "off")], &[], &[], Some("GO111MODULE=off")),
            (&[("GOFIPS140", "latest")], &[], &[], Some("GOFIPS140=latest")),
            (&[("GOFLAGS", "-mod=mod -tags=x --race")], &[], &[], Some("GOFLAGS=-tags=x --race")),
            (&[], &[("GOFLAGS", "-gcflags=-l")], &[], Some("decides the binary")),
            (&[("GOEXPERIMENT", "jsonv2")], &[], &[], Some("GOEXPERIMENT=jsonv2")),
            (&[("GOWORK", "off")], &[], &[], Some("GOWORK=off")),
            (&[("GO_EXTLINK_ENABLED", "1")], &[], &[], Some("plugins are built without it")),
            (&[("GOCOMPILEDEBUG", "")], &[], &[], None),
            (&[("GO_EXTLINK_ENABLED", "1")], &[], &[("GO_EXTLINK_ENABLED", "0")], None),
            (&[("GOAMD64", "v1")], &[("GOAMD64", "v1")], &[], None),
            (&[("GOARM64", "v9.0")], &[], &[], None),
            (&[], &[("CGO_ENABLED", "1")], &[], None),
            (&[("GOAMD64", "v3")], &[], &[("GOAMD64", "v2")], None),
            (&[("GOFLAGS", "-mod=readonly -modcacherw")], &[("GOWORK", "/r/go.work")], &[], None),
            (&[], &[("GOFLAGS", "-buildvcs=false")], &[], None),
        ] {
            let told = said(environment, settings, env);
            match words {
                Some(words) => assert!(told.len() == 1 && told[0].contains(words), "{words}: {told:?}"),
                None => assert_eq!(told, [""; 0], "{environment:?}"),
            }
        }
    }

    #[test]
    fn what_only_gos_developers_set_reaches_no_build() {
        let environment =
            map(&[("GO_EXTLINK_ENABLED", "1"), ("GOSSAFUNC", "main"), ("GOCACHE", "/c"), ("CC", "cc")]);
        let out: Vec<String> = taken_out(&environment).into_iter().collect();
        assert_eq!(out, ["GOSSAFUNC", "GO_EXTLINK_ENABLED"]);
    }

    #[test]
    fn flags_that_read_what_nobody_lists() {
        let cases = [
            ("", None),
            ("-mod=mod -trimpath -pgo=off", None),
            ("-pgo=auto -tags=x", None),
            ("-pgo=/tmp/p.pgo", Some("-pgo")),
            ("-v '--pgo=p.pgo'", Some("-pgo")),
            ("-overlay=/tmp/o.json", Some("-overlay")),
            ("-mod=mod --toolexec=/tmp/te", Some("-toolexec")),
            ("-gcflags=-pgoprofile=/tmp/p", Some("-pgoprofile")),
        ];
        for (flags, expected) in cases {
            assert_eq!(unlisted(flags), expected, "{flags}");
        }
    }
}
