//! Ctrl-C and a polite kill stop the work; what was written so far has no name and vanishes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

use crate::failure::{Exit, Failure};

/// A flag that the signals set. A second Ctrl-C ends the process at once.
pub(crate) fn stop_flag() -> Result<Arc<AtomicBool>, Failure> {
    let failed = |e: std::io::Error| Failure::new(Exit::Other, format!("signals cannot be handled: {e}"));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_conditional_shutdown(
            signal,
            i32::from(Exit::Interrupted as u8),
            Arc::clone(&stop),
        )
        .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop)))
        .map_err(failed)?;
    }
    // Handled, it no longer kills: whoever writes gets an error, and says so.
    signal_hook::flag::register(SIGXFSZ, Arc::default()).map_err(failed)?;
    Ok(stop)
}
