//! `cargo +nightly fuzz run warc`; the body is in archive/src/fuzz.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| archive::fuzz::warc(bytes));
