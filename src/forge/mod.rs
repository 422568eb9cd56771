//! Forges: where releases live. One today, so no trait: the seam is this module.

pub mod error;
pub mod github;
