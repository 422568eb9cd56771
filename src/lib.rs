//! wick (crate docs follow).
pub mod inspect;
pub mod model;
