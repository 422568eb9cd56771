//! What a piece of work costs: wall time, and the CPU time of the processes it started and waited for.

use std::time::{Duration, Instant};

use crate::Result;

/// One measurement, in seconds. No CPU time where the kernel doesn't tell it in a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) wall: f64,
    pub(super) cpu: Option<f64>,
}

/// Linux counts in hundredths of a second for programs, whatever its own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// Does it, and what it cost.
pub(super) fn measured<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Cost)> {
    let (start, before) = (Instant::now(), children_cpu());
    let value = work()?;
    let wall = seconds(start.elapsed());
    let cpu = before.zip(children_cpu()).map(|(before, after)| after - before);
    Ok((value, Cost { wall, cpu }))
}

/// User and system time of all children that have ended, with theirs.
fn children_cpu() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets, which may hold anything. cutime and cstime are 16 and 17.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(16 - 3);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some((user + system) / TICKS_PER_SECOND)
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

impl Cost {
    pub(super) fn plus(self, other: Cost) -> Cost {
        Cost { wall: self.wall + other.wall, cpu: self.cpu.zip(other.cpu).map(|(a, b)| a + b) }
    }
}

/// The median of each, apart.
pub(super) fn median(costs: &[Cost]) -> Cost {
    let cpu: Option<Vec<f64>> = costs.iter().map(|cost| cost.cpu).collect();
    Cost { wall: middle(costs.iter().map(|cost| cost.wall).collect()), cpu: cpu.map(middle) }
}

/// The smallest wall time: what is left when nothing disturbs.
pub(super) fn fastest(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.wall).fold(f64::INFINITY, f64::min)
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_middle() {
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(middle(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn counts_what_a_child_spends() {
        let spin = ["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"];
        let ((), cost) =
            measured(|| crate::command::Cmd::new("sh").args(spin).run_unshown()).expect("sh runs");
        let cpu = cost.cpu.expect("Linux tells");
        assert!(cpu > 0.0 && cpu <= cost.wall + 0.05, "{cost:?}");
    }
}
