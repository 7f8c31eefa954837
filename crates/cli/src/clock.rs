//! The only place that reads the wall clock.

use obscura_policy::rules::Instant;

use crate::failure::{Exit, Failure};

/// This moment.
pub(crate) fn now() -> Result<Instant, Failure> {
    Instant::parse(&jiff::Timestamp::now().to_string())
        .map_err(|e| Failure::new(Exit::Other, format!("the clock of this machine cannot be used: {e}")))
}
