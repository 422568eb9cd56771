//! Merging what several machines built: a whole set or nothing.

use std::path::PathBuf;

use wick::model::failure::{Failure, FailureKind};
use wick::model::publish::MergeReport;
use wick::model::target::Target;
use wick::phase::merge::{Request, Whole, merge};
use wick::phase::store::Store;
use wick::sys::files;

use super::support::*;

fn run(repository: &Repository, parts: &[PathBuf], whole: Option<&[Target]>) -> Result<MergeReport, Failure> {
    let project = repository.project();
    let store = Store::open(&repository.bin(), || {}).unwrap();
    let whole = whole.map_or(Whole::Project(&project.plugins), Whole::Targets);
    merge(&Request { parts, whole, store: &store, jobs: 2, listener: &|_| {} })
}

/// A part per target, each in its own folder below `parts`.
fn parts(repository: &Repository) -> Vec<PathBuf> {
    let part = |(at, target): (usize, &&str)| {
        let folder = repository.root().join(format!("parts/bin-{at}"));
        repository.pack(&folder, "slack", "0.2.0", target);
        folder
    };
    TARGETS.iter().enumerate().map(part).collect()
}

fn codes(report: &MergeReport) -> Vec<&'static str> {
    report.findings.iter().map(|one| one.finding.code).collect()
}

fn nothing_copied(repository: &Repository) -> bool {
    files::list(&repository.bin()).unwrap() == [".wick"]
}

#[test]
fn the_parts_of_one_set_become_one_folder_that_can_be_released() {
    let repository = Repository::new();
    let parts = parts(&repository);
    let key = cosign(&repository, "one");
    for (part, target) in parts.iter().zip(TARGETS) {
        bundle(&part.join(zip_of(target)), &key);
        repository.attest(part, target, &key);
    }
    // What lay there before, over another zip of that name, and with no package any more.
    repository.write(&format!("bin/{}.sigstore.json", zip_of(TARGETS[0])), "{}");
    let report = run(&repository, &parts, None).unwrap();
    assert!(report.complete && report.packages.iter().all(|one| one.copied), "{report:#?}");
    let sums = files::read_text(&repository.bin().join("checksums.txt")).unwrap();
    assert_eq!(sums.lines().count(), 4);
    assert!(files::is_file(&repository.bin().join("slack-0.2.0.cdx.json")));
    let again = run(&repository, &parts, None).unwrap();
    assert!(again.complete && again.packages.iter().all(|one| !one.copied), "{again:#?}");
    // One folder of all parts, as artifacts are downloaded.
    let again = run(&repository, &[repository.root().join("parts")], None).unwrap();
    assert!(again.complete && again.packages.len() == 3 && again.packages.iter().all(|one| !one.copied));

    let double = start(false);
    let report = release(&repository, &client(&double, 1), &PLAIN).unwrap();
    assert!(report.complete, "{report:#?}");
    let names: Vec<&str> = report.plugins[0].assets.iter().map(|asset| asset.name.as_str()).collect();
    assert_eq!(names.len(), 11);
    for target in TARGETS {
        for end in [".sigstore.json", ".intoto.sigstore.json"] {
            assert!(names.contains(&format!("{}{end}", zip_of(target)).as_str()), "{names:?}");
        }
    }
    // The release's own checksums list its packages, not what else the folder holds.
    let state = double.snapshot();
    let sums = state.releases[0].asset("checksums.txt").unwrap().content.to_vec();
    assert_eq!(sums, repository.expected()["checksums.txt"]);
}

