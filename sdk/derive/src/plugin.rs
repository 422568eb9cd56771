//! `#[plugin]`: an `impl` becomes what a host loads.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, ImplItem, ImplItemFn, ItemImpl, LitStr, Result, Type};

use crate::arguments::Arguments;
use crate::docs::{description, human, key_fault};
use crate::operation::{self, Operation};
use crate::signature::{Parameter, Signature};

const KNOWN: &[&str] = &[
    "key",
    "name",
    "kind",
    "icon",
    "fixed",
    "live_catalog",
    "require_ai_description",
    "allow_session_config",
    "tag",
    "category",
    "oauth",
    "access",
];

/// What marks a function of the plugin.
const MARKS: [&str; 4] = ["operation", "permissions", "identity", "health"];

/// The functions of a plugin, by what they are for.
#[derive(Default)]
struct Functions {
    operations: Vec<Operation>,
    permissions: Option<TokenStream>,
    identity: Option<TokenStream>,
    health: Option<TokenStream>,
}

/// Writes `impl Plugin`; takes the marks off the functions, also when something is wrong.
pub(crate) fn expand(arguments: TokenStream, item: &mut ItemImpl) -> Result<TokenStream> {
    let plugin = (*item.self_ty).clone();
    let functions = functions(&plugin, item);
    let about = Arguments::parse(arguments).and_then(|arguments| declare(arguments, item));
    for entry in &mut item.items {
        if let ImplItem::Fn(function) = entry {
            function.attrs.retain(|attribute| !MARKS.iter().any(|mark| attribute.path().is_ident(mark)));
        }
    }
    match (functions, about) {
        (Ok(functions), Ok(about)) => write(&plugin, &functions, about),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            Err(error)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn functions(plugin: &Type, item: &ItemImpl) -> Result<Functions> {
    let mut found = Functions::default();
    let mut keys: BTreeMap<String, String> = BTreeMap::new();
    let mut errors: Option<Error> = None;
    for entry in &item.items {
        let ImplItem::Fn(function) = entry else { continue };
        let marks: Vec<&str> = MARKS
            .into_iter()
            .filter(|mark| function.attrs.iter().any(|attribute| attribute.path().is_ident(mark)))
            .collect();
        let result = match marks.as_slice() {
            [] => Ok(()),
            ["operation"] => operation::read(plugin, function).and_then(|operation| {
                let key = operation.key.value();
                let name = function.sig.ident.to_string();
                match keys.insert(key.clone(), name) {
                    Some(other) => {
                        let message =
                            format!("the operation `{key}` is there twice: `{other}` has that key already");
                        Err(Error::new(operation.key.span(), message))
                    }
                    None => {
                        found.operations.push(operation);
                        Ok(())
                    }
                }
            }),
            [mark] => special(plugin, function, mark, &mut found),
            _ => Err(Error::new(function.sig.ident.span(), format!("choose one of {}", marks.join(" and ")))),
        };
        if let Err(error) = result {
            match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            }
        }
    }
    match errors {
        Some(errors) => Err(errors),
        None if found.operations.is_empty() => Err(Error::new_spanned(
            plugin,
            "a plugin does something: put `#[operation]` on a function in here",
        )),
        None => Ok(found),
    }
}

/// `#[permissions]`, `#[identity]`, `#[health]`.
fn special(plugin: &Type, function: &ImplItemFn, mark: &str, found: &mut Functions) -> Result<()> {
    let ident = &function.sig.ident;
    let signature = Signature::read(function)?;
    let inputs =
        signature.parameters.iter().filter(|parameter| matches!(parameter, Parameter::Input(_))).count();
    let (shape, wanted) = match mark {
        "permissions" => {
            ((true, 0), "fn permissions(&self) -> wick_plugin::Result<wick_plugin::Permissions>")
        }
        "identity" => (
            (false, 1),
            "fn identity(token: wick_plugin::Secret) -> wick_plugin::Result<wick_plugin::Identity>",
        ),
        _ => ((false, 0), "fn health() -> wick_plugin::Result<()>"),
    };
    if (signature.takes_self, inputs) != shape || signature.parameters.len() != inputs {
        return Err(Error::new(
            ident.span(),
            format!("`#[{mark}]` goes on a function like `{wanted}`, async or not"),
        ));
    }
    let slot = match mark {
        "permissions" => &mut found.permissions,
        "identity" => &mut found.identity,
        _ => &mut found.health,
    };
    if slot.is_some() {
        return Err(Error::new(ident.span(), format!("there is one `#[{mark}]`; remove the other")));
    }
    let (parameters, answer, before, arguments) = match mark {
        "permissions" => (
            quote!(call: ::wick_plugin::Call),
            quote!(::wick_plugin::Permissions),
            quote!(let this = ::wick_plugin::__private::config::<#plugin>(&call)?;),
            quote!(&this),
        ),
        "identity" => {
            (quote!(token: ::wick_plugin::Secret), quote!(::wick_plugin::Identity), quote!(), quote!(token))
        }
        _ => (quote!(), quote!(()), quote!(), quote!()),
    };
    let wait = if signature.is_async { quote!(.await) } else { quote!() };
    let body = quote! {
        #before
        let result = <#plugin>::#ident(#arguments)#wait;
        result.map_err(::core::convert::Into::into)
    };
    let body = if signature.is_async {
        body
    } else {
        quote!(::wick_plugin::__private::blocking(move || { #body }).await)
    };
    *slot = Some(quote!({
        fn run(#parameters) -> ::wick_plugin::__private::Work<#answer> {
            ::std::boxed::Box::pin(async move { #body })
        }
        run
    }));
    Ok(())
}

/// What the brackets and the doc comment say.
struct About {
    kind: String,
    meta: TokenStream,
    /// Title, description and where they stand.
    categories: Vec<(String, String, Span)>,
    oauth: Option<(TokenStream, Span)>,
    allow_session_config: bool,
    access: TokenStream,
}

fn declare(mut arguments: Arguments, item: &ItemImpl) -> Result<About> {
    let description = description(&item.attrs);
    if description.is_empty() {
        let message =
            "say in a doc comment (`/// …`) above `#[plugin]` what the plugin is for: it is its description";
        return Err(Error::new_spanned(&item.self_ty, message));
    }
    let key = key(&mut arguments)?;
    let name = arguments.text("name")?.map_or_else(|| human(&key), |name| name.value());
    let kind = match arguments.text("kind")? {
        None => "connector".to_owned(),
        Some(kind) if ["connector", "tool", "job"].contains(&kind.value().as_str()) => kind.value(),
        Some(kind) => {
            return Err(Error::new(
                kind.span(),
                "a kind is `connector`, `tool` or `job`, as the plugin's folder says",
            ));
        }
    };
    let icon = arguments.text("icon")?.map(|icon| icon.value()).unwrap_or_default();
    let fixed = arguments.flag("fixed")?.is_some();
    let live_catalog = arguments.flag("live_catalog")?.is_some();
    let require_ai_description = arguments.flag("require_ai_description")?.is_some();
    let tags = arguments
        .lists("tag")?
        .into_iter()
        .map(|(span, tag)| self::tag(span, tag))
        .collect::<Result<Vec<_>>>()?;
    let meta = quote! {
        ::wick_plugin::__private::Meta {
            key: #key,
            name: #name,
            description: #description,
            icon: #icon,
            fixed: #fixed,
            live_catalog: #live_catalog,
            require_ai_description: #require_ai_description,
            tags: &[#(#tags),*],
        }
    };
    let mut categories: Vec<(String, String, Span)> = Vec::new();
    for (span, mut category) in arguments.lists("category")? {
        let title = category
            .text("title")?
            .ok_or_else(|| Error::new(span, "a category has a title: `category(title = \"…\")`"))?;
        let description = category.text("description")?.map(|text| text.value()).unwrap_or_default();
        category.finish(&["title", "description"])?;
        if categories.iter().any(|(other, ..)| *other == title.value()) {
            return Err(Error::new(title.span(), format!("the category `{}` is there twice", title.value())));
        }
        categories.push((title.value(), description, title.span()));
    }
    let oauth = arguments
        .list("oauth")?
        .map(|(span, oauth)| self::oauth(span, oauth).map(|oauth| (oauth, span)))
        .transpose()?;
    let allow_session_config = arguments.flag("allow_session_config")?.is_some();
    let access = access(arguments.list("access")?.map(|(_, access)| access))?;
    arguments.finish(KNOWN)?;
    Ok(About { kind, meta, categories, oauth, allow_session_config, access })
}

fn key(arguments: &mut Arguments) -> Result<String> {
    if let Some(key) = arguments.text("key")? {
        return key_fault(&key.value()).map_or(Ok(key.value()), |fault| Err(Error::new(key.span(), fault)));
    }
    let name = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    match key_fault(&name) {
        None => Ok(name),
        Some(fault) => {
            let message = format!(
                "the crate's name can't be the plugin's key: {fault}; give one with `#[plugin(key = \"…\")]`"
            );
            Err(Error::new(Span::call_site(), message))
        }
    }
}

fn tag(span: Span, mut tag: Arguments) -> Result<TokenStream> {
    let name = tag.text("name")?.ok_or_else(|| Error::new(span, "a tag has a name: `tag(name = \"…\")`"))?;
    let description = tag.text("description")?.map(|text| text.value()).unwrap_or_default();
    let (group, filter, system) =
        (tag.flag("group")?.is_some(), tag.flag("filter")?.is_some(), tag.flag("system")?.is_some());
    let order = tag.number("order")?.unwrap_or_default();
    tag.finish(&["name", "description", "group", "filter", "system", "order"])?;
    Ok(quote! {
        ::wick_plugin::__private::Tag {
            name: #name, description: #description, group: #group, filter: #filter, system: #system, order: #order,
        }
    })
}

fn oauth(span: Span, mut oauth: Arguments) -> Result<TokenStream> {
    let mut url = |name: &str| {
        let url = oauth
            .text(name)?
            .ok_or_else(|| Error::new(span, format!("`oauth` needs `{name} = \"https://…\"`")))?;
        if url.value().starts_with("https://") || url.value().starts_with("http://127.0.0.1") {
            Ok(url)
        } else {
            Err(Error::new(url.span(), "an address that tokens go to begins with `https://`"))
        }
    };
    let (authorize_url, token_url) = (url("authorize_url")?, url("token_url")?);
    let scopes = oauth.texts("scopes")?.iter().map(LitStr::value).collect::<Vec<_>>().join(" ");
    let display_name = oauth.text("display_name")?.map(|text| text.value()).unwrap_or_default();
    let icon = oauth.text("icon")?.map(|text| text.value()).unwrap_or_default();
    let mut params: Vec<(String, String)> = Vec::new();
    if let Some((_, pairs)) = oauth.list("params")? {
        for (name, texts) in pairs.pairs()? {
            params.push((name.to_string(), texts.iter().map(LitStr::value).collect::<Vec<_>>().join(" ")));
        }
    }
    params.sort();
    let params = params.iter().map(|(name, value)| quote!((#name, #value)));
    oauth.finish(&["authorize_url", "token_url", "scopes", "display_name", "icon", "params"])?;
    Ok(quote! {
        ::wick_plugin::__private::OAuth {
            authorize_url: #authorize_url,
            token_url: #token_url,
            params: &[#(#params),*],
            scopes: #scopes,
            display_name: #display_name,
            icon: #icon,
        }
    })
}

fn access(access: Option<Arguments>) -> Result<TokenStream> {
    const FLAGS: [&str; 4] = ["sso", "others_connect", "multi_account", "others_configure"];
    let mut given = [false; 4];
    if let Some(mut access) = access {
        for (flag, name) in given.iter_mut().zip(FLAGS) {
            *flag = access.flag(name)?.is_some();
        }
        access.finish(&FLAGS)?;
    }
    let [sso, others_connect, multi_account, others_configure] = given;
    Ok(quote! {
        ::wick_plugin::__private::Access {
            sso: #sso,
            others_connect: #others_connect,
            multi_account: #multi_account,
            others_configure: #others_configure,
        }
    })
}

fn write(plugin: &Type, functions: &Functions, about: About) -> Result<TokenStream> {
    if let Some((_, span)) = &about.oauth
        && functions.identity.is_none()
    {
        let message = "with `oauth` a host asks whose token it got: add an `#[identity]` function";
        return Err(Error::new(*span, message));
    }
    let categories = categories(&functions.operations, &about.categories)?;
    let handlers = functions.operations.iter().map(|operation| &operation.handler);
    let option = |function: &Option<TokenStream>| match function {
        Some(function) => quote!(::core::option::Option::Some(#function)),
        None => quote!(::core::option::Option::None),
    };
    let permissions = match &functions.permissions {
        Some(permissions) => permissions.clone(),
        None => quote!(::wick_plugin::__private::permissions_by_config::<#plugin>),
    };
    let (identity, health) = (option(&functions.identity), option(&functions.health));
    let oauth = option(&about.oauth.map(|(oauth, _)| oauth));
    let About { kind, meta, allow_session_config, access, .. } = about;
    Ok(quote! {
        impl ::wick_plugin::__private::Plugin for #plugin {
            const SERVER: ::wick_plugin::__private::Server = ::wick_plugin::__private::Server {
                kind: #kind,
                module: ::wick_plugin::__private::Module {
                    meta: #meta,
                    configs: <#plugin as ::wick_plugin::__private::Fields>::ROWS,
                    categories: &[#(#categories),*],
                    oauth: #oauth,
                    allow_session_config: #allow_session_config,
                    default_access: #access,
                },
                handlers: &[#(#handlers),*],
                permissions: #permissions,
                identity: #identity,
                health: #health,
                secrets: ::wick_plugin::__private::secrets::<#plugin>,
            };
        }
    })
}

/// The groups of operations: first those without a title, then as declared, else as they come up.
fn categories(operations: &[Operation], declared: &[(String, String, Span)]) -> Result<Vec<TokenStream>> {
    let title = |operation: &Operation| operation.category.as_ref().map(LitStr::value).unwrap_or_default();
    let mut groups: Vec<(String, String)> = vec![(String::new(), String::new())];
    groups.extend(declared.iter().map(|(title, description, _)| (title.clone(), description.clone())));
    for operation in operations {
        let Some(category) = &operation.category else { continue };
        if groups.iter().any(|(title, _)| *title == category.value()) {
            continue;
        }
        if !declared.is_empty() {
            let known: Vec<&str> = declared.iter().map(|(title, ..)| title.as_str()).collect();
            let message = format!("no category `{}`; declared are: {}", category.value(), known.join(", "));
            return Err(Error::new(category.span(), message));
        }
        groups.push((category.value(), String::new()));
    }
    let mut written = Vec::new();
    for (group, description) in groups {
        let members: Vec<&TokenStream> = operations
            .iter()
            .filter(|operation| title(operation) == group)
            .map(|operation| &operation.declaration)
            .collect();
        if members.is_empty() {
            if let Some((_, _, span)) = declared.iter().find(|(title, ..)| *title == group) {
                return Err(Error::new(
                    *span,
                    format!("no operation is in the category `{group}`; remove it"),
                ));
            }
            continue;
        }
        written.push(quote! {
            ::wick_plugin::__private::Category {
                title: #group,
                description: #description,
                operations: &[#(#members),*],
            }
        });
    }
    Ok(written)
}
