//! The detectors of people and text that a plan asks for, one set for each worker.

use super::assets::{AssetError, Assets};
use super::error::EngineError;
use crate::detect::{Lookout, PeopleDetector, TextDetector};
use crate::model::{Plan, Search, Text};
use crate::track::PERSON_KEEP_SCORE;

/// One set for each of `workers`, for pictures of `frames_per_second` (numerator and denominator).
///
/// # Errors
/// Where a model was not loaded that the plan needs, or ONNX Runtime does not take it.
pub(super) fn lookouts(
    plan: &Plan,
    assets: &Assets,
    frames_per_second: Option<(u32, u32)>,
    workers: usize,
) -> Result<Vec<Lookout>, EngineError> {
    let one = || {
        let people = plan.needs_people().then(|| people(assets)).transpose()?;
        let text = (plan.text == Text::Mask).then(|| text(assets)).transpose()?;
        Ok(Lookout::new(people, text, frames_per_second, plan.search != Search::Upright))
    };
    (0..workers).map(|_| one()).collect()
}

fn people(assets: &Assets) -> Result<PeopleDetector, EngineError> {
    let [graph, weights] = assets.people.as_ref().ok_or_else(AssetError::without_people)?;
    Ok(PeopleDetector::new(&assets.runtime, &graph.bytes, &weights.bytes, PERSON_KEEP_SCORE)?)
}

fn text(assets: &Assets) -> Result<TextDetector, EngineError> {
    let model = assets.text.as_ref().ok_or_else(AssetError::without_text)?;
    Ok(TextDetector::new(&assets.runtime, &model.bytes)?)
}
