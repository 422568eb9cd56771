//! Values of the trade: what a plugin, a target, a digest, a plan, a receipt is.
//! No effects here and no knowledge of any other module.

pub mod artifact;
pub mod attest;
pub mod bundle;
pub mod catalog;
pub mod code_signature;
pub mod command;
pub mod declared;
pub mod digest;
pub mod endpoint;
pub mod event;
pub mod failure;
pub mod file_names;
pub mod finding;
pub mod key_source;
pub mod level;
pub mod manifest;
pub mod names;
pub mod package;
pub mod plan;
pub mod project;
pub mod publish;
pub mod purl;
pub mod receipt;
pub mod release;
pub mod report;
pub mod reproduce;
pub mod sbom;
pub mod signature;
pub mod statement;
pub mod target;
pub mod tools;
pub mod version;