/// Bundles are part of the set: all packages have one by the same signer, each over its own package.
#[test]
fn bundles_that_do_not_agree_or_fit_stop_it() {
    let repository = Repository::new();
    let parts = parts(&repository);
    let (one, other) = (cosign(&repository, "one"), cosign(&repository, "other"));
    let zip = |at: usize| parts[at].join(zip_of(TARGETS[at]));
    bundle(&zip(0), &one);
    bundle(&zip(1), &one);
    assert_eq!(codes(&run(&repository, &parts, None).unwrap()), ["bundles-differ"]);
    bundle(&zip(2), &other);
    assert_eq!(codes(&run(&repository, &parts, None).unwrap()), ["bundles-differ"]);
    let sidecar = |at: usize| parts[at].join(format!("{}.sigstore.json", zip_of(TARGETS[at])));
    let of_another = files::read(&sidecar(0)).unwrap();
    write(&sidecar(2), &of_another);
    assert_eq!(codes(&run(&repository, &parts, None).unwrap()), ["bundle-mismatch", "bundles-differ"]);
    assert!(nothing_copied(&repository));
    bundle(&zip(2), &one);
    // Built on two machines and signed on one: the signed twin is taken, wherever it stands.
    let twin = repository.root().join("twin");
    repository.pack(&twin, "slack", "0.2.0", TARGETS[0]);
    let mut with_twin = vec![twin];
    with_twin.extend(parts.iter().cloned());
    assert!(run(&repository, &with_twin, None).unwrap().complete);
    assert!(files::is_file(&repository.bin().join(format!("{}.sigstore.json", zip_of(TARGETS[0])))));
}

/// A package comes without a bundle, and in the output folder lies one of an older package.
#[test]
fn a_bundle_of_another_package_does_not_survive_a_merge() {
    let repository = Repository::new();
    let parts = parts(&repository);
    let sidecars =
        [".sigstore.json", ".intoto.sigstore.json"].map(|end| format!("bin/{}{end}", zip_of(TARGETS[0])));
    sidecars.iter().for_each(|name| repository.write(name, "{}"));
    assert!(run(&repository, &parts, None).unwrap().complete);
    assert!(sidecars.iter().all(|name| !files::is_file(&repository.root().join(name))));
}

#[test]
fn a_missing_target_an_altered_zip_or_another_twin_stops_it() {
    let repository = Repository::new();
    let parts = parts(&repository);
    let report = run(&repository, &parts[..2], None).unwrap();
    assert_eq!((report.complete, codes(&report)), (false, vec!["target-missing"]));
    let two: Vec<Target> = TARGETS[..2].iter().map(|target| target.parse().unwrap()).collect();
    assert!(nothing_copied(&repository));

    repository.write("parts/bin-1/slack-0.2.0-linux-amd64.zip", "altered");
    assert_eq!(codes(&run(&repository, &parts, None).unwrap()), ["package-altered"]);
    repository.pack(&parts[1], "slack", "0.2.0", "linux/amd64");

    // The same target from another machine: fine when it is the same, not when it differs.
    repository.pack(&parts[2], "slack", "0.2.0", "linux/amd64");
    let twin = repository.pack(&parts[0], "slack", "0.2.0", "linux/amd64");
    let other = wick::model::digest::Sha256::of(b"other");
    keep(&parts[0], &wick::model::receipt::PackageReceipt { sha256: other, size: 5, ..twin.clone() });
    write(&parts[0].join(&twin.package), b"other");
    let found = codes(&run(&repository, &parts, None).unwrap());
    assert!(found.starts_with(&["package-twice"]) && nothing_copied(&repository), "{found:?}");
    repository.pack(&parts[0], "slack", "0.2.0", "linux/amd64");
    assert!(run(&repository, &parts, None).unwrap().complete);
    assert!(run(&repository, &parts[..2], Some(&two)).unwrap().complete);
}

#[test]
fn parts_of_two_commits_and_folders_without_receipts_are_refused() {
    let repository = Repository::new();
    let parts = parts(&repository);
    repository.write("connector/slack/more.go", "package main\n");
    repository.commit("More");
    repository.pack(&parts[1], "slack", "0.2.0", "linux/amd64");
    assert_eq!(codes(&run(&repository, &parts, None).unwrap()), ["commits-differ"]);

    // What GitHub's upload action leaves when hidden files are not asked for.
    files::remove(&parts[1].join(".wick")).unwrap();
    let failure = run(&repository, &parts, None).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Missing);
    assert!(failure.hints[0].contains("include-hidden-files"), "{failure:?}");
    assert!(nothing_copied(&repository));
}

#[test]
fn a_receipt_cannot_name_a_file_elsewhere() {
    let repository = Repository::new();
    let parts = parts(&repository);
    let receipt = repository.pack(&parts[0], "slack", "0.2.0", "linux/arm64");
    keep(
        &parts[0],
        &wick::model::receipt::PackageReceipt { package: "../../evil.zip".to_owned(), ..receipt },
    );
    let found = codes(&run(&repository, &parts, None).unwrap());
    assert_eq!(found, ["receipt-unreadable", "target-missing"]);
}
