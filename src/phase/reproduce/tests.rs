//! Comparing made-up packages.
