//! A case for every rule: what it finds, and what it leaves in peace.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::declared::Declared;
use super::folder::Folder;
use super::rules::{Look, RULES};
use crate::model::names::PluginKey;
use crate::model::project::Language;

fn key() -> PluginKey {
    "weather".parse().unwrap()
}

/// A folder without anything to complain about.
fn good(key: &PluginKey) -> Folder<'_> {
    Folder {
        key,
        language: Some(Language::Go),
        ambiguous: false,
        twin: None,
        files: vec![("README.md".to_owned(), "Tells the weather.\n".to_owned())],
        scaffold: vec![("README.md", "Write here.\n".to_owned()), ("VERSION", "0.1.0\n".to_owned())],
        version: Some("0.2.0\n".to_owned()),
        crate_version: None,
        released: vec!["0.1.0".parse().unwrap()],
        changed: Vec::new(),
        lacks_lock: None,
        in_go_module: true,
        crates: BTreeSet::new(),
        outside: Vec::new(),
    }
}

fn module() -> Value {
    json!({
        "Meta": {"Key": "weather", "Name": "Weather", "Description": "Tells the weather of a city"},
        "Configs": [
            {"Key": "api_key", "Type": "secret", "IsSecret": true, "Required": true, "Description": "From the account's page"},
            {"Key": "unit", "Type": "dropdown", "Options": "metric|imperial", "Value": "metric", "Description": "Of numbers"},
        ],
        "Operations": [{"Title": "Weather", "Description": "", "Ops": [
            {"Key": "now", "Name": "Now", "Description": "The weather in a city now", "Input": [
                {"Key": "city", "Type": "text", "Required": true, "Description": "Such as Oslo"},
                {"Key": "days", "Type": "number", "Value": "3", "Description": "How many"},
                {"Key": "wind", "Type": "checkbox", "Value": "true", "Description": "Wind too"},
            ]},
            {"Key": "forget", "Name": "Forget", "Description": "Removes a city from the list", "Destructive": true, "Input": null},
        ]}],
        "OAuth": {"AuthorizeURL": "https://example.com/authorize", "TokenURL": "https://example.com/token"},
    })
}

fn declared(module: &Value) -> Declared {
    let module = serde_json::from_value(module.clone()).unwrap();
    Declared::read(&key(), 1, &module)
}

/// The good module with one value replaced, by a JSON pointer; a null puts nothing there.
fn with(pointer: &str, value: Value) -> Value {
    let mut module = module();
    *module.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    module
}

/// A row or operation that is added to the good module.
fn and(pointer: &str, value: Value) -> Value {
    let mut module = module();
    module.pointer_mut(pointer).and_then(Value::as_array_mut).unwrap().push(value);
    module
}

const OPS: &str = "/Operations/0/Ops";

fn op(key: &str) -> Value {
    and(OPS, json!({"Key": key, "Name": "Another", "Description": "Does another thing"}))
}

fn setting(row: Value) -> Value {
    let mut full = json!({"Key": "more", "Type": "text", "Description": "Some more"});
    full.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
    and("/Configs", full)
}

fn codes_of_module(module: &Value) -> BTreeSet<&'static str> {
    let declared = declared(module);
    let broken = RULES.iter().filter(|rule| match rule.look {
        Look::Module(look) => !look(&declared).is_empty(),
        _ => false,
    });
    broken.map(|rule| rule.code).collect()
}

