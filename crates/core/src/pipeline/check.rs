//! Reading the finished file back, before it gets its name: streams, times, and faces that are still readable.
//!
//! The search uses the other detector. A face inside a mask cannot be readable (at most 8x8 values are left of it), so
//! what counts is a face outside the masks, found in several pictures close to one another: a single hit is noise.

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
use super::report::{CheckReport, MaskLog, RenderReport, Residual};
use super::sight::worker_count;
use super::stages::decode;
use super::stages::search::{self, Looked};
use super::threads::{Brake, Starter, collect};
use crate::detect::{DetectorSettings, FaceDetector, Numbers, YuNet};
use crate::media::{self, InputFile, MediaError, PictureSource, SoundSource};
use crate::model::{
    self, BoxPx, Detection, DurationNanos, EllipsePx, FrameMasks, Plan, PtsNanos, Sha256Digest,
};

/// Score from which the second detector's faces count. At 0.5 it finds 78 % of the annotated faces of the masked-face
/// photographs with 0.8 false ones a picture; most of those do not last.
const CHECK_SCORE: f32 = 0.5;

/// The part of a face's box, in each direction, that holds the eyes, the nose and the mouth. Networks also answer to a
/// head whose face is hidden, with a box that reaches from the hair to the chest: what counts is what lies in its
/// middle.
const MIDDLE: f32 = 0.6;

/// A face with less than this share of its middle under masks is readable.
const HIDDEN_SHARE: f32 = 0.5;

/// Beside a mask the network answers to what is left of a head: hair above, a collar below. Measured on the scenes,
/// such answers score up to 0.78 and overlap the mask by a fifth of their box or more. There it takes this score to
/// count.
const SURE_SCORE: f32 = 0.85;
const BESIDE_A_MASK_SHARE: f32 = 0.2;

/// Sightings of one face that are kept; a face that stays longer is hidden from the first to the last.
const MAX_SIGHTINGS: usize = 4096;

/// Pictures in which a face must be found before it counts, close to one another in time.
const MIN_SIGHTINGS: u32 = 3;

/// Sightings further apart than this are not one face.
const MAX_PAUSE: DurationNanos = DurationNanos::from_millis(250);

/// Largest allowed error of a picture's presentation time: one unit of a time scale of 10,000 a second.
const MAX_PTS_ERROR: DurationNanos = DurationNanos(100_000);

/// Largest allowed error of the sound's start and length.
const MAX_SOUND_ERROR: DurationNanos = DurationNanos::from_millis(10);

/// Longest side of its input in pixels, but for a thorough search, whose size it then has: the scores above were chosen
/// with it, and every picture is looked at.
const CHECK_SIDE_PX: u16 = 640;

/// Residual faces that are followed at once; more than this is not a picture of people any more.
const MAX_RESIDUALS: usize = 256;

/// A face this many times as large as another, or as small, is not the same one.
const SAME_FACE_SIZES: f32 = 2.0;

/// Points along each side of a box at which its cover is sampled.
const COVER_GRID: u8 = 8;

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
    rendered: (&RenderReport, &MaskLog),
    round: u32,
    link: &Link,
) -> Result<(Sha256Digest, CheckReport), EngineError> {
    let (report, log) = rendered;
    let streams = media::check_container(file)?;
    let finished = InputFile::from_file(file.try_clone().map_err(|e| MediaError::Output(e.to_string()))?)?;
    let gauges = Gauges::new();
    let brake = Brake::new();
    let stop = Arc::clone(&brake.stop);
    let pictures = PictureSource::start(&finished, SPARE_FRAMES, Arc::clone(&stop))?;
    let mut news = Progress {
        phase: Phase::Checking,
        round,
        frames: 0,
        frames_expected: Some(report.frames_out),
        reached: PtsNanos(0),
        duration: Some(report.picture_duration),
    };
    let (mut search, mut worst) = (Search::default(), DurationNanos(0));
    let see = |looked: Looked| -> Result<(), EngineError> {
        if link.is_stopped() {
            return Err(MediaError::Interrupted.into());
        }
        let expected = log.frames.get(usize::try_from(looked.seq).unwrap_or(usize::MAX));
        let masks = expected.ok_or_else(|| refuse("it holds more pictures than were rendered"))?;
        worst = worst.max(looked.pts.abs_diff(masks.pts));
        search.see(&looked, masks);
        (news.frames, news.reached) = (looked.seq + 1, looked.pts);
        link.tell(news);
        Ok(())
    };
    let detectors = checkers(plan, assets)?;
    let detector = detectors.first().map_or("none", |detector| detector.name()).to_owned();
    let looked = look_at_all(pictures, detectors, &gauges, &brake, see);
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
        frames_searched: search.searched,
        residual_faces: search.into_residuals(),
        stages: gauges.into_rows(None),
    };
    Ok((finished.digest(), check))
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
fn checkers(plan: &Plan, assets: &Assets) -> Result<Vec<Box<dyn FaceDetector>>, EngineError> {
    let settings = DetectorSettings {
        side_px: if plan.search == model::Search::Thorough { plan.detector_side_px } else { CHECK_SIDE_PX },
        score_threshold: CHECK_SCORE,
        numbers: Numbers::Float32,
    };
    let model = assets.checker.read()?;
    (0..worker_count())
        .map(|_| {
            let detector = YuNet::new(&assets.runtime, &model, settings)?;
            Ok(Box::new(detector) as Box<dyn FaceDetector>)
        })
        .collect()
}

