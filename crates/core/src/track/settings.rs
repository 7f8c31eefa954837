//! What decides how faces are followed, each with its range and its default.

use crate::model::{DurationNanos, MAX_MARGIN_PERCENT, OnUncertain, Plan, Search};

/// The longest look-ahead and the longest hold that can be asked for.
pub const MAX_TRACK_DURATION: DurationNanos = DurationNanos::from_millis(10_000);

/// An ellipse that only touches the sides of a box leaves its corners open: hair, ears and jaw. Half axes larger by the
/// square root of 4/pi give it the area of the box. Measured on the scenes with a margin of 30 %: part of the middle 90
/// % of a face's box stays open in 20 % of the appearances without this factor, in 7 % with it.
const ELLIPSE_AS_LARGE_AS_ITS_BOX: f32 = std::f32::consts::FRAC_2_SQRT_PI;

/// Settings of one [`Tracker`](super::Tracker).
///
/// The defaults were chosen over composed scenes of moving faces with exact boxes (1280 x 720, 25 frames a second, 8
/// s), with `CenterFace` upright and one turned pass on every second frame, 640 pixels wide. *Leak* is the share of
/// faces (60 % visible, 24 pixels and more) of which less than 80 % of the middle lies under masks; *background* is the
/// share hidden outside the boxes widened by half. Leak and background over seven upright scenes 0 to 1.8 % (a face
/// that comes from behind another; besides, one that shows no more than a mask is never found) and 0.9 to 1.1 %, three
/// lying 0 to 0.7 % and 3.9 to 4.9 %, three turned any way 0.1 to 0.6 % and 0.3 to 1.7 %.
///
/// Figures at single settings were measured with the upright pass alone, as upright / lying / turned any way; at the
/// defaults of that time leak was 0.02 / 1.9 / 15 %. They compare settings and promise nothing for other recordings.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
#[derive(Clone, Debug, PartialEq)]
pub struct TrackSettings {
    /// How much later a frame must have been seen before a frame leaves, 0 to 10 s; 1 s by default. Leak without it
    /// 0.73 / 6.6 / 18 %, with half a second 0.02 / 3.0 / 16 %.
    pub look_ahead: DurationNanos,
    /// How far a mask reaches beyond the face, in percent of the face's half axes, 0 to 200. With 30 the half axes of
    /// the mask are 1.3 times those of the face (the default), as a mean over time where `is_steady`. The corners of the box, where ears and chins show, stay
    /// open in part: of the middle 90 % of the box less than 95 % is hidden in 20 % of the upright faces; with 45 in 7
    /// % (leak 0 / 0.9 / 11 %), with 60 in 2 % (0 / 0.7 / 7 %), for background of 1.5 / 3.9 / 2.8 and 2.1 / 6.1 / 3.7
    /// %.
    pub margin_percent: u8,
    /// A detection of this score or more always lies under a mask and can begin a track; above 0, at most 1;
    /// 0.25 by default. Leak with 0.40 (keep 0.20) 0 / 26 / 24 %, with 0.35 (0.15) 0.02 / 8.6 / 24 %, with 0.20 (0.10)
    /// 0.20 / 2.3 / 15 %, where false faces join tracks. A film of people from behind has 0.8 to 1.2 % of its
    /// picture hidden in all of these.
    pub start_score: f32,
    /// The same for faces that are large in the picture, as `sift` says which; at least `keep_score`, at most
    /// `start_score`; as that by default, and 0.17 in a thorough search. What a network takes for a face where none is,
    /// is small: on photographs of people with masks, this adds 0.1 to
    /// 0.4 such a picture, where `start_score` of 0.17 adds 2.8, and finds five of seven large faces that were missed at the
    /// angles that were looked at. They are covered, or turned away. In
    /// the search of a film it leaks no fewer faces, and hides half as much background again.
    pub large_start_score: f32,
    /// A detection of this score or more keeps a track that exists; above 0, at most `start_score`; 0.10 by
    /// default.
    pub keep_score: f32,
    /// How long a face that turns up inside the picture is hidden before its first sighting. At most the look-ahead
    /// can take effect. 1 s by default; with none, leak 0.02 / 5.1 / 17 %.
    pub hold_before: DurationNanos,
    /// How long a face that breaks off inside the picture stays hidden, and how long it can be found again.
    /// 0.9 s by default. A face that is found again later is hidden for `hold_before` before that, so that a gap of up to
    /// 1.9 s stays closed. With 1.5 s no face fewer leaks, and over lying ones 6.3 to 6.9 instead of 4.3 to 4.7 % of the
    /// background is hidden; with 0.7 s more faces leak.
    pub hold_after: DurationNanos,
    /// How long a face is hidden around its sightings where they are too few to be sure of it
    /// (scores that add up to less than 0.7); 120 ms by default, and two frames at least.
    pub hold_flicker: DurationNanos,
    /// How long a face stays hidden at least where it breaks off inside the picture after sightings that are all weak, in
    /// which `hold_after` runs already, if enough others came before them; 300 ms by default. It can be found again for
    /// as long as any other. What a track goes on with weakly is often no longer the face but what was near it. Over 22 composed
    /// scenes with 21,797 faces 4.8 instead of 5.3 % of the background is hidden, and no face more leaks.
    pub hold_weak: DurationNanos,
    /// How long a face is hidden before it comes over the border of the picture, and after it left over it;
    /// 400 ms by default.
    pub hold_exit: DurationNanos,
    /// A mask that lies further than this from the nearest sighting is uncertain: it is reported, and
    /// `on_uncertain` decides what becomes of the frame. 500 ms by default.
    pub uncertain_after: DurationNanos,
    /// Whoever comes over the border of the picture is hidden before the first sighting only from where something
    /// begins to move in that place, and afterwards only while it does; off by default, for faces. People are looked
    /// for in some frames only, so that their holds are long, and a room in which nobody is yet would be hidden.
    pub stillness_ends_holds: bool,
    /// Whether a track that goes on with something doubtful far off also stays where it was; on by default, for faces.
    /// People are looked for seldom and move further in between.
    pub stays_behind: bool,
    /// Whether what lies under the mask of something clear, with less of a score, is a part of it; on by default, for faces.
    /// A child in front of an adult is a person, of whom other parts are hidden.
    pub drops_parts: bool,
    /// Whether each mask is the mean of those around it in time; on by default, for faces. What people and lines of text
    /// are found in is taken back to its own size, and heads are read from it.
    pub is_steady: bool,
    /// What happens to a frame with an uncertain mask. `Stop` leaves the masks widened: the caller reads the spans of
    /// the report and writes nothing.
    pub on_uncertain: OnUncertain,
}

