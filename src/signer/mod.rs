//! Signers: a key that makes signatures hosts accept. Law: what is signed verifies with the public half, at once.

pub mod ed25519;
