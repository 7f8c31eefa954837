//! Feeds arbitrary bytes to `entry::cases`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| obscura_policy_fuzz::cases(data));
