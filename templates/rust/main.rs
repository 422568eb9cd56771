//! @TITLE@, a @KIND@ that wick hosts can load: its settings are a struct, each operation is a function.

use wick_plugin::{Config, Error, Input, Result, Value, json, plugin};

/// What an administrator sets once. A token belongs here, as a `wick_plugin::Secret`.
#[derive(Config)]
struct Settings {
    /// The word to greet with
    #[wick(default = "Hello")]
    greeting: String,
}

#[derive(Input)]
struct Person {
    /// Whom to greet, such as Ada
    name: String,
}

/// Greets people. Say here what @KEY@ is for: people and models choose by this sentence
#[plugin(key = "@KEY@", name = "@TITLE@", kind = "@KIND@")]
impl Settings {
    /// Greets somebody by name
    #[operation]
    fn hello(&self, person: Person) -> Result<Value> {
        let name = person.name.trim();
        if name.is_empty() {
            return Err(Error::bad_arguments("`name` is missing"));
        }
        Ok(json!({ "text": format!("{}, {name}!", self.greeting) }))
    }
}

wick_plugin::main!(Settings);

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(name: &str) -> Result<Value> {
        let settings = Settings {
            greeting: "Hello".to_owned(),
        };
        settings.hello(Person {
            name: name.to_owned(),
        })
    }

    #[test]
    fn hello_greets_by_name() {
        assert_eq!(hello(" Ada ").unwrap(), json!({ "text": "Hello, Ada!" }));
    }

    #[test]
    fn hello_wants_a_name() {
        assert!(hello(" ").is_err());
    }
}
