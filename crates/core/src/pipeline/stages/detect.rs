//! Looks for faces, people and text in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{CenterFace, FaceLook, Glance, Place, Schedule, thumbnail};
use crate::model::{Detection, Frame, Searched};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::pipeline::lately::Lately;
use crate::pipeline::watching::Lookouts;
use crate::track::{Looked, Observation};

/// A face that was expected and has a lower score is looked for again: tracks begin from here on.
const CLEARLY_FOUND: f32 = 0.25;

pub(in crate::pipeline) fn run(
    mut detector: CenterFace,
    lookouts: &Lookouts,
    input: &Receiver<Frame>,
    output: &Sender<(Frame, Looked)>,
    schedule: Schedule,
    lately: &Lately,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(frame) = watch.take(input) {
        let detections = match frame.search {
            Some(searched) => {
                let so = (searched, schedule, lately);
                let Some(found) = search(&mut detector, lookouts, &frame, so, watch)? else {
                    break;
                };
                found
            }
            None => Vec::new(),
        };
        let Glance { people, text } = lookouts.look(&frame)?;
        let faces = Observation {
            seq: frame.seq,
            pts: frame.pts,
            detections,
            thumbnail: thumbnail(&frame),
            damaged: frame.damaged,
            late: frame.late,
        };
        if !watch.give(output, (frame, Looked { faces, people, text })) {
            break;
        }
    }
    Ok(())
}

/// The faces in a searched picture. `None` where the run was stopped meanwhile.
fn search(
    detector: &mut CenterFace,
    lookouts: &Lookouts,
    frame: &Frame,
    (searched, schedule, lately): (Searched, Schedule, &Lately),
    watch: &mut Watch<'_>,
) -> Result<Option<Vec<Detection>>, EngineError> {
    let mut look = detector.look_at(frame)?;
    let mut detections = Vec::new();
    let (nth, passes) = (searched.nth, schedule.passes(searched));
    for turn in passes.iter().copied() {
        detections.extend(look.whole(turn)?);
    }
    if schedule.looks_with_both(searched) {
        let mut others = lookouts.look_at_whole(frame)?;
        others.retain(|face| is_lost(&Place::of(face.ellipse), &detections));
        detections.extend(others);
    }
    let (mut expected, mut are_small): (Vec<Place>, bool) = (Vec::new(), false);
    if schedule.follows_faces() {
        let Some(known) = watch.input(|| lately.expected(nth, frame.pts)) else { return Ok(None) };
        are_small = known.iter().any(|known| known.is_clear && look.is_small(&Place::of(known.face)));
        expected.extend(known.into_iter().map(|known| Place::of(known.face)));
    }
    for turn in schedule.close_looks(searched, are_small) {
        detections.extend(lookouts.look_closely(frame, turn)?);
    }
    if schedule.follows_faces() {
        let has_passed = |place: &&Place| passes.contains(&place.turn);
        let places = expected.iter().filter(|place| !has_passed(place) || look.is_small(place));
        detections.extend(look.near(&places.copied().collect::<Vec<_>>())?);
        if schedule.looks_again(searched) {
            look_again(&mut look, lookouts, (frame, nth), schedule, expected, &mut detections)?;
        }
        lately.publish(nth, frame.pts, &detections);
    }
    Ok(Some(detections))
}

/// Looks for faces that were expected in the nth searched frame and are not among those that were found: larger, then
/// with the other network, then one of them in another turn.
fn look_again(
    look: &mut FaceLook<'_>,
    lookouts: &Lookouts,
    (frame, nth): (&Frame, u64),
    schedule: Schedule,
    mut lost: Vec<Place>,
    found: &mut Vec<Detection>,
) -> Result<(), EngineError> {
    lost.retain(|place| is_lost(place, found));
    found.extend(look.closer(&lost)?);
    lost.retain(|place| is_lost(place, found));
    found.extend(lookouts.look_again(frame, &lost)?);
    lost.retain(|place| is_lost(place, found));
    if let Some(place) = schedule.otherwise(nth, &lost) {
        found.extend(lookouts.look_otherwise(frame, &place)?);
    }
    Ok(())
}

/// Whether no face was clearly found in a place.
fn is_lost(place: &Place, found: &[Detection]) -> bool {
    !found.iter().any(|face| face.score >= CLEARLY_FOUND && place.is_at(&face.ellipse))
}
