//! Looks for faces in the pictures of a finished file; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{CheckSchedule, YuNet};
use crate::model::{Detection, Frame, PtsNanos};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;

/// What was found in one picture.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Looked {
    pub(in crate::pipeline) seq: u64,
    pub(in crate::pipeline) pts: PtsNanos,
    /// Faces that stand upright.
    pub(in crate::pipeline) upright: Vec<Detection>,
    /// Faces in another direction, where one was looked in.
    pub(in crate::pipeline) turned: Option<Vec<Detection>>,
}

pub(in crate::pipeline) fn run(
    mut detector: YuNet,
    schedule: CheckSchedule,
    input: &Receiver<Frame>,
    output: &Sender<Looked>,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(frame) = watch.take(input) {
        let (upright, turned) = detector.look_about(&frame, schedule.turned(frame.seq))?;
        if !watch.give(output, Looked { seq: frame.seq, pts: frame.pts, upright, turned }) {
            break;
        }
    }
    Ok(())
}
