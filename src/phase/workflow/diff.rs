//! The difference between two texts, line by line: `-` is there, `+` should be, with the lines around.

/// How many equal lines are shown around a difference.
const AROUND: usize = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Old,
    New,
}

/// The lines that differ, with a few around them; empty when the texts are equal.
pub(super) fn lines(old: &str, new: &str) -> String {
    let all = compare(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let differs: Vec<usize> = (0..all.len()).filter(|at| all[*at].0 != Side::Both).collect();
    let mut out = String::new();
    let mut shown_to = 0;
    for at in differs {
        let start = at.saturating_sub(AROUND).max(shown_to);
        if start > shown_to && !out.is_empty() {
            out.push_str("  …\n");
        }
        // What follows is cut off again where the next difference begins.
        let end = (at + AROUND + 1).min(all.len()).max(shown_to);
        for (side, line) in &all[start..end] {
            let sign = match side {
                Side::Both => ' ',
                Side::Old => '-',
                Side::New => '+',
            };
            out.push_str(format!("{sign} {line}").trim_end());
            out.push('\n');
        }
        shown_to = end;
    }
    out
}

/// The longest common subsequence, walked through; workflows have hundreds of lines, not thousands.
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Side, &'a str)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut all = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || (i < old.len() && longest[(i + 1) * width + j] >= longest[i * width + j + 1])
        {
            all.push((Side::Old, old[i]));
            i += 1;
        } else {
            all.push((Side::New, new[j]));
            j += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn differences_come_with_the_lines_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        assert_eq!(lines(old, old), "");
        assert_eq!(lines("", "a\nb\n"), "+ a\n+ b\n");
        assert_eq!(lines(old, &old.replace("b\n", "B\n")), "  a\n- b\n+ B\n  c\n  d\n");
        let both = lines(old, &old.replace("a\n", "").replace("i\n", "i\nj\n"));
        assert_eq!(both, "- a\n  b\n  c\n  …\n  h\n  i\n+ j\n");
        let near = lines(old, &old.replace("b\n", "").replace("d\n", ""));
        assert_eq!(near, "  a\n- b\n  c\n- d\n  e\n  f\n");
    }
}
