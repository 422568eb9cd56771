//! What Windows asks of a PE program before it starts it, beyond what a header needs to be read.
//! Only what is certain: a wrong refusal is worse than a missed one.
//!
//! Source: <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>, "Section Table (Section Headers)" and
//! "Optional Header".

use object::LittleEndian as LE;
use object::pe::{self, ImageSectionHeader};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};

/// Why the system would not run it, as fragments.
pub(super) fn complaints<H: ImageNtHeaders>(headers: &H, sections: &[ImageSectionHeader]) -> Vec<String> {
    let optional = headers.optional_header();
    let alignment = u64::from(optional.section_alignment());
    if !alignment.is_power_of_two() || !optional.file_alignment().is_power_of_two() {
        return vec!["its alignments are no powers of two".to_owned()];
    }
    let mut found = Vec::new();
    let mut next: Option<u64> = None;
    for section in sections {
        let at = u64::from(section.virtual_address.get(LE));
        let size = match section.virtual_size.get(LE) {
            0 => section.size_of_raw_data.get(LE),
            size => size,
        };
        if at % alignment != 0 || next.is_some_and(|next| next != at) {
            found.push("its sections don't follow each other in memory".to_owned());
        }
        next = Some((at + u64::from(size)).next_multiple_of(alignment));
    }
    if next.is_some_and(|end| end > u64::from(optional.size_of_image()).next_multiple_of(alignment)) {
        found.push("its sections are larger than the image it says it is".to_owned());
    }
    let entry = u64::from(optional.address_of_entry_point());
    let holds = |section: &ImageSectionHeader| {
        let inside = entry.checked_sub(section.virtual_address.get(LE).into());
        section.characteristics.get(LE).contains(pe::IMAGE_SCN_MEM_EXECUTE)
            && inside.is_some_and(|inside| inside < section.size_of_raw_data.get(LE).into())
    };
    let is_library = headers.file_header().characteristics.get(LE).contains(pe::IMAGE_FILE_DLL);
    if !is_library && !sections.iter().any(holds) {
        found.push("its entry is in no section of code".to_owned());
    }
    found.dedup();
    found
}
