//! The first half of a two-step run: look for faces and tones, and write down where they are. No picture leaves it but,
//! on request, a contact sheet on which every face is hidden.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::bounded;

use super::assets::Assets;
use super::error::EngineError;
use super::events::{Link, Phase, Progress};
use super::gauge::Gauges;
use super::networks::{FoundWith, Networks};
use super::regions;
use super::render::{SPARE_FRAMES, check_promise, refuse_cut, voice_stage};
use super::sight::MaskOrigin;
use super::stages::speak;
use super::threads::{Brake, Starter, beside, collect, watch};
use super::tracks::{AnalysisSettings, ContactSheet, Gathered, TRACKS_FORMAT, TrackFile, gather};
use crate::detect::Numbers;
use crate::media::{self, InputFile, MediaError, PictureSource, SoundSource};
use crate::model::{Alarms, Plan, PtsNanos, VoiceMode};
use crate::track::TrackReport;
use crate::voice::{ToneReport, VoiceStage};

/// What an analysis hands back.
#[derive(Debug)]
pub struct Analysis {
    /// Where faces are.
    pub tracks: TrackFile,
    /// Counts of what was found.
    pub report: TrackReport,
    /// A PNG file with one small picture a track, all faces hidden, where it was asked for.
    pub contact_sheet: Option<Vec<u8>>,
}

/// Looks for faces and tones in a whole recording.
///
/// # Errors
/// [`EngineError`], as for a rendering.
pub fn analyze(
    plan: &Plan,
    input: &InputFile,
    assets: &Assets,
    wants_contact_sheet: bool,
    link: &Link,
) -> Result<Analysis, EngineError> {
    media::start_framework()?;
    refuse_cut(plan, input)?;
    regions::check_bodies(input, &plan.bodies)?;
    let (brake, gauges) = (Brake::new(), Gauges::new());
    let open = || PictureSource::start(input, SPARE_FRAMES, Arc::clone(&brake.stop));
    let (networks, pictures) = beside("networks", || Networks::load(plan, assets), open)?;
    let (pictures, networks) = (pictures?, networks?);
    let size = pictures.format().size;
    let contact = wants_contact_sheet.then(|| ContactSheet::new(size)).transpose()?;
    let run = Run { plan, input, assets, link };
    let mut found = run.stages(brake, &gauges, networks, pictures, contact)?;
    check_promise(plan, input, found.decoded)?;
    if !input.is_unchanged() {
        return Err(MediaError::Unusable("it changed while it was analysed".to_owned()).into());
    }
    let contact_sheet = found.gathered.contact.take().map(ContactSheet::into_png).transpose()?;
    let tracks = TrackFile {
        format: TRACKS_FORMAT.to_owned(),
        source_sha256: input.digest(),
        size_px: (size.width(), size.height()),
        settings: run.settings(found.with.as_ref()),
        tracks: found.gathered.take_tracks(),
        pts_nanos: found.gathered.pts_nanos,
        whole_frames: found.gathered.whole_frames,
        regions: Vec::new(),
        uncertain: found.report.uncertain.clone(),
        uncertain_omitted: found.report.uncertain_omitted,
        alarms: found.tones,
    };
    Ok(Analysis { tracks, report: found.report, contact_sheet })
}

#[derive(Clone, Copy)]
struct Run<'a> {
    plan: &'a Plan,
    input: &'a InputFile,
    assets: &'a Assets,
    link: &'a Link,
}

/// What the stages of an analysis hand back.
#[derive(Default)]
struct Found {
    decoded: u64,
    with: Option<FoundWith>,
    report: TrackReport,
    gathered: Gathered,
    tones: Option<ToneReport>,
}

impl Run<'_> {
    fn stages(
        &self,
        brake: Brake,
        gauges: &Gauges,
        networks: Networks,
        pictures: PictureSource,
        contact: Option<ContactSheet>,
    ) -> Result<Found, EngineError> {
        let origin = MaskOrigin::search(self.plan, networks, self.assets, pictures.format())?;
        let sound = self.sound(&brake)?;
        let (output, gather_in) = bounded(4);
        let mut found = Found { with: origin.found_with(), ..Found::default() };
        let outcome = thread::scope(|scope| -> Result<(), EngineError> {
            let start = Starter { scope, brake: &brake, gauges, writer: None };
            let sighted = start.sighting(pictures, origin, output)?;
            let (news, link) = (self.news(), self.link);
            let gathering = start.stage("gather", move |_| gather(&gather_in, contact, news, link))?;
            let listening = sound
                .map(|(source, stage)| start.stage("sound", move |watch| speak::listen(source, stage, watch)))
                .transpose()?;
            watch(self.link, &brake, None, || {
                gathering.is_finished()
                    && listening.as_ref().is_none_or(thread::ScopedJoinHandle::is_finished)
            });
            found.decoded = collect(sighted.decoding, "decode")?.frames;
            found.report = collect(sighted.following, "follow")?;
            found.gathered = collect(gathering, "gather")?;
            found.tones = listening.map(|handle| collect(handle, "sound")).transpose()?.flatten();
            Ok(())
        });
        brake.settle(outcome)?;
        Ok(found)
    }

    /// The sound, where tones are to be listed. It is heard and thrown away.
    fn sound(&self, brake: &Brake) -> Result<Option<(SoundSource, VoiceStage)>, EngineError> {
        if self.plan.alarms == Alarms::Drop {
            return Ok(None);
        }
        let Some(source) = SoundSource::start(self.input, Arc::clone(&brake.stop))? else { return Ok(None) };
        let plan = Plan { voice: VoiceMode::Disguise, alarms: Alarms::List, ..self.plan.clone() };
        let stage = voice_stage(&plan, &source)?;
        Ok(Some((source, stage)))
    }

    fn news(&self) -> Progress {
        let index = self.input.index();
        Progress {
            phase: Phase::Analysing,
            round: 1,
            frames: 0,
            frames_expected: index.picture_samples,
            reached: PtsNanos(0),
            duration: index.duration,
        }
    }

    fn settings(&self, found_with: Option<&FoundWith>) -> AnalysisSettings {
        let numbers = found_with.map_or(Numbers::Float32, |with| with.numbers);
        AnalysisSettings {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: self.assets.finder.name.clone(),
            model_sha256: self.assets.finder.sha256,
            search: self.plan.search,
            detector_side_px: self.plan.detector_side_px,
            arithmetic: numbers.as_str().to_owned(),
            margin_percent: self.plan.margin_percent,
            look_ahead: self.plan.look_ahead,
            on_uncertain: self.plan.on_uncertain,
            heads: self.plan.heads,
            text: self.plan.text,
            bodies: self.plan.bodies.clone(),
        }
    }
}
