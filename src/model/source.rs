//! Which commit something was made from, and what of it is in no commit.

use serde::{Deserialize, Serialize};

/// How many files a receipt names; a checkout with other line ends differs in all of them.
const MOST_FILES: usize = 100;

/// The commit that a package's sources are from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// The full hash of the commit that was checked out.
    pub commit: String,
    /// Whether something the package is made from is not that commit's.
    pub dirty: bool,
    /// What it is, sorted by path; the first hundred. Receipts of an older wick say only that there is something.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uncommitted: Vec<Uncommitted>,
}

/// Something that a package is made from and that its commit doesn't have so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Uncommitted {
    /// Where: from the project's folder, with `/`.
    pub path: String,
    /// In which way.
    pub why: Why,
}

/// In which way something isn't the commit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The commit has no such file; whether it is ignored doesn't matter.
    NotInCommit,
    /// The commit has other bytes.
    Differs,
    /// The commit has the same text with other line ends.
    LineEnds,
    /// The commit has it, and it isn't here.
    Missing,
    /// It lies outside the repository.
    Outside,
    /// A link in one of the two and a file in the other.
    Kind,
    /// It may be run in one of the two and not in the other.
    Mode,
    /// It is in a submodule whose commit, as the superproject names it, isn't here.
    Submodule,
    /// It can't be told what was read there.
    Unlisted,
    /// Said by a newer wick.
    #[serde(other)]
    Other,
}

impl SourceState {
    /// Sources of a commit, but for these.
    #[must_use]
    pub fn of(commit: String, mut uncommitted: Vec<Uncommitted>) -> SourceState {
        uncommitted.sort();
        uncommitted.dedup();
        uncommitted.truncate(MOST_FILES);
        SourceState { commit, dirty: !uncommitted.is_empty(), uncommitted }
    }
}

impl Why {
    /// What to say of it.
    #[must_use]
    pub fn says(self) -> &'static str {
        match self {
            Why::NotInCommit => "not in the commit",
            Why::Differs => "differs from the commit",
            Why::LineEnds => "line ends differ from the commit",
            Why::Missing => "in the commit and not here",
            Why::Outside => "outside the repository",
            Why::Kind => "a link here or in the commit, and a file in the other",
            Why::Mode => "its executable bit differs from the commit",
            Why::Submodule => "in a submodule whose commit isn't here",
            Why::Unlisted => "what the build read there can't be listed",
            Why::Other => "not the commit's",
        }
    }
}

/// Names files with their reasons, `most` of them: `a.go (not in the commit), b.go (…) and 3 more`.
#[must_use]
pub fn listed<'a>(all: impl IntoIterator<Item = &'a Uncommitted>, most: usize) -> String {
    let all: Vec<&Uncommitted> = all.into_iter().collect();
    let named: Vec<String> =
        all.iter().take(most).map(|one| format!("{} ({})", one.path, one.why.says())).collect();
    let more = all.len().saturating_sub(most);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str, why: Why) -> Uncommitted {
        Uncommitted { path: path.to_owned(), why }
    }

    #[test]
    fn a_state_is_sorted_bounded_and_dirty_only_with_a_reason() {
        assert!(!SourceState::of("0".to_owned(), Vec::new()).dirty);
        let many = (0..300).rev().map(|n| one(&format!("f{n:03}"), Why::LineEnds)).collect();
        let state = SourceState::of("0".to_owned(), many);
        assert!(state.dirty && state.uncommitted.len() == MOST_FILES && state.uncommitted[0].path == "f000");
    }

    #[test]
    fn older_and_newer_receipts_are_read() {
        let old: SourceState = serde_json::from_str(r#"{"commit":"0","dirty":true}"#).unwrap();
        assert!(old.dirty && old.uncommitted.is_empty());
        let new: Uncommitted = serde_json::from_str(r#"{"path":"a","why":"eaten-by-a-dog"}"#).unwrap();
        assert_eq!(new.why, Why::Other);
        assert_eq!(
            listed(&[one("a.go", Why::NotInCommit), one("b", Why::Outside)], 1),
            "a.go (not in the commit) and 1 more"
        );
    }
}
