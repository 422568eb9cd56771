//! One target: libFuzzer with its limits, and what its log says.

use std::path::{Path, PathBuf};

use super::{folder, output};
use crate::command::Cmd;
use crate::{Result, root};

/// Longer inputs find nothing that these don't, only later.
const LENGTH_MAX: u32 = 4096;
/// Seconds that one input may take: an archive bomb would need longer.
const TIMEOUT: u32 = 10;
/// What the process may hold: the readers' limits allow a few MiB for inputs of this length.
const MEMORY_MIB: u32 = 1024;
/// Small files that real linkers wrote; they are seeds too.
const BINARIES: &str = "tests/fixtures/binaries";

/// What a run came to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Inputs that were tried.
    pub(super) runs: u64,
    pub(super) per_second: u64,
    /// Branches of the code that were reached, and how differently.
    pub(super) coverage: u64,
    pub(super) features: u64,
    /// Inputs that are kept, as each reaches something new.
    pub(super) corpus: u64,
    pub(super) peak_mib: u64,
    /// The input that broke the law, and how.
    pub(super) finding: Option<String>,
}

/// Runs a target. Inputs that reach something new stay for the next run.
pub(super) fn fuzz(target: &str, programs: &Path, seconds: u64) -> Result<Tally> {
    let made = |name: &str| -> Result<PathBuf> {
        let path = output().join(name).join(target);
        std::fs::create_dir_all(&path).map_err(|error| format!("make {}: {error}", path.display()))?;
        Ok(path)
    };
    let (corpus, found, log) = (made("corpus")?, made("found")?, output().join(format!("{target}.log")));
    let mut places = vec![corpus, folder().join("seeds").join(target)];
    if matches!(target, "elf" | "pe") {
        places.push(root().join(BINARIES));
    }
    let mut args: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    args.extend([
        format!("-max_total_time={seconds}"),
        format!("-max_len={LENGTH_MAX}"),
        format!("-timeout={TIMEOUT}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-artifact_prefix={}/", found.display()),
        "-print_final_stats=1".to_owned(),
    ]);
    let words = folder().join("dict").join(format!("{target}.dict"));
    if words.is_file() {
        args.push(format!("-dict={}", words.display()));
    }
    let program = programs.join(target).with_extension(std::env::consts::EXE_EXTENSION);
    let succeeded = Cmd::new(program.display().to_string()).args(args).logged(&log)?;
    let text = std::fs::read(&log).map_err(|error| format!("read {}: {error}", log.display()))?;
    let mut tally = read(&String::from_utf8_lossy(&text));
    if !succeeded && tally.finding.is_none() {
        tally.finding = Some(format!("it ended early, see {}", log.display()));
    }
    Ok(tally)
}

/// Reads libFuzzer's log.
fn read(log: &str) -> Tally {
    let mut tally = Tally::default();
    let (mut input, mut why) = (None, None);
    let mut lines = log.lines();
    while let Some(line) = lines.next() {
        if let Some((_, after)) = line.split_once("cov: ") {
            let mut words = after.split_whitespace();
            tally.coverage = number(words.next()).unwrap_or(tally.coverage);
            let mut value = |name: &str| words.find(|word| *word == name).and_then(|_| words.next());
            tally.features = number(value("ft:")).unwrap_or(tally.features);
            tally.corpus = number(value("corp:")).unwrap_or(tally.corpus);
        }
        if let Some((_, path)) = line.split_once("Test unit written to ") {
            input = Some(path.to_owned());
        }
        if line.contains("panicked at ") {
            why = lines.next().map(str::to_owned);
        } else if let Some((_, what)) = line.split_once("ERROR: libFuzzer: ").filter(|_| why.is_none()) {
            why = Some(what.to_owned());
        }
        let stat = |name: &str| number(line.strip_prefix("stat::")?.strip_prefix(name)?.split(':').nth(1));
        tally.runs = stat("number_of_executed_units").unwrap_or(tally.runs);
        tally.per_second = stat("average_exec_per_sec").unwrap_or(tally.per_second);
        tally.peak_mib = stat("peak_rss_mb").unwrap_or(tally.peak_mib);
    }
    tally.finding = input.map(|path| format!("{path}: {}", why.unwrap_or_default()));
    tally
}

/// The number a word starts with: `780/214Kb` is 780.
fn number(word: Option<&str>) -> Option<u64> {
    word?.trim().split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_libfuzzer_says() {
        let good = "#2\tINITED cov: 9 ft: 9 corp: 1/1b exec/s: 0 rss: 30Mb\n\
             #73789\tDONE   cov: 2138 ft: 6029 corp: 780/214Kb lim: 712 exec/s: 8198 rss: 35Mb\n\
             stat::number_of_executed_units: 73789\nstat::average_exec_per_sec:     8198\n\
             stat::peak_rss_mb:              98\n";
        let expected = Tally {
            runs: 73789,
            per_second: 8198,
            coverage: 2138,
            features: 6029,
            corpus: 780,
            peak_mib: 98,
            finding: None,
        };
        assert_eq!(read(good), expected);
        let bad = "thread '<unnamed>' (1) panicked at src/a.rs:1:2:\nthe law\n==1== ERROR: libFuzzer: deadly signal\n\
             artifact_prefix='f/'; Test unit written to f/crash-1\nstat::number_of_executed_units: 5\n";
        assert_eq!(read(bad).finding.as_deref(), Some("f/crash-1: the law"));
        let slow = "==1== ERROR: libFuzzer: timeout after 11 seconds\nTest unit written to f/timeout-1\n";
        assert_eq!(read(slow).finding.as_deref(), Some("f/timeout-1: timeout after 11 seconds"));
    }
}
