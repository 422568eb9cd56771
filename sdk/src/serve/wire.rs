//! The protocol buffers of the plugin's services, read and written by hand: fifteen small messages.
//! Fields that are unknown are skipped, as newer hosts may send more.

use bytes::Bytes;

/// Writes a message.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    /// A field of bytes or text; empty ones are left out.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Writer {
        if !value.is_empty() {
            self.put(field, value);
        }
        self
    }

    pub(super) fn text(self, field: u32, value: &str) -> Writer {
        self.bytes(field, value.as_bytes())
    }

    pub(super) fn flag(self, field: u32, value: bool) -> Writer {
        self.number(field, i32::from(value))
    }

    pub(super) fn number(mut self, field: u32, value: i32) -> Writer {
        if value != 0 {
            self.varint(u64::from(field) << 3);
            // Negative numbers take ten bytes, as the format has it.
            self.varint(i64::from(value).cast_unsigned());
        }
        self
    }

    /// A message inside, written also when it is empty.
    pub(super) fn message(mut self, field: u32, value: Writer) -> Writer {
        self.put(field, &value.0);
        self
    }

    pub(super) fn optional(self, field: u32, value: Option<Writer>) -> Writer {
        match value {
            Some(value) => self.message(field, value),
            None => self,
        }
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }

    fn put(&mut self, field: u32, value: &[u8]) {
        self.0.reserve(value.len() + 12);
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A message that is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Calls `field` with the number and content of each length-delimited field; all that these messages use.
pub(super) fn fields(
    message: &Bytes,
    mut field: impl FnMut(u32, Bytes) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut rest = message.clone();
    while !rest.is_empty() {
        let tag = varint(&mut rest)?;
        let number = u32::try_from(tag >> 3).map_err(|_| Malformed)?;
        let skip = match tag & 7 {
            0 => {
                varint(&mut rest)?;
                continue;
            }
            1 => 8,
            5 => 4,
            2 => {
                let length = usize::try_from(varint(&mut rest)?).map_err(|_| Malformed)?;
                if length > rest.len() {
                    return Err(Malformed);
                }
                field(number, rest.split_to(length))?;
                continue;
            }
            _ => return Err(Malformed),
        };
        if skip > rest.len() {
            return Err(Malformed);
        }
        drop(rest.split_to(skip));
    }
    Ok(())
}

/// A field of text.
pub(super) fn text(value: &Bytes) -> Result<String, Malformed> {
    String::from_utf8(value.to_vec()).map_err(|_| Malformed)
}

/// An entry of a map from text to text.
pub(super) fn entry(message: &Bytes) -> Result<(String, String), Malformed> {
    let (mut key, mut value) = (String::new(), String::new());
    fields(message, |number, content| {
        match number {
            1 => key = text(&content)?,
            2 => value = text(&content)?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((key, value))
}

fn varint(rest: &mut Bytes) -> Result<u64, Malformed> {
    let mut value = 0u64;
    for (at, byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32).ok_or(Malformed)?;
        if byte & 0x80 == 0 {
            drop(rest.split_to(at + 1));
            return Ok(value);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_protoc_writes() {
        let message =
            Writer::default().text(1, "ab").flag(2, true).number(4, 300).number(5, -1).bytes(6, b"");
        assert_eq!(
            message.done(),
            b"\x0a\x02ab\x10\x01\x20\xac\x02\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
        );
    }

    #[test]
    fn reads_what_it_knows_and_skips_the_rest() {
        let message = Bytes::from_static(
            b"\x10\x96\x01\x0a\x02ab\x19\0\0\0\0\0\0\0\0\x25\0\0\0\0\x1a\x08\x0a\x01k\x12\x01v\x1a\x00",
        );
        let mut found = Vec::new();
        fields(&message, |number, content| {
            found.push((number, content));
            Ok(())
        })
        .unwrap();
        assert_eq!(found[0], (1, Bytes::from_static(b"ab")));
        assert_eq!(entry(&found[1].1), Ok(("k".to_owned(), "v".to_owned())));
    }

    #[test]
    fn refuses_broken_messages() {
        for broken in
            [&b"\x0a"[..], b"\x0a\x05ab", b"\x0b", b"\x09\0", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"]
        {
            assert_eq!(fields(&Bytes::from_static(broken), |_, _| Ok(())), Err(Malformed), "{broken:?}");
        }
    }
}
