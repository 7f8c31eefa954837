//! One rendering: stages in threads of their own, joined by bounded queues, so that the slowest sets the speed.
//!
//! ```text
//!  decode ─▶ detect x N ─▶ follow (reorder, look-ahead) ─▶ draw ─▶ encoder ─▶ file
//!  sound ─▶ voice ───────────────────────────────────────────────▶ encoder ─┘
//! ```

use std::fs::File;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use crossbeam_channel::bounded;

use super::assets::Assets;
use super::error::EngineError;
use super::events::Link;
use super::report::{MaskLog, RenderReport, SoundReport};
use super::stages::{decode, detect, draw, follow, speak};
use super::watching;
use crate::detect::{CenterFace, DetectorSettings, FaceDetector};
use crate::media::{
    self, InputFile, MediaError, PictureFormat, PictureSource, Placement, SoundPlacement, SoundSource,
    Writer, WriterSettings,
};
use crate::model::{Mask, Plan, PtsNanos, VoiceMode};
use crate::redact::{Redactor, Watermark};
use crate::track::{Follower, TrackReport, TrackSettings};
use crate::voice::{SoundFormat, VoiceStage};

/// Spare pictures that the pool keeps; those in flight are bounded by the look-ahead and the queues.
const SPARE_FRAMES: usize = 16;

/// More workers than this would only wait for the encoder.
const MAX_DETECT_WORKERS: usize = 16;

/// How often the watchdog looks whether the caller wants to stop.
const WATCH: Duration = Duration::from_millis(20);

/// A mask that a person or the self-check asks for, between two times.
#[derive(Clone, Copy, Debug)]
pub struct TimedMask {
    /// First time.
    pub from: PtsNanos,
    /// Last time.
    pub to: PtsNanos,
    /// The mask.
    pub mask: Mask,
}

/// What goes into one rendering.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) input: &'a InputFile,
    pub(super) output: &'a File,
    pub(super) assets: &'a Assets,
    pub(super) extra_masks: &'a [TimedMask],
    pub(super) round: u32,
    pub(super) link: &'a Link,
}

/// Stops all stages, and keeps the first reason.
#[derive(Debug)]
pub(super) struct Brake {
    stop: Arc<AtomicBool>,
    reason: Mutex<Option<EngineError>>,
}

impl Brake {
    fn new() -> Self {
        Self { stop: Arc::new(AtomicBool::new(false)), reason: Mutex::new(None) }
    }

    /// Keeps the reason of the first failure and tells every stage to stop.
    pub(super) fn pull(&self, error: EngineError) {
        if let Ok(mut reason) = self.reason.lock() {
            reason.get_or_insert(error);
        }
        self.stop.store(true, Ordering::Relaxed);
    }

    fn into_result(self) -> Result<(), EngineError> {
        match self.reason.into_inner() {
            Ok(None) => Ok(()),
            Ok(Some(error)) => Err(error),
            Err(_poisoned) => Err(EngineError::Worker("render")),
        }
    }
}

/// What the stages hand back when they are done.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    pub(super) decoded: decode::Decoded,
    pub(super) tracks: TrackReport,
    pub(super) drawn: draw::Drawn,
    pub(super) sound: Option<SoundReport>,
}

/// Renders the input into the open output file.
pub(super) fn render(job: &Job<'_>) -> Result<(RenderReport, MaskLog), EngineError> {
    media::start_framework()?;
    refuse_cut(job)?;
    let brake = Brake::new();
    let pictures = PictureSource::start(job.input, SPARE_FRAMES, Arc::clone(&brake.stop))?;
    let sound = open_sound(job, &brake)?;
    let format = pictures.format().clone();
    let voice = sound.as_ref().map(|s| voice_stage(job.plan, s)).transpose()?;
    let redactor = Redactor::new(job.plan.device, format.size, job.plan.faces)?;
    let device = redactor.device_name().to_owned();
    let settings = writer_settings(job, &format, sound.as_ref());
    let writer = Writer::start(job.output, &format, &settings)?;
    let harvest = run_stages(job, brake, pictures, sound.zip(voice), redactor, &writer)?;
    writer.finish()?;
    check_promise(job, &harvest)?;
    let sound = harvest.sound.as_ref().map(|s| SoundPlacement {
        start: s.start,
        frames: s.frames_out,
        rate_hz: s.rate_hz,
    });
    let placement =
        Placement { picture_start: harvest.drawn.first_pts, picture_end: harvest.drawn.end_pts, sound };
    media::rebuild_index(job.output, placement)?;
    Ok(report(job, &format, harvest, device))
}