/// A setting outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tracking: {setting} must lie in {range}")]
pub struct TrackSettingsError {
    setting: &'static str,
    range: &'static str,
}

impl Default for TrackSettings {
    fn default() -> Self {
        Self {
            look_ahead: DurationNanos::from_millis(1000),
            margin_percent: 30,
            start_score: 0.25,
            large_start_score: 0.25,
            keep_score: 0.10,
            hold_before: DurationNanos::from_millis(1000),
            hold_after: DurationNanos::from_millis(900),
            hold_flicker: DurationNanos::from_millis(120),
            hold_weak: DurationNanos::from_millis(300),
            hold_exit: DurationNanos::from_millis(400),
            uncertain_after: DurationNanos::from_millis(500),
            stillness_ends_holds: false,
            stays_behind: true,
            drops_parts: true,
            is_steady: true,
            on_uncertain: OnUncertain::Widen,
        }
    }
}

impl TrackSettings {
    /// The defaults with what the plan decides.
    pub fn from_plan(plan: &Plan) -> Self {
        let defaults = Self::default();
        Self {
            look_ahead: plan.look_ahead,
            margin_percent: plan.margin_percent,
            on_uncertain: plan.on_uncertain,
            large_start_score: if plan.search == Search::Thorough { 0.17 } else { defaults.start_score },
            ..defaults
        }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// Names the first setting that lies outside its range.
    pub fn check(&self) -> Result<(), TrackSettingsError> {
        let fail = |setting, range| Err(TrackSettingsError { setting, range });
        for (setting, duration) in [
            ("look_ahead", self.look_ahead),
            ("hold_before", self.hold_before),
            ("hold_after", self.hold_after),
            ("hold_flicker", self.hold_flicker),
            ("hold_weak", self.hold_weak),
            ("hold_exit", self.hold_exit),
            ("uncertain_after", self.uncertain_after),
        ] {
            if duration > MAX_TRACK_DURATION {
                return fail(setting, "0 to 10 s");
            }
        }
        if self.margin_percent > MAX_MARGIN_PERCENT {
            return fail("margin_percent", "0 to 200");
        }
        if !(self.start_score > 0.0 && self.start_score <= 1.0) {
            return fail("start_score", "0 (exclusive) to 1");
        }
        if !(self.large_start_score > 0.0 && self.large_start_score <= self.start_score) {
            return fail("large_start_score", "0 (exclusive) to start_score");
        }
        if !(self.keep_score > 0.0 && self.keep_score <= self.large_start_score) {
            return fail("keep_score", "0 (exclusive) to large_start_score");
        }
        Ok(())
    }

    /// Factor from the half axes of a face to those of its mask.
    pub(super) fn margin_factor(&self) -> f32 {
        (1.0 + f32::from(self.margin_percent) / 100.0) * ELLIPSE_AS_LARGE_AS_ITS_BOX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_lie_in_their_ranges_and_the_plan_is_heard() {
        assert_eq!(TrackSettings::default().check(), Ok(()));
        let plan = Plan { margin_percent: 55, on_uncertain: OnUncertain::Stop, ..Plan::default() };
        let settings = TrackSettings::from_plan(&plan);
        assert_eq!((settings.margin_percent, settings.on_uncertain), (55, OnUncertain::Stop));
        assert!((settings.margin_factor() - 1.55 * ELLIPSE_AS_LARGE_AS_ITS_BOX).abs() < 1e-6);
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let nan = TrackSettings { keep_score: f32::NAN, ..TrackSettings::default() };
        assert!(nan.check().unwrap_err().to_string().contains("keep_score"));
        let over = TrackSettings { keep_score: 0.9, start_score: 0.5, ..TrackSettings::default() };
        assert!(over.check().is_err());
        let long =
            TrackSettings { hold_after: DurationNanos::from_millis(10_001), ..TrackSettings::default() };
        assert!(long.check().unwrap_err().to_string().contains("hold_after"));
    }
}
