//! Looks for faces, people and text in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{FaceDetector, Glance, Lookout, Turn, thumbnail, turns_of};
use crate::model::{Frame, Search};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::track::{Looked, Observation};

pub(in crate::pipeline) fn run(
    mut detector: Box<dyn FaceDetector>,
    mut lookout: Lookout,
    input: &Receiver<Frame>,
    output: &Sender<(Frame, Looked)>,
    search: Search,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(frame) = watch.take(input) {
        let mut detections = detector.detect(&frame, Turn::NONE)?;
        for &turn in turns_of(search, frame.seq) {
            detections.extend(detector.detect(&frame, turn)?);
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
