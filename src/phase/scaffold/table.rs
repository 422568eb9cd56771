//! The files that `wick plugin init` and `wick plugin new` write, as data. What is between `@`s, and the Go module
//! `example.com/acme/plugins`, is filled in.

/// A file by the place it gets, with `/`, and its text.
pub(super) type Template = (&'static str, &'static str);

/// The Go module that templates belong to.
pub(super) const GO_MODULE: &str = "example.com/acme/plugins";

macro_rules! template {
    ($place:literal) => {
        include_str!(concat!("../../../templates/", $place))
    };
}

/// Every plugin repository.
pub(super) const REPOSITORY: &[Template] = &[
    ("README.md", template!("repository/README.md")),
    ("wick.toml", template!("repository/wick.toml")),
    (".gitignore", template!("repository/gitignore")),
];

/// How git treats line ends there.
pub(super) const ATTRIBUTES: Template = (".gitattributes", template!("repository/gitattributes"));

/// A cargo workspace.
pub(super) const WORKSPACE: Template = ("Cargo.toml", template!("repository/workspace.toml"));

/// A Go module that has what the SDK needs.
pub(super) const GO_MOD: Template = ("go.mod", template!("repository/go.mod"));
pub(super) const GO_SUM: Template = ("go.sum", template!("repository/go.sum"));

/// The package by which Go plugins serve. The same as in examples/plugins, where its tests are.
pub(super) const GO_SDK: &[Template] = &[
    ("sdk/doc.go", template!("go-sdk/doc.go")),
    ("sdk/module.go", template!("go-sdk/module.go")),
    ("sdk/fields.go", template!("go-sdk/fields.go")),
    ("sdk/handlers.go", template!("go-sdk/handlers.go")),
    ("sdk/serve.go", template!("go-sdk/serve.go")),
    ("sdk/server.go", template!("go-sdk/server.go")),
    ("sdk/stream.go", template!("go-sdk/stream.go")),
    ("sdk/manifest.go", template!("go-sdk/manifest.go")),
    ("sdk/connectorpb/connector.pb.go", template!("go-sdk/connectorpb/connector.pb.go")),
    ("sdk/connectorpb/connector_grpc.pb.go", template!("go-sdk/connectorpb/connector_grpc.pb.go")),
];

/// A plugin in Go.
pub(super) const GO: &[Template] = &[
    ("main.go", template!("go/main.go")),
    ("main_test.go", template!("go/main_test.go")),
    ("README.md", template!("go/README.md")),
    ("VERSION", template!("go/VERSION")),
];

/// A plugin in Rust.
pub(super) const RUST: &[Template] = &[
    ("Cargo.toml", template!("rust/crate.toml")),
    ("src/main.rs", template!("rust/main.rs")),
    ("README.md", template!("rust/README.md")),
    ("VERSION", template!("rust/VERSION")),
];
