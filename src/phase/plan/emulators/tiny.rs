//! The smallest programs there are: they end with [`CODE`] and do nothing else. Made here byte by byte, so that no build
//! output lies in the repository and no compiler is needed.

use crate::model::target::{Arch, Os, Target};

/// What each ends with: no number that a failure would give by chance.
pub const CODE: i32 = 42;

/// The program for a target; nothing where there is none.
#[must_use]
pub fn program(target: Target) -> Option<Vec<u8>> {
    match (target.os, target.arch) {
        (Os::Linux, arch) => Some(linux(arch)),
        (Os::Windows, Arch::Amd64) => Some(windows()),
        _ => None,
    }
}

/// `exit(42)` by the system's own call: no library is needed.
fn linux(arch: Arch) -> Vec<u8> {
    let words = |code: &[u32]| code.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    let (machine, flags, code) = match arch {
        // mov edi, 42; mov eax, 60; syscall
        Arch::Amd64 => (62, 0, vec![0xbf, 42, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]),
        // mov ebx, 42; mov eax, 1; int 0x80
        Arch::X86 => (3, 0, vec![0xbb, 42, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80]),
        // mov x0, #42; mov x8, #93; svc #0
        Arch::Arm64 => (183, 0, words(&[0xd280_0540, 0xd280_0ba8, 0xd400_0001])),
        // mov r0, #42; mov r7, #1; svc 0
        Arch::Arm => (40, 0x0500_0000, words(&[0xe3a0_002a, 0xe3a0_7001, 0xef00_0000])),
        // li a0, 42; li a7, 93; ecall
        Arch::Riscv64 => (243, 0, words(&[0x02a0_0513, 0x05d0_0893, 0x0000_0073])),
    };
    elf(machine, flags, matches!(arch, Arch::Amd64 | Arch::Arm64 | Arch::Riscv64), &code)
}

/// An executable of one segment: header, program header, code.
fn elf(machine: u16, flags: u32, wide: bool, code: &[u8]) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    let (header, segment) = if wide { (64_u16, 56_u16) } else { (52, 32) };
    let entry = BASE + u64::from(header) + u64::from(segment);
    let size = u64::from(header) + u64::from(segment) + code.len() as u64;
    let mut out = Bytes(vec![0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }, 1, 1]);
    out.0.resize(16, 0);
    let number = |out: &mut Bytes, value: u64| if wide { out.u64(value) } else { out.u32(value as u32) };
    out.u16(2);
    out.u16(machine);
    out.u32(1);
    number(&mut out, entry);
    number(&mut out, u64::from(header));
    number(&mut out, 0);
    out.u32(flags);
    [header, segment, 1, 0, 0, 0].iter().for_each(|value| out.u16(*value));
    // One segment to load, readable and executable.
    out.u32(1);
    if wide {
        out.u32(5);
    }
    [0, BASE, BASE, size, size].iter().for_each(|value| number(&mut out, *value));
    if !wide {
        out.u32(5);
    }
    number(&mut out, 0x1000);
    out.0.extend_from_slice(code);
    out.0
}

/// Where the only section lies in memory, and in the file.
const SECTION: u32 = 0x1000;
const IN_FILE: u32 = 0x200;

/// Asks for a few random bytes, then `ExitProcess(42)`. The bytes are asked from the library of which Go's and Rust's
/// programs cannot do without: a wine that lacks it can run none of them.
fn windows() -> Vec<u8> {
    let section = windows_section();
    let mut out = Bytes(b"MZ".to_vec());
    out.0.resize(0x3c, 0);
    out.u32(0x40);
    out.0.extend_from_slice(b"PE\0\0");
    // AMD64, one section, an executable for large addresses.
    out.u16(0x8664);
    out.u16(1);
    [0, 0, 0].iter().for_each(|value| out.u32(*value));
    out.u16(240);
    out.u16(0x22);
    // 64 bit; sizes of code and data; where to begin.
    out.u16(0x20b);
    out.u16(0);
    [IN_FILE, 0, 0, SECTION, SECTION].iter().for_each(|value| out.u32(*value));
    out.u64(0x1_4000_0000);
    [0x1000, 0x200].iter().for_each(|value| out.u32(*value));
    // Versions of the system, of the program, of the subsystem.
    [6, 0, 0, 0, 6, 0].iter().for_each(|value| out.u16(*value));
    [0, 2 * SECTION, IN_FILE, 0].iter().for_each(|value| out.u32(*value));
    // For the console; data can't be executed.
    [3, 0x100].iter().for_each(|value| out.u16(*value));
    [0x10_0000, 0x1000, 0x10_0000, 0x1000].iter().for_each(|value| out.u64(*value));
    [0, 16].iter().for_each(|value| out.u32(*value));
    // Of sixteen tables only the imports are there.
    out.u64(0);
    [SECTION + IMPORTS, 60].iter().for_each(|value| out.u32(*value));
    (2..16).for_each(|_| out.u64(0));
    out.0.extend_from_slice(b".text\0\0\0");
    [SECTION, SECTION, IN_FILE, IN_FILE, 0, 0, 0].iter().for_each(|value| out.u32(*value));
    out.u32(0xe000_0060);
    out.0.resize(IN_FILE as usize, 0);
    out.0.extend_from_slice(&section);
    out.0
}

