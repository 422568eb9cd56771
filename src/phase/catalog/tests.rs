//! Catalogs from releases that lie in memory: what is chosen, what is read, what is kept when reading fails.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;

use proptest::prelude::*;

use super::select::select;
use super::*;
use crate::inspect::archive::read_remote_manifest;
use crate::model::digest::Sha256;
use crate::model::finding::{Finding, Severity};
use crate::model::manifest::Manifest;
use crate::model::package::PackageEntry;
use crate::phase::package::zip;
use crate::phase::verify;

const TARGETS: [&str; 2] = ["linux/amd64", "linux/arm64"];

fn manifest(key: &str, version: &str, target: &str) -> String {
    format!(
        r#"{{"schema_version":1,"kind":"connector","version":"{version}","proto_version":1,"entry":"{key}",
        "os_arch":["{target}"],"sha256":"","signature":"c2ln","module":{{"Meta":{{"Key":"{key}","Name":"The {key}",
        "Description":"{key} {version} <x>","DefaultTags":[{{"Name":"T&T","SortOrder":1}}]}},"Operations":[]}}}}"#
    )
}

/// Bytes that deflate makes no smaller.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(step).collect()
}

fn zip_of(key: &str, manifest: &str) -> Vec<u8> {
    let program = noise(60_000);
    let file = |name: &str, bytes: Vec<u8>| PackageEntry { name: name.to_owned(), bytes, executable: false };
    zip::write(&[file(key, program), file("plugin.json", manifest.as_bytes().to_vec())], 0).unwrap()
}

/// A forge in memory.
#[derive(Default)]
struct Forge {
    releases: Vec<Release>,
    content: BTreeMap<String, Vec<u8>>,
    ranges: bool,
    /// The request that fails, counted over all.
    fail_at: Option<usize>,
    asked: Mutex<Vec<(String, u64)>>,
}

impl Forge {
    fn of(plugins: &[(&str, &str)]) -> Forge {
        let mut forge = Forge { ranges: true, ..Forge::default() };
        plugins.iter().for_each(|(key, version)| forge.release(key, version));
        forge
    }

    fn release(&mut self, key: &str, version: &str) {
        let id = self.releases.len() as u64 + 1;
        let mut release = bare(id, &format!("{key}/v{version}"));
        for target in TARGETS {
            let name = format!("{key}-{version}-{}.zip", target.replace('/', "-"));
            let bytes = zip_of(key, &manifest(key, version, target));
            release.assets.push(asset(&name, &bytes));
            self.content.insert(name, bytes);
        }
        self.releases.push(release);
    }

    /// Puts another manifest into the zip that speaks for a release.
    fn corrupt(&mut self, name: &str, key: &str, manifest: &str) {
        self.replace(name, zip_of(key, manifest));
    }

    fn replace(&mut self, name: &str, bytes: Vec<u8>) {
        let all = self.releases.iter_mut().flat_map(|release| &mut release.assets);
        let place = all.into_iter().find(|asset| asset.name == name).unwrap();
        (place.size, place.digest) = (bytes.len() as u64, Some(Sha256::of(&bytes)));
        self.content.insert(name.to_owned(), bytes);
    }

    fn fetch(&self, asset: &Asset, range: Option<Range<u64>>) -> Result<Piece, ForgeError> {
        let bytes = &self.content[&asset.name];
        let mut asked = self.asked.lock().unwrap();
        let length = range.as_ref().map_or(bytes.len() as u64, |range| range.end - range.start);
        asked.push((asset.name.clone(), length));
        if self.fail_at == Some(asked.len() - 1) {
            return Err(ForgeError::Refused {
                what: "read it".to_owned(),
                status: 500,
                why: "no".to_owned(),
            });
        }
        match range.filter(|_| self.ranges) {
            Some(range) => Ok(Piece::Part {
                bytes: bytes[range.start as usize..range.end as usize].to_vec(),
                total: bytes.len() as u64,
            }),
            None => Ok(Piece::Whole(bytes.clone())),
        }
    }

