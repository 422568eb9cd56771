//! Write wick plugins in Rust: the configuration is a struct, an operation is a function.
#![doc = include_str!("../README.md")]

extern crate self as wick_plugin;

mod call;
mod declare;
mod error;
mod field;
mod manifest;
mod plugin;
mod run;
mod secret;
mod serve;
#[cfg(test)]
mod tests;
mod values;

pub use call::{Call, Stream};
pub use error::{Error, Result};
pub use field::Json;
pub use plugin::{Identity, Permissions};
pub use secret::Secret;
pub use serde_json::{Value, json};
pub use wick_plugin_derive::{Choice, Config, Input, plugin};

/// What the macros write refers to; not for authors, and free to change.
#[doc(hidden)]
pub mod __private {
    pub use crate::declare::{Access, Category, Meta, Module, OAuth, Operation, Options, Row, Tag};
    pub use crate::field::{Field, Fields, Text};
    pub use crate::manifest::Envelope;
    pub use crate::plugin::{
        Handler, Plugin, Run, Server, Work, answer, blocking, config, input, permissions_by_config, secrets,
    };
    pub use crate::run::run;
    pub use crate::values::Values;
    pub use serde_json::Value;

    /// The row of a field of this type, as far as the type tells.
    #[must_use]
    pub const fn row<T: Field>() -> Row {
        Row { widget: T::WIDGET, options: T::OPTIONS, secret: T::SECRET, required: T::REQUIRED, ..Row::EMPTY }
    }

    /// Compiles for text only.
    pub const fn text_only<T: Text>() {}
}

/// The whole `main` of a plugin: `wick_plugin::main!(Weather);`.
///
/// It puts the manifest into the binary, where `wick plugin build` reads it without running anything, and starts the
/// plugin. The version is the one `wick` builds (`VERSION`), else the crate's.
#[macro_export]
macro_rules! main {
    ($plugin:ty) => {
        fn main() -> ::std::process::ExitCode {
            #[cfg(panic = "abort")]
            ::core::compile_error!(
                "remove `panic = \"abort\"` from the profile: one operation's panic would end the plugin and every other call"
            );
            const SERVER: &$crate::__private::Server = &<$plugin as $crate::__private::Plugin>::SERVER;
            const ENVELOPE: $crate::__private::Envelope = $crate::__private::Envelope {
                kind: SERVER.kind,
                version: match ::core::option_env!("WICK_PLUGIN_VERSION") {
                    ::core::option::Option::Some(version) => version,
                    ::core::option::Option::None => ::core::env!("CARGO_PKG_VERSION"),
                },
                entry: match ::core::option_env!("CARGO_BIN_NAME") {
                    ::core::option::Option::Some(name) => name,
                    ::core::option::Option::None => SERVER.module.meta.key,
                },
                module: &SERVER.module,
            };
            // It must stay when the linker drops what nobody uses and `strip` what nobody needs: hence a section of its
            // own, `#[used]`, and a reference from the code that prints it.
            #[used]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__wick"))]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".wick"))]
            #[allow(long_running_const_eval)]
            static MANIFEST: [u8; ENVELOPE.length()] = ENVELOPE.write();
            $crate::__private::run(&MANIFEST, SERVER)
        }
    };
}