fn codes_of_folder(folder: &Folder<'_>) -> BTreeSet<&'static str> {
    let broken = RULES.iter().filter(|rule| match rule.look {
        Look::Folder(look) => !look(folder).is_empty(),
        _ => false,
    });
    broken.map(|rule| rule.code).collect()
}

/// Modules that break exactly one rule.
fn bad_modules() -> Vec<(&'static str, Value)> {
    let now = "/Operations/0/Ops/0";
    let at = |inner: &str| format!("{now}{inner}");
    vec![
        ("module-shape", with("/Operations", json!("none"))),
        ("module-shape", with(&at("/Input/0/Required"), json!("yes"))),
        ("key-mismatch", with("/Meta/Key", json!("Weather"))),
        ("name-missing", with("/Meta/Name", json!(" "))),
        ("name-missing", with(&at("/Name"), json!(""))),
        ("description-missing", with("/Meta/Description", json!(""))),
        ("description-missing", with(&at("/Description"), json!(" "))),
        ("description-empty-of-meaning", with(&at("/Description"), json!("Now."))),
        ("description-empty-of-meaning", with(&at("/Description"), json!("Removes a city from the list"))),
        ("scaffold-description", with("/Meta/Description", json!("Greets. Say here what weather is for"))),
        ("no-operations", with(OPS, Value::Null)),
        ("operation-key", op("get-weather")),
        ("operation-key", op("")),
        ("operation-duplicate", op("now")),
        ("destructive-unmarked", op("bulk_delete")),
        ("destructive-unmarked", op("remove_city")),
        ("field-key", setting(json!({"Key": "the place"}))),
        ("field-duplicate", setting(json!({"Key": "unit"}))),
        (
            "field-duplicate",
            and(&at("/Input"), json!({"Key": "city", "Type": "text", "Description": "Again"})),
        ),
        ("field-type", setting(json!({"Type": "slider"}))),
        ("field-type", setting(json!({"Type": ""}))),
        ("field-undescribed", setting(json!({"Description": " "}))),
        ("required-undescribed", with(&at("/Input/0/Description"), json!(""))),
        ("options-missing", setting(json!({"Type": "dropdown", "Options": " | "}))),
        ("default-odd", setting(json!({"Type": "number", "Value": "many"}))),
        ("default-odd", setting(json!({"Type": "checkbox", "Value": "on"}))),
        ("default-odd", setting(json!({"Type": "dropdown", "Options": "a|b", "Value": "c"}))),
        ("secret-unmarked", setting(json!({"Key": "github_token"}))),
        ("secret-unmarked", setting(json!({"Key": "private_key"}))),
        ("secret-unmarked", setting(json!({"Key": "more", "Type": "secret"}))),
        ("secret-default", setting(json!({"Key": "password", "IsSecret": true, "Value": "hunter2"}))),
        (
            "secret-input",
            with(
                &at("/Input/0"),
                json!({"Key": "token", "Type": "secret", "IsSecret": true, "Description": "Yours"}),
            ),
        ),
        ("oauth-address", with("/OAuth/TokenURL", json!("http://example.com/token"))),
        ("oauth-address", with("/OAuth/AuthorizeURL", json!("https://user@example.com"))),
        ("text-too-long", with(&at("/Description"), json!("weather ".repeat(200)))),
        ("text-unfinished", with("/Meta/Description", json!(concat!("TO", "DO: describe")))),
        ("text-unfinished", with(&at("/Input/0/Description"), json!("Lorem ipsum dolor"))),
        ("text-control", with("/Meta/Name", json!("Wea\u{1b}[31mther"))),
        ("text-control", with(&at("/Description"), json!("The \u{202e}rehtaew"))),
    ]
}

/// What looks like a case and is none.
fn good_modules() -> Vec<(&'static str, Value)> {
    vec![
        ("destructive-unmarked", op("list_deleted")),
        ("destructive-unmarked", op("get_delete_log")),
        ("destructive-unmarked", op("undelete")),
        ("destructive-unmarked", op("cleared")),
        ("secret-unmarked", setting(json!({"Key": "max_tokens"}))),
        ("secret-unmarked", setting(json!({"Key": "page_token"}))),
        ("secret-unmarked", setting(json!({"Key": "token_url"}))),
        ("secret-unmarked", setting(json!({"Key": "sort_key"}))),
        ("secret-unmarked", setting(json!({"Key": "with_token", "Type": "checkbox"}))),
        ("default-odd", setting(json!({"Type": "number", "Value": "-1.5"}))),
        ("options-missing", setting(json!({"Type": "dropdown", "Options": "one"}))),
        ("text-unfinished", with("/Meta/Description", json!("A mastodon of todos"))),
        ("text-control", with("/Meta/Description", json!("Größe\nin zwei Zeilen\t👩‍🚀"))),
        ("oauth-address", with("/OAuth", Value::Null)),
        ("no-operations", with("/Operations/0/Ops/0/Input", Value::Null)),
        ("field-key", setting(json!({"Key": "a_1"}))),
    ]
}

type Spoil = fn(&mut Folder<'_>);

/// Folders that break exactly one rule.
fn bad_folders() -> Vec<(&'static str, Spoil)> {
    fn add(folder: &mut Folder<'_>, name: &str, text: &str) {
        folder.files.push((name.to_owned(), text.to_owned()));
    }
    vec![
        ("key-shared", |folder| folder.twin = Some("tool/weather")),
        ("two-sources", |folder| (folder.language, folder.ambiguous) = (None, true)),
        ("no-source", |folder| folder.language = None),
        ("go-module-missing", |folder| folder.in_go_module = false),
        ("lock-missing", |folder| folder.lacks_lock = Some("go.sum")),
        ("version-missing", |folder| folder.version = None),
        ("version-not-semver", |folder| folder.version = Some("1.0".to_owned())),
        ("version-not-semver", |folder| folder.version = Some("dev\n".to_owned())),
        ("version-behind", |folder| folder.version = Some("0.0.9".to_owned())),
        ("version-behind", |folder| folder.released.push("0.10.0".parse().unwrap())),
        ("version-released", |folder| folder.changed = vec!["main.go".to_owned()]),
        ("readme-missing", |folder| folder.files.clear()),
        ("scaffold-unchanged", |folder| {
            folder.files = vec![("README.md".to_owned(), "Write here.\n".to_owned())]
        }),
        ("c-code", |folder| add(folder, "x.go", "package main\n\nimport (\n\t\"C\" // old\n)\n")),
        ("c-library", |folder| folder.crates = ["openssl-sys".to_owned()].into()),
        ("path-outside", |folder| folder.outside = vec!["sdk at ../../sdk".to_owned()]),
        ("sdk-by-name", |folder| {
            add(folder, "Cargo.toml", &format!("[dependencies]\n{} = \"0.1\"\n", "wick-plugin"))
        }),
        ("private-key", |folder| add(folder, "deploy.pem", "-----BEGIN EC PRIVATE KEY-----\nabc\n")),
    ]
}

/// What looks like a case and is none.
fn good_folders() -> Vec<(&'static str, Spoil)> {
    fn add(folder: &mut Folder<'_>, name: &str, text: &str) {
        folder.files.push((name.to_owned(), text.to_owned()));
    }
    vec![
        ("version-missing", |folder| {
            (folder.language, folder.version) = (Some(Language::Rust), None);
            folder.crate_version = Some("0.2.0".to_owned());
        }),
        ("version-not-semver", |folder| folder.version = Some("v0.2.0-rc.1\n".to_owned())),
        // An older line that was tagged is still what it was.
        ("version-behind", |folder| {
            folder.version = Some("0.1.0".to_owned());
            folder.released.push("0.10.0".parse().unwrap());
        }),
        ("scaffold-unchanged", |folder| add(folder, "VERSION", "0.1.0\n")),
        ("c-code", |folder| add(folder, "x_test.go", "import \"C\"\n")),
        ("c-code", |folder| add(folder, "x.go", "// import \"C\"\nvar s = `\"C\" and more`\n")),
        ("c-library", |folder| folder.crates = ["openssl-sys", "openssl-src"].map(ToOwned::to_owned).into()),
        ("private-key", |folder| add(folder, "testdata/tls.pem", "-----BEGIN PRIVATE KEY-----\n")),
        ("private-key", |folder| add(folder, "ca.pem", "-----BEGIN CERTIFICATE-----\n")),
        ("readme-missing", |folder| folder.files = vec![("Readme.md".to_owned(), "Mine.\n".to_owned())]),
    ]
}

#[test]
fn what_is_good_has_no_findings() {
    assert_eq!(codes_of_module(&module()), BTreeSet::new());
    assert_eq!(codes_of_folder(&good(&key())), BTreeSet::new());
}

#[test]
fn each_rule_finds_its_case_and_no_other_does() {
    for (code, module) in bad_modules() {
        assert_eq!(codes_of_module(&module), [code].into(), "{module}");
    }
    for (at, (code, spoil)) in bad_folders().into_iter().enumerate() {
        let key = key();
        let mut folder = good(&key);
        spoil(&mut folder);
        assert_eq!(codes_of_folder(&folder), [code].into(), "folder {at}");
    }
}

#[test]
fn what_only_looks_like_a_case_is_left_in_peace() {
    for (code, module) in good_modules() {
        assert_eq!(codes_of_module(&module), BTreeSet::new(), "{code}: {module}");
    }
    for (at, (code, spoil)) in good_folders().into_iter().enumerate() {
        let key = key();
        let mut folder = good(&key);
        spoil(&mut folder);
        assert_eq!(codes_of_folder(&folder), BTreeSet::new(), "{code}, folder {at}");
    }
}

#[test]
fn an_unknown_protocol_is_said() {
    let mut declared = declared(&module());
    let rule = RULES.iter().find(|rule| rule.code == "protocol-unknown").unwrap();
    let Look::Module(look) = rule.look else { panic!() };
    assert!(look(&declared).is_empty());
    declared.protocol = 2;
    assert_eq!(look(&declared), ["proto_version is 2; hosts speak 1 to 1"]);
}

/// What is told by other parts has its cases in tests/scaffold.
#[test]
fn every_rule_has_a_case_and_a_name_of_its_own() {
    let mut cased: BTreeSet<&str> = bad_modules().iter().map(|(code, _)| *code).collect();
    cased.extend(bad_folders().iter().map(|(code, _)| *code));
    cased.insert("protocol-unknown");
    let mut seen = BTreeSet::new();
    for rule in RULES {
        assert!(seen.insert(rule.code), "{} stands there twice", rule.code);
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(rule.code.chars().all(plain), "{}", rule.code);
        assert!(rule.why.ends_with('.') && !rule.what.ends_with('.'), "{}", rule.code);
        let told = matches!(rule.look, Look::Told);
        assert!(told != cased.contains(rule.code), "{} has no case", rule.code);
    }
}

#[test]
fn a_plugins_words_are_not_obeyed_by_a_terminal() {
    let messages = |module: &Value| {
        let declared = declared(module);
        let all = RULES.iter().filter_map(|rule| match rule.look {
            Look::Module(look) => Some(look(&declared)),
            _ => None,
        });
        all.flatten().collect::<Vec<_>>().join("\n")
    };
    let hostile = "x\u{1b}[2J\u{7}\r\n::error::\u{202e}";
    for pointer in ["/Meta/Key", "/Meta/Name", "/Operations/0/Ops/0/Key", "/Configs/0/Key", "/Configs/0/Type"]
    {
        let said = messages(&with(pointer, json!(hostile)));
        assert!(!said.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']) && !said.contains("\n::"), "{said:?}");
    }
    assert!(
        !messages(&setting(json!({"Key": "password", "IsSecret": true, "Value": "hunter2"})))
            .contains("hunter2")
    );
}

proptest::proptest! {
    /// Foreign JSON of any shape gets findings, never a panic.
    #[test]
    fn any_module_can_be_judged(text in "[a-zA-Z\u{0}-\u{7f}äß_\\-|]{0,40}", flag: bool, depth in 0..4usize) {
        let mut value = json!({"Key": text, "Value": text, "Type": text, "Options": text, "IsSecret": flag, "Ops": [{"Key": text, "Input": null}]});
        for _ in 0..depth {
            value = json!([value, {"Ops": [value.clone()], "Input": [value.clone()]}]);
        }
        for pointer in ["/Meta", "/Configs", "/Operations", "/OAuth", "/Meta/Key"] {
            let _ = codes_of_module(&with(pointer, value.clone()));
            let _ = codes_of_module(&with(pointer, json!([value.clone()])));
        }
    }
}
