//! Bills of materials of real builds: valid by the official schema, and true.
