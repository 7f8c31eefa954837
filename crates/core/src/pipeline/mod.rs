//! Where the stages meet: a plan, an opened input and an output file become a de-identified recording and a report.

mod again;
mod agenda;
mod analyze;
mod assets;
mod check;
mod error;
mod events;
mod gauge;
mod in_order;
mod lately;
mod mask_log;
mod networks;
mod output;
mod readable;
mod regions;
mod render;
mod report;
mod retrospect;
mod sight;
mod stages;
mod threads;
mod tracks;
mod watching;

use std::fs::File;
use std::path::Path;

pub use crate::track::{BesideReport, TrackReport};
pub use analyze::{Analysis, analyze};
pub use assets::{AssetError, AssetStatus, Assets, Model, home_folder, library_file, list_assets};
pub use error::{EngineError, FailureKind};
pub use events::{Link, Phase, Progress};
pub use gauge::StageReport;
pub use output::{OutputError, PendingFile};
pub use render::TimedMask;
pub use report::{CheckReport, RenderReport, Residual, SoundReport};

pub use tracks::{
    AnalysisSettings, ChosenTracks, MAX_TRACKS_BYTES, TRACKS_FORMAT, TrackBox, TrackEntry, TrackFile,
    TracksError, WholeFrames,
};

pub use crate::voice::{ToneEvent, ToneReport};

pub use crate::media::{
    Address, Component, FinishedStreams, InputFile, MediaError, OpenError, check_container, list_components,
};

use mask_log::MaskLog;
use render::Job;
use threads::beside;

use crate::media;
use crate::model::{EllipsePx, Mask, MaskArea, MaskSource, Plan, PtsNanos, Sha256Digest, TrackId};
use crate::redact;

/// How often a recording is rendered at most: faces that the self-check still finds are hidden in a further rendering.
const MAX_ROUNDS: u32 = 4;

/// How much larger than the second detector's boxes their masks are.
const RESIDUAL_GROWTH: f32 = 1.6;

/// A finished, checked recording that has no name yet.
#[derive(Debug)]
pub struct Rendered {
    /// What the rendering did.
    pub render: RenderReport,
    /// What reading the file back showed.
    pub check: CheckReport,
    /// Digest of the finished file.
    pub output_sha256: Sha256Digest,
    /// Length of the finished file in bytes.
    pub output_bytes: u64,
    /// How often it was rendered; more than once where the self-check found faces.
    pub rounds: u32,
}

/// Starts the media framework, and reads, verifies and loads what a rendering or an analysis needs; see
/// [`Assets::load`]. The media framework's plugins take as long, so they are loaded beside.
///
/// # Errors
/// [`EngineError`] where the framework does not start, or a model, the library or a GPU that was asked for is missing or
/// not fit.
pub fn prepare(home: &Path, looked_for: Option<&Plan>) -> Result<Assets, EngineError> {
    media::start_framework()?;
    let ((), assets) = beside("plugins", media::load_plugins, || Assets::load(home, looked_for))?;
    Ok(assets?)
}

/// Renders a recording into an open file and checks the result. Where the self-check finds readable faces, they are
/// hidden in another rendering; a file in which faces remain after the last one is refused. With `tracks`, faces are
/// hidden where the file says, and are not looked for before the self-check.
///
/// # Errors
/// [`EngineError`]; the file's content must then be thrown away.
pub fn render(
    plan: &Plan,
    input: &InputFile,
    tracks: Option<&ChosenTracks<'_>>,
    output: &File,
    assets: &Assets,
    link: &Link,
) -> Result<Rendered, EngineError> {
    if tracks.is_some_and(|chosen| chosen.file.source_sha256 != input.digest()) {
        return Err(TracksError::OtherRecording.into());
    }
    let draws = &redact::drawn_by_system()?;
    let mut extra: Vec<TimedMask> = Vec::new();
    let mut from_live: Option<(RenderReport, MaskLog)> = None;
    for round in 1..=MAX_ROUNDS {
        let is_recording = input.is_live() && round == 1;
        let heard = if is_recording { link.while_recording() } else { link.clone() };
        let (extra_masks, heard) = (extra.as_slice(), &heard);
        let job = Job {
            plan,
            input,
            output,
            assets,
            tracks,
            is_known: false,
            extra_masks,
            round,
            draws,
            link: heard,
        };
        let (report, mut log) = match from_live.take() {
            Some(earlier) => again::render_again(&job, earlier)?,
            None => render::render(&job)?,
        };
        if is_recording {
            link.has_recorded();
        }
        let (output_sha256, check) = check::check(output, plan, assets, (&report, &mut log), round, link)?;
        if !input.is_unchanged() {
            return Err(MediaError::Unusable("it changed while it was rendered".to_owned()).into());
        }
        if check.residual_faces.is_empty() {
            let output_bytes = output.metadata().map_err(OutputError::from)?.len();
            return Ok(Rendered { render: report, check, output_sha256, output_bytes, rounds: round });
        }
        tracing::info!(round, faces = ?check.residual_faces, "the self-check found readable faces");
        if round == MAX_ROUNDS {
            return Err(still_readable(&check));
        }
        for face in &check.residual_faces {
            let number = extra.len();
            extra.extend(masks_over(face, number));
        }
        from_live = input.is_live().then_some((report, log));
    }
    Err(EngineError::Worker("render"))
}

fn still_readable(check: &CheckReport) -> EngineError {
    let first = check.residual_faces.first().map_or(PtsNanos(0), |face| face.from);
    EngineError::StillReadable { faces: check.residual_faces.len(), first, renderings: MAX_ROUNDS }
}

/// Each sighting is hidden from the one before it to the next one: looks in a direction are nearly a second apart, and
/// the face may have moved between them. The first and the last are hidden for a while longer.
fn masks_over(face: &Residual, number: usize) -> impl Iterator<Item = TimedMask> {
    // Counted down from the top, so that these never meet the tracker's own numbers.
    let track = TrackId(u32::MAX - 1 - u32::try_from(number).unwrap_or(0));
    let times = || face.sightings.iter().map(|(pts, _)| *pts);
    let froms = [face.hide_from].into_iter().chain(times());
    let tos = times().skip(1).chain([face.hide_to]);
    face.sightings.iter().zip(froms.zip(tos)).map(move |((_, bbox_px), (from, to))| TimedMask {
        from,
        to,
        mask: Mask {
            track,
            area: MaskArea::Ellipse(EllipsePx::inscribed(&bbox_px.scaled(RESIDUAL_GROWTH))),
            source: MaskSource::Held,
            score: None,
        },
    })
}
