//! Protocol buffers, as far as the contract's messages need them: varints and length-delimited fields.
//! Format: <https://protobuf.dev/programming-guides/encoding/>.

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its answer can't be read: {0}")]
pub struct WireError(pub(super) &'static str);

/// Writes a message; default values are left out, as proto3 has it.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Writer {
        if !value.is_empty() {
            self.whole(field, value);
        }
        self
    }

    pub(super) fn text(self, field: u32, value: &str) -> Writer {
        self.bytes(field, value.as_bytes())
    }

    /// A `map<string, string>`: an entry per pair.
    pub(super) fn map(mut self, field: u32, pairs: &[(&str, &str)]) -> Writer {
        for (key, value) in pairs {
            let entry = Writer::default().text(1, key).text(2, value).done();
            self.whole(field, &entry);
        }
        self
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.0
    }

    fn whole(&mut self, field: u32, value: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

/// One field's value. Groups are refused; nobody has written them for many years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Of a fixed width: none of our messages has such a field.
    Fixed,
}

impl<'a> Value<'a> {
    /// The text of a string field. Values of another type are as unknown fields, hence the empty default.
    pub(super) fn text(self) -> Result<String, WireError> {
        std::str::from_utf8(self.bytes()).map(ToOwned::to_owned).map_err(|_| WireError("a text is no UTF-8"))
    }

    pub(super) fn bytes(self) -> &'a [u8] {
        if let Value::Bytes(bytes) = self { bytes } else { &[] }
    }

    pub(super) fn flag(self) -> bool {
        matches!(self, Value::Varint(1..))
    }

    /// An `int32`: negative numbers come in ten bytes, of which the lower four count.
    pub(super) fn int(self) -> i32 {
        let Value::Varint(wide) = self else { return 0 };
        let [a, b, c, d, ..] = wide.to_le_bytes();
        i32::from_le_bytes([a, b, c, d])
    }
}

/// Walks through the fields of a message.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a [u8]) -> Fields<'a> {
        Fields(message)
    }

    fn varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first().ok_or(WireError("it ends within a number"))?;
            self.0 = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WireError("a number has more than ten bytes"))
    }

    fn take(&mut self, count: u64) -> Result<&'a [u8], WireError> {
        let cut = usize::try_from(count).ok().and_then(|count| self.0.split_at_checked(count));
        let (taken, rest) = cut.ok_or(WireError("a field is longer than the message"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u32, Value<'a>), WireError> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
        let number = number.ok_or(WireError("a field has an impossible number"))?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let count = self.varint()?;
                Value::Bytes(self.take(count)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(WireError("a field has an unknown type")),
        };
        Ok((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>), WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}
