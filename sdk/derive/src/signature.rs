//! What a function takes, by the names of its types, and how it is called.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Error, FnArg, ImplItemFn, ReceiverKind, Result, ReturnType, Type};

/// A parameter of an operation.
pub(crate) enum Parameter {
    /// The input struct.
    Input(Box<Type>),
    /// `&Call`.
    Call,
    /// `Stream`, or `&Stream`.
    Stream { by_reference: bool },
}

/// A function of a plugin.
pub(crate) struct Signature {
    pub(crate) takes_self: bool,
    pub(crate) is_async: bool,
    pub(crate) parameters: Vec<Parameter>,
}

impl Signature {
    pub(crate) fn read(function: &ImplItemFn) -> Result<Signature> {
        let signature = &function.sig;
        if !signature.generics.params.is_empty() {
            return Err(Error::new(
                signature.generics.span(),
                "a host calls it with one type; name it instead of a generic",
            ));
        }
        if matches!(signature.output, ReturnType::Default) {
            let message = "return `wick_plugin::Result<…>`: what it gives, or why it failed";
            return Err(Error::new(signature.ident.span(), message));
        }
        let mut takes_self = false;
        let mut parameters = Vec::new();
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => {
                    if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                        let message = "take `&self`: it is the configuration of one call, and calls run at the same time";
                        return Err(Error::new(receiver.span(), message));
                    }
                    takes_self = true;
                }
                FnArg::Typed(argument) => parameters.push(parameter(&argument.ty)?),
            }
        }
        Ok(Signature { takes_self, is_async: signature.asyncness.is_some(), parameters })
    }

    pub(crate) fn streams(&self) -> bool {
        self.parameters.iter().any(|parameter| matches!(parameter, Parameter::Stream { .. }))
    }

    pub(crate) fn input(&self) -> Option<&Type> {
        self.parameters.iter().find_map(|parameter| match parameter {
            Parameter::Input(ty) => Some(&**ty),
            _ => None,
        })
    }

    /// The call with `this`, `call`, `stream` in scope, as a `Result` of any kind. Reads configuration and input.
    pub(crate) fn call(&self, plugin: &Type, function: &ImplItemFn) -> TokenStream {
        let name = &function.sig.ident;
        let mut before = TokenStream::new();
        let mut arguments = TokenStream::new();
        if self.takes_self {
            before.extend(quote!(let this = ::wick_plugin::__private::config::<#plugin>(&call)?;));
            arguments.extend(quote!(&this,));
        }
        for parameter in &self.parameters {
            match parameter {
                Parameter::Input(ty) => {
                    before.extend(quote!(let input = ::wick_plugin::__private::input::<#ty>(&call)?;));
                    arguments.extend(quote!(input,));
                }
                Parameter::Call => arguments.extend(quote!(&call,)),
                Parameter::Stream { by_reference: false } => arguments.extend(quote!(stream,)),
                Parameter::Stream { by_reference: true } => arguments.extend(quote!(&stream,)),
            }
        }
        let wait = if self.is_async { quote!(.await) } else { TokenStream::new() };
        quote!(#before let result = <#plugin>::#name(#arguments)#wait;)
    }
}

fn parameter(ty: &Type) -> Result<Parameter> {
    let (inner, by_reference) = match ty {
        Type::Reference(reference) => (&*reference.elem, true),
        ty => (ty, false),
    };
    let last = match inner {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    };
    match (last.as_deref(), by_reference) {
        (Some("Call"), true) => Ok(Parameter::Call),
        (Some("Call"), false) => Err(Error::new(ty.span(), "take `&Call`")),
        (Some("Stream"), by_reference) => Ok(Parameter::Stream { by_reference }),
        (_, true) => Err(Error::new(ty.span(), "take the input by value: it is made for this call")),
        (_, false) => Ok(Parameter::Input(Box::new(ty.clone()))),
    }
}