    fn catalog(&self, previous: Option<&Catalog>, wish: &Wish) -> Result<CatalogReport, Failure> {
        self.asked.lock().unwrap().clear();
        from_releases(&self.releases, &|asset, range| self.fetch(asset, range), previous, wish, &|_| {})
    }

    fn made(&self, previous: Option<&Catalog>) -> CatalogReport {
        self.catalog(previous, &WISH).unwrap()
    }
}

const WISH: Wish = Wish { prereleases: Prereleases::Ignore, orphans: Orphans::Keep, jobs: 2 };

fn bare(id: u64, tag: &str) -> Release {
    Release {
        id,
        tag: tag.to_owned(),
        commit: String::new(),
        title: String::new(),
        notes: String::new(),
        draft: false,
        prerelease: false,
        immutable: false,
        published_at: Some(format!("2026-01-01T00:00:{id:02}Z")),
        page: String::new(),
        upload_url: String::new(),
        assets: Vec::new(),
    }
}

fn asset(name: &str, bytes: &[u8]) -> Asset {
    Asset {
        id: 1,
        name: name.to_owned(),
        size: bytes.len() as u64,
        complete: true,
        digest: Some(Sha256::of(bytes)),
        api_url: String::new(),
        download_url: format!("https://x.example/{name}"),
    }
}

