//! gRPC's framing: a byte that says whether the message is compressed, its length in four bytes, the message.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::GrpcError;

const HEAD: usize = 5;

/// A message with its head. The caller has checked that its length fits four bytes.
pub(super) fn framed(message: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(HEAD + message.len());
    out.put_u8(0);
    out.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    out.put_slice(message);
    out.freeze()
}

/// Takes messages out of a stream of bytes that is cut anywhere.
pub(super) struct Frames {
    held: BytesMut,
    most: usize,
}

/// Bytes that are no frames.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrameError {
    TooBig(usize),
    Compressed,
}

impl FrameError {
    pub(super) fn of(self, method: &str) -> GrpcError {
        let method = method.to_owned();
        match self {
            FrameError::TooBig(limit) => GrpcError::TooBig { method, limit },
            FrameError::Compressed => {
                GrpcError::Broken { method, problem: "it compresses, which it wasn't offered".to_owned() }
            }
        }
    }
}

impl Frames {
    pub(super) fn new(most: usize) -> Frames {
        Frames { held: BytesMut::new(), most }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next whole message. One that is announced as too big is refused at once, not when it has come.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, FrameError> {
        let Some((flag, length)) = self.held.split_first_chunk::<HEAD>().map(|(head, _)| {
            let [flag, a, b, c, d] = *head;
            (flag, u32::from_be_bytes([a, b, c, d]))
        }) else {
            return Ok(None);
        };
        if flag != 0 {
            return Err(FrameError::Compressed);
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= self.most);
        let length = length.ok_or(FrameError::TooBig(self.most))?;
        if self.held.len() - HEAD < length {
            return Ok(None);
        }
        let mut frame = self.held.split_to(HEAD + length);
        Ok(Some(frame.split_off(HEAD).to_vec()))
    }

    pub(super) fn is_within_a_message(&self) -> bool {
        !self.held.is_empty()
    }
}
