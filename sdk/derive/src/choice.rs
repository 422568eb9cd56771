//! `#[derive(Choice)]`: the variants of an enum become what a form offers.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::arguments::Arguments;
use crate::docs::snake;

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new(name.span(), "a choice is an enum: `enum Unit { Celsius, Fahrenheit }`"));
    };
    if data.variants.is_empty() {
        return Err(Error::new(name.span(), "a choice offers something; add a variant"));
    }
    let mut values: Vec<LitStr> = Vec::new();
    let mut seen = BTreeMap::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.fields.span(),
                "a form can't ask for what is inside a variant; make it a field",
            ));
        }
        let mut arguments = Arguments::of(&variant.attrs, "wick")?;
        let value = arguments.text("value")?;
        arguments.finish(&["value"])?;
        let value =
            value.unwrap_or_else(|| LitStr::new(&snake(&variant.ident.to_string()), variant.ident.span()));
        let text = value.value();
        if text.is_empty() || text.contains('|') {
            return Err(Error::new(
                value.span(),
                "a value has at least one letter and no `|`, which separates them",
            ));
        }
        if let Some(other) = seen.insert(text.clone(), &variant.ident) {
            return Err(Error::new(
                value.span(),
                format!("the value `{text}` is there twice: `{other}` has it already"),
            ));
        }
        values.push(value);
    }
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let texts: Vec<String> = values.iter().map(LitStr::value).collect();
    let options = texts.join("|");
    let wanted = format!("must be one of {}", texts.join(", "));
    Ok(quote! {
        impl #name {
            /// The value as hosts know it.
            #[allow(dead_code)]
            pub const fn as_str(&self) -> &'static str {
                match self {
                    #(Self::#variants => #values,)*
                }
            }
        }

        impl ::wick_plugin::__private::Field for #name {
            type Default = #name;
            const WIDGET: &'static str = "dropdown";
            const OPTIONS: ::wick_plugin::__private::Options = ::wick_plugin::__private::Options::Text(#options);

            fn parse(
                value: ::wick_plugin::__private::Value,
            ) -> ::core::result::Result<Self, ::std::string::String> {
                match value.as_str() {
                    #(::core::option::Option::Some(#values) => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(::std::string::String::from(#wanted)),
                }
            }
        }
    })
}