fn versions(report: &CatalogReport) -> Vec<(&str, &str)> {
    report.catalog.entries().iter().map(|entry| (entry.key.as_str(), entry.version.as_str())).collect()
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

/// Conformance 10 of contract wick.
#[test]
fn conformance_10_highest_semver_drafts_ignored_prereleases_on_request() {
    let mut forge = Forge::of(&[
        ("slack", "0.9.0"),
        ("slack", "0.10.0"),
        ("slack", "0.11.0-rc.1"),
        ("slack", "0.11.0-rc.2"),
        ("a_b", "1.0.0"),
        ("a_b", "1.0.0-rc.9"),
        ("drafted", "1.0.0"),
        ("only_pre", "1.0.0"),
    ]);
    forge.releases[6].draft = true;
    forge.releases[7].prerelease = true;
    let report = forge.made(None);
    assert_eq!(versions(&report), [("a_b", "1.0.0"), ("slack", "0.10.0")]);
    let with = forge.catalog(None, &Wish { prereleases: Prereleases::Include, ..WISH }).unwrap();
    assert_eq!(versions(&with), [("a_b", "1.0.0"), ("only_pre", "1.0.0"), ("slack", "0.11.0-rc.2")]);
    let again = forge.made(Some(&report.catalog));
    assert_eq!(again.catalog.to_json(), report.catalog.to_json(), "byte-stable when nothing changed");
}

/// Conformance 11 of contract wick.
#[test]
fn conformance_11_other_tags_are_no_plugin_releases() {
    let releases: Vec<Release> =
        ["x", "v1.0.0", "/v1", "x/v", "x/1.0.0", "a-b/v1.0.0"].map(|tag| bare(1, tag)).into();
    assert_eq!(select(&releases, Prereleases::Include), Selection::default());
}

#[test]
fn an_entry_has_what_the_manifest_and_the_release_say() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    forge.releases[0].assets.push(asset("checksums.txt", b"x"));
    let report = forge.made(None);
    let entry = report.catalog.get("slack").unwrap();
    assert_eq!((entry.name.as_str(), entry.description.as_str()), ("The slack", "slack 0.2.0 <x>"));
    assert_eq!(entry.default_tags[0].get(), r#"{"Name":"T&T","SortOrder":1}"#);
    assert_eq!(entry.assets["linux/arm64"], "https://x.example/slack-0.2.0-linux-arm64.zip");
    assert_eq!(entry.digests["linux/amd64"], Sha256::of(&forge.content["slack-0.2.0-linux-amd64.zip"]));
    assert_eq!((entry.kind.as_str(), entry.proto_version, entry.signed), ("connector", Some(1), Some(true)));
    assert_eq!(entry.published_at.as_deref(), Some("2026-01-01T00:00:01Z"));
    assert!(report.complete && report.findings.is_empty(), "{:?}", report.findings);
    let asked = forge.asked.lock().unwrap();
    assert!(
        asked.iter().all(|(name, _)| name == "slack-0.2.0-linux-arm64.zip"),
        "one package is read: {asked:?}"
    );
}

/// The goals of the benchmark: nothing for what is unchanged, at most 64 KiB for what is new.
#[test]
fn only_what_changed_is_read() {
    let mut forge = Forge::of(&[("linear", "0.1.0"), ("slack", "0.2.0"), ("zoom", "1.0.0")]);
    let cold = forge.made(None);
    assert!(cold.cost.bytes <= 3 * (64 << 10) && cold.cost.reads <= 6, "{:?}", cold.cost);
    let warm = forge.made(Some(&cold.catalog));
    assert_eq!((warm.cost, warm.diff.unchanged.len()), (Cost::default(), 3));
    forge.release("slack", "0.3.0");
    let one = forge.made(Some(&warm.catalog));
    assert_eq!(one.diff.updated.len(), 1);
    assert!(forge.asked.lock().unwrap().iter().all(|(name, _)| name.starts_with("slack-0.3.0")));
    assert_eq!(versions(&one), [("linear", "0.1.0"), ("slack", "0.3.0"), ("zoom", "1.0.0")]);
}

#[test]
fn packages_without_digests_are_the_same_by_size_and_time() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    let before = forge.made(None).catalog;
    forge.releases[0].assets.iter_mut().for_each(|asset| asset.digest = None);
    let warm = forge.made(Some(&before));
    assert_eq!((warm.cost.reads, &warm.catalog), (0, &before), "known digests are not forgotten");
    let undigested = forge.made(None).catalog;
    assert_eq!(undigested.entries()[0].digests.len(), 0);
    assert_eq!(forge.made(Some(&undigested)).cost.reads, 0);
    forge.releases[0].published_at = Some("2027-01-01T00:00:00Z".to_owned());
    assert!(forge.made(Some(&undigested)).cost.reads > 0);
    // What the reference wrote knows neither: it is read once.
    let mut plain = undigested.entries()[0].clone();
    (plain.sizes, plain.published_at, plain.kind) = (BTreeMap::new(), None, String::new());
    let report = forge.made(Some(&Catalog::new([plain])));
    assert_eq!(report.diff.updated[0].changed, ["kind", "sizes", "published_at"]);
}

#[test]
fn a_moved_repository_changes_addresses_without_reading() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    let mut before = forge.made(None).catalog.entries()[0].clone();
    before.others = vec![("homepage".to_owned(), serde_json::from_str("\"x\"").unwrap())];
    let before = Catalog::new([before]);
    for asset in &mut forge.releases[0].assets {
        asset.download_url = format!("https://y.example/{}", asset.name);
    }
    let after = forge.made(Some(&before));
    assert_eq!(
        (after.cost.reads, after.diff.updated[0].changed.as_slice()),
        (0, &["addresses".to_owned()][..])
    );
    forge.release("slack", "0.3.0");
    let updated = forge.made(Some(&after.catalog)).catalog;
    assert_eq!(updated.entries()[0].others.len(), 1, "unknown fields survive an update");
}

