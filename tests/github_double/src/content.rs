//! What assets hold: bytes, or a function that makes them when they are asked for, so that 60 GB of assets cost nothing.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sha2::Digest as _;

/// Writes the bytes that stand at an offset.
pub type Fill = dyn Fn(u64, &mut [u8]) + Send + Sync;

/// The content of an asset.
#[derive(Clone)]
pub enum Content {
    /// Bytes.
    Bytes(Arc<Vec<u8>>),
    /// Bytes made on demand: `fill(offset, buffer)` writes what stands at `offset`.
    Made {
        /// How many.
        size: u64,
        /// Makes them.
        fill: Arc<Fill>,
    },
}

impl Content {
    /// Bytes.
    #[must_use]
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Content {
        Content::Bytes(Arc::new(bytes.into()))
    }

    /// Bytes made on demand.
    #[must_use]
    pub fn made(size: u64, fill: impl Fn(u64, &mut [u8]) + Send + Sync + 'static) -> Content {
        Content::Made { size, fill: Arc::new(fill) }
    }

    /// `size` bytes in front of `tail`, such as the binary in front of a zip's manifest and directory. Only `tail` is
    /// kept in memory.
    #[must_use]
    pub fn padded(size: u64, tail: Vec<u8>) -> Content {
        Content::made(size + tail.len() as u64, move |offset, buffer| {
            let padding =
                usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
            let (front, back) = buffer.split_at_mut(padding);
            front.fill(b'.');
            if !back.is_empty() {
                let from = usize::try_from(offset.saturating_sub(size)).expect("an offset within the tail");
                back.copy_from_slice(&tail[from..from + back.len()]);
            }
        })
    }

    /// How many bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Made { size, .. } => *size,
        }
    }

    /// Hands over the bytes of a range, in pieces.
    ///
    /// # Errors
    /// The first error of `take`.
    pub fn each<E>(&self, range: Range<u64>, mut take: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut buffer = vec![0; 64 << 10];
        let mut at = range.start;
        while at < range.end {
            let count = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buffer.len());
            let piece = &mut buffer[..count];
            match self {
                Content::Bytes(bytes) => {
                    let from = usize::try_from(at).unwrap();
                    piece.copy_from_slice(&bytes[from..from + count]);
                }
                Content::Made { fill, .. } => fill(at, piece),
            }
            take(piece)?;
            at += count as u64;
        }
        Ok(())
    }

    /// `sha256:…`, as the API tells it.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = sha2::Sha256::new();
        let _: Result<(), ()> = self.each(0..self.size(), |piece| {
            hasher.update(piece);
            Ok(())
        });
        let hex: Vec<String> = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{}", hex.concat())
    }

    /// All bytes.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::new();
        let _: Result<(), ()> = self.each(0..self.size(), |piece| {
            all.extend_from_slice(piece);
            Ok(())
        });
        all
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.size())
    }
}