/// Offsets inside the section.
const IMPORTS: u32 = 0x40;
const EXIT: u32 = 0x80;
const RANDOM: u32 = 0x90;
const EXIT_NAME: u32 = 0xa0;
const RANDOM_NAME: u32 = 0xb0;
const EXIT_LIBRARY: u32 = 0xc0;
const RANDOM_LIBRARY: u32 = 0xd0;
const EXIT_LOOKUP: u32 = 0xf0;
const RANDOM_LOOKUP: u32 = 0x100;

fn windows_section() -> Vec<u8> {
    let mut out = Bytes(Vec::new());
    // sub rsp, 0x28; lea rcx, [rsp+0x20]; mov edx, 8; call [RANDOM]
    out.0.extend_from_slice(&[
        0x48, 0x83, 0xec, 0x28, 0x48, 0x8d, 0x4c, 0x24, 0x20, 0xba, 8, 0, 0, 0, 0xff, 0x15,
    ]);
    out.relative(RANDOM);
    // mov ecx, 42; call [EXIT]; int3
    out.0.extend_from_slice(&[0xb9, 42, 0, 0, 0, 0xff, 0x15]);
    out.relative(EXIT);
    out.0.push(0xcc);
    let mut place = |at: u32, bytes: &[u8]| {
        out.0.resize(out.0.len().max(at as usize), 0);
        out.0.truncate(at as usize);
        out.0.extend_from_slice(bytes);
    };
    let mut table = Bytes(Vec::new());
    for (lookup, library, address) in
        [(EXIT_LOOKUP, EXIT_LIBRARY, EXIT), (RANDOM_LOOKUP, RANDOM_LIBRARY, RANDOM)]
    {
        [SECTION + lookup, 0, 0, SECTION + library, SECTION + address]
            .iter()
            .for_each(|value| table.u32(*value));
    }
    place(IMPORTS, &table.0);
    let pointer = |to: u32| u64::from(SECTION + to).to_le_bytes();
    place(EXIT, &pointer(EXIT_NAME));
    place(RANDOM, &pointer(RANDOM_NAME));
    place(EXIT_NAME, b"\0\0ExitProcess\0");
    place(RANDOM_NAME, b"\0\0ProcessPrng\0");
    place(EXIT_LIBRARY, b"kernel32.dll\0");
    place(RANDOM_LIBRARY, b"bcryptprimitives.dll\0");
    place(EXIT_LOOKUP, &pointer(EXIT_NAME));
    place(RANDOM_LOOKUP, &pointer(RANDOM_NAME));
    place(IN_FILE, &[]);
    out.0
}

/// Little-endian numbers, one after the other.
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }
    /// How far it is from behind this number to an offset of the section.
    fn relative(&mut self, to: u32) {
        let behind = self.0.len() as u32 + 4;
        self.u32(to.wrapping_sub(behind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect;
    use crate::sys::files::{self, Scratch};
    use crate::sys::process::{self, Limits};

    #[test]
    fn each_is_what_its_target_says() {
        for target in Target::ALL {
            let Some(program) = program(target) else {
                assert!(target.os == Os::Darwin || target.arch != Arch::Amd64, "{target} has none");
                continue;
            };
            let facts = inspect::inspect(&program).unwrap_or_else(|error| panic!("{target}: {error}"));
            assert_eq!(facts.contradictions(target), Vec::<String>::new(), "{target}");
            assert!(program.len() <= 0x400, "{target}: {}", program.len());
        }
    }

    #[test]
    fn the_one_of_this_machine_runs() {
        let this = Target::this_machine().and_then(|target| Some((target, program(target)?)));
        let Some((target, program)) = this else { return };
        let folder = Scratch::new().unwrap();
        let path = folder.path().join(format!("tiny{}", target.exe_suffix()));
        files::write_atomic(&path, &program, 0o755).unwrap();
        let line = crate::model::command::CommandLine::new(path.to_string_lossy(), folder.path());
        assert_eq!(process::run(&line, Limits::TOOL).unwrap().code, Some(CODE));
    }
}
