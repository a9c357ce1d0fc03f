//! `cargo +nightly fuzz run statements`; the body is in policy/src/fuzz.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| policy::fuzz::statements(bytes));
