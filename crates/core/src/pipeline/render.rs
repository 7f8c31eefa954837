//! One rendering: stages in threads of their own, joined by bounded queues, so that the slowest sets the speed.
//!
//! ```text
//!  decode ─▶ detect x N ─▶ follow (reorder, look-ahead) ─▶ draw ─▶ encoder ─▶ file
//!  sound ─▶ voice ───────────────────────────────────────────────▶ encoder ─┘
//! ```

use std::fs::File;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::bounded;

use super::assets::Assets;
use super::error::EngineError;
use super::events::Link;
use super::gauge::{Gauges, StageReport};
use super::mask_log::MaskLog;
use super::networks::{FoundWith, Networks};
use super::regions;
use super::report::{RenderReport, SoundReport};
use super::sight::MaskOrigin;
use super::stages::{decode, draw, speak};
use super::threads::{Brake, Starter, beside, collect, watch};
use super::tracks::{ChosenTracks, Script};
use crate::draws::Draws;
use crate::media::{
    self, Goal, InputFile, Material, MediaError, PictureFormat, PictureSource, Placement, SoundPlacement,
    SoundSource, Writer, WriterSettings,
};
use crate::model::{Mask, Plan, PtsNanos, VoiceMode};
use crate::redact::{Redactor, Watermark};
use crate::track::TrackReport;
use crate::voice::{SoundFormat, VoiceStage};

/// Spare pictures that the pool keeps; those in flight are bounded by the look-ahead and the queues.
pub(super) const SPARE_FRAMES: usize = 6;

/// A mask that a person or the self-check asks for, between two times.
#[derive(Clone, Debug)]
pub struct TimedMask {
    /// First time.
    pub from: PtsNanos,
    /// Last time.
    pub to: PtsNanos,
    /// The mask.
    pub mask: Mask,
}

/// What goes into one rendering.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) plan: &'a Plan,
    pub(super) input: &'a InputFile,
    pub(super) output: &'a File,
    pub(super) assets: &'a Assets,
    pub(super) tracks: Option<&'a ChosenTracks<'a>>,
    /// Everything is hidden already but the extra masks.
    pub(super) is_known: bool,
    pub(super) extra_masks: &'a [TimedMask],
    pub(super) round: u32,
    /// What patterns of chance are drawn from, the same in every rendering.
    pub(super) draws: &'a Draws,
    pub(super) link: &'a Link,
}

impl Job<'_> {
    /// Whether faces are looked for: nobody said where they are.
    fn looks(&self) -> bool {
        self.tracks.is_none() && !self.is_known
    }
}

/// What the stages hand back when they are done.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    pub(super) decoded: decode::Decoded,
    pub(super) tracks: TrackReport,
    pub(super) drawn: draw::Drawn,
    pub(super) sound: Option<SoundReport>,
    pub(super) found_with: Option<FoundWith>,
    pub(super) stages: Vec<StageReport>,
}

/// Where a rendering reads from and writes to, and what draws.
struct Opened {
    pictures: PictureSource,
    sound: Option<(SoundSource, VoiceStage)>,
    redactor: Redactor,
    writer: Writer,
}

impl Opened {
    fn new(job: &Job<'_>, brake: &Brake) -> Result<Self, EngineError> {
        let pictures = PictureSource::start(job.input, SPARE_FRAMES, Arc::clone(&brake.stop))?;
        let sound = open_sound(job, brake)?;
        let format = pictures.format();
        regions::check(job, format)?;
        let voice = sound.as_ref().map(|s| voice_stage(job.plan, s)).transpose()?;
        // Drawn from the start: faces hidden in a further rendering change nothing beside them.
        let draws = job.draws.stream(0);
        let redactor = Redactor::with_draws(job.plan.device, format.size, job.plan.faces, draws)?;
        let writer = Writer::start(job.output, format, &writer_settings(job, format, sound.as_ref()))?;
        Ok(Self { pictures, sound: sound.zip(voice), redactor, writer })
    }
}

