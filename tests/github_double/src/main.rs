//! The double as a program, for what runs in other processes: `github-double --port 0 --latency-ms 20` prints its API's
//! address and serves until it is ended.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a program of its own, not a part of wick"
)]

use std::process::ExitCode;
use std::time::Duration;

use github_double::{Config, Content, Double, Fault, Packages};

const HELP: &str = "\
Usage: github-double [OPTIONS]

  --port N            the API's port (default: a free one)
  --repository O/R    (default: octo/plugins)
  --latency-ms N      before each answer
  --limit N           requests until the primary limit (default: 1000000)
  --enterprise        /api/v3 and /api/uploads on one origin
  --immutable         published releases become immutable
  --archived          nothing can be written
  --tags-restricted   a ruleset lets nobody make tags
  --former O/R        a name it had before
  --unpushed SHA      a commit that it hasn't
  --drifted SHA       a commit whose workflows aren't the default branch's: no job's token may release it by name
  --refs-guarded      nor make a ref on it
  --private           only tokens with rights see the repository
  --no-ranges         the storage ignores Range
  --no-digests        no digests of assets
  --releases N        published releases to begin with: p<i>/v1.0.0
  --assets N          assets of each (default: 5)
  --asset-bytes N     bytes of each asset (default: 1048576)
  --real-packages N   the releases are of N plugins (p<i>/v1.<n>.0, up to 5 assets each), and their assets can be read;
                      each line of stdin, such as `p0 1.9.0`, then makes one more release and is printed back
  --fail N=FAULT      request N fails: cut-before, cut-in-request:BYTES, cut-after, cut-in-answer:BYTES, status:CODE,
                      status-after:CODE, primary:SECONDS, secondary[:SECONDS], html, half-json, echo, silence, early,
                      corrupt

Tokens: ghp_write, ghp_read, ghp_stranger, ghs_write, ghs_read, github_pat_write, github_pat_read
Also answers /_double/counters, /_double/log, /_double/releases and /_double/clear.";

fn main() -> ExitCode {
    match run() {
        Ok(Some(double)) => double.serve_forever(),
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<Option<Double>, String> {
    let (mut config, mut faults) = (Config { limit: 1_000_000, ..Config::default() }, Vec::new());
    let (mut releases, mut assets, mut bytes) = (0u64, 5u64, 1u64 << 20);
    let mut plugins = 0u64;
    let mut arguments = std::env::args().skip(1);
    while let Some(flag) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(None);
            }
            "--port" => config.port = number(&value()?)?,
            "--repository" => config.repository = value()?,
            "--latency-ms" => config.latency = Duration::from_millis(number(&value()?)?),
            "--limit" => config.limit = number(&value()?)?,
            "--enterprise" => config.enterprise = true,
            "--immutable" => config.immutable = true,
            "--archived" => config.archived = true,
            "--tags-restricted" => config.tags_restricted = true,
            "--former" => config.former = Some(value()?),
            "--unpushed" => drop(config.unpushed.insert(value()?)),
            "--drifted" => drop(config.drifted.insert(value()?)),
            "--refs-guarded" => config.refs_guarded = true,
            "--private" => config.private = true,
            "--no-ranges" => config.ranges = false,
            "--no-digests" => config.digests = false,
            "--releases" => releases = number(&value()?)?,
            "--assets" => assets = number(&value()?)?,
            "--asset-bytes" => bytes = number(&value()?)?,
            "--real-packages" => plugins = number(&value()?)?,
            "--fail" => {
                let text = value()?;
                let (at, fault) = text.split_once('=').ok_or("--fail needs N=FAULT")?;
                faults.push((number(at)?, fault.parse::<Fault>()?));
            }
            _ => return Err(format!("there is no flag {flag}")),
        }
    }
    let double = Double::start(config);
    let real = (plugins > 0).then(|| u32::try_from(bytes).map(Packages::of)).transpose();
    let real = real.map_err(|_| "a package of 4 GiB is not a zip of this kind".to_owned())?;
    let assets_each = usize::try_from(assets).unwrap_or(usize::MAX);
    match &real {
        Some(packages) => {
            for index in 0..releases {
                let (key, version) = (format!("p{}", index % plugins), format!("1.{}.0", index / plugins));
                seed_package(&double, packages, &key, &version, assets_each);
            }
        }
        None => seed_padding(&double, releases, assets, bytes),
    }
    for (at, fault) in faults {
        double.fail_at(at, fault);
    }
    println!("{}", double.api_url());
    if let Some(packages) = &real {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if let Some((key, version)) = line.split_once(' ') {
                seed_package(&double, packages, key, version, assets_each);
                println!("{line}");
            }
        }
    }
    Ok(Some(double))
}

fn seed_package(double: &Double, packages: &Packages, key: &str, version: &str, assets: usize) {
    let release = packages.release(key, version, assets);
    let assets: Vec<_> = release
        .iter()
        .map(|(name, content, digest)| (name.as_str(), content.clone(), digest.clone()))
        .collect();
    double.seed_release_with(&format!("{key}/v{version}"), false, &assets);
}

fn seed_padding(double: &Double, releases: u64, assets: u64, bytes: u64) {
    let content = Content::padded(bytes, Vec::new());
    // One content, hashed once: per asset it would take minutes.
    let digest = content.digest();
    let names: Vec<String> = (0..assets).map(|index| format!("asset-{index}.zip")).collect();
    let all: Vec<_> =
        names.iter().map(|name| (name.as_str(), content.clone(), Some(digest.clone()))).collect();
    for index in 0..releases {
        double.seed_release_with(&format!("p{index}/v1.0.0"), false, &all);
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number that fits"))
}
