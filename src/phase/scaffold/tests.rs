//! Laws of scaffolds.
