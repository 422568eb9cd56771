//! `#[operation]`: a function becomes something that a host may ask for.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItemFn, LitStr, Result, Type};

use crate::arguments::Arguments;
use crate::docs::{description, human, json, key_fault};
use crate::signature::Signature;

const KNOWN: &[&str] = &[
    "key",
    "name",
    "category",
    "destructive",
    "config_only",
    "quirk",
    "pitfall",
    "pair_with",
    "template",
    "input_sample",
    "output_sample",
    "example",
    "output",
];

/// An operation, read.
pub(crate) struct Operation {
    pub(crate) key: LitStr,
    pub(crate) category: Option<LitStr>,
    /// The `Operation` constant.
    pub(crate) declaration: TokenStream,
    /// The `Handler` constant.
    pub(crate) handler: TokenStream,
}

pub(crate) fn read(plugin: &Type, function: &ImplItemFn) -> Result<Operation> {
    let ident = &function.sig.ident;
    let bare = ident.to_string().trim_start_matches("r#").to_owned();
    let mut arguments = Arguments::of(&function.attrs, "operation")?;
    let key = arguments.text("key")?.unwrap_or_else(|| LitStr::new(&bare, ident.span()));
    if let Some(fault) = key_fault(&key.value()) {
        return Err(Error::new(key.span(), fault));
    }
    let description = description(&function.attrs);
    if description.is_empty() {
        let message = format!(
            "say in a doc comment (`/// …`) what `{bare}` does: a model decides by it whether to call it"
        );
        return Err(Error::new(ident.span(), message));
    }
    let name = arguments.text("name")?.map_or_else(|| human(&bare), |name| name.value());
    let category = arguments.text("category")?;
    let destructive = arguments.flag("destructive")?.is_some();
    let config_only = arguments.flag("config_only")?.is_some();
    let docs = docs(&mut arguments)?;
    arguments.finish(KNOWN)?;

    let signature = Signature::read(function)?;
    let inputs = signature
        .parameters
        .iter()
        .filter(|parameter| matches!(parameter, crate::signature::Parameter::Input(_)));
    if inputs.count() > 1 {
        let message =
            "an operation takes one input; put all into one struct with `#[derive(wick_plugin::Input)]`";
        return Err(Error::new(ident.span(), message));
    }
    let input = match signature.input() {
        Some(ty) => quote!(<#ty as ::wick_plugin::__private::Fields>::ROWS),
        None => quote!(&[]),
    };
    let declaration = quote! {
        ::wick_plugin::__private::Operation {
            key: #key,
            name: #name,
            description: #description,
            input: #input,
            destructive: #destructive,
            config_only: #config_only,
            docs: #docs,
        }
    };
    let handler = handler(plugin, function, &signature, &key);
    Ok(Operation { key, category, declaration, handler })
}

fn handler(plugin: &Type, function: &ImplItemFn, signature: &Signature, key: &LitStr) -> TokenStream {
    let call = signature.call(plugin, function);
    let (variant, parameters, answer, finish) = if signature.streams() {
        (
            quote!(Stream),
            quote!(call: ::wick_plugin::Call, stream: ::wick_plugin::Stream),
            quote!(()),
            quote!(result.map_err(::core::convert::Into::into)),
        )
    } else {
        (
            quote!(Answer),
            quote!(call: ::wick_plugin::Call),
            quote!(::std::vec::Vec<u8>),
            quote!(::wick_plugin::__private::answer(result)),
        )
    };
    let body = if signature.is_async {
        quote!(#call #finish)
    } else {
        quote!(::wick_plugin::__private::blocking(move || { #call #finish }).await)
    };
    quote! {
        ::wick_plugin::__private::Handler {
            key: #key,
            run: ::wick_plugin::__private::Run::#variant({
                fn run(#parameters) -> ::wick_plugin::__private::Work<#answer> {
                    ::std::boxed::Box::pin(async move {
                        let _ = &call;
                        #body
                    })
                }
                run
            }),
        }
    }
}

/// What is written down for models, as JSON members in the order in which Go has them.
fn docs(arguments: &mut Arguments) -> Result<String> {
    let list = |texts: &[LitStr]| texts.iter().map(|text| json(&text.value())).collect::<Vec<_>>().join(",");
    let mut out = String::new();
    if let Some((_, output)) = arguments.list("output")? {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, texts) in output.pairs()? {
            let text = texts.iter().map(LitStr::value).collect::<Vec<_>>().join(" ");
            pairs.push((json(&name.to_string()), json(&text)));
        }
        pairs.sort();
        let members: Vec<String> = pairs.iter().map(|(name, text)| format!("{name}:{text}")).collect();
        out += &format!(",\"output_shape\":{{{}}}", members.join(","));
    }
    for (argument, member) in [("template", "templateable_fields"), ("quirk", "quirks")] {
        let texts = arguments.texts(argument)?;
        if !texts.is_empty() {
            out += &format!(",\"{member}\":[{}]", list(&texts));
        }
    }
    let mut examples = Vec::new();
    for (span, mut example) in arguments.lists("example")? {
        let (Some(name), Some(body)) = (example.text("name")?, example.text("body")?) else {
            return Err(Error::new(
                span,
                "an example has a name and a body: `example(name = \"…\", body = \"…\")`",
            ));
        };
        example.finish(&["name", "body"])?;
        examples.push(format!("{{\"name\":{},\"body\":{}}}", json(&name.value()), json(&body.value())));
    }
    if !examples.is_empty() {
        out += &format!(",\"examples\":[{}]", examples.join(","));
    }
    for (argument, member) in [("pair_with", "pair_with"), ("pitfall", "common_pitfalls")] {
        let texts = arguments.texts(argument)?;
        if !texts.is_empty() {
            out += &format!(",\"{member}\":[{}]", list(&texts));
        }
    }
    for member in ["input_sample", "output_sample"] {
        if let Some(text) = arguments.text(member)? {
            out += &format!(",\"{member}\":{}", json(&text.value()));
        }
    }
    Ok(out)
}
