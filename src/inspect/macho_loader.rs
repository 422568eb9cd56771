//! What the kernel and dyld of macOS ask of a program before they start it, beyond what a header needs to be read.
//! Only what is certain, and only of programs of 64 bits; the code signature is a matter of its own.
//!
//! Source: `parse_machfile` and `load_segment` in `bsd/kern/mach_loader.c` of XNU.

use object::macho;

/// What the load commands say that decides whether a program starts.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// It has 64 bits.
    pub(super) wide: bool,
    pub(super) flags: u32,
    /// Where the load commands end.
    pub(super) commands_end: u64,
    /// Where `main` is in the file (`LC_MAIN`).
    pub(super) main: Option<u64>,
    /// It starts by the state of a thread (`LC_UNIXTHREAD`), as programs did before 2012 and Go's for Intel do.
    pub(super) thread: bool,
    pub(super) has_linker: bool,
    pub(super) segments: Vec<Placed>,
}

/// Where a segment is in the file and in memory.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) name: String,
    pub(super) file: (u64, u64),
    pub(super) memory: (u64, u64),
    /// `VM_PROT_*` of its pages at the start.
    pub(super) protection: u32,
}

const EXECUTE: u32 = 4;

impl Start {
    /// Why the system would not start it, as fragments.
    pub(super) fn complaints(&self, cpu: macho::CpuType) -> Vec<String> {
        let arm = cpu == macho::CPU_TYPE_ARM64;
        if !self.wide || !arm && cpu != macho::CPU_TYPE_X86_64 {
            return Vec::new();
        }
        // Pages of Apple silicon have 16 KiB, and its programs leave the lowest 4 GiB empty.
        let (page, lowest) = if arm { (16 << 10, 1 << 32) } else { (4 << 10, 4 << 10) };
        let mut found = Vec::new();
        for segment in self.segments.iter().filter(|segment| segment.file.1 > 0) {
            let (name, (offset, size)) = (&segment.name, segment.file);
            if size > segment.memory.1 {
                found.push(format!("its segment {name} has more bytes in the file than in memory"));
            }
            if offset % page != 0 || segment.memory.0 % page != 0 {
                found.push(format!("its segment {name} doesn't start at a page"));
            }
        }
        let holds = |at: u64, size: u64, segment: &Placed| {
            let end = segment.file.0.saturating_add(segment.file.1);
            at >= segment.file.0 && at.saturating_add(size) <= end
        };
        if !self.segments.iter().any(|segment| holds(0, self.commands_end, segment)) {
            found.push("its header is in no segment".to_owned());
        }
        let empty = |segment: &&Placed| segment.memory.0 == 0 && segment.protection == 0;
        if !self.segments.iter().any(|segment| empty(&segment) && segment.memory.1 >= lowest) {
            found.push("it leaves no room at the lowest addresses (__PAGEZERO)".to_owned());
        }
        match self.main {
            Some(main) => {
                let code = self.segments.iter().filter(|segment| segment.protection & EXECUTE != 0);
                if !code.into_iter().any(|segment| holds(main, 1, segment)) {
                    found.push("its entry is in no segment of code".to_owned());
                }
                if !self.has_linker {
                    found.push("it names no dynamic linker".to_owned());
                }
            }
            None if !self.thread => found.push("it has no entry".to_owned()),
            None => {}
        }
        let dynamic = macho::MH_DYLDLINK.0 | macho::MH_PIE.0;
        if arm && (self.flags & dynamic != dynamic || !self.has_linker) {
            found.push(
                "it isn't linked dynamically at no fixed address, as programs for arm64 must be".to_owned(),
            );
        }
        found
    }
}
