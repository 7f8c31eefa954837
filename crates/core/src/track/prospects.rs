//! Where faces are expected, from what was found up to some frame: for a detector that looks there instead of
//! everywhere.

use crate::model::{Detection, EllipsePx, FrameSize, PtsNanos};

use super::associate::Expected;
use super::life::Track;
use super::matching::extend_tracks;
use super::settings::TrackSettings;
use super::sift::sift;

/// A face that was not found for this long is no longer expected.
const FORGET_AFTER_NANOS: u64 = 500_000_000;

/// Faces that are expected at most, the surest: looking for more takes longer than looking at the whole picture twice.
/// What is left out is filled in between two looks at the whole picture, as it is where nobody expects anything.
const MAX_EXPECTED: usize = 24;

/// Least score of a face that is seen clearly. With 0.5, half as many small faces again stay open on a scene of covered
/// ones; with none, patterns make the search of two of eight scenes without small faces take half as long again.
const CLEAR_SCORE: f32 = 0.35;

/// A face that is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prospect {
    /// Where it should be.
    pub face: EllipsePx,
    /// It was seen more than once, and clearly the last time: it is no pattern that the network takes for a face.
    pub is_clear: bool,
}

/// Faces that were found lately. Unlike a tracker it looks back only, and has no masks.
#[derive(Clone, Debug)]
pub struct Prospects {
    settings: TrackSettings,
    frame: FrameSize,
    tracks: Vec<Track>,
    order: u64,
    clock_nanos: u64,
}

impl Prospects {
    /// Nothing was found yet in pictures of this size.
    pub fn new(settings: TrackSettings, frame: FrameSize) -> Self {
        Self { settings, frame, tracks: Vec::new(), order: 0, clock_nanos: 0 }
    }

    /// Takes what was found in the next searched frame, in presentation order.
    pub fn push(&mut self, pts: PtsNanos, detections: &[Detection]) {
        self.clock_nanos = self.clock_nanos.max(pts.0);
        self.order += 1;
        let (order, now) = (self.order, self.clock_nanos);
        self.tracks.retain(|track| now.saturating_sub(track.last_seen_nanos()) <= FORGET_AFTER_NANOS);
        let sifted = sift(detections, &self.settings, self.frame);
        let mut free: Vec<&mut Track> = self.tracks.iter_mut().collect();
        let strong = extend_tracks(&mut free, &sifted.strong, order, now, |expected| expected, Track::extend);
        extend_tracks(&mut free, &sifted.weak, order, now, Expected::for_weak, Track::extend_weakly);
        for face in strong.strangers {
            self.tracks.push(Track::begin(face.seen(order, now), 0, None));
        }
        self.tracks.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
        self.tracks.truncate(MAX_EXPECTED);
        self.tracks.iter_mut().for_each(|track| track.forget_before(order));
    }

    /// Where each of them should be at a time, the surest first.
    pub fn expected(&self, pts: PtsNanos) -> Vec<Prospect> {
        let is_clear = |track: &Track| track.is_sure() && track.last_score() >= CLEAR_SCORE;
        let expect =
            |track: &Track| Some(Prospect { face: track.expect(pts.0)?.face, is_clear: is_clear(track) });
        self.tracks.iter().filter_map(expect).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prospects() -> Prospects {
        Prospects::new(TrackSettings::default(), FrameSize::rounded_up(1280, 720))
    }

    fn face(cx: f32, score: f32, angle_rad: f32) -> Detection {
        Detection { ellipse: EllipsePx { cx, cy: 200.0, rx: 20.0, ry: 25.0, angle_rad }, score }
    }

    fn at(nth: u64) -> PtsNanos {
        PtsNanos(nth * 80_000_000)
    }

    #[test]
    fn a_face_is_expected_where_it_goes_as_it_was_turned_and_not_for_ever() {
        let mut prospects = prospects();
        for nth in 0..5 {
            prospects.push(at(nth), &[face(100.0 + 20.0 * nth as f32, 0.8, -1.57)]);
        }
        let places = prospects.expected(at(6));
        let [expected] = places.as_slice() else { panic!("one face, but {places:?}") };
        assert!(expected.face.cx > 200.0 && expected.face.cx < 230.0, "{expected:?}");
        assert!((expected.face.angle_rad + 1.57).abs() < 1e-6);
        (5..12).for_each(|nth| prospects.push(at(nth), &[]));
        assert_eq!(prospects.expected(at(13)), []);
    }

    #[test]
    fn of_a_crowd_the_surest_are_expected() {
        let mut prospects = prospects();
        let crowd: Vec<_> =
            (0u8..40).map(|n| face(30.0 * f32::from(n), 0.3 + 0.01 * f32::from(n), 0.0)).collect();
        prospects.push(at(0), &crowd);
        let expected = prospects.expected(at(1));
        assert_eq!(expected.len(), MAX_EXPECTED);
        assert!(expected.iter().all(|known| known.face.cx > 450.0), "{expected:?}");
    }
}
