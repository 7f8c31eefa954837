//! What a person drew has to lie in the recording: a region that hides nothing was meant for another place.

use super::error::EngineError;
use super::render::Job;
use crate::media::{InputFile, PictureFormat};
use crate::model::{DurationNanos, PtsNanos, Region, TimeSpan};
use crate::redact::covers_any;

/// The end of a recording as its container says it may be off by so much.
const END_SLACK: DurationNanos = DurationNanos::from_millis(1000);

/// Every region of a job, with its name for people.
pub(super) fn all<'a>(job: &Job<'a>) -> impl Iterator<Item = (String, &'a Region)> {
    let of_plan =
        job.plan.regions.iter().zip(1u32..).map(|(region, nth)| (format!("--region no. {nth}"), region));
    let of_tracks = job.tracks.map_or(&[][..], |chosen| &chosen.file.regions).iter().zip(0u32..);
    of_plan.chain(of_tracks.map(|(region, nth)| (format!("regions[{nth}] of the file of tracks"), region)))
}

/// Refuses, before anything is rendered, what cannot hide anything: regions outside the picture, and times behind the
/// end.
///
/// # Errors
/// [`EngineError::OutOfReach`] for the first of them.
pub(super) fn check(job: &Job<'_>, format: &PictureFormat) -> Result<(), EngineError> {
    let size = format.size;
    for (name, region) in all(job) {
        if !covers_any(&region.area, size) {
            let (width, height) = (size.width(), size.height());
            let why = format!("lies outside the picture, which is {width}x{height} pixels");
            return Err(EngineError::OutOfReach { name, why });
        }
        check_time(job.input, &name, region.from)?;
    }
    // Those of a file of tracks were checked when it was made.
    if job.tracks.is_some() { Ok(()) } else { check_bodies(job.input, &job.plan.bodies) }
}

/// Refuses times of bodies that begin behind the end.
///
/// # Errors
/// [`EngineError::OutOfReach`] for the first of them.
pub(super) fn check_bodies(input: &InputFile, bodies: &[TimeSpan]) -> Result<(), EngineError> {
    bodies
        .iter()
        .zip(1u32..)
        .try_for_each(|(span, nth)| check_time(input, &format!("--bodies no. {nth}"), span.from))
}

fn check_time(input: &InputFile, name: &str, from: PtsNanos) -> Result<(), EngineError> {
    let Some(length) = input.index().duration else { return Ok(()) };
    if from <= PtsNanos(0).saturating_add(length).saturating_add(END_SLACK) {
        return Ok(());
    }
    let why = format!("begins at {from}, and the recording is {length} long");
    Err(EngineError::OutOfReach { name: name.to_owned(), why })
}

/// What a region that lay in no picture's time is called: it begins after the last one or lies between two.
pub(super) fn missed(job: &Job<'_>, nth: usize) -> EngineError {
    let name = all(job).nth(nth).map_or_else(|| "a region".to_owned(), |(name, _)| name);
    EngineError::OutOfReach { name, why: "lies in no picture's time".to_owned() }
}
