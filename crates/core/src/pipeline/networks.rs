//! The networks that a run looks with. None of them depends on the recording, so they load while it is opened.

use std::sync::{Arc, Mutex};
use std::thread;

use super::assets::{AssetError, Assets};
use super::error::EngineError;
use super::threads::beside;
use crate::detect::{
    Accelerator, CenterFace, DetectError, DetectorSettings, Lookout, Numbers, PeopleDetector, TextDetector,
};
use crate::model::{Device, FrameSize, Plan, Search, Text};
use crate::track::{PERSON_KEEP_SCORE, TrackSettings};

/// More workers than this would only wait for the encoder.
const MAX_DETECT_WORKERS: usize = 16;

/// Workers that share one set. Looks at people are some ten pictures apart, and one takes about as long as two searches
/// for faces.
const WORKERS_FOR_A_SET: usize = 4;

/// What looks for faces, for reports.
#[derive(Clone, Debug)]
pub(super) struct FoundWith {
    /// "cpu" or the GPU's name and driver.
    pub(super) device: String,
    /// What numbers the finder of faces is calculated in.
    pub(super) numbers: Numbers,
}

/// Everything that looks, before the recording is known.
#[derive(Debug)]
pub(super) struct Networks {
    pub(super) finders: Finders,
    /// The detectors of people and text, which the workers share.
    pub(super) sets: Vec<Mutex<Lookout>>,
}

impl Networks {
    /// # Errors
    /// Where a model was not loaded that the plan needs, or ONNX Runtime does not take one.
    pub(super) fn load(plan: &Plan, assets: &Assets) -> Result<Self, EngineError> {
        let (sets, finders) = beside("models", || sets(plan, assets), || Finders::load(plan, assets))?;
        Ok(Self { finders: finders?, sets: sets? })
    }
}

/// The finders of faces, one for each worker.
#[derive(Debug)]
pub(super) struct Finders {
    pub(super) detectors: Vec<CenterFace>,
    /// One more, for faces that are found late.
    pub(super) retrospect: Option<CenterFace>,
    pub(super) found_with: FoundWith,
}

impl Finders {
    fn load(plan: &Plan, assets: &Assets) -> Result<Self, EngineError> {
        match &assets.accelerator {
            Some(gpu) => Self::on_gpu(plan, gpu),
            None => Self::on_processor(plan, assets),
        }
    }

    fn on_gpu(plan: &Plan, gpu: &Arc<Accelerator>) -> Result<Self, EngineError> {
        let found_with = FoundWith { device: gpu.name().to_owned(), numbers: Numbers::Float32 };
        let one = |settings| CenterFace::on_gpu(Arc::clone(gpu), settings);
        Self::several(plan, found_with, one)
    }

    fn on_processor(plan: &Plan, assets: &Assets) -> Result<Self, EngineError> {
        let found_with = FoundWith { device: "cpu".to_owned(), numbers: Numbers::here(plan.arithmetic) };
        let adapted = CenterFace::adapt(&assets.finder.read()?, found_with.numbers)?;
        let one = |settings| CenterFace::load(&assets.runtime, &adapted, settings);
        Self::several(plan, found_with, one)
    }

    /// A finder for each worker, and one to look back with where not every picture is searched in every direction.
    fn several(
        plan: &Plan,
        found_with: FoundWith,
        one: impl Fn(DetectorSettings) -> Result<CenterFace, DetectError>,
    ) -> Result<Self, EngineError> {
        let score_threshold = TrackSettings::default().keep_score;
        let numbers = found_with.numbers;
        let settings = DetectorSettings { side_px: plan.detector_side_px, score_threshold, numbers };
        let is_turned = plan.search == Search::Turned;
        let ready =
            || one(settings).map(|found| if is_turned { found.with_small_diagonals() } else { found });
        let detectors = (0..worker_count()).map(|_| ready()).collect::<Result<_, _>>()?;
        let retrospect = is_turned.then(ready).transpose()?;
        Ok(Self { detectors, retrospect, found_with })
    }

    /// The same with memory for pictures of a size. With `auto`, a GPU that has too little is left alone.
    ///
    /// # Errors
    /// Where the GPU that was asked for has too little, or the processor's finders do not load.
    pub(super) fn ready_for(
        mut self,
        size: FrameSize,
        plan: &Plan,
        assets: &Assets,
    ) -> Result<Self, EngineError> {
        let mut all = self.detectors.iter_mut().chain(&mut self.retrospect);
        match all.try_for_each(|detector| detector.reserve(size)) {
            Ok(()) => Ok(self),
            Err(DetectError::Gpu(error)) if plan.device == Device::Auto => {
                tracing::warn!(%error, "the GPU is left alone and the processor looks for faces instead");
                Self::on_processor(plan, assets)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// One worker for each processor, up to a bound.
pub(super) fn worker_count() -> usize {
    thread::available_parallelism().map_or(1, usize::from).clamp(1, MAX_DETECT_WORKERS)
}

fn sets(plan: &Plan, assets: &Assets) -> Result<Vec<Mutex<Lookout>>, EngineError> {
    let one = |_| {
        let people = plan.needs_people().then(|| people(assets)).transpose()?;
        let text = (plan.text == Text::Mask).then(|| text(assets)).transpose()?;
        Ok(Mutex::new(Lookout::new(people, text, plan.search != Search::Upright)))
    };
    (0..worker_count().div_ceil(WORKERS_FOR_A_SET)).map(one).collect()
}

fn people(assets: &Assets) -> Result<PeopleDetector, EngineError> {
    let [graph, weights] = assets.people.as_ref().ok_or_else(AssetError::without_people)?;
    Ok(PeopleDetector::new(&assets.runtime, &graph.read()?, &weights.read()?, PERSON_KEEP_SCORE)?)
}

fn text(assets: &Assets) -> Result<TextDetector, EngineError> {
    let model = assets.text.as_ref().ok_or_else(AssetError::without_text)?;
    Ok(TextDetector::new(&assets.runtime, &model.read()?)?)
}