fn refuse_cut(job: &Job<'_>) -> Result<(), EngineError> {
    match job.input.index().cut {
        Some(cut) if !job.plan.allow_truncated => {
            Err(MediaError::CutOff { picture_ends: cut.picture_ends }.into())
        }
        _ => Ok(()),
    }
}

fn open_sound(job: &Job<'_>, brake: &Brake) -> Result<Option<SoundSource>, EngineError> {
    if job.plan.voice == VoiceMode::Remove {
        return Ok(None);
    }
    Ok(SoundSource::start(job.input, Arc::clone(&brake.stop))?)
}

fn voice_stage(plan: &Plan, sound: &SoundSource) -> Result<VoiceStage, EngineError> {
    let spec = sound.spec();
    let format = SoundFormat { rate_hz: spec.rate_hz, channels: spec.channels };
    Ok(VoiceStage::new(plan.voice, plan.alarms, format)?)
}

fn writer_settings(job: &Job<'_>, format: &PictureFormat, sound: Option<&SoundSource>) -> WriterSettings {
    // Without a time scale of its own, a container has times that follow from its frame rate.
    let from_rate = || format.rate.map(|(numer, _)| numer.saturating_mul(1000u32.div_ceil(numer.max(1))));
    WriterSettings {
        codec: job.plan.codec,
        speed: job.plan.speed,
        quality: job.plan.quality,
        timescale: job.input.index().timescale.or_else(from_rate).unwrap_or(90_000),
        sound: sound.map(SoundSource::spec),
    }
}

fn run_stages(
    job: &Job<'_>,
    brake: Brake,
    pictures: PictureSource,
    sound: Option<(SoundSource, VoiceStage)>,
    redactor: Redactor,
    writer: &Writer,
) -> Result<Harvest, EngineError> {
    let detectors = detectors(job)?;
    let rate = pictures.format().rate;
    let lookouts = watching::lookouts(job.plan, job.assets, rate, detectors.len())?;
    let tracker = Follower::new(job.plan, pictures.format().size)?;
    let watermark =
        (!job.plan.watermark.is_empty()).then(|| Watermark::new(&job.plan.watermark, pictures.format().size));
    let (to_detect, detect_in) = bounded(detectors.len() * 2);
    let (to_follow, follow_in) = bounded(detectors.len() * 2);
    let (to_draw, draw_in) = bounded(4);
    let artist = draw::Artist::new(job, redactor, watermark, writer.picture_input());
    let mut harvest = Harvest::default();
    thread::scope(|scope| -> Result<(), EngineError> {
        let start = Starter { scope, brake: &brake, writer };
        let decoding = start.stage("decode", move || decode::run(pictures, &to_detect))?;
        let search = job.plan.search;
        for (detector, lookout) in detectors.into_iter().zip(lookouts) {
            let (input, output) = (detect_in.clone(), to_follow.clone());
            start.stage("detect", move || detect::run(detector, lookout, &input, &output, search))?;
        }
        drop((detect_in, to_follow));
        let on_uncertain = job.plan.on_uncertain;
        let following =
            start.stage("follow", move || follow::run(tracker, &follow_in, &to_draw, on_uncertain))?;
        let drawing = start.stage("draw", move || artist.run(&draw_in))?;
        let speaking = sound
            .map(|(source, stage)| {
                let input = writer.sound_input(source.spec(), source.start_pts());
                start.stage("sound", move || speak::run(source, stage, input))
            })
            .transpose()?;
        watch(job.link, &brake, writer, || {
            drawing.is_finished() && speaking.as_ref().is_none_or(thread::ScopedJoinHandle::is_finished)
        });
        harvest.decoded = collect(decoding, "decode")?;
        harvest.tracks = collect(following, "follow")?;
        harvest.drawn = collect(drawing, "draw")?;
        harvest.sound = speaking.map(|handle| collect(handle, "sound")).transpose()?;
        Ok(())
    })
    .or_else(|missing| {
        brake.reason.lock().map_or(Ok(()), |r| if r.is_some() { Ok(()) } else { Err(missing) })
    })?;
    brake.into_result()?;
    Ok(harvest)
}

