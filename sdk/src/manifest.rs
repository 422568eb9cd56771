//! Writes a manifest while the plugin is compiled: the text of Go's encoding/json for the same declaration.
//! What is in the binary's section, what `--dump-manifest` prints and what `Schema` answers are these very bytes.

use crate::declare::{Access, Category, Meta, Module, OAuth, Operation, Options, Row, Tag};

/// The manifest as a binary can know it; what only a release knows is empty.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    /// connector, tool or job.
    pub kind: &'static str,
    /// The plugin's version.
    pub version: &'static str,
    /// The binary's file name without `.exe`.
    pub entry: &'static str,
    /// What it declares.
    pub module: &'static Module,
}

/// Where the `module` object begins and ends in an envelope's text: after this, up to the last byte.
pub(crate) const BEFORE_MODULE: &str = "\"module\":";

impl Envelope {
    /// How many bytes [`Envelope::write`] gives.
    #[must_use]
    pub const fn length(&self) -> usize {
        let mut out = Out::<0> { bytes: [], at: 0 };
        out.envelope(self);
        out.at
    }

    /// One line of JSON. `N` is its [`Envelope::length`].
    #[must_use]
    pub const fn write<const N: usize>(&self) -> [u8; N] {
        let mut out = Out::<N> { bytes: [0; N], at: 0 };
        out.envelope(self);
        assert!(out.at == N, "N is the length");
        out.bytes
    }
}

const OS: &str = if cfg!(target_os = "linux") {
    "linux"
} else if cfg!(target_os = "macos") {
    "darwin"
} else if cfg!(windows) {
    "windows"
} else {
    "unknown"
};

