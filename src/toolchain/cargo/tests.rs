//! What of this machine reaches a build, whoever links, and what wick.toml says instead.

use std::path::PathBuf;

use super::*;
use crate::model::names::PluginKind;
use crate::model::project::Targets;

fn plugin(env: &[(&str, &str)], triple: &str, target: Target) -> Plugin {
    Plugin {
        key: "hello".parse().unwrap(),
        kind: PluginKind::Connector,
        dir: PathBuf::from("/w"),
        place: ".".to_owned(),
        version: "0.1.0".parse().unwrap(),
        source: Source::Rust(RustSource {
            workspace_root: PathBuf::from("/w"),
            target_dir: PathBuf::from("/w/target"),
            build_dir: None,
            repository: PathBuf::from("/w"),
            package: "hello".to_owned(),
            binary: "hello".to_owned(),
            features: Vec::new(),
            default_features: true,
            triples: BTreeMap::from([(target, triple.to_owned())]),
            env: map(env),
            has_lock: true,
        }),
        targets: Targets::Contract,
        files: Vec::new(),
        generate: Vec::new(),
    }
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Tools of a machine whose configuration names a wrapper.
fn tools(triple: &str, wrapper: &str) -> Tools {
    let settings = CargoSettings { wrapper: Some(wrapper.into()), ..CargoSettings::default() };
    Tools {
        cargo: Some(CargoTool {
            path: "/bin/cargo".into(),
            version: "cargo 1".to_owned(),
            rustc: "rustc 1".to_owned(),
            host_triple: String::new(),
            sysroot: "/rust".into(),
            triples: Vec::new(),
            rustup: false,
            home: "/cargo".into(),
        }),
        cargo_settings: BTreeMap::from([((PathBuf::from("/w"), triple.to_owned()), settings)]),
        ..Tools::default()
    }
}

fn order<'a>(tools: &'a Tools, environment: &'a BTreeMap<String, String>) -> Order<'a> {
    Order { tools, environment, units: &[], scratch: Path::new(""), cpus: 1 }
}

/// No receipt tells of them, so they may reach nothing.
#[test]
fn what_no_receipt_tells_of_reaches_no_build() {
    let target = Target::new(Os::Windows, Arch::Amd64);
    let names =
        ["CC", "CFLAGS", "LDFLAGS", "RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_RUSTC_WRAPPER"];
    let environment: BTreeMap<String, String> = names.map(|name| (name.to_owned(), "x".to_owned())).into();
    for triple in ["x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu"] {
        let (tools, plugin) = (tools(triple, ""), plugin(&[], triple, target));
        let order = order(&tools, &environment);
        let line = build(&order, &plugin, target).unwrap().line;
        let told = Cargo.conditions(&order, &plugin, target);
        for name in names {
            assert!(!told.contains_key(&format!("env {name}")), "{triple} {name}");
            assert!(line.without.contains(name), "{triple} {name}");
        }
    }
}

#[test]
fn the_wrapper_that_wick_toml_names_is_the_one() {
    let (target, triple) = (Target::new(Os::Linux, Arch::Amd64), "x86_64-unknown-linux-musl");
    let environment = BTreeMap::new();
    for (env, configured, called, is_known) in [
        (&[][..], "/bin/sccache", Some("/bin/sccache"), true),
        (&[], "/bin/other", Some("/bin/other"), false),
        (&[], "/bin/sccache-and-more", Some("/bin/sccache-and-more"), false),
        (&[("RUSTC_WRAPPER", "/bin/own")], "/bin/sccache", Some("/bin/own"), false),
        (&[("RUSTC_WRAPPER", "sccache")], "/bin/other", Some("sccache"), true),
        (&[("RUSTC_WRAPPER", "")], "/bin/other", None, true),
        (&[("CARGO_BUILD_RUSTC_WRAPPER", "own")], "", Some("own"), false),
        (&[("RUSTC_WRAPPER", "tools/own")], "", Some("/w/tools/own"), false),
        (&[("RUSTC_WORKSPACE_WRAPPER", "own")], "", None, false),
    ] {
        let (tools, plugin) = (tools(triple, configured), plugin(env, triple, target));
        let order = order(&tools, &environment);
        let kit = build(&order, &plugin, target).unwrap().kit;
        assert_eq!(kit.wrapper.as_deref(), called, "{env:?} {configured}");
        assert_eq!(Cargo.untraceable(&order, &plugin).is_none(), is_known, "{env:?} {configured}");
    }
}

#[test]
fn a_kits_name_is_of_its_settings() {
    let (target, triple) = (Target::new(Os::Windows, Arch::Amd64), "x86_64-pc-windows-gnu");
    let (environment, plugin) = (BTreeMap::new(), plugin(&[], triple, target));
    let of = |wrapper: &str| build(&order(&tools(triple, wrapper), &environment), &plugin, target).unwrap();
    let (one, other) = (of("/bin/sccache"), of("/bin/another"));
    assert_eq!(one.folder, of("/bin/sccache").folder);
    assert_ne!((one.folder.as_path(), &one.settings), (other.folder.as_path(), &other.settings));
    assert!(one.kit.dlltool.as_ref().is_some_and(|tool| Path::new(tool).starts_with(&one.folder)));
}
