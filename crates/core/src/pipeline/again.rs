//! A further rendering of a live source, which cannot be read again: its first result is rendered once more.

use std::fs::File;
use std::io::{self, Seek};

use super::error::EngineError;
use super::mask_log::MaskLog;
use super::output::{OutputError, scratch_beside};
use super::render::{self, Job};
use super::report::RenderReport;
use crate::media::{InputFile, OpenError};
use crate::model::{Alarms, Bitrate, Plan, VoiceMode};

/// Hides `job.extra_masks` in what was rendered from a live source before: `earlier` says what that was, and is brought
/// up to date. The picture is compressed once more; the voice has been treated.
pub(super) fn render_again(
    job: &Job<'_>,
    earlier: (RenderReport, MaskLog),
) -> Result<(RenderReport, MaskLog), EngineError> {
    let copy = copy_of(job.output)?;
    let first = copy.try_clone().map_err(OpenError::from).and_then(InputFile::from_file);
    let first = first.map_err(|error| match error {
        OpenError::Media(error) => EngineError::from(error),
        OpenError::Io(error) => OutputError::from(error).into(),
        OpenError::NotAFile => OutputError::NotAFile.into(),
    })?;
    let plan = Plan {
        voice: VoiceMode::Original,
        alarms: Alarms::Drop,
        bitrate: Bitrate::Free,
        regions: Vec::new(),
        ..job.plan.clone()
    };
    let job = Job { plan: &plan, input: &first, tracks: None, is_known: true, ..*job };
    let (report, mut masks) = earlier;
    let (now, mut added) = render::render(&job)?;
    let all = MaskLog::beside(job.output)?;
    Ok((joined(report, now), together(&mut masks, &mut added, all)?))
}

/// The first result in another file without a name, beside it: that is the place that the decision was about.
fn copy_of(output: &File) -> Result<File, OutputError> {
    let copy = scratch_beside(output)?;
    let (mut from, mut to) = (output, &copy);
    from.rewind()?;
    io::copy(&mut from, &mut to)?;
    to.rewind()?;
    from.rewind()?;
    output.set_len(0)?;
    Ok(copy)
}

/// What both renderings hid.
fn together(before: &mut MaskLog, now: &mut MaskLog, mut all: MaskLog) -> Result<MaskLog, OutputError> {
    let (mut before, mut now) = (before.read()?, now.read()?);
    while let Some(mut masks) = before.next_frame()? {
        masks.masks.extend(now.next_frame()?.into_iter().flat_map(|added| added.masks));
        all.push(&masks)?;
    }
    Ok(all)
}

/// What both renderings did to the source.
fn joined(earlier: RenderReport, now: RenderReport) -> RenderReport {
    let sound = earlier.sound.zip(now.sound).map(|(mut before, now)| {
        (before.frames_out, before.start) = (now.frames_out, now.start);
        before
    });
    RenderReport {
        frames_out: now.frames_out,
        first_pts: now.first_pts,
        picture_duration: now.picture_duration,
        hidden_share: (earlier.hidden_share + now.hidden_share).min(1.0),
        masks_from_self_check: earlier.masks_from_self_check + now.masks_from_self_check,
        sound,
        stages: now.stages,
        ..earlier
    }
}
