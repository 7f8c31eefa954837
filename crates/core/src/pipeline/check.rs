//! Reading the finished file back, before it gets its name: streams, times, and faces that are still readable.
//!
//! The search uses the other detector: upright in every picture, and in some of them in one of the other directions.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use super::assets::Assets;
use super::error::EngineError;
use super::events::{Link, Phase, Progress};
use super::gauge::Gauges;
use super::in_order::InOrder;
use super::mask_log::MaskLog;
use super::networks::worker_count;
use super::readable::Search;
use super::report::{CheckReport, RenderReport};
use super::stages::decode;
use super::stages::search::{self, Looked};
use super::threads::{Brake, Starter, collect};
use crate::detect::{CheckSchedule, DetectorSettings, FaceDetector, Numbers, YuNet};
use crate::media::{self, InputFile, MediaError, PictureSource, SoundSource};
use crate::model::{self, DurationNanos, Plan, PtsNanos, Sha256Digest};

/// Score from which the second detector's faces count. At 0.5 it finds 78 % of the annotated faces of the masked-face
/// photographs with 0.8 false ones a picture; most of those do not last.
const CHECK_SCORE: f32 = 0.5;

/// Largest allowed error of a picture's presentation time: one unit of a time scale of 10,000 a second.
const MAX_PTS_ERROR: DurationNanos = DurationNanos(100_000);

/// Largest allowed error of the sound's start and length.
const MAX_SOUND_ERROR: DurationNanos = DurationNanos::from_millis(10);

/// Longest side of its input in pixels, but for a thorough search, whose size it then has: the scores above were chosen
/// with it, and every picture is looked at.
const CHECK_SIDE_PX: u16 = 640;

/// Spare pictures that the pool keeps: those in the queue and in work.
const SPARE_FRAMES: usize = 8;

/// Reads the finished file back and compares it with what was rendered. Returns the file's digest and what was found;
/// residual faces are reported, everything else that is wrong is an error.
///
/// # Errors
/// [`EngineError::SelfCheck`] and [`MediaError::NotAllowed`] where the file must not be used.
pub(super) fn check(
    file: &File,
    plan: &Plan,
    assets: &Assets,
    rendered: (&RenderReport, &mut MaskLog),
    round: u32,
    link: &Link,
) -> Result<(Sha256Digest, CheckReport), EngineError> {
    let (report, log) = rendered;
    let streams = media::check_container(file)?;
    let finished = InputFile::from_file(file.try_clone().map_err(|e| MediaError::Output(e.to_string()))?)?;
    let gauges = Gauges::new();
    let brake = Brake::new();
    let stop = Arc::clone(&brake.stop);
    let pictures = PictureSource::start(&finished, SPARE_FRAMES, Arc::clone(&stop)).map_err(of_the_result)?;
    let mut news = Progress {
        phase: Phase::Checking,
        round,
        frames: 0,
        frames_expected: Some(report.frames_out),
        reached: PtsNanos(0),
        duration: Some(report.picture_duration),
    };
    let (mut search, mut worst, mut log) = (Search::new(report.frames_out), DurationNanos(0), log.read()?);
    let see = |looked: Looked| -> Result<(), EngineError> {
        if link.is_stopped() {
            return Err(MediaError::Interrupted.into());
        }
        let expected = log.next_frame()?;
        let masks = expected.ok_or_else(|| refuse("it holds more pictures than were rendered"))?;
        worst = worst.max(looked.pts.abs_diff(masks.pts));
        search.see(&looked, &masks);
        (news.frames, news.reached) = (looked.seq + 1, looked.pts);
        link.tell(news);
        Ok(())
    };
    let detectors = checkers(plan, assets)?;
    let detector = detectors.first().map_or("none", |detector| detector.name()).to_owned();
    let schedule = CheckSchedule::new(plan.search, pictures.format().rate);
    let looked = look_at_all(pictures, (detectors, schedule), &gauges, &brake, see);
    brake.settle(looked)?;
    if news.frames != report.frames_out {
        return Err(refuse(&format!("{} pictures instead of {}", news.frames, report.frames_out)));
    }
    if worst > MAX_PTS_ERROR {
        return Err(refuse(&format!("a picture is {worst} away from its time")));
    }
    let (start_error, length_error) = check_sound(&finished, report, &stop)?;
    let check = CheckReport {
        streams,
        frames: news.frames,
        worst_pts_error: worst,
        sound_start_error: start_error,
        sound_length_error: length_error,
        detector,
        frames_searched: search.searched(),
        residual_faces: search.into_residuals(),
        stages: gauges.into_rows(None),
    };
    Ok((finished.digest(), check))
}

