//! Asks git, by its command: worktrees and sparse checkouts are honoured for free. `door` runs it; the rest are questions,
//! none of whose answers hangs on a setting of the user's.

mod changed;
mod door;
mod error;
mod history;
mod listing;
mod repository;
mod state;
mod worktree;

#[cfg(test)]
mod tests;

pub use changed::{changed_since, uncommitted};
pub use error::{GitError, Unknown};
pub use history::{Commit, commits, remote_url, tags};
pub use repository::{Checkout, Repository, top};
pub use state::{WorkingTree, working_tree};
pub use worktree::{Worktree, tag_commit};
