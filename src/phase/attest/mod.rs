//! Attest: says of each package how it was made, by its receipts, and has that signed. Later than packing and apart
//! from it, so that it can be done on another machine, where the key is.

pub mod provenance;

#[cfg(test)]
mod tests;
