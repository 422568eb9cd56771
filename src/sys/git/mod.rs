//! Asks git, by its command: worktrees and sparse checkouts are honoured for free. `door` runs it; the rest are questions,
//! none of whose answers hangs on a setting of the user's.

mod changed;
mod door;
mod error;
mod history;
mod listing;
mod repository;
mod tree;
mod worktree;

#[cfg(test)]
mod tests;

pub use changed::{changed_since, uncommitted};
pub use error::{GitError, Unknown};
pub use history::{Commit, commits, remote_url, tags};
pub use repository::{Checkout, Repository, path_of, top};
pub use tree::{Tree, TreeEntry, TreeMode, name_of};
pub use worktree::{Worktree, tag_commit};
