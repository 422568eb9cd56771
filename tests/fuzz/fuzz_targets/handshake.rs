//! `laws::handshake` over made-up inputs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::check("handshake", data));
