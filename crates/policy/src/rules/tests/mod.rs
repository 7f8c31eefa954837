//! Tests of the rules: fixtures, coverage, dates, properties, the published cases.

pub(super) mod coverage;
mod dates;
mod fixtures;
mod properties;
mod reasons;
mod scenario;
mod shared;
