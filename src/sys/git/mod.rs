//! Asks git, by its command: worktrees and sparse checkouts are honoured for free. `door` runs it; the rest are questions,
//! none of whose answers hangs on a setting of the user's.

mod changed;
mod door;
mod error;
mod fill;
mod history;
mod repository;
mod store;
mod tree;
mod worktree;

#[cfg(test)]
mod tests;

pub use changed::{changed_below, changed_since, committed, hidden, loose_rules, uncommitted};
pub use door::LOCAL_VARIABLES;
pub use error::{GitError, Unknown};
pub use fill::Lack;
pub use history::{Commit, commits, is_shallow, line_ends, remote_url, submodules, tags};
pub use repository::{Checkout, Repository, head, path_of, top};
pub use tree::{Tree, TreeEntry, TreeMode, name_of};
pub use worktree::{Worktree, tag_commit};
