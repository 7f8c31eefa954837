//! Looks for faces, people and text in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{FaceDetector, Glance, Lookout, Schedule, Turn, thumbnail};
use crate::model::Frame;
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::track::{Looked, Observation};

pub(in crate::pipeline) fn run(
    mut detector: Box<dyn FaceDetector>,
    mut lookout: Lookout,
    input: &Receiver<Frame>,
    output: &Sender<(Frame, Looked)>,
    schedule: Schedule,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(frame) = watch.take(input) {
        let mut detections = Vec::new();
        if schedule.is_due(frame.seq) {
            for turn in [Turn::NONE].iter().chain(schedule.turns(frame.seq)) {
                detections.extend(detector.detect(&frame, *turn)?);
            }
        }
        let Glance { people, text } = lookout.look(&frame)?;
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
