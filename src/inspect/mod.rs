//! What a file really is, without running it.
