//! What of this machine's environment and the repository's configuration holds.

use super::*;
use crate::model::names::PluginKind;
use crate::model::project::{RustSource, Targets};

fn plugin(root: &Path) -> Plugin {
    Plugin {
        key: "hello".parse().unwrap(),
        kind: PluginKind::Connector,
        dir: root.to_owned(),
        place: ".".to_owned(),
        version: "0.1.0".parse().unwrap(),
        source: Source::Rust(RustSource {
            workspace_root: root.to_owned(),
            target_dir: root.join("target"),
            build_dir: None,
            repository: root.to_owned(),
            package: "hello".to_owned(),
            binary: "hello".to_owned(),
            features: Vec::new(),
            default_features: true,
            triples: BTreeMap::new(),
            env: BTreeMap::new(),
            has_lock: true,
        }),
        targets: Targets::Contract,
        files: Vec::new(),
        generate: Vec::new(),
    }
}

/// Cargo takes the flags of one source only, and the environment's first: a machine's `-D warnings` is let be, and would take
/// the place of what the repository's configuration says.
#[test]
fn the_repositorys_flags_hold_whatever_lints_a_machine_asks_for() {
    let (repository, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = repository.path();
    files::create_folder(&root.join(".cargo")).unwrap();
    let config = b"[build]\nrustflags = [\"--cfg\", \"here\"]\n";
    files::write_atomic(&root.join(".cargo/config.toml"), config, 0o644).unwrap();
    let target = Target::ALL[0];
    let triple = toolchain::cargo::triple(None, target).unwrap();
    let ours = format!("CARGO_TARGET_{}_RUSTFLAGS", triple.replace('-', "_").to_uppercase());
    for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", &ours] {
        let mut tools = Tools {
            cargo: Some(CargoTool {
                path: "cargo".into(),
                version: String::new(),
                rustc: String::new(),
                host_triple: String::new(),
                sysroot: PathBuf::new(),
                triples: Vec::new(),
                rustup: false,
                home: home.path().to_owned(),
            }),
            ..Tools::default()
        };
        let environment = BTreeMap::from([
            (name.to_owned(), "-Dwarnings".to_owned()),
            ("RUSTC_WRAPPER".to_owned(), "sccache".to_owned()),
        ]);
        add_cargo_settings(&mut tools, &[plugin(root)], &[target], &environment);
        let found = &tools.cargo_settings[&(root.to_owned(), triple.clone())];
        assert_eq!(found.rustflags, ["--cfg", "here"], "{name}");
        assert!(found.wrapper.is_some(), "{name}");
        assert!(toolchain::cargo::is_taken_out(name), "{name} says the same to no build");
    }
}
