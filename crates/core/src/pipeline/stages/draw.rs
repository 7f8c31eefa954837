//! Hides what the masks say, burns in the watermark, and hands the picture to the encoder.

use crossbeam_channel::Receiver;

use crate::media::PictureInput;
use crate::model::{DurationNanos, Frame, FrameMasks, PtsNanos, Region};
use crate::pipeline::error::EngineError;
use crate::pipeline::events::{Link, Phase, Progress};
use crate::pipeline::gauge::Watch;
use crate::pipeline::mask_log::MaskLog;
use crate::pipeline::regions;
use crate::pipeline::render::{Job, TimedMask};
use crate::redact::{Redactor, Watermark};

/// How long a single picture is shown where nothing says it.
const LONE_PICTURE: DurationNanos = DurationNanos::from_millis(40);

/// A stream that promises to go on for longer behind its last picture is not believed.
const LONGEST_LAST_PICTURE: DurationNanos = DurationNanos::from_millis(10_000);

/// What was drawn.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Drawn {
    pub(in crate::pipeline) frames: u64,
    pub(in crate::pipeline) hidden_luma_px: u64,
    pub(in crate::pipeline) extra_masks: u64,
    pub(in crate::pipeline) first_pts: PtsNanos,
    pub(in crate::pipeline) end_pts: PtsNanos,
    /// Whether a picture was in the time of each region.
    pub(in crate::pipeline) regions_used: Vec<bool>,
}

/// Draws one frame after another.
#[derive(Debug)]
pub(in crate::pipeline) struct Artist {
    redactor: Redactor,
    watermark: Option<Watermark>,
    encoder: PictureInput,
    regions: Vec<Region>,
    extra: Vec<TimedMask>,
    link: Link,
    news: Progress,
    drawn: Drawn,
    log: MaskLog,
    last_duration: DurationNanos,
}

impl Artist {
    pub(in crate::pipeline) fn new(
        job: &Job<'_>,
        redactor: Redactor,
        watermark: Option<Watermark>,
        encoder: PictureInput,
        log: MaskLog,
    ) -> Self {
        let index = job.input.index();
        let regions: Vec<Region> = regions::all(job).map(|(_, region)| region.clone()).collect();
        let news = Progress {
            phase: Phase::Rendering,
            round: job.round,
            frames: 0,
            frames_expected: index.picture_samples,
            reached: PtsNanos(0),
            duration: index.duration,
        };
        Self {
            redactor,
            watermark,
            encoder,
            drawn: Drawn { regions_used: vec![false; regions.len()], ..Drawn::default() },
            regions,
            extra: job.extra_masks.to_vec(),
            link: job.link.clone(),
            news,
            log,
            last_duration: LONE_PICTURE,
        }
    }

    pub(in crate::pipeline) fn run(
        mut self,
        input: &Receiver<(Frame, FrameMasks)>,
        watch: &mut Watch<'_>,
    ) -> Result<(Drawn, MaskLog), EngineError> {
        // A picture is shown until the next one begins, so each waits for the time of its successor.
        let mut waiting: Option<Frame> = None;
        while let Some((mut frame, mut masks)) = watch.take(input) {
            self.hide(&mut frame, &mut masks)?;
            if let Some(previous) = waiting.replace(frame) {
                let next_pts = waiting.as_ref().map_or(previous.pts, |f| f.pts);
                self.last_duration = next_pts.since(previous.pts);
                self.send(previous, self.last_duration, watch)?;
            }
        }
        if let Some(last) = waiting {
            let promised = last.remaining.filter(|d| *d <= LONGEST_LAST_PICTURE);
            let duration = promised.or(last.duration.filter(|d| d.0 > 0)).unwrap_or(self.last_duration);
            self.send(last, duration, watch)?;
        }
        self.encoder.end();
        Ok((self.drawn, self.log))
    }

    fn hide(&mut self, frame: &mut Frame, masks: &mut FrameMasks) -> Result<(), EngineError> {
        for ((region, nth), is_used) in self.regions.iter().zip(0..).zip(&mut self.drawn.regions_used) {
            *is_used |= region.apply(nth, masks);
        }
        let asked = self.extra.iter().filter(|m| m.from <= frame.pts && frame.pts <= m.to);
        let before = masks.masks.len();
        masks.masks.extend(asked.map(|m| m.mask.clone()));
        self.drawn.extra_masks += (masks.masks.len() - before) as u64;
        let stats = self.redactor.redact(frame, masks)?;
        self.drawn.hidden_luma_px += stats.hidden_luma_px;
        if let Some(watermark) = &mut self.watermark {
            if self.log.frames() == 0 {
                watermark.choose_corner(frame);
            }
            watermark.apply(frame);
        }
        self.log.push(masks)?;
        Ok(())
    }

    fn send(
        &mut self,
        frame: Frame,
        duration: DurationNanos,
        watch: &mut Watch<'_>,
    ) -> Result<(), EngineError> {
        if self.drawn.frames == 0 {
            self.drawn.first_pts = frame.pts;
        }
        self.drawn.frames += 1;
        self.drawn.end_pts = frame.pts.saturating_add(duration);
        self.news.frames = self.drawn.frames;
        self.news.reached = frame.pts;
        watch.output(|| self.encoder.push(frame, duration))?;
        self.link.tell(self.news);
        Ok(())
    }
}
