//! PEM: base64 between two lines that say what it is. No more than keys need; what surrounds the block is ignored, as
//! Go does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A block.
pub(super) struct Block<'a> {
    /// What it says it is.
    pub(super) label: &'a str,
    /// Its content.
    pub(super) bytes: Vec<u8>,
}

/// Why there is no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoBlock {
    /// Nothing begins one.
    Missing,
    /// It begins and doesn't end, or its content is no base64.
    Damaged,
}

/// The first block of a text.
pub(super) fn read(text: &str) -> Result<Block<'_>, NoBlock> {
    let (_, rest) = text.split_once("-----BEGIN ").ok_or(NoBlock::Missing)?;
    let (label, rest) = rest.split_once("-----").ok_or(NoBlock::Damaged)?;
    let (content, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(NoBlock::Damaged)?;
    let content: String = content.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(content).map_err(|_| NoBlock::Damaged)?;
    Ok(Block { label, bytes })
}

/// A block as Go writes it: lines of 64 characters.
pub(super) fn write(label: &str, bytes: &[u8]) -> String {
    let content = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    for at in (0..content.len()).step_by(64) {
        text.push_str(&content[at..content.len().min(at + 64)]);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}
