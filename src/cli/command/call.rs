//! `wick plugin call`: from what was typed to a launched plugin, one question, its answer.

use std::time::Duration;

use serde_json::Value;

use crate::cli::args::CallArgs;
use crate::cli::callee::{self, Callee};
use crate::cli::failure;
use crate::cli::render::{Console, call as render};
use crate::cli::session::Session;
use crate::model::declared::{Declared, Operation};
use crate::model::failure::{Failure, FailureKind};
use crate::phase::call::{self, Answer, Request, Settings, Typed};
use crate::phase::launch::{Hold, Launch, Plugin, Tls};

/// As go-plugin's hosts have it.
const START: Duration = Duration::from_secs(60);

pub(in crate::cli) fn run(args: &CallArgs, session: &Session, console: &Console) -> Result<u8, Failure> {
    // What is typed wrong is said before anything is built.
    let typed: Vec<Typed> = args.arg.iter().map(|text| argument(text)).collect::<Result<_, _>>()?;
    let given = args.json.as_deref().map(|path| session.json_of(path)).transpose()?;
    let settings = args
        .cred
        .iter()
        .map(|cred| session.credential(cred.expose()))
        .collect::<Result<Settings, Failure>>()?;
    let token =
        args.identity.as_ref().map(|name| session.secret_of("--identity", name.expose())).transpose()?;
    let Some(callee) = callee::find(args, session, console)? else {
        return Ok(failure::exit_code(FailureKind::Findings));
    };
    let limit = Duration::from_secs(u64::from(args.timeout));
    let (variables, readable) = session.for_a_plugin(args.no_sandbox);
    let plugin = Plugin::launch(&Launch {
        label: &callee.label,
        binary: &callee.binary,
        emulator: None,
        tls: if args.no_mtls { Tls::Off } else { Tls::Mutual },
        hold: if args.no_sandbox { Hold::Open } else { Hold::Network },
        variables: &variables,
        readable: &readable,
        start: limit.min(START),
    })?;
    if console.is_verbose() {
        let tls = if args.no_mtls { "without TLS" } else { "AutoMTLS" };
        console.note(&format!("{}: launched as by a host, {tls}, {}", callee.label, plugin.held()));
    }
    let code = if let Some(token) = token {
        match call::identity(&plugin, &token, limit)? {
            Ok(identity) => render::identity(console, &identity),
            Err(error) => {
                let secrets = Settings::from([(String::new(), token)]);
                return Err(call::refusal(&callee.key, "ResolveIdentity", &error, &secrets));
            }
        }
        failure::DONE
    } else if args.health {
        let health = call::health(&plugin, limit)?;
        render::health(console, &callee.key, &health);
        answer_of(health.healthy)
    } else {
        asked(args, console, &callee, &plugin, limit, (given, typed, settings))?
    };
    let said = plugin.said();
    let ended = plugin.end();
    if console.is_verbose() {
        render::ended(console, &callee.label, &ended, &said);
    }
    Ok(code)
}

/// What needs to know what the plugin declares.
fn asked(
    args: &CallArgs,
    console: &Console,
    callee: &Callee,
    plugin: &Plugin,
    limit: Duration,
    (given, typed, mut settings): (Option<Value>, Vec<Typed>, Settings),
) -> Result<u8, Failure> {
    let module = plugin.schema(limit)?;
    if callee.manifest.as_ref().is_some_and(|manifest| !manifest.module.says_the_same_as(&module)) {
        console.findings(&[callee::other_module()]);
    }
    let unlike = |error: serde_json::Error| plugin.broken(&format!("Schema: it answers no module: {error}"));
    let declared: Declared = module.declared().map_err(unlike)?;
    if args.list {
        render::list(console, &callee.key, &module, &declared);
        return Ok(failure::DONE);
    }
    let operation = match &args.operation {
        None => None,
        Some(key) => Some(chosen(args, callee, &declared, key, given, &typed)?),
    };
    for (name, value) in call::settings(&declared.configs, declared.oauth, &settings)? {
        settings.insert(name, value.into());
    }
    let Some((operation, arguments)) = operation else {
        let ops = call::permissions(plugin, &settings, limit)?
            .map_err(|error| call::refusal(&callee.key, "CheckPermissions", &error, &settings))?;
        render::permissions(console, &callee.key, &ops);
        return Ok(answer_of(ops.iter().all(|op| op.ok)));
    };
    let request =
        Request { operation, arguments: &arguments, settings: &settings, limit, stream: args.stream };
    match call::execute(plugin, &request, |chunk| render::chunk(console, chunk))? {
        Answer::Whole { result, meta } => {
            render::result(console, &callee.key, &operation.key, &result, &meta);
            Ok(failure::DONE)
        }
        Answer::Streamed => Ok(failure::DONE),
        Answer::Refused(error) => {
            render::refused(console, &callee.key, &operation.key, &error);
            Err(call::refusal(&callee.key, &operation.key, &error, &settings))
        }
    }
}

/// The operation that is meant, with its arguments; nothing is sent yet.
fn chosen<'a>(
    args: &CallArgs,
    callee: &Callee,
    declared: &'a Declared,
    key: &str,
    given: Option<Value>,
    typed: &[Typed],
) -> Result<(&'a Operation, Value), Failure> {
    let operation = call::operation(declared, &callee.key, key)?;
    let arguments = call::arguments(operation, given, typed)?;
    if operation.destructive && !args.yes {
        return Err(Failure::new(
            FailureKind::Usage,
            format!("`{key}` is marked as destructive: nothing was done"),
        )
        .hint("add --yes to do it"));
    }
    Ok((operation, arguments))
}

fn argument(text: &str) -> Result<Typed, Failure> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok(Typed { name: name.to_owned(), text: value.to_owned() })
        }
        _ => Err(Failure::new(
            FailureKind::Usage,
            format!("--arg `{}` is not NAME=VALUE", text.escape_debug()),
        )),
    }
}

fn answer_of(yes: bool) -> u8 {
    if yes { failure::DONE } else { failure::exit_code(FailureKind::Findings) }
}
