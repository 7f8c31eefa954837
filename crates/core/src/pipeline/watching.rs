//! The detectors of people and text that a plan asks for, which the workers share, since each looks seldom and keeps
//! some 50 MB; and those of faces in large pictures, one for each worker.

use std::sync::{Mutex, MutexGuard};

use super::assets::Assets;
use super::error::EngineError;
use super::networks::worker_count;
use crate::detect::{CloseLook, DetectError, Glance, LookTimes, Lookout, Place, Turn};
use crate::media::PictureFormat;
use crate::model::{Detection, Frame, Heads, OnUncertain, Plan, Speed};

/// What the workers share. While one of them looks with a set, others that need the same one wait.
#[derive(Debug)]
pub(super) struct Lookouts {
    sets: Vec<Mutex<Lookout>>,
    /// Those of small faces, as many as there are workers: with one for all, the others waited for it for a third of the
    /// time until the first faces were known.
    close: Vec<Mutex<CloseLook>>,
    detector_side_px: u16,
}

impl Lookouts {
    /// Those of people and text as they were loaded, for pictures of a format.
    ///
    /// # Errors
    /// Where ONNX Runtime does not take the finder of small faces.
    pub(super) fn new(
        plan: &Plan,
        assets: &Assets,
        format: &PictureFormat,
        sets: Vec<Mutex<Lookout>>,
    ) -> Result<Self, EngineError> {
        let close_sets = if CloseLook::is_for(format.size) { 0..worker_count() } else { 0..0 };
        let checker = assets.checker.read()?;
        let close = |_| Ok(Mutex::new(CloseLook::new(&assets.runtime, &checker)?));
        Ok(Self {
            close: close_sets.map(close).collect::<Result<_, EngineError>>()?,
            sets,
            detector_side_px: plan.detector_side_px,
        })
    }

    /// Looks for small faces in a frame; small frames have none. Waits for a free detector.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, outputs that cannot be trusted, or a detector with which another worker broke down.
    pub(super) fn look_closely(&self, frame: &Frame, turn: Turn) -> Result<Vec<Detection>, EngineError> {
        self.with_close_look(frame, |close| close.detect(frame, turn, self.detector_side_px))
    }

    /// Looks for faces of any size in the whole of a frame, with another network than the finder; small frames are left
    /// to that. Waits for a free detector.
    ///
    /// # Errors
    /// Those of [`Self::look_closely`].
    pub(super) fn look_at_whole(&self, frame: &Frame) -> Result<Vec<Detection>, EngineError> {
        if !CloseLook::is_for(frame.size()) {
            return Ok(Vec::new());
        }
        // Always the first: its memory grows with what it looks at.
        Ok(choose(&self.close, 0)?.whole(frame)?)
    }

    /// Looks once more, as closely as can be, for faces in a frame that were expected in places and not found there;
    /// small frames are left alone. Waits for a free detector.
    ///
    /// # Errors
    /// Those of [`Self::look_closely`].
    pub(super) fn look_again(&self, frame: &Frame, places: &[Place]) -> Result<Vec<Detection>, EngineError> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        self.with_close_look(frame, |close| close.near(frame, places, self.detector_side_px))
    }

    /// The same for one that was not found either, in another turn than the one in which it is known.
    ///
    /// # Errors
    /// Those of [`Self::look_closely`].
    pub(super) fn look_otherwise(&self, frame: &Frame, place: &Place) -> Result<Vec<Detection>, EngineError> {
        self.with_close_look(frame, |close| close.otherwise(frame, place))
    }

    /// What one of the close looks finds; nothing in small frames, which have none.
    fn with_close_look(
        &self,
        frame: &Frame,
        look: impl FnOnce(&mut CloseLook) -> Result<Vec<Detection>, DetectError>,
    ) -> Result<Vec<Detection>, EngineError> {
        if !CloseLook::is_for(frame.size()) {
            return Ok(Vec::new());
        }
        Ok(look(&mut *free_one(&self.close)?)?)
    }

    /// Looks at a frame, or not. Waits for a free set.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, outputs that cannot be trusted, or a set with which another worker broke down.
    pub(super) fn look(&self, frame: &Frame) -> Result<Glance, EngineError> {
        let Some(look) = frame.beside.people.or(frame.beside.text) else { return Ok(Glance::default()) };
        Ok(choose(&self.sets, look)?.look(frame)?)
    }
}

/// When people and text are looked for in pictures of a format.
pub(super) fn look_times(plan: &Plan, format: &PictureFormat) -> LookTimes {
    // Somebody who is only listed may be found a little later; what is hidden may not.
    let stops_for_people = plan.heads == Heads::Flag && plan.on_uncertain != OnUncertain::Widen;
    let times_as_seldom = match plan.speed {
        _ if plan.hides_beside_faces() || stops_for_people => 1,
        Speed::Fastest => 4,
        Speed::Balanced | Speed::Smallest => 2,
    };
    LookTimes::new(format.search_rate(), times_as_seldom)
}

/// One of several that are used by turns, the nth time. Waits until it is free.
fn choose<T>(sets: &[Mutex<T>], nth: u64) -> Result<MutexGuard<'_, T>, EngineError> {
    let broken = || EngineError::Worker("detect");
    let nth = usize::try_from(nth).unwrap_or(0) % sets.len().max(1);
    sets.get(nth).ok_or_else(broken)?.lock().map_err(|_poisoned| broken())
}

/// One of several that is free; where none is, the first, once it is.
fn free_one<T>(sets: &[Mutex<T>]) -> Result<MutexGuard<'_, T>, EngineError> {
    match sets.iter().rev().find_map(|set| set.try_lock().ok()) {
        Some(free) => Ok(free),
        None => choose(sets, 0),
    }
}
