//! The macros of `wick-plugin`. They only read and write declarations: what is wrong is said at the line where it
//! stands, and what is right becomes constants that the crate turns into a manifest.

mod arguments;
mod choice;
mod docs;
mod fields;
mod operation;
mod plugin;
mod signature;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemImpl, parse_macro_input};

/// A plugin's configuration: each field is a row of the form that an admin fills in, its doc comment the description.
///
/// `#[wick(…)]` says more: `default = …`, `required`, the widget of a text (`textarea`, `email`, `url`, `color`, `date`,
/// `datetime`, `options = ["a", "b"]`, `widget = "…"`), `hidden`, `locked`, `regenerate`, `group = "…"`,
/// `visible_when(field = "value")`, `mode = "fixed"`, `env = "NAME"`, `key = "…"`, `owner = "…"`.
#[proc_macro_derive(Config, attributes(wick))]
pub fn config(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    fields::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// What an operation takes: each field is an argument, its doc comment the description that forms and models show.
///
/// `#[wick(…)]` as for a configuration.
#[proc_macro_derive(Input, attributes(wick))]
pub fn input(input: TokenStream) -> TokenStream {
    config(input)
}

/// An enum whose variants are what can be chosen in a form.
///
/// `Celsius` becomes `celsius`; `#[wick(value = "°C")]` names it otherwise.
#[proc_macro_derive(Choice, attributes(wick))]
pub fn choice(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    choice::derive(&input).unwrap_or_else(|error| error.into_compile_error()).into()
}

/// A plugin: an `impl` of the configuration's type whose functions are operations.
///
/// The doc comment is the description. In the brackets: `key = "…"` (else the crate's name), `name`, `kind` (`"connector"`,
/// `"tool"`, `"job"`), `icon`, `fixed`, `live_catalog`, `require_ai_description`, `allow_session_config`,
/// `tag(name = "…", description = "…", group, filter, system, order = 1)`, `category(title = "…", description = "…")`,
/// `oauth(authorize_url = "…", token_url = "…", scopes = ["…"], display_name = "…", icon = "…", params(name = "value"))`,
/// `access(sso, others_connect, multi_account, others_configure)`.
///
/// The functions: `#[operation]` with `name = "…"`, `key = "…"`, `category = "…"`, `destructive`, `config_only` and, for
/// models, `quirk`, `pitfall`, `pair_with`, `template`, `input_sample`, `output_sample`, `example(name = "…", body = "…")`,
/// `output(field = "…")`; `#[permissions]`, `#[identity]`, `#[health]`.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut item = parse_macro_input!(item as ItemImpl);
    let written = plugin::expand(arguments.into(), &mut item);
    let written = written.unwrap_or_else(|error| error.into_compile_error());
    quote::quote!(#item #written).into()
}
