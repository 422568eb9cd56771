//! The system calls that a program held for its words can't make: a seccomp filter, in the few instructions that it is.
//! A plugin serves on a Unix socket that it makes, binds and listens on; nothing else that is a socket is needed for it.
//! What one program leaves in the kernel for another (System V IPC, message queues, keys) has no file and no owner that
//! ends with it, so none of it can be made or reached either.
//! Left out on purpose: what Landlock holds already (files, other processes), and sending on sockets, of which there are
//! none that could send elsewhere.

use std::io;

/// Whether the program talks to a server of its own by connecting to a socket in its folder, as wine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// It connects to nothing.
    None,
    /// It connects to Unix sockets.
    Own,
}

/// Puts the filter in place, for this process and all it starts.
pub(super) fn install(server: Server) -> io::Result<()> {
    // The kernel asks for it: no program with more rights may run under a stranger's filter.
    rustix::thread::set_no_new_privs(true)?;
    put(&mut program(server)?)
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod known {
    use std::io;

    use libc::{
        AF_UNIX, BPF_ABS, BPF_ALU, BPF_AND, BPF_JEQ, BPF_JGE, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, EACCES,
        SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM,
        SYS_connect, SYS_io_uring_setup, SYS_socket, SYS_socketpair, sock_filter,
    };

    use super::Server;

    /// How the kernel names this architecture's calls (linux/audit.h).
    #[cfg(target_arch = "x86_64")]
    pub(super) const ARCH: u32 = 0xC000_003E;
    #[cfg(target_arch = "aarch64")]
    pub(super) const ARCH: u32 = 0xC000_00B7;

    /// Numbers from here on are x32's, the same calls once more.
    #[cfg(target_arch = "x86_64")]
    const X32: u32 = 0x4000_0000;
    #[cfg(target_arch = "aarch64")]
    const X32: u32 = u32::MAX;

    /// Where `struct seccomp_data` has what is asked about; of arguments the half that the kernel reads as an int.
    const NUMBER: u32 = 0;
    const ARCHITECTURE: u32 = 4;
    const DOMAIN: u32 = 16;
    const TYPE: u32 = 24;
    /// Beside the type of a socket there are flags.
    const TYPES: u32 = 0xf;

    /// What is denied whatever its arguments.
    const DENIED: [libc::c_long; 19] = [
        // A ring makes and connects sockets without a call for each.
        SYS_io_uring_setup,
        libc::SYS_shmget,
        libc::SYS_shmat,
        libc::SYS_shmctl,
        libc::SYS_semget,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_semctl,
        libc::SYS_msgget,
        libc::SYS_msgsnd,
        libc::SYS_msgrcv,
        libc::SYS_msgctl,
        libc::SYS_mq_open,
        libc::SYS_mq_unlink,
        libc::SYS_mq_timedsend,
        libc::SYS_mq_timedreceive,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_keyctl,
    ];

    /// Where a step leads: to the next, or to one of the ends.
    #[derive(Clone, Copy, PartialEq)]
    enum To {
        Next,
        Socket,
        Pair,
        Allow,
        Deny,
        Kill,
    }

    enum Step {
        Load(u32),
        And(u32),
        Equal(u32, To, To),
        AtLeast(u32, To, To),
        Return(u32),
    }

    pub(super) fn program(server: Server) -> io::Result<Vec<sock_filter>> {
        let number = |call: libc::c_long| u32::try_from(call).unwrap_or(u32::MAX);
        let [unix, stream, dgram, raw] =
            [AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW].map(|value| value.unsigned_abs());
        let connect = if server == Server::Own { To::Next } else { To::Deny };
        let steps = [
            // Another ABI's numbers mean other calls.
            Step::Load(ARCHITECTURE),
            Step::Equal(ARCH, To::Next, To::Kill),
            Step::Load(NUMBER),
            Step::AtLeast(X32, To::Kill, To::Next),
        ];
        let denied = DENIED.map(|call| Step::Equal(number(call), To::Deny, To::Next));
        let sockets = [
            Step::Equal(number(SYS_connect), connect, To::Next),
            Step::Equal(number(SYS_socket), To::Socket, To::Next),
            Step::Equal(number(SYS_socketpair), To::Pair, To::Allow),
        ];
        let socket = [
            Step::Load(DOMAIN),
            Step::Equal(unix, To::Next, To::Deny),
            // Datagrams go to any address without being connected.
            Step::Load(TYPE),
            Step::And(TYPES),
            Step::Equal(stream, To::Allow, To::Deny),
        ];
        // The halves of a pair of datagram sockets can still send elsewhere; of Unix sockets raw ones are such.
        let pair = [
            Step::Load(TYPE),
            Step::And(TYPES),
            Step::Equal(dgram, To::Deny, To::Next),
            Step::Equal(raw, To::Deny, To::Allow),
        ];
        let ends = [
            Step::Return(SECCOMP_RET_ALLOW),
            Step::Return(SECCOMP_RET_ERRNO | EACCES.unsigned_abs()),
            Step::Return(SECCOMP_RET_KILL_PROCESS),
        ];
        let at_socket = steps.len() + denied.len() + sockets.len();
        let at_pair = at_socket + socket.len();
        let at_ends = at_pair + pair.len();
        let place = |to: To, next: usize| match to {
            To::Next => next,
            To::Socket => at_socket,
            To::Pair => at_pair,
            To::Allow => at_ends,
            To::Deny => at_ends + 1,
            To::Kill => at_ends + 2,
        };
        let all = steps.into_iter().chain(denied).chain(sockets).chain(socket).chain(pair).chain(ends);
        let coded = all.enumerate().map(|(at, step)| {
            let jump = |to: To| u8::try_from(place(to, at + 1) - (at + 1)).map_err(io::Error::other);
            let branch = |test: u32, k: u32, yes: To, no: To| {
                Ok(sock_filter { code: code(BPF_JMP | test | BPF_K), jt: jump(yes)?, jf: jump(no)?, k })
            };
            let plain = |operation: u32, k: u32| Ok(sock_filter { code: code(operation), jt: 0, jf: 0, k });
            match step {
                Step::Load(from) => plain(BPF_LD | BPF_W | BPF_ABS, from),
                Step::And(mask) => plain(BPF_ALU | BPF_AND | BPF_K, mask),
                Step::Equal(value, yes, no) => branch(BPF_JEQ, value, yes, no),
                Step::AtLeast(value, yes, no) => branch(BPF_JGE, value, yes, no),
                Step::Return(what) => plain(BPF_RET | BPF_K, what),
            }
        });
        coded.collect()
    }

    fn code(operation: u32) -> u16 {
        u16::try_from(operation).unwrap_or(0)
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use known::program;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn program(_: Server) -> io::Result<Vec<libc::sock_filter>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "wick has none for this kind of CPU"))
}