/// Renders the input into the open output file.
pub(super) fn render(job: &Job<'_>) -> Result<(RenderReport, MaskLog), EngineError> {
    media::start_framework()?;
    refuse_cut(job.plan, job.input)?;
    let (brake, gauges) = (Brake::new(), Gauges::new());
    let (plan, assets, looks) = (job.plan, job.assets, job.looks());
    let load = || looks.then(|| Networks::load(plan, assets)).transpose();
    let (networks, opened) = beside("networks", load, || Opened::new(job, &brake))?;
    let (opened, networks) = (opened?, networks?);
    let format = opened.pictures.format().clone();
    let device = opened.redactor.device_name().to_owned();
    let (mut harvest, masks) = run_stages(job, brake, &gauges, networks, opened)?;
    harvest.stages = gauges.into_rows(Some("encode"));
    let (decoded, drawn) = (harvest.decoded.frames, masks.frames());
    check_promise(job.plan, job.input, decoded)?;
    if drawn != decoded {
        return Err(EngineError::OutOfStep { seq: drawn });
    }
    // A live source cannot be recorded again, so what has come is kept.
    let unused = harvest.drawn.regions_used.iter().position(|is_used| !is_used);
    if let Some(nth) = unused.filter(|_| !job.input.is_live()) {
        return Err(regions::missed(job, nth));
    }
    let sound = harvest.sound.as_ref().map(|s| SoundPlacement {
        start: s.start,
        frames: s.frames_out,
        rate_hz: s.rate_hz,
    });
    let placement =
        Placement { picture_start: harvest.drawn.first_pts, picture_end: harvest.drawn.end_pts, sound };
    media::rebuild_index(job.output, placement)?;
    Ok((report(job, &format, harvest, device), masks))
}

/// A recording that was cut off is not worked on unless that was accepted.
pub(super) fn refuse_cut(plan: &Plan, input: &InputFile) -> Result<(), EngineError> {
    match input.index().cut {
        Some(cut) if !plan.allow_truncated => {
            Err(MediaError::CutOff { picture_ends: cut.picture_ends }.into())
        }
        _ => Ok(()),
    }
}

fn open_sound(job: &Job<'_>, brake: &Brake) -> Result<Option<SoundSource>, EngineError> {
    if job.plan.voice == VoiceMode::Remove {
        job.input.forgo_sound();
        return Ok(None);
    }
    Ok(SoundSource::start(job.input, Arc::clone(&brake.stop))?)
}

pub(super) fn voice_stage(plan: &Plan, sound: &SoundSource) -> Result<VoiceStage, EngineError> {
    let spec = sound.spec();
    let format = SoundFormat { rate_hz: spec.rate_hz, channels: spec.channels };
    Ok(VoiceStage::new(plan.voice, plan.alarms, format)?.muting_with(plan.mute_with))
}

fn writer_settings(job: &Job<'_>, format: &PictureFormat, sound: Option<&SoundSource>) -> WriterSettings {
    // Without a time scale of its own, a container has times that follow from its frame rate.
    let from_rate = || format.rate.map(|(numer, _)| numer.saturating_mul(1000u32.div_ceil(numer.max(1))));
    let (codec, speed, sound) = (job.plan.codec, job.plan.speed, sound.map(SoundSource::spec));
    let (bytes, duration) = (job.input.length(), job.input.index().duration);
    let material = Material { bytes, duration, newer_codec: format.newer_codec, sound };
    let Goal { quality, rate } = media::goal(codec, job.plan.bitrate, speed, &material);
    WriterSettings {
        codec,
        speed,
        quality: job.plan.quality.unwrap_or(quality),
        rate,
        timescale: job.input.index().timescale.or_else(from_rate).unwrap_or(90_000),
        sound,
        is_beside_detectors: job.looks() && job.assets.accelerator.is_none(),
    }
}

