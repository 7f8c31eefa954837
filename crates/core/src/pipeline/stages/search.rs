//! Looks for faces in the pictures of a finished file; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{FaceDetector, Turn};
use crate::model::{Detection, Frame, PtsNanos};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;

/// What was found in one picture.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Looked {
    pub(in crate::pipeline) seq: u64,
    pub(in crate::pipeline) pts: PtsNanos,
    pub(in crate::pipeline) faces: Vec<Detection>,
}

pub(in crate::pipeline) fn run(
    mut detector: Box<dyn FaceDetector>,
    input: &Receiver<Frame>,
    output: &Sender<Looked>,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(frame) = watch.take(input) {
        let faces = detector.detect(&frame, Turn::NONE)?;
        if !watch.give(output, Looked { seq: frame.seq, pts: frame.pts, faces }) {
            break;
        }
    }
    Ok(())
}
