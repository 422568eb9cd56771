//! What Go's linker wrote of a build: version, modules, settings, as `go version -m` shows them.
//! Not the formats before Go 1.18, which hold pointers instead of texts: such a binary has no build info here.
//!
//! Format: package `debug/buildinfo` (the blob) and `runtime/debug`, `ParseBuildInfo` (the text), whose
//! strictness is kept: a line that Go refuses is refused here.

use std::collections::BTreeMap;

use super::error::InspectError;
use super::go_quote::{must_quote, unquote, unquote_prefix};
use super::range::shown;
use crate::model::artifact::{GoBuildInfo, GoModule};

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// The blob starts at an address that is a multiple of this.
const ALIGN: usize = 16;
/// Magic, pointer size, flags and room for two pointers.
const HEADER_SIZE: usize = 32;
/// Where the flags are in the header; this one says that the texts follow it.
const FLAGS_AT: usize = 15;
const INLINE: u8 = 2;
/// Before and after the text of the modules there are as many bytes of frame.
const FRAME: usize = 16;
/// The largest Go programs known have 1 % of it.
const TEXT_LIMIT: u64 = 8 << 20;

const PART: &str = "Go build info";

/// The build info in a section that holds nothing else: what is damaged there is an error.
pub(super) fn in_section(data: &[u8], address: u64) -> Result<Option<GoBuildInfo>, InspectError> {
    match find(data, address) {
        Some(blob) => read(blob),
        None => Ok(None),
    }
}

/// The build info somewhere in a data segment: what is damaged there may as well be something else.
pub(super) fn in_data(data: &[u8], address: u64) -> Option<GoBuildInfo> {
    read(find(data, address)?).ok().flatten()
}

/// The bytes from the first aligned magic on.
fn find(data: &[u8], address: u64) -> Option<&[u8]> {
    let misalignment = (address % ALIGN as u64) as usize;
    let mut at = (ALIGN - misalignment) % ALIGN;
    while at + HEADER_SIZE <= data.len() {
        if data[at..].starts_with(MAGIC) {
            return Some(&data[at..]);
        }
        at += ALIGN;
    }
    None
}

/// Reads a blob: the header, the Go version, the framed text.
fn read(blob: &[u8]) -> Result<Option<GoBuildInfo>, InspectError> {
    if blob[FLAGS_AT] & INLINE == 0 {
        return Ok(None);
    }
    let mut rest = &blob[HEADER_SIZE..];
    let version = text(&mut rest)?;
    let framed = text(&mut rest)?;
    if version.is_empty() {
        return Ok(None);
    }
    // Without modules there is no frame either.
    let framed_end = framed.len().saturating_sub(FRAME);
    let lines = match framed.get(FRAME..framed_end) {
        Some(lines) if lines.last() == Some(&b'\n') => lines,
        _ => &[],
    };
    let lines = std::str::from_utf8(lines).map_err(|error| InspectError::malformed(PART, error))?;
    parse(version, lines).map(Some)
}

/// Takes a text with its length in front, as a base-128 number, off `rest`.
fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], InspectError> {
    let mut length = 0_u64;
    for shift in (0..u64::BITS).step_by(7) {
        let Some((&byte, after)) = rest.split_first() else { break };
        *rest = after;
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            if length > TEXT_LIMIT {
                return Err(InspectError::malformed(PART, format!("a text in it has {length} bytes")));
            }
            return match rest.split_at_checked(length as usize) {
                Some((text, after)) => {
                    *rest = after;
                    Ok(text)
                }
                None => Err(InspectError::malformed(PART, "a text in it ends outside of its section")),
            };
        }
    }
    Err(InspectError::malformed(PART, "the length of a text in it has no end"))
}

/// Reads the lines between the frames. Names are made fit to be shown; settings are kept as they are, since a flag may
/// hold any character.
fn parse(version: &[u8], lines: &str) -> Result<GoBuildInfo, InspectError> {
    let mut info = GoBuildInfo {
        go_version: shown(version),
        main_package: String::new(),
        main_module: None,
        modules: Vec::new(),
        settings: BTreeMap::new(),
    };
    // What a `=>` line replaces.
    let mut last: Option<Line> = None;
    for (index, line) in lines.split_terminator('\n').enumerate() {
        let fail = |reason: &str| Err(InspectError::malformed(PART, format!("line {}: {reason}", index + 1)));
        let Some((word, rest)) = line.split_once('\t') else { continue };
        match word {
            "path" => info.main_package = shown(rest.as_bytes()),
            "mod" | "dep" => {
                let Some(module) = module(rest) else { return fail("a module needs two or three columns") };
                if word == "mod" {
                    info.main_module = Some(module);
                    last = Some(Line::Main);
                } else {
                    info.modules.push(module);
                    last = Some(Line::Dependency);
                }
            }
            "=>" => {
                let replacement = module(rest).filter(|_| rest.matches('\t').count() == 2);
                let Some(replacement) = replacement else { return fail("a replacement needs three columns") };
                match last.take() {
                    Some(Line::Main) => info.main_module = Some(replacement),
                    Some(Line::Dependency) => {
                        info.modules.pop();
                        info.modules.push(replacement);
                    }
                    None => return fail("a replacement follows no module"),
                }
            }
            "build" => {
                let Some((key, value)) = setting(rest) else { return fail("a setting isn't `key=value`") };
                if info.settings.get(&key).is_some_and(|known| *known != value) {
                    return fail("a setting has two values");
                }
                info.settings.insert(key, value);
            }
            _ => {}
        }
    }
    Ok(info)
}

/// Which line came before.
enum Line {
    Main,
    Dependency,
}

/// `path`, `version` and perhaps `sum`, with tabs between.
fn module(columns: &str) -> Option<GoModule> {
    let mut columns = columns.split('\t').map(|column| shown(column.as_bytes()));
    let module =
        GoModule { path: columns.next()?, version: columns.next()?, sum: columns.next().unwrap_or_default() };
    columns.next().is_none().then_some(module)
}

/// `key=value`, each quoted where it has to be.
fn setting(text: &str) -> Option<(String, String)> {
    let (key, value) = if text.starts_with(['"', '`']) {
        let (key, rest) = unquote_prefix(text)?;
        (key, rest.strip_prefix('=')?)
    } else {
        let (key, value) = text.split_once('=')?;
        if key.is_empty() || must_quote(key) {
            return None;
        }
        (key.to_owned(), value)
    };
    let value = if value.starts_with(['"', '`']) {
        unquote(value)?
    } else if must_quote(value) {
        return None;
    } else {
        value.to_owned()
    };
    Some((key, value))
}
