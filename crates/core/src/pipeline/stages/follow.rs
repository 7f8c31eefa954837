//! Puts the detectors' answers back into order and lets the tracker look ahead.

use std::collections::VecDeque;

use crossbeam_channel::{Receiver, Sender};

use crate::model::{Frame, FrameMasks, OnUncertain};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::pipeline::in_order::InOrder;
use crate::pipeline::retrospect::Retrospect;
use crate::pipeline::tracks::{Script, TracksError};
use crate::track::{Follower, Looked, TrackReport};

pub(in crate::pipeline) fn run(
    mut tracker: Follower,
    mut retrospect: Option<Retrospect>,
    input: &Receiver<(Frame, Looked)>,
    output: &Sender<(Frame, FrameMasks)>,
    on_uncertain: OnUncertain,
    watch: &mut Watch<'_>,
) -> Result<TrackReport, EngineError> {
    let mut order = InOrder::new();
    let mut window = VecDeque::new();
    while let Some((frame, looked)) = watch.take(input) {
        order.push(frame.seq, (frame, looked));
        while let Some((frame, looked)) = order.pop() {
            tracker.push(looked);
            window.push_back(frame);
            if let Some(retrospect) = &mut retrospect {
                retrospect.look(&mut tracker, &window)?;
            }
            if !pass_on(&mut tracker, &mut window, output, watch)? {
                return Ok(tracker.report());
            }
        }
    }
    if order.has_gap() {
        return Err(EngineError::OutOfStep { seq: order.next_seq() });
    }
    tracker.finish();
    if let Some(retrospect) = &mut retrospect {
        retrospect.look(&mut tracker, &window)?;
    }
    pass_on(&mut tracker, &mut window, output, watch)?;
    let report = tracker.report();
    match report.uncertain.first() {
        Some(first) if on_uncertain == OnUncertain::Stop => {
            Err(EngineError::Uncertain { spans: report.uncertain.len(), first: first.from })
        }
        _ if !window.is_empty() => Err(EngineError::OutOfStep { seq: order.next_seq() }),
        _ => Ok(report),
    }
}

/// Sends every frame whose masks are settled; false where nobody listens any more.
fn pass_on(
    tracker: &mut Follower,
    window: &mut VecDeque<Frame>,
    output: &Sender<(Frame, FrameMasks)>,
    watch: &mut Watch<'_>,
) -> Result<bool, EngineError> {
    while let Some(masks) = tracker.pop_ready() {
        let frame = window.pop_front().filter(|frame| frame.seq == masks.seq);
        let frame = frame.ok_or(EngineError::OutOfStep { seq: masks.seq })?;
        if !watch.give(output, (frame, masks)) {
            window.clear();
            return Ok(false);
        }
    }
    Ok(true)
}

/// The same where nothing is to be hidden.
pub(in crate::pipeline) fn run_nothing(
    input: &Receiver<Frame>,
    output: &Sender<(Frame, FrameMasks)>,
    watch: &mut Watch<'_>,
) -> TrackReport {
    while let Some(frame) = watch.take(input) {
        let masks = FrameMasks {
            seq: frame.seq,
            pts: frame.pts,
            masks: Vec::new(),
            keep_clear: Vec::new(),
            seen_faces: Vec::new(),
        };
        if !watch.give(output, (frame, masks)) {
            break;
        }
    }
    TrackReport::default()
}

/// The same where a file says what to hide.
pub(in crate::pipeline) fn run_script(
    mut script: Script<'_>,
    input: &Receiver<Frame>,
    output: &Sender<(Frame, FrameMasks)>,
    watch: &mut Watch<'_>,
) -> Result<TrackReport, EngineError> {
    let mut seen = 0;
    while let Some(frame) = watch.take(input) {
        seen += 1;
        let masks = script.masks_of(frame.seq, frame.pts, frame.damaged)?;
        if !watch.give(output, (frame, masks)) {
            return Ok(script.report().clone());
        }
    }
    // Fewer pictures than the file knows: it was made from others.
    if seen == script.frames() {
        Ok(script.report().clone())
    } else {
        Err(TracksError::OtherPictures { frame: seen }.into())
    }
}
