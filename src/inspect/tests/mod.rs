//! Laws and cases of inspection, on small real binaries and on ones built here.
//! Not against the tools of the systems: that is done by hand over thousands of files, see the commit.

mod build;
mod code_signature;
mod corpus;
mod go;
mod hostile;
mod loaders;
mod macho;
mod refusals;
mod sections;
mod seeds;
