//! Gives what was found in a frame to the tracks that it belongs to.

use crate::model::EllipsePx;

use super::associate::{Expected, is_far, pair};
use super::life::Track;
use super::motion::Sighting;
use super::sift::{CLEAR_SCORE, Face};

/// What comes of it beside longer tracks.
#[derive(Debug, Default)]
pub(super) struct Paired {
    /// Faces that belong to no track.
    pub(super) strangers: Vec<Face>,
    /// Tracks that stay behind where others went on with what may be another face.
    pub(super) left: Vec<Track>,
}

/// Gives each face to the track of lowest cost; tracks that got one are no longer free.
pub(super) fn extend_tracks(
    free: &mut Vec<&mut Track>,
    faces: &[Face],
    order: u64,
    now_nanos: u64,
    expect: impl Fn(Expected) -> Expected,
    extend: impl Fn(&mut Track, Sighting),
) -> Paired {
    let expected: Vec<Expected> =
        free.iter().filter_map(|track| track.expect(now_nanos)).map(expect).collect();
    let places: Vec<EllipsePx> = faces.iter().map(|f| f.face).collect();
    let (mut is_free, mut strange) = (vec![true; free.len()], vec![true; faces.len()]);
    let mut left = Vec::new();
    for (t, f) in pair(&expected, &places) {
        let (Some(track), Some(face)) = (free.get_mut(t), faces.get(f)) else { continue };
        if face.score < CLEAR_SCORE && expected.get(t).is_some_and(|expected| is_far(expected, &face.face)) {
            left.extend(track.left_behind());
        }
        extend(track, face.seen(order, now_nanos));
        if let Some(free) = is_free.get_mut(t) {
            *free = false;
        }
        if let Some(strange) = strange.get_mut(f) {
            *strange = false;
        }
    }
    let mut is_free = is_free.into_iter();
    free.retain(|_| is_free.next().unwrap_or(true));
    let strangers = faces.iter().zip(strange).filter_map(|(face, strange)| strange.then_some(*face));
    Paired { strangers: strangers.collect(), left }
}
