//! Where two JSON values differ, in few words: paths and both values, and no more of either than a person reads.

use serde_json::Value;

/// How many places are named.
const PLACES: usize = 5;
/// How much of a value is shown.
const SHOWN: usize = 60;

/// The places where two values differ: `Operations[0].Ops[2].Key is "a" and "b"`. Each has `first` and `second` for the
/// one that lacks it.
#[must_use]
pub fn told(a: &Value, b: &Value, [first, second]: [&str; 2]) -> Vec<String> {
    let mut places = Vec::new();
    walk(a, b, "", &mut places);
    let more = places.len().saturating_sub(PLACES);
    let one = |(path, a, b): (String, Option<&Value>, Option<&Value>)| {
        let path = if path.is_empty() { "the whole" } else { path.trim_start_matches('.') };
        let says = |who: &str, value: Option<&Value>| match value {
            Some(value) => format!("is {} in {who}", shown(value)),
            None => format!("isn't in {who}"),
        };
        format!("{path} {} and {}", says(first, a), says(second, b))
    };
    let mut told: Vec<String> = places.into_iter().take(PLACES).map(one).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    told
}

/// A path, and what either value has there.
type Place<'a> = (String, Option<&'a Value>, Option<&'a Value>);

fn walk<'a>(a: &'a Value, b: &'a Value, path: &str, places: &mut Vec<Place<'a>>) {
    let mut inner = |path: String, a: Option<&'a Value>, b: Option<&'a Value>| match (a, b) {
        (Some(a), Some(b)) => walk(a, b, &path, places),
        _ => places.push((path, a, b)),
    };
    match (a, b) {
        _ if a == b => {}
        (Value::Object(a), Value::Object(b)) => {
            let more = b.keys().filter(|key| !a.contains_key(*key));
            for key in a.keys().chain(more) {
                inner(format!("{path}.{}", key.escape_debug()), a.get(key), b.get(key));
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for at in 0..a.len().max(b.len()) {
                inner(format!("{path}[{at}]"), a.get(at), b.get(at));
            }
        }
        _ => places.push((path.to_owned(), Some(a), Some(b))),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    // A plugin's text goes to a terminal.
    let short: String = text.chars().take(SHOWN).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().count() > SHOWN { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_and_values_are_told() {
        let long = "x".repeat(1000);
        let cases = [
            (json!({"a": 1}), json!({"a": 1}), vec![]),
            (json!({"a": [1, 2]}), json!({"a": [1, 3]}), vec!["a[1] is 2 in one and is 3 in two"]),
            (json!({"a": [1, 2]}), json!({"a": [1]}), vec!["a[1] is 2 in one and isn't in two"]),
            (json!({}), json!({"M": {"K": "v"}}), vec!["M isn't in one and is {\"K\":\"v\"} in two"]),
            (json!([{"K": "a"}]), json!([{"K": null}]), vec!["[0].K is \"a\" in one and is null in two"]),
            (json!(1), json!([]), vec!["the whole is 1 in one and is [] in two"]),
        ];
        for (a, b, expected) in cases {
            assert_eq!(told(&a, &b, ["one", "two"]), expected, "{a} {b}");
        }
        let many: Vec<u32> = (0..100).collect();
        let all = told(&json!(many), &json!(vec!["\u{9b}2J"; 100]), ["one", "two"]);
        assert_eq!((all.len(), all.last().map(String::as_str)), (PLACES + 1, Some("and 95 more")));
        assert!(all.iter().all(|text| !text.contains('\u{9b}')), "{all:?}");
        assert!(told(&json!(long), &json!(1), ["one", "two"])[0].len() < 120);
    }
}