/// Fail closed: whatever request fails, no entry is lost, and the run says so.
#[test]
fn a_fault_at_any_request_never_loses_an_entry() {
    let mut forge = Forge::of(&[("linear", "0.1.0"), ("slack", "0.2.0"), ("zoom", "1.0.0")]);
    let before = forge.made(None).catalog;
    ["linear", "slack", "zoom"].iter().for_each(|key| forge.release(key, "2.0.0"));
    let requests = forge.made(Some(&before)).cost.reads as usize;
    for at in 0..requests {
        forge.fail_at = Some(at);
        let report = forge.made(Some(&before));
        assert!(!report.complete && !report.is_thin(), "request {at}");
        assert_eq!((report.failed.len(), report.catalog.entries().len()), (1, 3), "request {at}");
        let failed = &report.failed[0];
        assert_eq!(report.catalog.get(&failed.plugin), before.get(&failed.plugin), "request {at}");
        assert!(failed.failure().message.contains(&failed.plugin));
        // Without anything before, the plugin is missing, and that is known.
        let cold = forge.made(None);
        assert!(cold.is_thin() && cold.catalog.entries().len() == 2, "request {at}");
        // Run again: it converges.
        forge.fail_at = None;
        assert_eq!(
            versions(&forge.made(Some(&report.catalog))),
            [("linear", "2.0.0"), ("slack", "2.0.0"), ("zoom", "2.0.0")]
        );
    }
}

#[test]
fn a_server_without_ranges_is_read_in_whole_and_checked_in_whole() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    let by_ranges = forge.made(None).catalog;
    forge.ranges = false;
    let report = forge.made(None);
    assert_eq!((report.catalog, report.cost.whole, report.cost.reads), (by_ranges, 1, 1));
    let name = "slack-0.2.0-linux-arm64.zip";
    let mut bytes = forge.content[name].clone();
    bytes[20_000] ^= 1;
    forge.content.insert(name.to_owned(), bytes);
    let report = forge.made(None);
    assert!(report.failed[0].error.contains("has the digest"), "{}", report.failed[0].error);
}

#[test]
fn a_package_that_says_something_else_is_not_listed() {
    let name = "slack-0.2.0-linux-arm64.zip";
    let good = manifest("slack", "0.2.0", "linux/arm64");
    for (manifest, why) in [
        (manifest("other", "0.2.0", "linux/arm64"), "the key `other`, the release says `slack`"),
        (manifest("slack", "0.2.1", "linux/arm64"), "the version `0.2.1`"),
        (manifest("slack", "0.2.0", "linux/amd64"), "the target `linux/amd64`"),
        (good.replace("\"connector\"", "\"widget\""), "kind is `widget`"),
        (good.replace("The slack", ""), "Meta.Name is empty"),
        (good.replace("[{\"Name\":\"T&T\",\"SortOrder\":1}]", "3"), "DefaultTags is no list"),
        (good.replace("\"entry\":", "\"Kind\":\"tool\",\"entry\":"), "Kind"),
        ("{}".to_owned(), "plugin.json can't be read"),
    ] {
        let mut forge = Forge::of(&[("slack", "0.2.0")]);
        forge.corrupt(name, "slack", &manifest);
        let report = forge.made(None);
        let error = &report.failed.first().unwrap_or_else(|| panic!("{why}")).error;
        assert!(error.contains(why) && error.contains(name), "{error}");
    }
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    forge.replace(name, b"<html>not a zip</html>".to_vec());
    assert!(forge.made(None).failed[0].error.contains("no end record"));
}

#[test]
fn half_releases_are_passed_over_with_a_word() {
    let mut forge = Forge::of(&[("slack", "0.2.0"), ("slack", "0.3.0")]);
    let before = forge.made(None).catalog;
    forge.releases[1].assets[0].complete = false;
    // Never listed before: the older release is listed.
    let report = forge.made(None);
    assert_eq!(
        (versions(&report), codes(&report.findings)),
        (vec![("slack", "0.2.0")], vec!["catalog-incomplete-release"])
    );
    // Listed before: its entry stays, and the run fails.
    let report = forge.made(Some(&before));
    assert_eq!(report.catalog, before);
    assert!(report.failed[0].error.contains("slack-0.3.0-linux-amd64.zip was never finished"));
    // Nothing else there: a new plugin can't be listed.
    forge.releases.remove(0);
    assert!(forge.made(None).is_thin());
    // A release without any zip is nobody's loss.
    forge.releases = vec![bare(1, "notes/v1.0.0")];
    let report = forge.made(None);
    assert!(report.complete && report.catalog.entries().is_empty());
    assert_eq!(codes(&report.findings), ["catalog-incomplete-release"]);
}