fn run_stages(
    job: &Job<'_>,
    brake: Brake,
    gauges: &Gauges,
    networks: Option<Networks>,
    opened: Opened,
) -> Result<(Harvest, MaskLog), EngineError> {
    let Opened { pictures, sound, redactor, writer } = opened;
    let source = match (job.tracks, networks) {
        (None, None) if job.is_known => MaskOrigin::Nothing,
        (None, None) => return Err(EngineError::Worker("networks")),
        (None, Some(networks)) => MaskOrigin::search(job.plan, networks, job.assets, pictures.format())?,
        (Some(chosen), _) => {
            MaskOrigin::Script(Script::new(chosen, pictures.format().size, job.plan.on_uncertain)?)
        }
    };
    let watermark =
        (!job.plan.watermark.is_empty()).then(|| Watermark::new(&job.plan.watermark, pictures.format().size));
    let (to_draw, draw_in) = bounded(1);
    let log = MaskLog::beside(job.output)?;
    let artist = draw::Artist::new(job, redactor, watermark, writer.picture_input(), log);
    let mut harvest = Harvest { found_with: source.found_with(), ..Harvest::default() };
    let outcome = thread::scope(|scope| -> Result<MaskLog, EngineError> {
        let start = Starter { scope, brake: &brake, gauges, writer: Some(&writer) };
        let sighted = start.sighting(pictures, source, to_draw)?;
        let drawing = start.stage("draw", move |watch| artist.run(&draw_in, watch))?;
        let speaking = sound
            .map(|(source, stage)| {
                let input = writer.sound_input(source.spec(), source.start_pts());
                start.stage("sound", move |watch| speak::run(source, stage, input, watch))
            })
            .transpose()?;
        watch(job.link, &brake, Some(&writer), || {
            drawing.is_finished() && speaking.as_ref().is_none_or(thread::ScopedJoinHandle::is_finished)
        });
        harvest.decoded = collect(sighted.decoding, "decode")?;
        harvest.tracks = collect(sighted.following, "follow")?;
        let (drawn, masks) = collect(drawing, "draw")?;
        harvest.drawn = drawn;
        harvest.sound = speaking.map(|handle| collect(handle, "sound")).transpose()?;
        Ok(masks)
    });
    let masks = brake.settle(outcome)?;
    writer.finish()?;
    Ok((harvest, masks))
}

/// The index said how many pictures there are: a decoder that silently gave fewer has lost some.
pub(super) fn check_promise(plan: &Plan, input: &InputFile, decoded: u64) -> Result<(), EngineError> {
    if decoded == 0 {
        return Err(MediaError::Unusable("it has no picture that can be decoded".to_owned()).into());
    }
    match input.index().picture_samples {
        Some(promised) if decoded < promised && !plan.allow_truncated => Err(MediaError::Unusable(format!(
            "{} of its {promised} pictures cannot be decoded; the media data is damaged (--allow-truncated keeps the \
                 rest)",
            promised - decoded
        ))
        .into()),
        _ => Ok(()),
    }
}

fn report(job: &Job<'_>, format: &PictureFormat, harvest: Harvest, redaction_device: String) -> RenderReport {
    let index = job.input.index();
    let drawn = harvest.drawn;
    let luma_px = (format.size.width() * format.size.height()) as f64 * harvest.decoded.frames as f64;
    RenderReport {
        container: job.input.container().as_str(),
        frames_promised: index.picture_samples,
        frames_in: harvest.decoded.frames,
        frames_out: drawn.frames,
        frames_damaged: harvest.decoded.damaged,
        frames_late: harvest.decoded.late,
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
        detector_arithmetic: harvest.found_with.as_ref().map(|with| with.numbers.as_str()),
        detection_device: harvest.found_with.map(|with| with.device),
        redaction_device,
        stages: harvest.stages,
    }
}
