//! What a plugin declares about itself, as constants: the derives and `#[plugin]` write them, authors don't.

/// The `module` object of a manifest.
#[derive(Clone, Copy, Debug)]
pub struct Module {
    /// Who the plugin is.
    pub meta: Meta,
    /// The rows of its configuration.
    pub configs: &'static [Row],
    /// What it does, in groups.
    pub categories: &'static [Category],
    /// How a user signs in to the service behind it.
    pub oauth: Option<OAuth>,
    /// Whether a session may bring a configuration of its own.
    pub allow_session_config: bool,
    /// The access policy that a new instance starts with.
    pub default_access: Access,
}

/// Names of the plugin. `key` equals its folder.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// 1 to 64 of `a-z 0-9 _`.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// For people and models.
    pub description: &'static str,
    /// An emoji or SVG.
    pub icon: &'static str,
    /// There is one instance of it only.
    pub fixed: bool,
    /// Its operations come from a live source.
    pub live_catalog: bool,
    /// A host asks for a description of each instance.
    pub require_ai_description: bool,
    /// Where it belongs on a host's screens.
    pub tags: &'static [Tag],
}

/// A tag that sorts plugins on a host's screens.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    /// Shown.
    pub name: &'static str,
    /// What belongs there.
    pub description: &'static str,
    /// It is a group.
    pub group: bool,
    /// It is a filter.
    pub filter: bool,
    /// It belongs to the host.
    pub system: bool,
    /// Smaller comes first.
    pub order: i64,
}

/// A setting of the plugin, or an input of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Whose row it is; hosts fill it in.
    pub owner: &'static str,
    /// The name it is sent under.
    pub key: &'static str,
    /// What a form starts with.
    pub value: &'static str,
    /// The form's widget.
    pub widget: &'static str,
    /// What can be chosen.
    pub options: Options,
    /// Hidden in forms, encrypted at rest.
    pub secret: bool,
    /// A form offers to make a new one.
    pub regenerate: bool,
    /// Can't be edited.
    pub locked: bool,
    /// Has to be there.
    pub required: bool,
    /// For people and models.
    pub description: &'static str,
    /// Left out of forms.
    pub hidden: bool,
    /// `field:value|value`: shown only then.
    pub visible_when: &'static str,
    /// The heading it stands under.
    pub group: &'static str,
    /// `fixed` or `expression`, or empty.
    pub mode: &'static str,
    /// The environment variable that goes before it.
    pub env: &'static str,
}

impl Row {
    /// A row that says nothing yet.
    pub const EMPTY: Row = Row {
        owner: "",
        key: "",
        value: "",
        widget: "text",
        options: Options::Text(""),
        secret: false,
        regenerate: false,
        locked: false,
        required: false,
        description: "",
        hidden: false,
        visible_when: "",
        group: "",
        mode: "",
        env: "",
    };
}

/// What a row offers.
#[derive(Clone, Copy, Debug)]
pub enum Options {
    /// Values joined by `|`.
    Text(&'static str),
    /// The columns of a table.
    Columns(&'static [Row]),
}

/// Operations under a title; without a title they stand for themselves.
#[derive(Clone, Copy, Debug)]
pub struct Category {
    /// The heading.
    pub title: &'static str,
    /// What belongs there.
    pub description: &'static str,
    /// In the order in which they are declared.
    pub operations: &'static [Operation],
}

/// One thing a host may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its name on the wire.
    pub key: &'static str,
    /// For people.
    pub name: &'static str,
    /// For people and models.
    pub description: &'static str,
    /// What it takes.
    pub input: &'static [Row],
    /// It changes what can't be changed back.
    pub destructive: bool,
    /// It serves the configuration, not users.
    pub config_only: bool,
    /// Further fields as JSON members, each after a comma.
    pub docs: &'static str,
}

/// How a user signs in to the service behind the plugin.
#[derive(Clone, Copy, Debug)]
pub struct OAuth {
    /// Where a browser is sent.
    pub authorize_url: &'static str,
    /// Where a code becomes a token.
    pub token_url: &'static str,
    /// Added to the authorize URL, sorted by name.
    pub params: &'static [(&'static str, &'static str)],
    /// What is asked for, separated by spaces.
    pub scopes: &'static str,
    /// On the button.
    pub display_name: &'static str,
    /// On the button.
    pub icon: &'static str,
}

/// The access policy that a new instance starts with.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Users may connect their own account.
    pub sso: bool,
    /// So may users who don't own the instance.
    pub others_connect: bool,
    /// One instance holds many accounts.
    pub multi_account: bool,
    /// Users who don't own the instance may configure it.
    pub others_configure: bool,
}
