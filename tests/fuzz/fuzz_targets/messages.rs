//! `laws::messages` over made-up inputs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::check("messages", data));
