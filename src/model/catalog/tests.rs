//! The catalog's text, its rules and its differences.

use proptest::prelude::*;

use super::*;
use crate::model::finding::Severity;

/// What Go 1.26's `json.MarshalIndent` printed for a struct with the contract's fields.
const GOS: &str = include_str!("../../../tests/golden/wick/plugins-frozen.json");
const WICKS: &str = include_str!("../../../tests/golden/wick/plugins.json");

fn entry(key: &str, version: &str, targets: &[&str]) -> Entry {
    Entry {
        key: key.to_owned(),
        name: key.to_uppercase(),
        version: version.to_owned(),
        assets: targets
            .iter()
            .map(|t| ((*t).to_owned(), format!("https://x.example/{key}/{t}.zip")))
            .collect(),
        ..Entry::default()
    }
}

#[test]
fn frozen_fields_are_written_as_go_writes_them() {
    let catalog = Catalog::parse(GOS).unwrap();
    assert_eq!(catalog.to_json(), GOS);
    let keys: Vec<&str> = catalog.entries().iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["a_b", "slack", "zero"]);
    assert_eq!(catalog.get("slack").unwrap().default_tags.len(), 2);
    assert_eq!(catalog.get("none"), None);
}

#[test]
fn additions_follow_the_frozen_fields_and_strangers_come_last() {
    let mut full = entry("slack", "0.2.0", &["linux/amd64", "linux/arm64"]);
    full.description = "Chat & more".to_owned();
    full.default_tags = serde_json::from_str(r#"[{"Name":"Chat","New":1.50e3,"SortOrder":1}]"#).unwrap();
    full.kind = "connector".to_owned();
    full.proto_version = Some(1);
    let sizes = [("linux/amd64", 12_345_678), ("linux/arm64", 12_000_000)];
    full.sizes = sizes.map(|(target, size)| (target.to_owned(), size)).into();
    full.digests = sizes.map(|(target, _)| (target.to_owned(), Sha256::of(target.as_bytes()))).into();
    full.published_at = Some("2026-11-20T08:00:00Z".to_owned());
    full.signed = Some(true);
    full.others = vec![
        ("homepage".to_owned(), serde_json::from_str("\"https://x.example/<a>\"").unwrap()),
        ("badges".to_owned(), serde_json::from_str("[ {\"b\" : [ ]} ]").unwrap()),
    ];
    let catalog = Catalog::new([full, entry("a", "1.0.0", &[])]);
    assert_eq!(catalog.to_json(), WICKS);
    assert_eq!(Catalog::parse(WICKS).unwrap(), catalog);
}

#[test]
fn an_empty_catalog_is_a_list() {
    assert_eq!(Catalog::default().to_json(), "[]\n");
    assert_eq!(Catalog::parse(" [ ] ").unwrap(), Catalog::default());
}

#[test]
fn what_is_no_catalog_says_why_and_where() {
    let why = |text: &str| crate::model::failure::Failure::from(Catalog::parse(text).unwrap_err()).message;
    for (text, said) in [
        ("", "this is empty"),
        ("\n{\"plugins\": []}", "this is an object"),
        ("<!DOCTYPE html>", "it starts with `<`"),
        ("null", "starts with `n`"),
        ("[\n  {\"key\": 1}\n]", "line 2 column 11"),
        ("[{\"key\": \"a\"},\n{\"key\"", "line 2 column 6"),
        ("[[]]", "an entry, which is an object"),
        ("[{\"key\":\"a\",\"key\":\"b\"}]", "has `key` twice"),
        ("[{\"key\":\"a\",\"X\":1,\"x\":2}]", "has `x` twice"),
        ("[{\"aſſetS\":{}}]", "must be spelled `assets`"),
        ("[{\"key\":\"a\"},{\"key\":\"a\"}]", "two entries for `a`"),
        ("[{\"digests\":{\"linux/amd64\":\"AB\"}}]", "no sha256 digest"),
    ] {
        assert!(why(text).contains(said), "{text}: {}", why(text));
    }
    assert!(Catalog::parse(&format!("[{{\"x\":{}{}}}]", "[".repeat(10_000), "]".repeat(10_000))).is_err());
}

#[test]
fn nulls_are_nothing() {
    let text = r#"[{"key":"a","name":null,"default_tags":null,"assets":null,"digests":null,"signed":null}]"#;
    let catalog = Catalog::parse(text).unwrap();
    assert_eq!(catalog.entries(), [Entry { key: "a".to_owned(), ..Entry::default() }]);
}

#[test]
fn readers_rules_are_findings() {
    let codes = |entry: Entry| -> Vec<&'static str> {
        Catalog::new([entry]).findings().into_iter().map(|finding| finding.code).collect()
    };
    let good = || entry("a", "1.0.0", &["linux/amd64"]);
    assert_eq!(codes(good()), [""; 0]);
    assert_eq!(codes(Entry { name: String::new(), ..good() }), ["catalog-entry-skipped"]);
    assert_eq!(codes(Entry { key: String::new(), ..good() }), ["catalog-entry-skipped"]);
    assert_eq!(codes(Entry { key: "a-b".to_owned(), ..good() }), ["catalog-key"]);
    assert_eq!(codes(Entry { version: "v1.0.0".to_owned(), ..good() }), ["catalog-version"]);
    assert_eq!(codes(Entry { proto_version: Some(2), ..good() }), ["catalog-protocol"]);
    assert_eq!(codes(entry("a", "1.0.0", &[])), ["catalog-no-assets"]);
    let local = [("linux/amd64".to_owned(), "bin/a.zip".to_owned())].into();
    assert_eq!(codes(Entry { assets: local, ..good() }), ["catalog-address"]);
}

