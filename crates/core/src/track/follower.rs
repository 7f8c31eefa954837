//! Follows everything that is looked for: faces, and beside them people and lines of text, each kind with a tracker of
//! its own. Faces are looked for in every frame, the others in some; between those frames they are filled in.

use crate::model::{
    Detection, DurationNanos, EllipsePx, FrameMasks, FrameSize, Mask, MaskArea, MaskSource, Plan, Text,
    TrackId, TrackKind,
};

use super::heads::HeadRule;
use super::life::FRAME_TRACK;
use super::report::{BesideReport, TrackReport};
use super::settings::{MAX_TRACK_DURATION, TrackSettings, TrackSettingsError};
use super::tracker::{Observation, Tracker};
use super::trust::Trust;

/// Least score of a person who begins a track, and of one who goes on. Measured on a clip of people from behind: at
/// 0.35 every one is found and no empty frame has any; on photographs with faces it finds more.
pub const PERSON_START_SCORE: f32 = 0.35;
pub const PERSON_KEEP_SCORE: f32 = 0.25;

/// A line of text is hidden with this much more around it: letters reach over the lines that the network sees.
const TEXT_GROWTH: f32 = 1.1;

/// How long people and text are hidden before the first frame and after the last in which they were found.
const HOLD: DurationNanos = DurationNanos::from_millis(1000);
/// The same where it was found once and not surely, or left over the border: until the next look.
const SHORT_HOLD: DurationNanos = DurationNanos::from_millis(400);

/// What was found in one frame.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Faces, and what is known of the frame.
    pub faces: Observation,
    /// People; none where none were looked for.
    pub people: Vec<Detection>,
    /// Lines of text; none where none were looked for.
    pub text: Vec<Detection>,
}

/// Takes what was found frame by frame and gives masks in the same order, as [`Tracker`] does for faces alone.
#[derive(Clone, Debug)]
pub struct Follower {
    faces: Tracker,
    people: Option<(Tracker, HeadRule, Trust)>,
    text: Option<Tracker>,
    masks: BesideReport,
    whole_frames: u64,
    beside_factor: f32,
}

impl Follower {
    /// Follows what the plan asks for, in pictures of one size.
    ///
    /// # Errors
    /// Where a setting lies outside its range.
    pub fn new(plan: &Plan, frame: FrameSize) -> Result<Self, TrackSettingsError> {
        let (people, text) = (people_settings(plan), text_settings(plan));
        let beside_factor = people.margin_factor();
        let followed = |settings: TrackSettings| Tracker::new(settings, frame);
        let rule = HeadRule::new(plan);
        Ok(Self {
            faces: followed(TrackSettings::from_plan(plan))?,
            people: plan
                .needs_people()
                .then(|| followed(people))
                .transpose()?
                .map(|t| (t, rule, Trust::default())),
            text: (plan.text == Text::Mask).then(|| followed(text)).transpose()?,
            masks: BesideReport::default(),
            whole_frames: 0,
            beside_factor,
        })
    }

    /// Takes the next frame in presentation order.
    pub fn push(&mut self, looked: Looked) {
        let Looked { faces, people, text } = looked;
        if let Some((tracker, _, trust)) = &mut self.people {
            trust.push(faces.seq, &faces.detections);
            tracker.push(Observation { detections: people, ..faces.clone() });
        }
        if let Some(tracker) = &mut self.text {
            tracker.push(Observation { detections: text, ..faces.clone() });
        }
        self.faces.push(faces);
    }

    /// Looks for new faces in frames that wait; see [`Tracker::look_back`].
    ///
    /// # Errors
    /// Those of `find`.
    pub(crate) fn look_back<F, E>(
        &mut self,
        frames: &(impl Iterator<Item = (u64, F)> + Clone),
        find: impl FnMut(F, EllipsePx, &mut dyn FnMut(&[Detection]) -> bool) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.faces.look_back(frames, find)
    }

