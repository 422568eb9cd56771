//! `#[derive(Config)]` and `#[derive(Input)]`: a struct's fields become rows, and are read from what a host sends.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, ExprUnary, Field, Fields, Ident, Lit, LitStr, Result, Type, UnOp,
};

use crate::arguments::Arguments;
use crate::docs::{description, key_fault};

/// The widgets that a text may have beside `text`.
const WIDGETS: &[&str] = &["textarea", "email", "url", "color", "date", "datetime"];

const KNOWN: &[&str] = &[
    "default",
    "required",
    "textarea",
    "email",
    "url",
    "color",
    "date",
    "datetime",
    "options",
    "widget",
    "hidden",
    "locked",
    "regenerate",
    "group",
    "visible_when",
    "mode",
    "env",
    "key",
    "owner",
];

/// A field, read.
struct Row {
    name: Ident,
    ty: Type,
    key: LitStr,
    default: Option<Default>,
    visible_when: Option<(Ident, Vec<LitStr>)>,
    /// The members of `Row` that differ from what the type says.
    members: TokenStream,
    /// Only text may have what this field asks for.
    text_only: bool,
}

struct Default {
    expr: Expr,
    /// The text of it, as a constant expression.
    text: TokenStream,
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new(input.generics.span(), "a host can't fill a generic struct; name the types"));
    }
    let wrong =
        "only a struct with named fields, or without any, becomes a form; use `struct Name { field: Type }`";
    let Data::Struct(data) = &input.data else { return Err(Error::new(input.ident.span(), wrong)) };
    let rows = match &data.fields {
        Fields::Named(fields) => rows(fields.named.iter())?,
        Fields::Unit => Vec::new(),
        Fields::Unnamed(_) => return Err(Error::new(data.fields.span(), wrong)),
    };
    Ok(write(&input.ident, &data.fields, &rows))
}

fn rows<'a>(fields: impl Iterator<Item = &'a Field>) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let mut keys = BTreeMap::new();
    let mut errors: Option<Error> = None;
    let mut note = |error: Error| match &mut errors {
        Some(errors) => errors.combine(error),
        None => errors = Some(error),
    };
    for field in fields {
        match row(field) {
            Ok(row) => {
                if let Some(other) = keys.insert(row.key.value(), row.name.clone()) {
                    let message =
                        format!("the key `{}` is there twice: `{other}` has it already", row.key.value());
                    note(Error::new(row.key.span(), message));
                }
                rows.push(row);
            }
            Err(error) => note(error),
        }
    }
    for row in &rows {
        if let Some((other, _)) = &row.visible_when
            && !keys.contains_key(&other.to_string())
        {
            let known: Vec<&str> = keys.keys().map(String::as_str).collect();
            note(Error::new(
                other.span(),
                format!("no field has the key `{other}`; there are: {}", known.join(", ")),
            ));
        }
    }
    errors.map_or(Ok(rows), Err)
}

