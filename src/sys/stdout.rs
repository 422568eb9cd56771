//! Standard output, so that what didn't arrive is known. std's own reports success for a descriptor that is closed or can't
//! be written: it opens /dev/null in a closed one's place before `main`, and takes "bad descriptor" for an answer.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Whether there was no standard output when the program was started.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Asked before std's start puts something in its place: the loader calls what this section lists.
#[used]
#[allow(unsafe_code, reason = "the only place that runs before std's own start")]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = look;

extern "C" fn look() {
    if rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err() {
        CLOSED.store(true, Ordering::Relaxed);
    }
}

/// Writes all of it, at once and past std's buffer.
///
/// # Errors
/// When not all of it could be written.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    if CLOSED.load(Ordering::Relaxed) {
        return Err(io::Error::other("it is closed"));
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        match rustix::io::write(rustix::stdio::stdout(), rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => rest = &rest[count..],
            Err(rustix::io::Errno::INTR) => {}
            // Somebody else made it so that it doesn't wait: then it is waited for here, as long as its user wants to.
            Err(rustix::io::Errno::AGAIN) if !super::interrupt::requested() => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
