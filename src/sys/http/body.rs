//! Bodies: a file on its way out, an answer on its way in. Both end when the user asks to stop.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::error::HttpError;
use super::pace::Pace;
use crate::sys::files::open_regular;
use crate::sys::interrupt;

/// How many characters of an unusable answer are shown.
const START: usize = 120;

/// A file being sent. It yields exactly the announced bytes or fails: a short body would leave both sides waiting.
pub(super) struct Outgoing<'a> {
    file: File,
    path: &'a Path,
    left: u64,
    sent: u64,
    progress: &'a (dyn Fn(u64) + Sync),
    pace: Pace,
    /// Why it failed, for the error after ureq's.
    pub(super) failure: Option<HttpError>,
}

impl<'a> Outgoing<'a> {
    pub(super) fn open(
        path: &'a Path,
        size: u64,
        progress: &'a (dyn Fn(u64) + Sync),
        pace: Pace,
    ) -> Result<Outgoing<'a>, HttpError> {
        let (file, _) = open_regular(path).map_err(|error| unreadable(path, &error.to_string()))?;
        progress(0);
        Ok(Outgoing { file, path, left: size, sent: 0, progress, pace, failure: None })
    }

    fn fail(&mut self, error: HttpError) -> io::Error {
        self.failure = Some(error);
        io::Error::other("the request's body ended")
    }
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if interrupt::requested() {
            return Err(self.fail(HttpError::Interrupted));
        }
        // What was read before is gone by now, but for what fits a socket's buffer.
        if let Err(slow) = self.pace.check(self.sent) {
            return Err(self.fail(slow));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        match self.file.read(&mut buffer[..most]) {
            Ok(0) => {
                let error =
                    unreadable(self.path, &format!("it became {} bytes shorter meanwhile", self.left));
                Err(self.fail(error))
            }
            Ok(count) => {
                self.left -= count as u64;
                self.sent += count as u64;
                (self.progress)(self.sent);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let error = unreadable(self.path, &error.to_string());
                Err(self.fail(error))
            }
        }
    }
}

fn unreadable(path: &Path, why: &str) -> HttpError {
    HttpError::File { file: path.display().to_string(), why: why.to_owned() }
}

/// Reads an answer to its end, up to `most` bytes.
pub(super) fn read_answer(
    reader: &mut impl Read,
    announced: Option<u64>,
    most: u64,
    pace: &Pace,
    fail: impl Fn(io::Error) -> HttpError,
) -> Result<Vec<u8>, HttpError> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        if interrupt::requested() {
            return Err(HttpError::Interrupted);
        }
        let count = reader.read(&mut chunk).map_err(&fail)?;
        bytes.extend_from_slice(&chunk[..count]);
        // An announced length beyond the limit is enough to stop, once there is something to show.
        if bytes.len() as u64 > most || announced.is_some_and(|length| length > most) {
            return Err(HttpError::TooLarge { most, start: start_of(&bytes) });
        }
        if count == 0 {
            return Ok(bytes);
        }
        pace.check(bytes.len() as u64)?;
    }
}

/// The first characters of an answer, on one line, for people.
#[must_use]
pub fn start_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(START * 4)]);
    let line: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = line.join(" ");
    if line.chars().count() <= START {
        return format!("`{line}`");
    }
    format!("`{}…`", line.chars().take(START).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_may_not_be_larger_than_allowed() {
        let read = |most, announced| {
            let pace = Pace::new("h", Duration::from_secs(60));
            read_answer(&mut &b"<html>\n 123456"[..], announced, most, &pace, |_| HttpError::Interrupted)
        };
        assert_eq!(read(14, None).unwrap().len(), 14);
        let too_large = |most| HttpError::TooLarge { most, start: "`<html> 123456`".to_owned() };
        assert_eq!(read(13, None), Err(too_large(13)));
        assert_eq!(read(100, Some(101)), Err(too_large(100)));
    }

    #[test]
    fn a_file_that_shrinks_is_an_error_and_no_short_body() {
        let dir = crate::sys::files::Scratch::new().unwrap();
        let path = dir.path().join("f");
        crate::sys::files::write_atomic(&path, b"12345", 0o644).unwrap();
        let nothing = |_| ();
        let mut body = Outgoing::open(&path, 8, &nothing, Pace::new("h", Duration::from_secs(60))).unwrap();
        let mut out = Vec::new();
        assert!(body.read_to_end(&mut out).is_err());
        assert_eq!(out, b"12345");
        assert!(body.failure.unwrap().to_string().contains("3 bytes shorter"));
    }
}