const ARCH: &str = if cfg!(target_arch = "x86_64") {
    "amd64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    "unknown"
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Collects bytes, or only counts them when there is no room for any.
struct Out<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

/// Writes `,` between the items of a list and each item with a method.
macro_rules! list {
    ($out:ident, $items:expr, $item:ident) => {
        $out.raw("[");
        let mut i = 0;
        while i < $items.len() {
            if i > 0 {
                $out.raw(",");
            }
            $out.$item(&$items[i]);
            i += 1;
        }
        $out.raw("]");
    };
}

impl<const N: usize> Out<N> {
    const fn byte(&mut self, byte: u8) {
        if N > 0 {
            self.bytes[self.at] = byte;
        }
        self.at += 1;
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    /// A string in quotes, escaped as Go does.
    const fn text(&mut self, text: &str) {
        self.byte(b'"');
        self.escaped(text);
        self.byte(b'"');
    }

    const fn escaped(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b'"' => self.raw("\\\""),
                b'\\' => self.raw("\\\\"),
                b'\n' => self.raw("\\n"),
                b'\r' => self.raw("\\r"),
                b'\t' => self.raw("\\t"),
                0x08 => self.raw("\\b"),
                0x0c => self.raw("\\f"),
                byte if byte < 0x20 || matches!(byte, b'<' | b'>' | b'&') => {
                    self.raw("\\u00");
                    self.byte(HEX[(byte >> 4) as usize]);
                    self.byte(HEX[(byte & 15) as usize]);
                }
                // U+2028 and U+2029 end a line in JavaScript.
                0xe2 if i + 2 < bytes.len() && bytes[i + 1] == 0x80 && bytes[i + 2] & 0xfe == 0xa8 => {
                    self.raw(if bytes[i + 2] == 0xa8 { "\\u2028" } else { "\\u2029" });
                    i += 2;
                }
                byte => self.byte(byte),
            }
            i += 1;
        }
    }

    const fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    const fn number(&mut self, value: i64) {
        if value < 0 {
            self.byte(b'-');
        }
        let value = value.unsigned_abs();
        let mut power = 1;
        while value / power >= 10 {
            power *= 10;
        }
        while power > 0 {
            self.byte(b'0' + (value / power % 10) as u8);
            power /= 10;
        }
    }

    const fn member(&mut self, name: &str, value: &str) {
        self.raw(name);
        self.text(value);
    }

    const fn flag(&mut self, name: &str, value: bool) {
        self.raw(name);
        self.bool(value);
    }

    /// A member that is left out when empty.
    const fn optional(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.member(name, value);
        }
    }

    const fn envelope(&mut self, envelope: &Envelope) {
        self.member("{\"schema_version\":1,\"kind\":", envelope.kind);
        self.member(",\"version\":", envelope.version);
        self.raw(",\"proto_version\":1,\"entry\":\"");
        self.escaped(envelope.entry);
        self.raw(if cfg!(windows) { ".exe" } else { "" });
        self.raw("\",\"os_arch\":[\"");
        self.raw(OS);
        self.raw("/");
        self.raw(ARCH);
        self.raw("\"],\"sha256\":\"\",\"signature\":\"\",");
        self.raw(BEFORE_MODULE);
        self.module(envelope.module);
        self.raw("}");
    }

    const fn module(&mut self, module: &Module) {
        self.raw("{\"Meta\":");
        self.meta(&module.meta);
        self.raw(",\"Configs\":");
        list!(self, module.configs, row);
        self.raw(",\"Operations\":");
        list!(self, module.categories, category);
        self.raw(",\"OAuth\":");
        match &module.oauth {
            Some(oauth) => self.oauth(oauth),
            None => self.raw("null"),
        }
        self.flag(",\"AllowSessionConfig\":", module.allow_session_config);
        self.raw(",\"DefaultAccess\":");
        self.access(&module.default_access);
        self.raw("}");
    }

    const fn meta(&mut self, meta: &Meta) {
        self.member("{\"Key\":", meta.key);
        self.member(",\"Name\":", meta.name);
        self.member(",\"Description\":", meta.description);
        self.member(",\"Icon\":", meta.icon);
        self.flag(",\"Fixed\":", meta.fixed);
        self.flag(",\"LiveCatalog\":", meta.live_catalog);
        self.flag(",\"RequireAIDescription\":", meta.require_ai_description);
        self.raw(",\"DefaultTags\":");
        if meta.tags.is_empty() {
            self.raw("null");
        } else {
            list!(self, meta.tags, tag);
        }
        self.raw("}");
    }

    const fn tag(&mut self, tag: &Tag) {
        self.member("{\"Name\":", tag.name);
        self.member(",\"Description\":", tag.description);
        self.flag(",\"IsGroup\":", tag.group);
        self.flag(",\"IsFilter\":", tag.filter);
        self.flag(",\"IsSystem\":", tag.system);
        self.raw(",\"SortOrder\":");
        self.number(tag.order);
        self.raw("}");
    }

    const fn row(&mut self, row: &Row) {
        self.member("{\"Owner\":", row.owner);
        self.member(",\"Key\":", row.key);
        self.member(",\"Value\":", row.value);
        self.member(",\"Type\":", row.widget);
        self.raw(",\"Options\":\"");
        match row.options {
            Options::Text(text) => self.escaped(text),
            Options::Columns(columns) => {
                let mut i = 0;
                while i < columns.len() {
                    if i > 0 {
                        self.byte(b'|');
                    }
                    self.escaped(columns[i].key);
                    i += 1;
                }
            }
        }
        self.flag("\",\"IsSecret\":", row.secret);
        self.flag(",\"CanRegenerate\":", row.regenerate);
        self.flag(",\"Locked\":", row.locked);
        self.flag(",\"Required\":", row.required);
        self.member(",\"Description\":", row.description);
        // Go's zero time: nobody has ever changed a declaration.
        self.raw(",\"UpdatedAt\":\"0001-01-01T00:00:00Z\"");
        if row.hidden {
            self.raw(",\"hidden\":true");
        }
        if let Options::Columns(columns) = row.options {
            self.column_options(columns);
        }
        self.optional(",\"visible_when\":", row.visible_when);
        self.optional(",\"group\":", row.group);
        self.optional(",\"mode\":", row.mode);
        self.optional(",\"env_override\":", row.env);
        self.raw("}");
    }

    /// What the columns of a table offer, by column; sorted, as Go sorts maps.
    const fn column_options(&mut self, columns: &[Row]) {
        let mut written: Option<usize> = None;
        while let Some(next) = next_with_options(columns, written) {
            self.raw(if written.is_some() { "," } else { ",\"col_options\":{" });
            self.text(columns[next].key);
            self.raw(":");
            if let Options::Text(text) = columns[next].options {
                self.text(text);
            }
            written = Some(next);
        }
        if written.is_some() {
            self.raw("}");
        }
    }

    const fn category(&mut self, category: &Category) {
        self.member("{\"Title\":", category.title);
        self.member(",\"Description\":", category.description);
        self.raw(",\"Ops\":");
        list!(self, category.operations, operation);
        self.raw("}");
    }

    const fn operation(&mut self, operation: &Operation) {
        self.member("{\"Key\":", operation.key);
        self.member(",\"Name\":", operation.name);
        self.member(",\"Description\":", operation.description);
        self.raw(",\"Input\":");
        list!(self, operation.input, row);
        self.flag(",\"Destructive\":", operation.destructive);
        self.flag(",\"ConfigOnly\":", operation.config_only);
        self.raw(operation.docs);
        self.raw("}");
    }

    const fn oauth(&mut self, oauth: &OAuth) {
        self.member("{\"AuthorizeURL\":", oauth.authorize_url);
        self.member(",\"TokenURL\":", oauth.token_url);
        self.raw(",\"ExtraParams\":");
        if oauth.params.is_empty() {
            self.raw("null");
        } else {
            let mut i = 0;
            while i < oauth.params.len() {
                self.raw(if i > 0 { "," } else { "{" });
                self.text(oauth.params[i].0);
                self.raw(":");
                self.text(oauth.params[i].1);
                i += 1;
            }
            self.raw("}");
        }
        self.member(",\"Scopes\":", oauth.scopes);
        self.member(",\"DisplayName\":", oauth.display_name);
        self.member(",\"Icon\":", oauth.icon);
        self.raw("}");
    }

    const fn access(&mut self, access: &Access) {
        self.flag("{\"EnableSSO\":", access.sso);
        self.flag(",\"AllowOthersConnectSSO\":", access.others_connect);
        self.flag(",\"MultiAccount\":", access.multi_account);
        self.flag(",\"AllowOthersConfigure\":", access.others_configure);
        self.raw("}");
    }
}

/// The column with options whose key comes next after that of `after`.
const fn next_with_options(columns: &[Row], after: Option<usize>) -> Option<usize> {
    let mut best: Option<usize> = None;
    let mut i = 0;
    while i < columns.len() {
        let offers = matches!(columns[i].options, Options::Text(text) if !text.is_empty());
        let later = match after {
            Some(last) => less(columns[last].key, columns[i].key),
            None => true,
        };
        let first = match best {
            Some(best) => less(columns[i].key, columns[best].key),
            None => true,
        };
        if offers && later && first {
            best = Some(i);
        }
        i += 1;
    }
    best
}

const fn less(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return a[i] < b[i];
        }
        i += 1;
    }
    a.len() < b.len()
}
