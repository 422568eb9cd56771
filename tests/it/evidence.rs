//! How manifests are learned from binaries that may not run here, and that the report never says more than is known.

use std::fs;

use crate::support::{
    BUILD_TOOLS, PLUGINS, TARGETS, built, done, everything, is_there, json, manifest, need, operations,
    plugin_of, scratch, wick,
};

/// Issue 3, part 6: this machine's binary is run, linux/arm64 is run in qemu, Rust carries its manifest, and for the
/// rest of Go a build of the same sources speaks.
#[test]
fn the_report_says_how_each_manifest_was_learned() {
    need!([&BUILD_TOOLS[..], &["qemu-aarch64-static"]].concat());
    let wine = is_there("wine64") || is_there("wine");
    for (plugin, target) in everything() {
        let expected = match target {
            "linux/amd64" => "executed",
            "linux/arm64" => "emulated",
            "windows/amd64" if wine => "emulated",
            _ if plugin.go => "same-source",
            _ => "embedded",
        };
        let package = built().package(plugin, target);
        assert_eq!(package["evidence"], expected, "{} {target}", plugin.key);
        let detail = package["evidence_detail"].as_str().unwrap();
        let proof = match expected {
            "executed" => "Landlock",
            "emulated" if target == "linux/arm64" => "qemu-aarch64-static",
            "emulated" => "wine",
            "embedded" => "manifest section",
            _ => "linux/amd64",
        };
        assert!(detail.contains(proof), "{} {target}: {detail}", plugin.key);
    }
}

/// Issue 3: the operation that exists on one system only is in exactly the zips where it was seen, or the report says
/// that it could not be known.
#[test]
fn an_operation_of_one_system_is_never_silently_wrong() {
    need!([&BUILD_TOOLS[..], &["qemu-aarch64-static"]].concat());
    let sysinfo = plugin_of("sysinfo");
    for target in TARGETS {
        let manifest = manifest(&built().zip(sysinfo, target));
        let package = built().package(sysinfo, target);
        let declared = operations(&manifest);
        assert_eq!(package["operations"], serde_json::json!(declared), "{target}");
        let caveats = package["caveats"].as_array().map_or(String::new(), |list| format!("{list:?}"));
        if target.starts_with("linux/") {
            assert!(declared.contains(&"cgroups"), "{target}: {declared:?}");
            assert_eq!(caveats, "", "{target}");
        } else if package["evidence"] == "same-source" {
            assert!(caveats.contains("connector/sysinfo/ops_linux.go"), "{target}: {caveats}");
            assert!(caveats.contains("not certain"), "{target}: {caveats}");
        } else {
            assert!(!declared.contains(&"cgroups"), "{target}: {declared:?}");
        }
        assert!(declared.contains(&"host") && declared.contains(&"network"), "{target}: {declared:?}");
    }
    // People are told too, once for all targets.
    let warning = built().said.lines().find(|line| line.contains("ops_linux.go")).unwrap_or_default();
    assert!(warning.contains("warning: sysinfo darwin/arm64, darwin/amd64"), "{}", built().said);
    // Nobody else has anything uncertain.
    for (plugin, target) in everything().filter(|(plugin, _)| plugin.key != "sysinfo") {
        assert!(built().package(plugin, target).get("caveats").is_none(), "{} {target}", plugin.key);
    }
}

/// Issue 3: with `--emulate off` the same build says same-source (a helper is built, because this machine is not among
/// the targets), and the way of learning doesn't change a byte.
#[test]
fn without_emulation_the_same_build_says_same_source() {
    need!([&BUILD_TOOLS[..], &["qemu-aarch64-static"]].concat());
    let out = scratch();
    let mut build = wick(&built().root);
    build.args([
        "plugin",
        "build",
        "sysinfo",
        "weather",
        "--target=linux/arm64",
        "--emulate=off",
        "--format=json",
    ]);
    let report = json(&done(build.arg("--sign-key").arg(&built().key).arg("-o").arg(out.path())));
    let packages = report["packages"].as_array().unwrap();
    assert_eq!(report["complete"], true);
    for (key, evidence) in [("sysinfo", "same-source"), ("weather", "embedded")] {
        let plugin = plugin_of(key);
        let package = packages.iter().find(|package| package["plugin"] == key).unwrap();
        assert_eq!(package["evidence"], evidence);
        assert!(package.get("caveats").is_none(), "both Linux builds have the same files: {package}");
        let (here, there) = (out.path().join(plugin.zip("linux/arm64")), built().zip(plugin, "linux/arm64"));
        assert!(
            fs::read(&here).unwrap() == fs::read(&there).unwrap(),
            "{key}: other bytes than when emulated"
        );
    }
    let zips = fs::read_dir(out.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".zip"));
    assert_eq!(zips.count(), 2, "the helper that speaks for linux/arm64 is no package");
}

/// Issue 3, part 5: the report carries what each binary's headers say.
#[test]
fn the_report_carries_the_facts_of_each_binary() {
    need!(BUILD_TOOLS);
    for (plugin, target) in everything() {
        let facts = &built().package(plugin, target)["facts"];
        let (os, arch) = target.split_once('/').unwrap();
        let format = match os {
            "linux" => "elf",
            "darwin" => "macho",
            _ => "pe",
        };
        assert_eq!(facts["format"], format, "{} {target}", plugin.key);
        assert_eq!(facts["executable"], true);
        if os == "linux" {
            assert_eq!(facts["linkage"]["kind"], "static", "{} {target}: {}", plugin.key, facts["linkage"]);
        }
        if plugin.go {
            let settings = &facts["go"]["settings"];
            assert_eq!((&settings["GOOS"], &settings["GOARCH"]), (&os.into(), &arch.into()));
            assert_eq!((&settings["CGO_ENABLED"], &settings["-trimpath"]), (&"0".into(), &"true".into()));
        } else {
            assert!(facts.get("go").is_none(), "{} {target}", plugin.key);
        }
    }
    assert_eq!(PLUGINS.iter().filter(|plugin| plugin.go).count(), 3);
}