/// What cannot be read back is a fault of the result, not of the recording.
fn of_the_result(error: MediaError) -> EngineError {
    match error {
        MediaError::Unusable(what) => refuse(&what),
        other => other.into(),
    }
}

fn refuse(what: &str) -> EngineError {
    EngineError::SelfCheck(what.to_owned())
}

/// Decodes the sound and compares its place in time with what was handed to the encoder.
fn check_sound(
    finished: &InputFile,
    report: &RenderReport,
    stop: &Arc<AtomicBool>,
) -> Result<(Option<DurationNanos>, Option<DurationNanos>), EngineError> {
    let expected = report.sound.as_ref().filter(|sound| sound.frames_out > 0);
    let found = SoundSource::start(finished, Arc::clone(stop))?;
    let (mut source, expected) = match (found, expected) {
        (None, None) => return Ok((None, None)),
        (Some(source), Some(expected)) => (source, expected),
        (None, Some(_)) => return Err(refuse("its sound is missing")),
        (Some(_), None) => return Err(refuse("it has sound where none was written")),
    };
    let mut samples = 0u64;
    while source.next_chunk(|chunk| -> Result<(), EngineError> {
        samples += chunk.len() as u64;
        Ok(())
    })? {}
    let frames = samples / u64::from(source.spec().channels.max(1));
    let difference = u128::from(frames.abs_diff(expected.frames_out)) * 1_000_000_000;
    let nanos = difference / u128::from(expected.rate_hz.max(1));
    let length_error = DurationNanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    let start_error = source.start_pts().abs_diff(expected.start);
    if start_error > MAX_SOUND_ERROR || length_error > MAX_SOUND_ERROR {
        return Err(refuse(&format!(
            "its sound starts {start_error} away from its time, and its length differs by {length_error}"
        )));
    }
    Ok((Some(start_error), Some(length_error)))
}

/// One second detector for each processor.
fn checkers(plan: &Plan, assets: &Assets) -> Result<Vec<YuNet>, EngineError> {
    let settings = DetectorSettings {
        side_px: if plan.search == model::Search::Thorough { plan.detector_side_px } else { CHECK_SIDE_PX },
        score_threshold: CHECK_SCORE,
        numbers: Numbers::Float32,
    };
    let model = assets.checker.read()?;
    (0..worker_count())
        .map(|_| Ok(YuNet::new(&assets.runtime, &model, settings)?.with_small_diagonals()))
        .collect()
}

/// Decodes and searches every picture on several threads, and hands what was found to `see` in the order of the
/// pictures. The first error of `see` ends it.
fn look_at_all(
    pictures: PictureSource,
    (detectors, schedule): (Vec<YuNet>, CheckSchedule),
    gauges: &Gauges,
    brake: &Brake,
    mut see: impl FnMut(Looked) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let (to_search, search_in) = bounded(detectors.len() * 2);
    let (to_order, order_in) = bounded::<Looked>(detectors.len() * 2);
    thread::scope(|scope| {
        let starter = Starter { scope, brake, gauges, writer: None };
        let decoding =
            starter.stage("decode", move |watch| decode::run(pictures, None, &to_search, watch))?;
        let mut searches = Vec::new();
        for detector in detectors {
            let (input, output) = (search_in.clone(), to_order.clone());
            searches.push(
                starter
                    .stage("search", move |watch| search::run(detector, schedule, &input, &output, watch))?,
            );
        }
        drop((search_in, to_order));
        let seen = in_order(&order_in, &mut see);
        // Whoever still works for a check that has failed stops here: the queue ends, and the decoder wakes up.
        drop(order_in);
        if let Err(error) = seen {
            brake.pull(error);
        }
        collect(decoding, "decode")?;
        searches.into_iter().try_for_each(|searching| collect(searching, "search"))
    })
}

fn in_order(
    input: &Receiver<Looked>,
    see: &mut impl FnMut(Looked) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let mut order = InOrder::new();
    for looked in input {
        order.push(looked.seq, looked);
        while let Some(looked) = order.pop() {
            see(looked)?;
        }
    }
    Ok(())
}
