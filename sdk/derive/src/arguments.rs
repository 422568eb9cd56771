//! What stands in the brackets of an attribute: flags, `name = value` and `name(…)`, each taken by who knows it.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token, token};

/// The arguments that nobody took yet.
pub(crate) struct Arguments {
    items: Vec<Argument>,
}

struct Argument {
    name: Ident,
    given: Given,
}

enum Given {
    Flag,
    Is(Box<Expr>),
    List(TokenStream),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Argument> {
        let name = input.call(Ident::parse_any)?;
        let given = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Given::Is(Box::new(input.parse()?))
        } else if input.peek(token::Paren) {
            let inner;
            syn::parenthesized!(inner in input);
            Given::List(inner.parse()?)
        } else {
            Given::Flag
        };
        Ok(Argument { name, given })
    }
}

impl Arguments {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Arguments> {
        let items = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
        Ok(Arguments { items: items.into_iter().collect() })
    }

    /// All arguments of the attributes with that name.
    pub(crate) fn of(attributes: &[Attribute], name: &str) -> Result<Arguments> {
        let mut items = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
            if let Meta::List(list) = &attribute.meta {
                items.extend(Arguments::parse(list.tokens.clone())?.items);
            }
        }
        Ok(Arguments { items })
    }

    fn take(&mut self, name: &str) -> Result<Option<Argument>> {
        let Some(at) = self.items.iter().position(|item| item.name == name) else { return Ok(None) };
        let found = self.items.remove(at);
        match self.items.iter().find(|item| item.name == name) {
            Some(second) => {
                Err(Error::new(second.name.span(), format!("`{name}` is there twice; remove one")))
            }
            None => Ok(Some(found)),
        }
    }

    /// Whether a flag is there, and where.
    pub(crate) fn flag(&mut self, name: &str) -> Result<Option<Span>> {
        match self.take(name)? {
            None => Ok(None),
            Some(Argument { name, given: Given::Flag }) => Ok(Some(name.span())),
            Some(Argument { name, .. }) => {
                Err(Error::new(name.span(), format!("`{name}` is a flag: write it without a value")))
            }
        }
    }

    pub(crate) fn expr(&mut self, name: &str) -> Result<Option<Expr>> {
        match self.take(name)? {
            None => Ok(None),
            Some(Argument { given: Given::Is(expr), .. }) => Ok(Some(*expr)),
            Some(Argument { name, .. }) => {
                Err(Error::new(name.span(), format!("`{name}` needs a value: `{name} = …`")))
            }
        }
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<LitStr>> {
        self.expr(name)?.map(|expr| text(&expr, name)).transpose()
    }

    /// `name = "one"` or `name = ["one", "two"]`.
    pub(crate) fn texts(&mut self, name: &str) -> Result<Vec<LitStr>> {
        match self.expr(name)? {
            None => Ok(Vec::new()),
            Some(Expr::Array(array)) => array.elems.iter().map(|item| text(item, name)).collect(),
            Some(expr) => Ok(vec![text(&expr, name)?]),
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Result<Option<i64>> {
        let Some(expr) = self.expr(name)? else { return Ok(None) };
        let wrong = || Error::new(expr.span(), format!("`{name}` is a whole number"));
        match &expr {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
                number.base10_parse().map(Some).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }

    /// The brackets after a name that may be there once.
    pub(crate) fn list(&mut self, name: &str) -> Result<Option<(Span, Arguments)>> {
        match self.take(name)? {
            None => Ok(None),
            Some(argument) => inner(argument).map(Some),
        }
    }

    /// The brackets after each of a name.
    pub(crate) fn lists(&mut self, name: &str) -> Result<Vec<(Span, Arguments)>> {
        let (found, rest) = std::mem::take(&mut self.items).into_iter().partition(|item| item.name == name);
        self.items = rest;
        let found: Vec<Argument> = found;
        found.into_iter().map(inner).collect()
    }

    /// `name = "text"` for names that an author chooses.
    pub(crate) fn pairs(self) -> Result<Vec<(Ident, Vec<LitStr>)>> {
        let pair = |item: Argument| match item.given {
            Given::Is(expr) => match *expr {
                Expr::Array(array) => {
                    let texts: Result<Vec<LitStr>> =
                        array.elems.iter().map(|value| text(value, &item.name.to_string())).collect();
                    Ok((item.name, texts?))
                }
                expr => {
                    let text = text(&expr, &item.name.to_string())?;
                    Ok((item.name, vec![text]))
                }
            },
            _ => Err(Error::new(item.name.span(), format!("`{0}` needs a text: `{0} = \"…\"`", item.name))),
        };
        self.items.into_iter().map(pair).collect()
    }

    /// Refuses what nobody took.
    pub(crate) fn finish(self, known: &[&str]) -> Result<()> {
        match self.items.first() {
            None => Ok(()),
            Some(item) => {
                let message = format!("`{}` means nothing here; known are: {}", item.name, known.join(", "));
                Err(Error::new(item.name.span(), message))
            }
        }
    }
}

fn inner(argument: Argument) -> Result<(Span, Arguments)> {
    let name = argument.name;
    match argument.given {
        Given::List(tokens) => Ok((name.span(), Arguments::parse(tokens)?)),
        _ => Err(Error::new(name.span(), format!("`{name}` needs brackets: `{name}(…)`"))),
    }
}

fn text(expr: &Expr, name: &str) -> Result<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        _ => Err(Error::new(expr.span(), format!("`{name}` is a text in quotes"))),
    }
}
