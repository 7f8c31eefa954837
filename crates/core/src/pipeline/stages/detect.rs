//! Looks for faces in one picture after another; several of these run side by side.

use crossbeam_channel::{Receiver, Sender};

use crate::detect::{FaceDetector, Passes, Schedule, Thumbnail, thumbnail};
use crate::model::{Frame, Search};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::track::Observation;

/// A frame with what is to be searched in it.
#[derive(Debug)]
pub(in crate::pipeline) struct Task {
    frame: Frame,
    thumbnail: Thumbnail,
    passes: Passes,
}

/// Makes tasks of frames, which come in order: what is searched in one depends on those before it.
pub(in crate::pipeline) fn tasks(search: Search) -> impl FnMut(Frame) -> Task {
    let mut schedule = Schedule::new(search);
    move |frame| {
        let thumbnail = thumbnail(&frame);
        let passes = schedule.next(frame.pts, &thumbnail);
        Task { frame, thumbnail, passes }
    }
}

pub(in crate::pipeline) fn run(
    mut detector: Box<dyn FaceDetector>,
    input: &Receiver<Task>,
    output: &Sender<(Frame, Observation)>,
    watch: &mut Watch<'_>,
) -> Result<(), EngineError> {
    while let Some(Task { frame, thumbnail, passes }) = watch.take(input) {
        let mut detections = Vec::new();
        for turn in passes.turns() {
            detections.extend(detector.detect(&frame, turn)?);
        }
        let observation =
            Observation { seq: frame.seq, pts: frame.pts, detections, thumbnail, damaged: frame.damaged };
        if !watch.give(output, (frame, observation)) {
            break;
        }
    }
    Ok(())
}
