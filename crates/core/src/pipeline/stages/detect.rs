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
        let detections = match schedule.nth_search(frame.seq) {
            Some(nth) => {
                let Some(found) = search(&mut detector, &frame, nth, schedule, lately, watch)? else { break };
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
    frame: &Frame,
    nth: u64,
    schedule: Schedule,
    lately: &Lately,
    watch: &mut Watch<'_>,
) -> Result<Option<Vec<Detection>>, EngineError> {
    let mut look = detector.look_at(frame);
    let mut detections = Vec::new();
    for turn in schedule.passes(nth) {
        detections.extend(look.whole(turn)?);
    }
    if schedule.follows_faces() {
        let Some(expected) = watch.input(|| lately.expected(nth, frame.pts)) else { return Ok(None) };
        let mut places: Vec<Place> = expected.into_iter().map(Place::of).collect();
        places.retain(|place| schedule.passes(nth).all(|turn| turn != place.turn));
        detections.extend(look.near(&places)?);
        lately.publish(nth, frame.pts, &detections);
    }
    Ok(Some(detections))
}
