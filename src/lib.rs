//! wick (crate docs follow).
pub mod inspect;
pub mod model;
pub mod project;
pub mod sys;
