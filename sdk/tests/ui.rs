//! The messages that an author sees: each file in `tests/ui` makes a mistake, beside it is what the compiler says.
//! `TRYBUILD=overwrite cargo test -p wick-plugin --test ui` writes them anew; read the diff.

#[test]
fn mistakes_are_explained_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
