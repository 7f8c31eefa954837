//! Words that only the configuration can define: audiences and required stages. A word outside it is ill-typed.

use super::decision::Fault;
use super::facts::Facts;
use crate::config::Config;

/// Checks the configuration, then every audience in the facts.
///
/// # Errors
/// The first [`Fault`], with a path that starts at `config` or `facts`.
pub(super) fn check(facts: &Facts, config: &Config) -> Result<(), Fault> {
    config.validate()?;
    known_audience(config, &facts.request.audience, || "facts.request.audience".to_owned())?;
    for (index, row) in facts.consents.iter().enumerate() {
        known_audience(config, &row.max_audience, || format!("facts.consents[{index}].max_audience"))?;
    }
    Ok(())
}

fn known_audience(config: &Config, audience: &str, path: impl FnOnce() -> String) -> Result<(), Fault> {
    if config.audience_rank.contains_key(audience) {
        return Ok(());
    }
    let known: Vec<&str> = config.audience_rank.keys().map(String::as_str).collect();
    Err(Fault { path: path(), what: format!("expected one of {}", known.join(", ")) })
}
