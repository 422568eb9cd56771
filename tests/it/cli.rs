//! Written in another place.
