//! Where masks come from: detectors and a tracker that look for faces, or a file that says where they are.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Sender, bounded};

use super::assets::Assets;
use super::error::EngineError;
use super::lately::Lately;
use super::stages::{decode, detect, follow};
use super::threads::{Handle, Starter, beside};
use super::tracks::Script;
use super::watching::Lookouts;
use crate::detect::{CenterFace, DetectError, DetectorSettings, Numbers, Schedule};
use crate::media::{PictureFormat, PictureSource};
use crate::model::{Device, Frame, FrameMasks, FrameSize, OnUncertain, Plan, Search};
use crate::track::{Follower, Prospects, TrackReport, TrackSettings};

/// More workers than this would only wait for the encoder.
const MAX_DETECT_WORKERS: usize = 16;

/// Where the masks of a run come from.
pub(super) enum MaskOrigin<'a> {
    /// Faces are looked for.
    Search(Box<Looking>),
    /// A file says where they are.
    Script(Script<'a>),
    /// Nothing is hidden.
    Nothing,
}

/// Everything that looks for faces.
pub(super) struct Looking {
    detectors: Vec<CenterFace>,
    lookouts: Lookouts,
    tracker: Follower,
    schedule: Schedule,
    prospects: Prospects,
    on_uncertain: OnUncertain,
    found_with: FoundWith,
}

/// What looks for faces, for reports.
#[derive(Clone, Debug)]
pub(super) struct FoundWith {
    /// "cpu" or the GPU's name and driver.
    pub(super) device: String,
    /// What numbers the finder of faces is calculated in.
    pub(super) numbers: Numbers,
}

impl MaskOrigin<'_> {
    /// What looks for faces; none where nothing does.
    pub(super) fn found_with(&self) -> Option<FoundWith> {
        match self {
            Self::Search(looking) => Some(looking.found_with.clone()),
            Self::Script(_) | Self::Nothing => None,
        }
    }

    /// Detectors, one a processor, and a tracker.
    ///
    /// # Errors
    /// Where the detector cannot be loaded or a setting lies outside its range.
    pub(super) fn search(plan: &Plan, assets: &Assets, format: &PictureFormat) -> Result<Self, EngineError> {
        let tracker = Follower::new(plan, format.size)?;
        let (schedule, on_uncertain) =
            (Schedule::new(plan.search, plan.speed, format.search_rate()), plan.on_uncertain);
        // Side by side: nothing else is done until they are loaded.
        let (lookouts, finders) = beside(
            "models",
            || Lookouts::new(plan, assets, format, worker_count()),
            || detectors(plan, assets, format.size),
        )?;
        let ((detectors, found_with), lookouts) = (finders?, lookouts?);
        let prospects = Prospects::new(TrackSettings::from_plan(plan), format.size);
        Ok(Self::Search(Box::new(Looking {
            detectors,
            lookouts,
            tracker,
            schedule,
            prospects,
            on_uncertain,
            found_with,
        })))
    }
}

/// One worker for each processor, up to a bound.
pub(super) fn worker_count() -> usize {
    thread::available_parallelism().map_or(1, usize::from).clamp(1, MAX_DETECT_WORKERS)
}

/// The detectors, on a GPU where one was opened. With `auto`, one that has too little memory for pictures of this size
/// is left alone.
fn detectors(
    plan: &Plan,
    assets: &Assets,
    size: FrameSize,
) -> Result<(Vec<CenterFace>, FoundWith), EngineError> {
    if let Some(gpu) = &assets.accelerator {
        let found_with = FoundWith { device: gpu.name().to_owned(), numbers: Numbers::Float32 };
        let settings = settings(plan, found_with.numbers);
        match several(plan, size, || CenterFace::on_gpu(Arc::clone(gpu), settings)) {
            Err(DetectError::Gpu(error)) if plan.device == Device::Auto => {
                tracing::warn!(%error, "the GPU is left alone and the processor looks for faces instead");
            }
            detectors => return Ok((detectors?, found_with)),
        }
    }
    let found_with = FoundWith { device: "cpu".to_owned(), numbers: Numbers::here(plan.arithmetic) };
    let adapted = CenterFace::adapt(&assets.finder.read()?, found_with.numbers)?;
    let settings = settings(plan, found_with.numbers);
    let detectors = several(plan, size, || CenterFace::load(&assets.runtime, &adapted, settings))?;
    Ok((detectors, found_with))
}