#[test]
fn zips_of_other_names_are_not_listed() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    for name in [
        "slack-0.2.1-linux-386.zip",
        "other-0.2.0-linux-386.zip",
        "slack-0.2.0-rc.1-linux-386.zip",
        "slack-0.2.0.zip",
    ] {
        forge.releases[0].assets.push(asset(name, b"x"));
    }
    // Targets that wick can't build are listed all the same.
    forge.releases[0].assets.push(asset("slack-0.2.0-plan9-mips64.zip", b"x"));
    let report = forge.made(None);
    let targets: Vec<&String> = report.catalog.entries()[0].assets.keys().collect();
    assert_eq!(targets, ["linux/amd64", "linux/arm64", "plan9/mips64"]);
    assert_eq!(codes(&report.findings), ["catalog-strange-asset"; 4]);
}

#[test]
fn entries_without_a_release_stay_unless_pruned() {
    let mut forge = Forge::of(&[("gone", "1.0.0"), ("slack", "0.2.0"), ("slack", "0.3.0")]);
    let before = forge.made(None).catalog;
    forge.releases.remove(0);
    let kept = forge.made(Some(&before));
    assert!(kept.complete && kept.diff.is_empty());
    assert_eq!(codes(&kept.findings), ["catalog-orphan"]);
    let prune = Wish { orphans: Orphans::Prune, ..WISH };
    let pruned = forge.catalog(Some(&before), &prune).unwrap();
    assert_eq!((versions(&pruned), pruned.diff.removed.len()), (vec![("slack", "0.3.0")], 1));
    // One release of several taken back: what is left is listed, with a word.
    forge.releases.remove(1);
    let lowered = forge.made(Some(&kept.catalog));
    assert_eq!(versions(&lowered)[1], ("slack", "0.2.0"));
    assert!(codes(&lowered.findings).contains(&"catalog-version-lowered"));
    // A wrong repository empties nothing.
    forge.releases.clear();
    assert_eq!(forge.catalog(Some(&before), &prune).unwrap_err().kind, FailureKind::Usage);
    assert_eq!(forge.made(Some(&before)).catalog, before);
}

#[test]
fn replaced_packages_and_lost_targets_are_told() {
    let mut forge = Forge::of(&[("slack", "0.2.0")]);
    let before = forge.made(None).catalog;
    forge.replace(
        "slack-0.2.0-linux-arm64.zip",
        zip_of("slack", &(manifest("slack", "0.2.0", "linux/arm64") + " ")),
    );
    assert_eq!(codes(&forge.made(Some(&before)).findings), ["catalog-content-changed"]);
    forge.release("slack", "0.3.0");
    forge.releases[1].assets.remove(0);
    let report = forge.made(Some(&before));
    assert_eq!(codes(&report.findings), ["catalog-target-lost"]);
    assert_eq!(report.diff.updated[0].lost, ["linux/amd64"]);
    assert_eq!(report.findings[0].severity, Severity::Warning);
}

