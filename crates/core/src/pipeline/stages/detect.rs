//! Looks for faces in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{FaceDetector, thumbnail};
use crate::model::Frame;
use crate::pipeline::error::EngineError;
use crate::track::Observation;

pub(in crate::pipeline) fn run(
    mut detector: Box<dyn FaceDetector>,
    input: &Receiver<Frame>,
    output: &Sender<(Frame, Observation)>,
) -> Result<(), EngineError> {
    for frame in input {
        let observation = Observation {
            seq: frame.seq,
            pts: frame.pts,
            detections: detector.detect(&frame)?,
            thumbnail: thumbnail(&frame),
            damaged: frame.damaged,
        };
        if output.send((frame, observation)).is_err() {
            break;
        }
    }
    Ok(())
}