#[test]
fn the_readers_limit_is_seen_coming() {
    let severity = |length| size_finding(length).map(|finding| finding.severity);
    assert_eq!(severity(838_000), None);
    assert_eq!(severity(839_000), Some(Severity::Warning));
    assert_eq!(severity(READER_MAX), Some(Severity::Warning));
    assert_eq!(severity(READER_MAX + 1), Some(Severity::Error));
}

#[test]
fn differences_are_told_in_plugins_versions_and_targets() {
    let before = Catalog::new([
        entry("gone", "1.0.0", &["linux/amd64"]),
        entry("same", "1.0.0", &["linux/amd64"]),
        entry("slack", "0.2.0", &["linux/amd64", "darwin/amd64"]),
        entry("units", "0.1.0", &["linux/amd64"]),
    ]);
    let units = Entry {
        description: "new".to_owned(),
        signed: Some(true),
        ..entry("units", "0.1.0", &["linux/amd64"])
    };
    let mut slack = entry("slack", "0.3.0", &["linux/amd64", "windows/amd64"]);
    slack.sizes.insert("linux/amd64".to_owned(), 1);
    let after = Catalog::new([
        entry("new", "0.1.0", &["linux/arm64"]),
        entry("same", "1.0.0", &["linux/amd64"]),
        slack,
        units,
    ]);
    let diff = CatalogDiff::between(Some(&before), &after);
    assert_eq!(diff.added[0].plugin, "new");
    assert_eq!((diff.removed[0].plugin.as_str(), diff.removed[0].version.as_str()), ("gone", "1.0.0"));
    assert_eq!(diff.unchanged, ["same"]);
    let slack = &diff.updated[0];
    assert_eq!((slack.from.as_str(), slack.to.as_str()), ("0.2.0", "0.3.0"));
    assert_eq!(
        (slack.gained.as_slice(), slack.lost.as_slice()),
        (&["windows/amd64".to_owned()][..], &["darwin/amd64".to_owned()][..])
    );
    assert_eq!(slack.changed, [""; 0], "sizes had to change");
    assert_eq!(diff.updated[1].changed, ["description", "signed"]);
    assert!(!diff.is_empty());
    assert!(CatalogDiff::between(Some(&after), &after).is_empty());
    assert_eq!(CatalogDiff::between(None, &after).added.len(), 4);
}

fn any_json() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "1",
        "-1.50e3",
        "\"a<b\\u00e9\\/\"",
        "[ ]",
        "{\"k\" : [1, 2 ]}",
        "null",
        "true",
    ])
    .prop_map(ToOwned::to_owned)
}

prop_compose! {
    fn any_entry()(
        key in "[a-z_]{1,6}", texts in prop::collection::vec("\\PC{0,8}[<>&\u{2028}\n\\\\\"]?", 3),
        targets in prop::collection::btree_map("[a-z]{1,4}/[a-z0-9]{1,4}", 0u64..1 << 40, 0..4),
        tags in prop::collection::vec(any_json(), 0..3), others in prop::collection::btree_map("x_[a-z]{1,3}", any_json(), 0..3),
        proto in prop::option::of(0u32..9), signed in prop::option::of(any::<bool>()),
    ) -> Entry {
        let raw = |text: &String| -> RawJson { serde_json::from_str(text).unwrap() };
        Entry {
            key,
            name: texts[0].clone(),
            description: texts[1].clone(),
            version: texts[2].clone(),
            default_tags: tags.iter().map(raw).collect(),
            assets: targets.keys().map(|target| (target.clone(), texts[1].clone())).collect(),
            kind: texts[2].clone(),
            proto_version: proto,
            digests: targets.keys().map(|target| (target.clone(), Sha256::of(target.as_bytes()))).collect(),
            sizes: targets,
            published_at: proto.map(|n| n.to_string()),
            signed,
            others: others.iter().map(|(name, value)| (name.clone(), raw(value))).collect(),
        }
    }
}

proptest! {
    /// What was written is read back as the same, and written again as the same bytes.
    #[test]
    fn reading_is_the_inverse_of_writing(entries in prop::collection::vec(any_entry(), 0..5)) {
        let catalog = Catalog::new(entries);
        let text = catalog.to_json();
        let back = Catalog::parse(&text).unwrap();
        prop_assert_eq!(&back, &catalog);
        prop_assert_eq!(back.to_json(), text);
    }

    /// Any change of a text: an answer, never a panic; and what is accepted is stable.
    #[test]
    fn altered_texts_never_panic(at in any::<prop::sample::Index>(), with in "[ -~]{0,4}", cut in any::<bool>()) {
        let mut text = WICKS.to_owned();
        let at = at.index(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..at + 1, &with);
            if cut {
                text.truncate(at);
            }
        }
        if let Ok(catalog) = Catalog::parse(&text) {
            let once = catalog.to_json();
            prop_assert_eq!(Catalog::parse(&once).unwrap().to_json(), once);
        }
    }
}