fn settings(plan: &Plan, numbers: Numbers) -> DetectorSettings {
    let (side_px, score_threshold) = (plan.detector_side_px, TrackSettings::default().keep_score);
    DetectorSettings { side_px, score_threshold, numbers }
}

/// A detector for each worker, with memory for pictures of a size.
fn several(
    plan: &Plan,
    size: FrameSize,
    one: impl Fn() -> Result<CenterFace, DetectError>,
) -> Result<Vec<CenterFace>, DetectError> {
    let ready = |_| {
        let detector = one()?;
        let mut detector =
            if plan.search == Search::Turned { detector.with_small_diagonals() } else { detector };
        detector.reserve(size)?;
        Ok(detector)
    };
    (0..worker_count()).map(ready).collect()
}

/// The stages between the decoder and whoever takes pictures with their masks.
pub(super) struct Sighted<'scope> {
    pub(super) decoding: Handle<'scope, decode::Decoded>,
    pub(super) following: Handle<'scope, TrackReport>,
}

impl<'scope> Starter<'scope, '_, '_> {
    /// Starts decoding and everything that gives each picture its masks.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub(super) fn sighting<'a: 'scope>(
        &self,
        pictures: PictureSource,
        origin: MaskOrigin<'a>,
        output: Sender<(Frame, FrameMasks)>,
    ) -> Result<Sighted<'scope>, EngineError> {
        match origin {
            MaskOrigin::Search(looking) => self.looking(pictures, *looking, output),
            MaskOrigin::Nothing => {
                let (to_follow, follow_in) = bounded(1);
                let decoding = self.stage("decode", move |watch| decode::run(pictures, &to_follow, watch))?;
                let following =
                    self.stage("follow", move |watch| Ok(follow::run_nothing(&follow_in, &output, watch)))?;
                Ok(Sighted { decoding, following })
            }
            MaskOrigin::Script(script) => {
                let (to_follow, follow_in) = bounded(4);
                let decoding = self.stage("decode", move |watch| decode::run(pictures, &to_follow, watch))?;
                let following = self
                    .stage("follow", move |watch| follow::run_script(script, &follow_in, &output, watch))?;
                Ok(Sighted { decoding, following })
            }
        }
    }

    fn looking(
        &self,
        pictures: PictureSource,
        looking: Looking,
        output: Sender<(Frame, FrameMasks)>,
    ) -> Result<Sighted<'scope>, EngineError> {
        let Looking { detectors, lookouts, tracker, schedule, prospects, on_uncertain, .. } = looking;
        let lately = Arc::new(Lately::new(prospects, schedule.known_after(), Arc::clone(&self.brake.stop)));
        let lookouts = Arc::new(lookouts);
        // Each picture that waits costs its own size, and the slowest stage is the detectors': more would not make it
        // faster.
        let waiting = detectors.len().div_ceil(2);
        let (to_detect, detect_in) = bounded(waiting);
        let (to_follow, follow_in) = bounded(waiting);
        let decoding = self.stage("decode", move |watch| decode::run(pictures, &to_detect, watch))?;
        for detector in detectors {
            let (input, output) = (detect_in.clone(), to_follow.clone());
            let (lately, lookouts) = (Arc::clone(&lately), Arc::clone(&lookouts));
            self.stage("detect", move |watch| {
                detect::run(detector, &lookouts, &input, &output, schedule, &lately, watch)
            })?;
        }
        drop((detect_in, to_follow));
        let following = self
            .stage("follow", move |watch| follow::run(tracker, &follow_in, &output, on_uncertain, watch))?;
        Ok(Sighted { decoding, following })
    }
}