/// Decodes and searches every picture on several threads, and hands what was found to `see` in the order of the
/// pictures. The first error of `see` ends it.
fn look_at_all(
    pictures: PictureSource,
    detectors: Vec<Box<dyn FaceDetector>>,
    gauges: &Gauges,
    brake: &Brake,
    mut see: impl FnMut(Looked) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    let (to_search, search_in) = bounded(detectors.len() * 2);
    let (to_order, order_in) = bounded::<Looked>(detectors.len() * 2);
    thread::scope(|scope| {
        let starter = Starter { scope, brake, gauges, writer: None };
        let decoding = starter.stage("decode", move |watch| decode::run(pictures, &to_search, watch))?;
        let mut searches = Vec::new();
        for detector in detectors {
            let (input, output) = (search_in.clone(), to_order.clone());
            searches
                .push(starter.stage("search", move |watch| search::run(detector, &input, &output, watch))?);
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

/// The search for readable faces.
#[derive(Default)]
struct Search {
    searched: u64,
    open: Vec<Residual>,
    closed: Vec<Residual>,
}

impl Search {
    fn see(&mut self, looked: &Looked, masks: &FrameMasks) {
        self.searched += 1;
        let readable =
            |face: &&Detection| is_readable(face, masks) && !is_meant_to_be_seen(face, &masks.seen_faces);
        for face in looked.faces.iter().filter(readable) {
            self.note(face, looked.pts);
        }
        self.close_before(looked.pts.saturating_sub(MAX_PAUSE));
    }

    fn note(&mut self, face: &Detection, pts: PtsNanos) {
        let bbox_px = face.ellipse.bounding_box();
        let same = self.open.iter_mut().find(|r| r.bbox_px.iou(&bbox_px) > 0.2);
        if let Some(known) = same {
            known.frames += u32::from(known.to != pts);
            known.to = pts;
            known.score = known.score.max(face.score);
            known.bbox_px = bbox_px;
            if known.sightings.len() < MAX_SIGHTINGS {
                known.sightings.push((pts, bbox_px));
            }
        } else if self.open.len() < MAX_RESIDUALS {
            let sightings = vec![(pts, bbox_px)];
            self.open.push(Residual { from: pts, to: pts, frames: 1, score: face.score, bbox_px, sightings });
        }
    }

    fn close_before(&mut self, limit: PtsNanos) {
        let (done, open) = self.open.drain(..).partition::<Vec<_>, _>(|r| r.to < limit);
        self.open = open;
        let lasting = done.into_iter().filter(|r| r.frames >= MIN_SIGHTINGS);
        let room = MAX_RESIDUALS.saturating_sub(self.closed.len());
        self.closed.extend(lasting.take(room));
    }

    fn into_residuals(mut self) -> Vec<Residual> {
        self.close_before(PtsNanos(u64::MAX));
        self.closed
    }
}

fn is_readable(face: &Detection, masks: &FrameMasks) -> bool {
    let bbox_px = face.ellipse.bounding_box();
    let beside_a_mask = covered_share(&bbox_px, masks) >= BESIDE_A_MASK_SHARE;
    covered_share(&bbox_px.scaled(MIDDLE), masks) < HIDDEN_SHARE
        && (!beside_a_mask || face.score >= SURE_SCORE)
}

/// The face of a track that stays clear: its middle lies in the track's ellipse, and it is about as large.
fn is_meant_to_be_seen(face: &Detection, clear: &[EllipsePx]) -> bool {
    let size = |e: &EllipsePx| (e.rx * e.ry).sqrt();
    clear.iter().any(|known| {
        known.contains(face.ellipse.cx, face.ellipse.cy)
            && (1.0 / SAME_FACE_SIZES..SAME_FACE_SIZES).contains(&(size(&face.ellipse) / size(known)))
    })
}

/// Share of a box that lies under masks, by sampling.
fn covered_share(bbox: &BoxPx, masks: &FrameMasks) -> f32 {
    let step = |i: u8| (f32::from(i) + 0.5) / f32::from(COVER_GRID);
    let points = (0..COVER_GRID).flat_map(|row| (0..COVER_GRID).map(move |col| (step(col), step(row))));
    let hidden = points
        .filter(|(u, v)| {
            let (x, y) = (bbox.x0 + u * bbox.width(), bbox.y0 + v * bbox.height());
            masks.hides(x, y)
        })
        .count();
    hidden as f32 / (f32::from(COVER_GRID) * f32::from(COVER_GRID))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mask, MaskArea, MaskSource, TrackId};

    fn face(cx: f32) -> Detection {
        Detection { ellipse: EllipsePx { cx, cy: 50.0, rx: 20.0, ry: 25.0, angle_rad: 0.0 }, score: 0.9 }
    }

    #[test]
    fn a_mask_beside_the_face_does_not_count_as_cover() {
        let at = |cx| {
            let area = MaskArea::Ellipse(face(cx).ellipse.scaled(1.3));
            let mask = Mask { track: TrackId(0), area, source: MaskSource::Detected, score: None };
            FrameMasks::new(0, PtsNanos(0), vec![mask])
        };
        assert!(!is_readable(&face(100.0), &at(100.0)));
        assert!(is_readable(&face(100.0), &at(145.0)), "a sure face with its middle open");
        assert!(is_readable(&Detection { score: 0.6, ..face(100.0) }, &at(300.0)), "a face without any mask");
        assert!(
            !is_readable(&Detection { score: 0.6, ..face(100.0) }, &at(135.0)),
            "the rest of a hidden head"
        );
    }
}