fn put(steps: &mut [libc::sock_filter]) -> io::Result<()> {
    let len = u16::try_from(steps.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len, filter: steps.as_mut_ptr() };
    // SAFETY: the kernel reads `len` steps from where `filter` points, and keeps nothing of ours.
    #[allow(unsafe_code, reason = "no crate here makes this call")]
    let answer =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod tests {
    use super::known::ARCH;
    use super::{Server, program};

    const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
    const DENY: u32 = libc::SECCOMP_RET_ERRNO | 13;
    const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;

    /// What the kernel would say: the few operations that the filter consists of.
    fn judged(server: Server, arch: u32, number: u32, arguments: [u32; 2]) -> u32 {
        let steps = program(server).unwrap();
        let (mut at, mut value) = (0, 0_u32);
        loop {
            let step = steps[at];
            at += 1;
            let branch = |yes: bool| usize::from(if yes { step.jt } else { step.jf });
            match step.code {
                0x20 => {
                    value = match step.k {
                        0 => number,
                        4 => arch,
                        16 => arguments[0],
                        24 => arguments[1],
                        _ => panic!(),
                    }
                }
                0x54 => value &= step.k,
                0x15 => at += branch(value == step.k),
                0x35 => at += branch(value >= step.k),
                0x06 => return step.k,
                other => panic!("{other:#x}"),
            }
        }
    }

    #[test]
    fn only_sockets_to_serve_by_are_made() {
        let [socket, pair, connect, ring, write] = [
            libc::SYS_socket,
            libc::SYS_socketpair,
            libc::SYS_connect,
            libc::SYS_io_uring_setup,
            libc::SYS_write,
        ]
        .map(|call| u32::try_from(call).unwrap());
        let (unix, inet, inet6, netlink, packet, vsock) = (1, 2, 10, 16, 17, 40);
        let (stream, dgram, raw, sequenced, flags) = (1, 2, 3, 5, 0x80800);
        let cases = [
            ("a Unix socket", socket, [unix, stream], ALLOW),
            ("with flags", socket, [unix, stream | flags], ALLOW),
            ("Unix datagrams", socket, [unix, dgram | flags], DENY),
            ("raw Unix", socket, [unix, raw], DENY),
            ("sequenced Unix", socket, [unix, sequenced], DENY),
            ("TCP", socket, [inet, stream], DENY),
            ("UDP", socket, [inet, dgram | flags], DENY),
            ("UDP 6", socket, [inet6, dgram], DENY),
            ("ping", socket, [inet, raw], DENY),
            ("netlink", socket, [netlink, raw], DENY),
            ("packets", socket, [packet, raw], DENY),
            ("the hypervisor", socket, [vsock, stream], DENY),
            ("a pair", pair, [unix, stream | flags], ALLOW),
            ("a sequenced pair", pair, [unix, sequenced], ALLOW),
            ("a pair that sends elsewhere", pair, [unix, dgram | flags], DENY),
            ("the same", pair, [unix, raw], DENY),
            ("connecting", connect, [3, 0], DENY),
            ("a ring", ring, [8, 0], DENY),
            ("anything else", write, [1, 0], ALLOW),
        ];
        for (what, call, arguments, expected) in cases {
            assert_eq!(judged(Server::None, ARCH, call, arguments), expected, "{what}");
            let other_abi = judged(Server::None, 0x4000_0003, call, arguments);
            assert_eq!(other_abi, KILL, "{what} of i386");
            if cfg!(target_arch = "x86_64") {
                assert_eq!(judged(Server::None, ARCH, call | 0x4000_0000, arguments), KILL, "{what} of x32");
            }
        }
        let left_behind = [
            libc::SYS_shmget,
            libc::SYS_shmat,
            libc::SYS_semget,
            libc::SYS_msgget,
            libc::SYS_msgsnd,
            libc::SYS_mq_open,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_keyctl,
        ];
        for call in left_behind.map(|call| u32::try_from(call).unwrap()) {
            for server in [Server::None, Server::Own] {
                assert_eq!(judged(server, ARCH, call, [0, 0]), DENY, "call {call}");
            }
        }
        assert_eq!(judged(Server::Own, ARCH, connect, [3, 0]), ALLOW);
        assert_eq!(judged(Server::Own, ARCH, socket, [unix, dgram]), DENY);
    }
}
