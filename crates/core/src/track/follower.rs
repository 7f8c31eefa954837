//! Follows everything that is looked for: faces, and beside them people and lines of text, each kind with a tracker of
//! its own. Faces are looked for in every frame, the others in some; between those frames they are filled in.

use crate::model::{
    Detection, DurationNanos, FrameMasks, FrameSize, Mask, MaskArea, MaskSource, Plan, Text, TrackId,
    TrackKind,
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
mod tests {
    use super::*;
    use crate::model::UncertainReason;
    use crate::model::{EllipsePx, Heads, OnUncertain, PtsNanos};

    const PERSON: EllipsePx = EllipsePx { cx: 200.0, cy: 150.0, rx: 30.0, ry: 90.0, angle_rad: 0.0 };
    const FACE: EllipsePx = EllipsePx { cx: 200.0, cy: 80.0, rx: 12.0, ry: 15.0, angle_rad: 0.0 };

    fn sure(ellipse: EllipsePx) -> Vec<Detection> {
        vec![Detection { ellipse, score: 0.9 }]
    }

    /// 50 frames at 10 a second; a person is looked for in every fourth, and there from frame 16 to 32.
    fn run(plan: &Plan, has_face: impl Fn(u64) -> bool) -> (Vec<FrameMasks>, TrackReport) {
        let mut follower = Follower::new(plan, FrameSize::rounded_up(400, 300)).unwrap();
        let mut frames = Vec::new();
        for seq in 0..50 {
            let faces = Observation {
                seq,
                pts: PtsNanos(seq * 100_000_000),
                detections: if has_face(seq) { sure(FACE) } else { Vec::new() },
                thumbnail: [90; 576],
                damaged: false,
                late: false,
            };
            let looks = seq % 4 == 0 && (16..=32).contains(&seq);
            let people = if looks { sure(PERSON) } else { Vec::new() };
            let text = if looks { sure(EllipsePx { ry: 8.0, ..PERSON }) } else { Vec::new() };
            follower.push(Looked { faces, people, text });
            frames.extend(std::iter::from_fn(|| follower.pop_ready()));
        }
        follower.finish();
        frames.extend(std::iter::from_fn(|| follower.pop_ready()));
        assert!(frames.iter().map(|frame| frame.seq).eq(0..50));
        (frames, follower.report())
    }

    fn hidden(frames: &[FrameMasks], x: f32, y: f32) -> Vec<u64> {
        let covers = |mask: &Mask| mask.area.contains(x, y);
        frames.iter().filter(|f| f.masks.iter().any(covers)).map(|frame| frame.seq).collect()
    }

    #[test]
    fn a_person_without_a_face_is_reported_and_nothing_is_hidden() {
        let (frames, report) = run(&Plan::default(), |_| false);
        assert!(frames.iter().all(|frame| frame.masks.is_empty()));
        let [span] = report.uncertain.as_slice() else { panic!("{:?}", report.uncertain) };
        assert_eq!(span.reason, UncertainReason::HeadWithoutFace);
        // A second more on either side.
        assert_eq!((span.from, span.to), (PtsNanos(600_000_000), PtsNanos(4_200_000_000)));
        assert_eq!((report.beside.people, report.beside.head_masks), (1, 0));
    }

    #[test]
    fn a_person_without_a_face_is_hidden_whole_between_the_looks_and_a_second_around_them() {
        let (frames, report) = run(&Plan { heads: Heads::Hide, ..Plan::default() }, |_| false);
        let all: Vec<u64> = (6..=42).collect();
        assert_eq!(hidden(&frames, 200.0, 70.0), all);
        assert_eq!(hidden(&frames, 200.0, 230.0), all);
        assert_eq!(report.uncertain, []);
    }

    #[test]
    fn a_face_inside_says_where_the_head_is_when_it_has_turned_away() {
        // Seen until frame 18; its own mask is held for 0.9 s behind that.
        let (frames, _) =
            run(&Plan { heads: Heads::Hide, ..Plan::default() }, |seq| (10..=18).contains(&seq));
        assert!(hidden(&frames, 200.0, 75.0).contains(&40), "the head stays hidden");
        assert!(!hidden(&frames, 200.0, 220.0).contains(&40), "the legs do not");
    }

    #[test]
    fn a_doubtful_face_does_not_stand_for_a_head() {
        let plan = Plan { heads: Heads::Hide, ..Plan::default() };
        let doubtful = Observation {
            seq: 0,
            pts: PtsNanos(0),
            detections: vec![Detection { ellipse: FACE, score: 0.47 }],
            thumbnail: [90; 576],
            damaged: false,
            late: false,
        };
        let mut follower = Follower::new(&plan, FrameSize::rounded_up(400, 300)).unwrap();
        for seq in 0..20 {
            let faces = Observation { seq, pts: PtsNanos(seq * 100_000_000), ..doubtful.clone() };
            follower.push(Looked { faces, people: sure(PERSON), text: Vec::new() });
        }
        follower.finish();
        let frames: Vec<FrameMasks> = std::iter::from_fn(|| follower.pop_ready()).collect();
        assert_eq!(hidden(&frames, 200.0, 230.0).len(), 20, "the whole person is hidden");
        assert_eq!(follower.report().tracks, 1, "and so is what may be a face");
    }

    #[test]
    fn people_are_hidden_from_head_to_foot_in_the_times_that_were_named() {
        let bodies = vec!["2-3".parse().unwrap()];
        let plan = Plan { heads: Heads::Off, bodies, ..Plan::default() };
        let (frames, report) = run(&plan, |_| true);
        assert_eq!(hidden(&frames, 200.0, 235.0), (20..=30).collect::<Vec<u64>>());
        assert_eq!((report.beside.body_masks, report.beside.head_masks), (11, 0));
        let drawn = |mask: &&Mask| mask.source == MaskSource::Drawn;
        let bodies = || frames.iter().flat_map(|frame| frame.masks.iter().filter(drawn));
        assert!(bodies().all(|mask| !mask.may_be_a_face()), "a region that is kept clear cuts them");
    }

    #[test]
    fn off_is_off_and_a_blurred_frame_is_whole() {
        let off = Plan { heads: Heads::Off, ..Plan::default() };
        assert_eq!(run(&off, |_| false).1, TrackReport::default());
        let blurred = Plan { on_uncertain: OnUncertain::BlurFrame, ..Plan::default() };
        let (frames, report) = run(&blurred, |_| false);
        assert_eq!(hidden(&frames, 1.0, 1.0), (6..=42).collect::<Vec<u64>>());
        assert_eq!(report.whole_frames, 37);
    }

    #[test]
    fn text_is_hidden_between_the_looks() {
        let plan = Plan { heads: Heads::Off, text: Text::Mask, ..Plan::default() };
        let (frames, report) = run(&plan, |_| false);
        assert_eq!(hidden(&frames, 172.0, 144.0), (6..=42).collect::<Vec<u64>>());
        assert_eq!((report.beside.lines_of_text, report.beside.text_masks), (1, 37));
    }
}
