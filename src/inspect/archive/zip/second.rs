//! A second opinion: the `zip` crate reads an archive that passed, and must see the same files. It guards against
//! mistakes of our own reading; it is asked last, because it forgives much and only small clean input is safe for it.

use std::collections::BTreeMap;
use std::io::Cursor;

use crate::inspect::archive::gather::Gather;

pub(super) fn agree(bytes: &[u8], gather: &mut Gather) {
    if let Err(why) = compare(bytes, gather) {
        let message = format!("two readers of zips disagree about the archive: {why}");
        gather.error("zip-readers-disagree", message);
    }
}

fn compare(bytes: &[u8], gather: &Gather) -> Result<(), String> {
    let mut archive = ::zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    if archive.offset() != 0 {
        return Err(format!("it starts at byte {}", archive.offset()));
    }
    archive.validate_header_consistency().map_err(|error| error.to_string())?;
    let mut seen = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| error.to_string())?;
        if !entry.is_dir() {
            let name = entry.name().map_err(|error| error.to_string())?;
            let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
            seen.insert(name, entry.size());
        }
    }
    let ours = gather.entries().iter().map(|entry| (entry.name.clone(), entry.bytes.len() as u64));
    if seen != ours.collect() {
        return Err("it lists other files".to_owned());
    }
    Ok(())
}