fn row(field: &Field) -> Result<Row> {
    let name = field.ident.clone().ok_or_else(|| Error::new(field.span(), "a field needs a name"))?;
    let bare = name.to_string().trim_start_matches("r#").to_owned();
    let description = description(&field.attrs);
    if description.is_empty() {
        let message =
            format!("say in a doc comment (`/// …`) what `{bare}` is: forms show it, models read it");
        return Err(Error::new(name.span(), message));
    }
    let mut arguments = Arguments::of(&field.attrs, "wick")?;
    let key = arguments.text("key")?.unwrap_or_else(|| LitStr::new(&bare, name.span()));
    if let Some(fault) = key_fault(&key.value()) {
        return Err(Error::new(key.span(), format!("{fault}; give one with `#[wick(key = \"…\")]`")));
    }
    if let Some(span) = arguments.flag("secret")? {
        return Err(Error::new(
            span,
            "make its type `wick_plugin::Secret`: that hides it in forms and never prints it",
        ));
    }
    let default = arguments.expr("default")?.map(|expr| default(expr, &field.ty)).transpose()?;
    let required = arguments.flag("required")?;
    if let Some(span) = required
        && is_option(&field.ty)
    {
        return Err(Error::new(span, "an `Option` isn't required; remove one of the two"));
    }
    let mut members = quote!(key: #key, description: #description,);
    if let Some(default) = &default {
        let text = &default.text;
        members.extend(quote!(value: #text,));
    }
    if required.is_some() || default.is_some() {
        let required = required.is_some();
        members.extend(quote!(required: #required,));
    }
    let text_only = widget(&mut arguments, &mut members)?;
    for flag in ["hidden", "locked", "regenerate"] {
        if arguments.flag(flag)?.is_some() {
            let flag = Ident::new(flag, name.span());
            members.extend(quote!(#flag: true,));
        }
    }
    for text in ["group", "env", "owner"] {
        if let Some(value) = arguments.text(text)? {
            let text = Ident::new(text, name.span());
            members.extend(quote!(#text: #value,));
        }
    }
    if let Some(mode) = arguments.text("mode")? {
        if !["fixed", "expression"].contains(&mode.value().as_str()) {
            return Err(Error::new(mode.span(), "a mode is `fixed` or `expression`"));
        }
        members.extend(quote!(mode: #mode,));
    }
    let visible_when = visible_when(&mut arguments)?;
    if let Some((other, values)) = &visible_when {
        let values: Vec<String> = values.iter().map(LitStr::value).collect();
        let predicate = format!("{other}:{}", values.join("|"));
        members.extend(quote!(visible_when: #predicate,));
    }
    arguments.finish(KNOWN)?;
    Ok(Row { name, ty: field.ty.clone(), key, default, visible_when, members, text_only })
}

/// Reads what says how a field is shown; whether only text may be shown so.
fn widget(arguments: &mut Arguments, members: &mut TokenStream) -> Result<bool> {
    let mut chosen: Option<&str> = None;
    for widget in WIDGETS {
        if let Some(span) = arguments.flag(widget)?
            && let Some(other) = chosen.replace(widget)
        {
            return Err(Error::new(span, format!("a field has one widget, and `{other}` is one already")));
        }
    }
    let options = arguments.texts("options")?;
    if let Some(bad) = options.iter().find(|option| option.value().contains('|') || option.value().is_empty())
    {
        return Err(Error::new(
            bad.span(),
            "an option has at least one letter and no `|`, which separates them",
        ));
    }
    if !options.is_empty() {
        let joined = options.iter().map(LitStr::value).collect::<Vec<_>>().join("|");
        members.extend(quote!(options: ::wick_plugin::__private::Options::Text(#joined),));
    }
    let own = arguments.text("widget")?;
    let text_only = chosen.is_some() || !options.is_empty();
    match (chosen, own) {
        (Some(_), Some(own)) => return Err(Error::new(own.span(), "a field has one widget")),
        (Some(widget), None) => members.extend(quote!(widget: #widget,)),
        (None, Some(own)) => members.extend(quote!(widget: #own,)),
        (None, None) if !options.is_empty() => members.extend(quote!(widget: "dropdown",)),
        (None, None) => {}
    }
    Ok(text_only)
}

fn visible_when(arguments: &mut Arguments) -> Result<Option<(Ident, Vec<LitStr>)>> {
    let Some((span, inner)) = arguments.list("visible_when")? else { return Ok(None) };
    let mut pairs = inner.pairs()?.into_iter();
    match (pairs.next(), pairs.next()) {
        (Some(pair), None) => Ok(Some(pair)),
        _ => Err(Error::new(span, "name one field and its value: `visible_when(method = \"token\")`")),
    }
}

fn default(expr: Expr, ty: &Type) -> Result<Default> {
    if is_option(ty) {
        let message = "an `Option` without a value is `None`; remove the default or the `Option`";
        return Err(Error::new(expr.span(), message));
    }
    let literal = |lit: &Lit| match lit {
        Lit::Str(text) => Some(text.value()),
        Lit::Int(number) => Some(number.base10_digits().to_owned()),
        Lit::Float(number) => Some(number.base10_digits().to_owned()),
        Lit::Bool(value) => Some(value.value.to_string()),
        _ => None,
    };
    let text = match &expr {
        Expr::Lit(ExprLit { lit, .. }) => literal(lit),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => match &**expr {
            Expr::Lit(ExprLit { lit, .. }) => literal(lit).map(|text| format!("-{text}")),
            _ => None,
        },
        Expr::Path(_) => {
            let text = quote_spanned!(expr.span()=> <#ty>::as_str(&#expr));
            return Ok(Default { expr, text });
        }
        _ => None,
    };
    match text {
        Some(text) => Ok(Default { expr, text: quote!(#text) }),
        None => Err(Error::new(
            expr.span(),
            "a default is a literal, or a variant of an enum with `#[derive(Choice)]`",
        )),
    }
}

pub(crate) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn write(name: &Ident, fields: &Fields, rows: &[Row]) -> TokenStream {
    let mut constants = TokenStream::new();
    let mut checks = TokenStream::new();
    let mut reads = TokenStream::new();
    for Row { name, ty, key, default, members, text_only, .. } in rows {
        constants.extend(
            quote!(::wick_plugin::__private::Row { #members ..::wick_plugin::__private::row::<#ty>() },),
        );
        if let Some(Default { expr, .. }) = default {
            checks.extend(quote_spanned!(expr.span()=> const _: <#ty as ::wick_plugin::__private::Field>::Default = #expr;));
        }
        if *text_only {
            checks.extend(quote!(const _: () = ::wick_plugin::__private::text_only::<#ty>();));
        }
        let default = match default {
            Some(default) => {
                let text = &default.text;
                quote!(::core::option::Option::Some(#text))
            }
            None => quote!(::core::option::Option::None),
        };
        reads.extend(quote!(#name: values.take(#key, #default)?,));
    }
    let read = match fields {
        Fields::Unit => quote!(Self),
        _ => quote!(Self { #reads }),
    };
    quote! {
        #checks
        impl ::wick_plugin::__private::Fields for #name {
            const ROWS: &'static [::wick_plugin::__private::Row] = &[#constants];

            fn read(values: &mut ::wick_plugin::__private::Values<'_>) -> ::wick_plugin::Result<Self> {
                let _ = &values;
                ::core::result::Result::Ok(#read)
            }
        }
    }
}
