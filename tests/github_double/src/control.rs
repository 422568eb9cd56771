//! What someone in another process may ask of the double; not counted and not logged.

use serde_json::{Value, json};

use crate::json as forms;
use crate::server::Shared;
use crate::wire::Reply;

/// `/_double/counters`, `/_double/log`, `/_double/releases`, `/_double/clear`.
pub(crate) fn answer(shared: &Shared, path: &str) -> Reply {
    let value = match path {
        "/_double/counters" => {
            let counters = shared.record.lock().unwrap().counters();
            json!({
                "requests": counters.requests,
                "api_requests": counters.api_requests,
                "asset_bytes_in": counters.asset_bytes_in,
                "asset_bytes_out": counters.asset_bytes_out,
                "bytes_out": counters.bytes_out,
                "tokens_leaked": counters.tokens_leaked,
            })
        }
        "/_double/log" => {
            let record = shared.record.lock().unwrap();
            let lines: Vec<Value> = record.entries.iter().map(|entry| json!(entry.line())).collect();
            json!(lines)
        }
        "/_double/releases" => {
            let state = shared.state.lock().unwrap();
            let all = state.releases.iter().rev();
            json!(
                all.map(|release| forms::release(&shared.config, &shared.bases, release)).collect::<Vec<_>>()
            )
        }
        "/_double/clear" => {
            shared.record.lock().unwrap().clear();
            json!({})
        }
        _ => return forms::error(404, "Not Found"),
    };
    Reply::json(200, &value)
}