/// Waits until the stages are done, and ends them early where the caller asks or the encoder fails.
fn watch(link: &Link, brake: &Brake, writer: &Writer, is_done: impl Fn() -> bool) {
    while !is_done() {
        if link.is_stopped() {
            brake.pull(MediaError::Interrupted.into());
        } else if let Some(error) = writer.failure() {
            brake.pull(error.into());
        }
        if brake.stop.load(Ordering::Relaxed) {
            // Whoever waits for the encoder wakes up with an error.
            writer.abort();
        }
        thread::park_timeout(WATCH);
    }
}

type Handle<'scope, T> = thread::ScopedJoinHandle<'scope, Option<T>>;

/// A stage that failed returns nothing and has pulled the brake.
fn collect<T>(handle: Handle<'_, T>, name: &'static str) -> Result<T, EngineError> {
    handle.join().ok().flatten().ok_or(EngineError::Worker(name))
}

#[derive(Clone, Copy)]
struct Starter<'scope, 'env, 'a> {
    scope: &'scope Scope<'scope, 'env>,
    brake: &'scope Brake,
    writer: &'a Writer,
}

impl<'scope> Starter<'scope, '_, '_> {
    fn stage<T: Send + 'scope>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> Result<T, EngineError> + Send + 'scope,
    ) -> Result<Handle<'scope, T>, EngineError> {
        let brake = self.brake;
        let guarded = move || {
            // A stage that panics would otherwise leave the others waiting for it.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            outcome.unwrap_or(Err(EngineError::Worker(name))).map_err(|error| brake.pull(error)).ok()
        };
        let started = thread::Builder::new().name(name.to_owned()).spawn_scoped(self.scope, guarded);
        started.map_err(|_e| {
            brake.pull(EngineError::Worker(name));
            self.writer.abort();
            EngineError::Worker(name)
        })
    }
}

fn detectors(job: &Job<'_>) -> Result<Vec<Box<dyn FaceDetector>>, EngineError> {
    let workers = thread::available_parallelism().map_or(1, usize::from).clamp(1, MAX_DETECT_WORKERS);
    let settings = DetectorSettings {
        side_px: job.plan.detector_side_px,
        score_threshold: TrackSettings::default().keep_score,
    };
    (0..workers)
        .map(|_| {
            let detector = CenterFace::new(&job.assets.runtime, &job.assets.finder.bytes, settings)?;
            Ok(Box::new(detector) as Box<dyn FaceDetector>)
        })
        .collect()
}

/// The index said how many pictures there are: a decoder that silently gave fewer has lost some.
fn check_promise(job: &Job<'_>, harvest: &Harvest) -> Result<(), EngineError> {
    let decoded = harvest.decoded.frames;
    if decoded == 0 {
        return Err(MediaError::Unusable("it has no picture that can be decoded".to_owned()).into());
    }
    if harvest.drawn.log.frames.len() as u64 != decoded {
        return Err(EngineError::OutOfStep { seq: harvest.drawn.log.frames.len() as u64 });
    }
    match job.input.index().picture_samples {
        Some(promised) if decoded < promised && !job.plan.allow_truncated => {
            Err(MediaError::Unusable(format!(
                "{} of its {promised} pictures cannot be decoded; the media data is damaged (--allow-truncated keeps the \
                 rest)",
                promised - decoded
            ))
            .into())
        }
        _ => Ok(()),
    }
}

fn report(
    job: &Job<'_>,
    format: &PictureFormat,
    harvest: Harvest,
    redaction_device: String,
) -> (RenderReport, MaskLog) {
    let index = job.input.index();
    let drawn = harvest.drawn;
    let luma_px = (format.size.width() * format.size.height()) as f64 * harvest.decoded.frames as f64;
    let report = RenderReport {
        container: job.input.container().as_str(),
        frames_promised: index.picture_samples,
        frames_in: harvest.decoded.frames,
        frames_out: drawn.frames,
        frames_damaged: harvest.decoded.damaged,
        truncated: index.cut.is_some(),
        size_px: (format.size.width(), format.size.height()),
        source_size_px: format.source_size_px,
        first_pts: drawn.first_pts,
        picture_duration: drawn.end_pts.since(drawn.first_pts),
        tracks: harvest.tracks,
        hidden_share: if luma_px > 0.0 { drawn.hidden_luma_px as f64 / luma_px } else { 0.0 },
        masks_from_self_check: drawn.extra_masks,
        sound: harvest.sound,
        dropped_streams: index.other_streams.clone(),
        redaction_device,
    };
    (report, drawn.log)
}
