//! Threads of one run: how they are started, watched and stopped, and whose reason is reported.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope};
use std::time::Duration;

use super::error::EngineError;
use super::events::Link;
use super::gauge::{Gauges, Watch};
use crate::media::{MediaError, Writer};

/// How often whoever waits looks whether the run is to stop.
pub(super) const WATCH: Duration = Duration::from_millis(20);

/// Stops all stages, and keeps the first reason.
#[derive(Debug)]
pub(super) struct Brake {
    pub(super) stop: Arc<AtomicBool>,
    reason: Mutex<Option<EngineError>>,
}

impl Brake {
    pub(super) fn new() -> Self {
        Self { stop: Arc::new(AtomicBool::new(false)), reason: Mutex::new(None) }
    }

    /// Keeps the reason of the first failure and tells every stage to stop.
    pub(super) fn pull(&self, error: EngineError) {
        if let Ok(mut reason) = self.reason.lock() {
            reason.get_or_insert(error);
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The outcome of a run: why it was stopped, which says more than that some stage is missing.
    pub(super) fn settle<T>(self, outcome: Result<T, EngineError>) -> Result<T, EngineError> {
        match self.reason.into_inner() {
            Ok(None) => outcome,
            Ok(Some(error)) => Err(error),
            Err(_poisoned) => Err(EngineError::Worker("render")),
        }
    }
}

/// Waits until the stages are done, and ends them early where the caller asks or the encoder fails.
pub(super) fn watch(link: &Link, brake: &Brake, writer: Option<&Writer>, is_done: impl Fn() -> bool) {
    while !is_done() {
        if link.is_stopped() {
            brake.pull(MediaError::Interrupted.into());
        } else if let Some(error) = writer.and_then(Writer::failure) {
            brake.pull(error.into());
        }
        if brake.stop.load(Ordering::Relaxed) {
            // Whoever waits for the encoder wakes up with an error.
            writer.inspect(|writer| writer.abort());
        }
        thread::park_timeout(WATCH);
    }
}

pub(super) type Handle<'scope, T> = thread::ScopedJoinHandle<'scope, Option<T>>;

/// A stage that failed returns nothing and has pulled the brake.
pub(super) fn collect<T>(handle: Handle<'_, T>, name: &'static str) -> Result<T, EngineError> {
    handle.join().ok().flatten().ok_or(EngineError::Worker(name))
}

/// Does two things at once, the first in a thread of its own with a name.
///
/// # Errors
/// Where the thread cannot be started, or does not come to its end.
pub(super) fn beside<A: Send, B>(
    name: &'static str,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() -> B,
) -> Result<(A, B), EngineError> {
    let broken = || EngineError::Worker(name);
    thread::scope(|scope| {
        let started = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, first);
        let handle = started.map_err(|_e| broken())?;
        let second = second();
        Ok((handle.join().map_err(|_panicked| broken())?, second))
    })
}

/// Starts stages in threads of their own.
#[derive(Clone, Copy)]
pub(super) struct Starter<'scope, 'env, 'a> {
    pub(super) scope: &'scope Scope<'scope, 'env>,
    pub(super) brake: &'scope Brake,
    pub(super) gauges: &'scope Gauges,
    /// Stopped with the rest; whoever waits for it would not wake up otherwise.
    pub(super) writer: Option<&'a Writer>,
}

impl<'scope> Starter<'scope, '_, '_> {
    /// Starts one stage; `name` is the thread's.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub(super) fn stage<T: Send + 'scope>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Watch<'_>) -> Result<T, EngineError> + Send + 'scope,
    ) -> Result<Handle<'scope, T>, EngineError> {
        let (brake, gauges) = (self.brake, self.gauges);
        let guarded = move || {
            // A stage that panics would otherwise leave the others waiting for it.
            let watched = || work(&mut gauges.watch(name));
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(watched));
            outcome.unwrap_or(Err(EngineError::Worker(name))).map_err(|error| brake.pull(error)).ok()
        };
        let started = thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, guarded);
        started.map_err(|_e| {
            brake.pull(EngineError::Worker(name));
            self.writer.inspect(|writer| writer.abort());
            EngineError::Worker(name)
        })
    }
}
