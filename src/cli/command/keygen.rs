//! `wick plugin keygen`: a signing key, its public half, and what to do with each.

use serde_json::json;

use crate::cli::args::KeygenArgs;
use crate::cli::failure;
use crate::cli::render::Console;
use crate::cli::session::Session;
use crate::model::failure::Failure;

pub(in crate::cli) fn run(args: &KeygenArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    let path = args.output.as_deref();
    let (private, public, key) =
        if args.cosign { session.generate_cosign_key(path)? } else { session.generate_key(path)? };
    if console.is_json() {
        let (private, public) = (private.to_string_lossy(), public.to_string_lossy());
        console.json(&json!({ "schema": 1, "private": private, "public": public, "public_key": key }));
        return Ok(failure::DONE);
    }
    console.note(&format!("private key: {} (keep it secret, keep a copy)", session.shown(&private)));
    console.note(&format!("public key:  {}", session.shown(&public)));
    console.data(key.trim_end());
    if args.cosign {
        console.note(&format!("sign with: wick plugin build --cosign-key {} …", session.shown(&private)));
        console.note(&format!("check with: wick plugin verify --cosign-pub {} …", session.shown(&public)));
    } else {
        console.note(&format!("hosts trust it with WICK_PLUGIN_PUBKEY={key}"));
        console.note(&format!("sign with: wick plugin build --sign-key {} …", session.shown(&private)));
    }
    Ok(failure::DONE)
}
