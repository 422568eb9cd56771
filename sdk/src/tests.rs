//! What declarations become, and how values are read.

use std::collections::HashMap;

use crate::__private::{Envelope, Fields, Plugin};
use crate::values::Values;
use crate::{Choice, Config, Error, Identity, Input, Json, Result, Secret, Value, json, plugin};

#[derive(Choice, Clone, Copy, Debug, PartialEq)]
enum Method {
    Token,
    #[wick(value = "basic auth")]
    Basic,
}

#[derive(Config)]
#[allow(dead_code)]
struct Everything {
    /// Address <of> the service & more
    #[wick(url, default = "https://example.com", env = "EVERYTHING_URL", owner = "everything")]
    base_url: String,
    /// How to sign in
    #[wick(default = Method::Token, group = "Access")]
    method: Method,
    /// The token
    #[wick(visible_when(method = "token"), regenerate, group = "Access")]
    token: Option<Secret>,
    /// Attempts
    #[wick(default = -3, required, locked, mode = "fixed")]
    attempts: i8,
    /// Ratio
    #[wick(default = 0.5, hidden)]
    ratio: f64,
    /// Careful?
    careful: bool,
    /// Colour
    #[wick(options = ["red", "blue"], key = "colour")]
    color: Option<String>,
    /// Rules
    rules: Vec<Rule>,
}

#[derive(Input, Debug, PartialEq)]
struct Rule {
    /// Name
    name: String,
    /// How
    #[wick(default = Method::Basic)]
    how: Method,
}

#[derive(Input)]
struct Arguments {
    /// A number
    count: u8,
    /// A list
    labels: Vec<String>,
    /// Anything
    filter: Option<Json<Value>>,
    /// Text
    text: String,
}

/// Everything that can be declared:
/// "quotes", <tags>.
///
/// And more.
#[plugin(
    key = "everything",
    name = "Everything!",
    kind = "job",
    icon = "🧰",
    fixed,
    live_catalog,
    require_ai_description,
    allow_session_config,
    tag(name = "One", description = "first", group, order = 10),
    tag(name = "Two", filter, system),
    category(title = "Late", description = "Comes second"),
    access(sso, others_configure),
    oauth(
        authorize_url = "https://example.com/authorize",
        token_url = "https://example.com/token",
        scopes = ["read", "write"],
        display_name = "Example",
        params(prompt = "consent", access_type = "offline")
    )
)]
impl Everything {
    /// Does it
    #[operation(
        key = "do_it",
        name = "DO IT",
        destructive,
        config_only,
        category = "Late",
        quirk = ["slow", "loud"],
        example(name = "basic", body = "{\"a\": 1}"),
        output(id = "what to delete it by"),
        input_sample = "{}"
    )]
    async fn it(&self, arguments: Arguments) -> Result<u8> {
        Ok(arguments.count)
    }

    /// Does nothing
    #[operation]
    fn nothing() -> Result<()> {
        Ok(())
    }

    #[identity]
    async fn identity(_: Secret) -> Result<Identity> {
        Ok(Identity::default())
    }
}

