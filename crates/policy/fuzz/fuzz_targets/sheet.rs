//! Feeds arbitrary bytes to `entry::sheet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| obscura_policy_fuzz::sheet(data));
