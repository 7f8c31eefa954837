//! Processor time, as the kernel counts it.

use rustix::time::{ClockId, clock_gettime};

use crate::model::DurationNanos;

/// Processor time that the calling thread has used so far.
pub(crate) fn of_thread() -> DurationNanos {
    read(ClockId::ThreadCPUTime)
}

/// Processor time that all threads of the process have used so far.
pub(crate) fn of_process() -> DurationNanos {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> DurationNanos {
    let time = clock_gettime(clock);
    let whole = |part: i64| u64::try_from(part).unwrap_or(0);
    DurationNanos(whole(time.tv_sec).saturating_mul(1_000_000_000).saturating_add(whole(time.tv_nsec)))
}