#[test]
fn writes_what_go_would_write() {
    const ENVELOPE: Envelope =
        Envelope { kind: "job", version: "1.0", entry: "everything", module: &Everything::SERVER.module };
    let bytes: [u8; ENVELOPE.length()] = const { ENVELOPE.write() };
    let text = std::str::from_utf8(&bytes).unwrap();
    let written: Value = serde_json::from_str(text).unwrap();
    assert_eq!(written["os_arch"].as_array().unwrap().len(), 1);
    let module = text.split_once("\"module\":").unwrap().1.strip_suffix('}').unwrap();
    // One member per line, so that a difference is read at once.
    let shown = module.replace(",\"", ",\n\"").replace('{', "{\n");
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/module.txt");
    if std::env::var_os("SNAPSHOTS").is_some_and(|wish| wish == "overwrite") {
        std::fs::write(golden, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(golden).unwrap());
}

fn config(pairs: &[(&str, &str)]) -> Result<Everything> {
    let creds: HashMap<String, String> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Everything::read(&mut Values::config(&creds))
}

#[test]
fn reads_a_configuration() {
    let read = config(&[
        ("method", "basic auth"),
        ("token", ""),
        ("attempts", "7"),
        ("careful", "true"),
        ("rules", r#"[{"name": "a", "how": "token"}, {"name": "b"}]"#),
    ])
    .unwrap();
    assert_eq!(
        (read.base_url.as_str(), read.method, read.attempts),
        ("https://example.com", Method::Basic, 7)
    );
    assert_eq!((read.token, read.ratio, read.careful), (None, 0.5, true));
    let rule = |name: &str, how| Rule { name: name.to_owned(), how };
    assert_eq!(read.rules, [rule("a", Method::Token), rule("b", Method::Basic)]);
}

/// An error names the row and what it wants, never the value: it may be a credential in the wrong row.
#[test]
fn errors_do_not_repeat_values() {
    for (key, value, wanted) in [
        ("attempts", "hunter2", "configuration: `attempts` must be a whole number from -128 to 127"),
        ("method", "hunter2", "configuration: `method` must be one of token, basic auth"),
        ("ratio", "hunter2", "configuration: `ratio` must be a number"),
        ("careful", "hunter2", "configuration: `careful` must be true or false"),
        ("rules", "hunter2", "configuration: `rules` must be a list of objects"),
    ] {
        let error = config(&[(key, value)]).map(|_| ()).unwrap_err();
        assert_eq!((error.code(), error.message()), ("bad_config", wanted));
    }
}

#[test]
fn reads_arguments_of_programs_and_forms() {
    for text in [
        r#"{"count": 3, "labels": ["a", "b"], "filter": {"x": 1}, "text": "", "more": null}"#,
        r#"{"count": "3", "labels": "[\"a\", \"b\"]", "filter": "{\"x\": 1}", "text": ""}"#,
        r#"{"count": 3.0, "labels": [{"value": "a"}, {"value": "b"}], "filter": {"x": 1}, "text": ""}"#,
        "{\"count\": \" 3 \", \"labels\": \"a\\n b \\n\", \"filter\": \"{\\\"x\\\":1}\", \"text\": \"\"}",
    ] {
        let read = Arguments::read(&mut Values::arguments(text.as_bytes()).unwrap()).unwrap();
        assert_eq!((read.count, read.text.as_str()), (3, ""), "{text}");
        assert_eq!(read.labels, ["a", "b"], "{text}");
        assert_eq!(read.filter.map(|filter| filter.0), Some(json!({ "x": 1 })), "{text}");
    }
    for (text, wanted) in [
        ("{}", "`count` is missing"),
        (r#"{"count": 256}"#, "`count` must be a whole number from 0 to 255"),
        (r#"{"count": 1, "labels": 5}"#, "`labels` must be a list of texts"),
        (r#"{"count": 1}"#, "`text` is missing"),
    ] {
        let read = Arguments::read(&mut Values::arguments(text.as_bytes()).unwrap());
        assert_eq!(read.map(|_| ()).unwrap_err().message(), wanted);
    }
    assert_eq!(
        Values::arguments(b"{").map(|_| ()).unwrap_err().message(),
        "the arguments are no JSON: line 1, column 1"
    );
}

#[test]
fn secrets_stay_out_of_errors() {
    let error = Error::failed("GET /?key=hunter2&again=hunter22: 401")
        .redacted(["hunter2", "hunter22", "a"].into_iter());
    assert_eq!(error.message(), "GET /?key=***&again=***: 401");
    assert_eq!(format!("{:?}", Secret::new("hunter2")), "***");
}

#[test]
fn errors_tell_their_causes() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("read the count")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error: Error = Outer("x".parse::<u8>().unwrap_err()).into();
    assert_eq!(
        (error.code(), error.message()),
        ("operation_failed", "read the count: invalid digit found in string")
    );
}
