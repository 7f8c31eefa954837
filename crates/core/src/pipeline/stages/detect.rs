//! Looks for faces, people and text in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{CenterFace, Glance, Place, Schedule, thumbnail};
use crate::model::{Detection, Frame};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::pipeline::lately::Lately;
use crate::pipeline::watching::Lookouts;
use crate::track::{Looked, Observation};

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
        let detections = match frame.turn.and_then(|turn| schedule.nth_search(turn)) {
            Some(nth) => {
                let Some(found) = search(&mut detector, lookouts, &frame, nth, (schedule, lately), watch)?
                else {
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

/// The faces in the nth searched picture. `None` where the run was stopped meanwhile.
fn search(
    detector: &mut CenterFace,
    lookouts: &Lookouts,
    frame: &Frame,
    nth: u64,
    (schedule, lately): (Schedule, &Lately),
    watch: &mut Watch<'_>,
) -> Result<Option<Vec<Detection>>, EngineError> {
    let mut look = detector.look_at(frame)?;
    let mut detections = Vec::new();
    for turn in schedule.passes(nth) {
        detections.extend(look.whole(turn)?);
    }
    let (mut places, mut are_small): (Vec<Place>, bool) = (Vec::new(), false);
    if schedule.follows_faces() {
        let Some(expected) = watch.input(|| lately.expected(nth, frame.pts)) else { return Ok(None) };
        are_small = expected.iter().any(|known| known.is_clear && look.is_small(&Place::of(known.face)));
        places.extend(expected.into_iter().map(|known| Place::of(known.face)));
    }
    for turn in schedule.close_looks(nth, are_small) {
        detections.extend(lookouts.look_closely(frame, turn)?);
    }
    if schedule.follows_faces() {
        let has_passed = |place: &Place| schedule.passes(nth).any(|turn| turn == place.turn);
        places.retain(|place| !has_passed(place) || look.is_small(place));
        detections.extend(look.near(&places)?);
        lately.publish(nth, frame.pts, &detections);
    }
    Ok(Some(detections))
}
