//! Keyless signatures: made against doubles of GitHub's token endpoint, Fulcio and Rekor with a root of trust of their
//! own, and accepted or refused by wick, cosign, npm and PyPI alike.

mod command;
mod double;
mod failures;
mod interop;
mod oracles;