    /// Says that no frame follows.
    pub fn finish(&mut self) {
        self.faces.finish();
        if let Some((tracker, ..)) = &mut self.people {
            tracker.finish();
        }
        if let Some(tracker) = &mut self.text {
            tracker.finish();
        }
    }

    /// The masks of the next frame in order, if its look-ahead has passed.
    pub fn pop_ready(&mut self) -> Option<FrameMasks> {
        let mut frame = self.faces.pop_ready()?;
        if let Some((tracker, rule, trust)) = &mut self.people {
            let faces = trust.faces(&frame);
            let people = beside(tracker, &mut frame, self.beside_factor);
            rule.step(&mut frame, &faces, people);
        }
        if let Some(tracker) = &mut self.text {
            for mask in beside(tracker, &mut frame, self.beside_factor) {
                let MaskArea::Ellipse(line) = mask.area else { continue };
                let track = TrackId::of(TrackKind::Text, mask.track.0);
                let area = MaskArea::Rectangle(line.scaled(TEXT_GROWTH));
                frame.masks.push(Mask { track, area, ..mask });
            }
        }
        self.masks.count(&frame);
        self.whole_frames += u64::from(frame.hide_all());
        Some(frame)
    }

    /// What was found in the frames that have left.
    pub fn report(&self) -> TrackReport {
        let mut report = self.faces.report().clone();
        report.beside = self.masks;
        report.whole_frames = self.whole_frames;
        if let Some((_, rule, _)) = &self.people {
            rule.add_to(&mut report);
            report.uncertain.sort_by_key(|span| (span.from, span.to));
        }
        report.beside.lines_of_text = self.text.as_ref().map_or(0, |tracker| tracker.report().tracks);
        report
    }
}

/// What another tracker has in the same frame, as ellipses that touch the boxes. All trackers get the same frames and
/// let them go by the same rule; should one ever not, or hide a frame whole, then that frame is hidden whole.
fn beside(tracker: &mut Tracker, frame: &mut FrameMasks, factor: f32) -> Vec<Mask> {
    let seen = tracker.pop_ready().filter(|seen| seen.seq == frame.seq);
    if seen.as_ref().is_none_or(FrameMasks::hide_all) && !frame.hide_all() {
        frame.masks.insert(0, whole_frame());
    }
    let mut masks = seen.map(|seen| seen.masks).unwrap_or_default();
    for mask in &mut masks {
        if let MaskArea::Ellipse(ellipse) = &mut mask.area {
            *ellipse = ellipse.scaled(1.0 / factor);
        }
    }
    masks
}

fn whole_frame() -> Mask {
    Mask { track: FRAME_TRACK, area: MaskArea::WholeFrame, source: MaskSource::WholeFrame, score: None }
}

fn people_settings(plan: &Plan) -> TrackSettings {
    TrackSettings {
        margin_percent: 0,
        start_score: PERSON_START_SCORE,
        large_start_score: PERSON_START_SCORE,
        keep_score: PERSON_KEEP_SCORE,
        hold_before: HOLD,
        hold_after: HOLD,
        hold_flicker: SHORT_HOLD,
        hold_weak: HOLD,
        hold_exit: SHORT_HOLD,
        // A person who is filled in is no less sure: the head rule reports what is not.
        uncertain_after: MAX_TRACK_DURATION,
        stillness_ends_holds: true,
        stays_behind: false,
        drops_parts: false,
        is_steady: false,
        ..TrackSettings::from_plan(plan)
    }
}

fn text_settings(plan: &Plan) -> TrackSettings {
    // Regions below this are no text in the words of the network's authors, so what is reported is taken.
    TrackSettings {
        start_score: 0.5,
        large_start_score: 0.5,
        keep_score: 0.5,
        hold_flicker: HOLD,
        stillness_ends_holds: false,
        stays_behind: false,
        drops_parts: false,
        ..people_settings(plan)
    }
}

#[cfg(test)]
mod tests;