#[test]
fn a_limit_that_is_used_up_is_not_hammered() {
    let plugins: Vec<String> = (0..20).map(|n| format!("p{n}")).collect();
    let pairs: Vec<(&str, &str)> = plugins.iter().map(|key| (key.as_str(), "1.0.0")).collect();
    let forge = Forge::of(&pairs);
    let asked = AtomicU32::new(0);
    let limited = |_: &Asset, _: Option<Range<u64>>| {
        asked.fetch_add(1, Ordering::SeqCst);
        Err(ForgeError::RateLimited { what: "read".to_owned(), limit: "primary", resets: "noon".to_owned() })
    };
    let report = from_releases(&forge.releases, &limited, None, &WISH, &|_| {}).unwrap();
    assert_eq!(report.failed.len(), 20);
    assert!(asked.load(Ordering::SeqCst) <= WISH.jobs as u32 + 1);
}

#[test]
fn the_json_form_is_kept() {
    let mut forge = Forge::of(&[("gone", "1.0.0"), ("slack", "0.2.0")]);
    let before = forge.made(None).catalog;
    forge.releases.remove(0);
    forge.release("zoom", "1.0.0");
    forge.fail_at = Some(0);
    let json = serde_json::to_string_pretty(&forge.made(Some(&before))).unwrap();
    assert_eq!(json, include_str!("../../../tests/golden/wick/catalog-report.json").trim_end());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Our own zips: the manifest read from afar is the one read from all bytes, for at most 64 KiB beside it.
    #[test]
    fn our_own_zips_give_the_same_manifest_from_afar(
        key in "[a-z0-9_]{1,12}", length in 0usize..200_000, extra in "[ -~]{0,3000}", sidecars in 0usize..4,
    ) {
        let mut text: serde_json::Value = serde_json::from_str(&manifest(&key, "1.0.0", "linux/arm64")).unwrap();
        text["module"]["Extra"] = extra.into();
        let text = text.to_string();
        let program = noise(length);
        let file = |name: String, bytes: Vec<u8>| PackageEntry { name, bytes, executable: false };
        let mut entries = vec![file(key.clone(), program), file("plugin.json".to_owned(), text.clone().into_bytes())];
        entries.extend((0..sidecars).map(|n| file(format!("{key}.sig{n}"), vec![7; 100])));
        let bytes = zip::write(&entries, 0).unwrap();
        let (mut cost, mut reads) = (0, 0);
        let from_afar = read_remote_manifest(bytes.len() as u64, 1 << 20, |range| {
            (cost, reads) = (cost + range.end - range.start, reads + 1);
            Ok::<_, ()>(bytes[range.start as usize..range.end as usize].to_vec())
        });
        let from_afar = from_afar.unwrap();
        prop_assert_eq!(std::str::from_utf8(&from_afar).unwrap(), &text);
        let whole = verify::manifest_of(&format!("{key}-1.0.0-linux-arm64.zip"), &bytes).unwrap();
        prop_assert_eq!(Manifest::read(&text).unwrap().to_json(), whole.to_json());
        prop_assert!(reads <= 2 && cost <= (64 << 10) + text.len() as u64, "{} reads, {} bytes", reads, cost);
    }

    /// The order in which the forge lists releases doesn't matter.
    #[test]
    fn order_does_not_matter(order in Just((0..6usize).collect::<Vec<_>>()).prop_shuffle()) {
        let forge = Forge::of(&[
            ("a", "0.9.0"), ("a", "0.10.0"), ("a", "0.10.0-rc.1"), ("b", "1.0.0-alpha"), ("b", "1.0.0-beta.2"), ("b", "1.0.0-beta.11"),
        ]);
        let shuffled: Vec<Release> = order.iter().map(|at| forge.releases[*at].clone()).collect();
        for prereleases in [Prereleases::Ignore, Prereleases::Include] {
            let chosen = select(&shuffled, prereleases);
            prop_assert_eq!(&chosen, &select(&forge.releases, prereleases));
        }
        let best = |key: &str| select(&shuffled, Prereleases::Include).offers[&key.parse().unwrap()].best.clone();
        let (a, b) = (best("a").unwrap(), best("b").unwrap());
        prop_assert_eq!((a.version.bare(), b.version.bare()), ("0.10.0", "1.0.0-beta.11"));
    }
}
