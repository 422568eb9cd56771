//! The smallest plugin that shows everything an author usually needs; `cargo run --example greeter -- --dump-manifest`.

use serde::Serialize;
use wick_plugin::{Choice, Config, Error, Input, Result, Secret, Stream, plugin};

/// What an admin fills in once.
#[derive(Config)]
struct Greeter {
    /// Address of the greeting service
    #[wick(url, default = "https://greetings.example.com")]
    base_url: String,
    /// Key of the greeting service
    token: Option<Secret>,
}

#[derive(Choice, Clone, Copy)]
enum Tone {
    Formal,
    Friendly,
}

/// What a caller says each time.
#[derive(Input)]
struct Person {
    /// Whom to greet
    name: String,
    /// How to speak
    #[wick(default = Tone::Friendly)]
    tone: Tone,
}

#[derive(Serialize)]
struct Greeting {
    text: String,
    signed: bool,
}

/// Greets people
#[plugin(key = "greeter", icon = "👋")]
impl Greeter {
    /// Greets somebody by name
    #[operation]
    fn greet(&self, person: Person) -> Result<Greeting> {
        if person.name.trim().is_empty() {
            return Err(Error::bad_arguments("`name` is empty"));
        }
        let word = match person.tone {
            Tone::Formal => "Good day",
            Tone::Friendly => "Hello",
        };
        Ok(Greeting { text: format!("{word}, {}!", person.name), signed: self.token.is_some() })
    }

    /// Greets somebody letter by letter
    #[operation]
    async fn spell(person: Person, out: Stream) -> Result<()> {
        let letters: Vec<char> = person.name.chars().collect();
        for (at, letter) in letters.iter().enumerate() {
            out.progress(at as i32 + 1, letters.len() as i32, "spelling").await?;
            out.send(letter).await?;
        }
        Ok(())
    }

    /// Forgets every greeting there ever was
    #[operation(destructive)]
    async fn forget(&self) -> Result<String> {
        Ok(format!("{} knows nobody any more", self.base_url))
    }
}

wick_plugin::main!(Greeter);
