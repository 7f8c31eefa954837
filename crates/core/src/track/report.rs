//! What the tracker tells about a recording: counts, and the spans it is not sure of.

use serde::{Deserialize, Serialize};

use crate::model::{
    FrameMasks, MaskArea, MaskSource, PtsNanos, TrackId, TrackKind, UncertainReason, UncertainSpan,
};

/// The longest list of uncertain spans; further ones are only counted.
pub const MAX_UNCERTAIN_SPANS: usize = 1000;

/// What was found beside faces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BesideReport {
    /// People who were followed.
    pub people: u64,
    /// Masks over heads, or whole people, without a face.
    pub head_masks: u64,
    /// Masks over whole people, in times that a person named.
    #[serde(default)]
    pub body_masks: u64,
    /// Lines of text that were followed.
    pub lines_of_text: u64,
    /// Masks over lines of text.
    pub text_masks: u64,
}

impl BesideReport {
    /// Counts the masks of a frame that leaves.
    pub(crate) fn count(&mut self, frame: &FrameMasks) {
        for mask in &frame.masks {
            match mask.track.kind() {
                TrackKind::Person if mask.source == MaskSource::Drawn => self.body_masks += 1,
                TrackKind::Person if mask.area != MaskArea::WholeFrame => self.head_masks += 1,
                TrackKind::Text => self.text_masks += 1,
                TrackKind::Person | TrackKind::Face => {}
            }
        }
    }
}

/// What was found in the frames that have left the tracker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackReport {
    /// Tracks that were begun.
    pub tracks: u64,
    /// Masks in whose frame a detector found the face.
    pub detected: u64,
    /// Masks in whose frame a detector saw too little to find the face without its track.
    pub tracked: u64,
    /// Masks between two sightings.
    pub filled: u64,
    /// Masks before the first or behind the last sighting.
    pub held: u64,
    /// Frames that are hidden whole.
    pub whole_frames: u64,
    /// Tracks that broke off inside the picture and were not found again.
    pub breaks_inside: u64,
    /// Scene cuts.
    pub cuts: u64,
    /// What is not certain, in the order in which the spans ended; at most [`MAX_UNCERTAIN_SPANS`].
    pub uncertain: Vec<UncertainSpan>,
    /// Spans beyond the length of the list.
    pub uncertain_omitted: u64,
    /// People and text.
    #[serde(default)]
    pub beside: BesideReport,
}

impl TrackReport {
    /// Counts the masks over faces, and whether the whole frame is hidden, of a frame that leaves.
    pub(crate) fn count(&mut self, frame: &FrameMasks) {
        let of_faces = || frame.masks.iter().filter(|mask| mask.track.kind() == TrackKind::Face);
        let of = |source| of_faces().filter(|mask| mask.source == source).count() as u64;
        self.detected += of(MaskSource::Detected);
        self.tracked += of(MaskSource::Tracked);
        self.filled += of(MaskSource::Filled);
        self.held += of(MaskSource::Held);
        self.whole_frames += u64::from(of(MaskSource::WholeFrame) > 0);
    }

    /// Adds a span that has ended.
    pub(super) fn note(&mut self, span: UncertainSpan) {
        if self.uncertain.len() < MAX_UNCERTAIN_SPANS {
            self.uncertain.push(span);
        } else {
            self.uncertain_omitted += 1;
        }
    }
}

/// Joins uncertain frames that follow one another into spans.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SpanJoiner {
    track: Option<TrackId>,
    open: Option<UncertainSpan>,
}

impl SpanJoiner {
    /// For the spans of one track.
    pub(super) fn of(track: TrackId) -> Self {
        Self { track: Some(track), open: None }
    }

    /// Takes the next frame; returns a span that this frame ended.
    pub(super) fn step(&mut self, pts: PtsNanos, reason: Option<UncertainReason>) -> Option<UncertainSpan> {
        match (reason, &mut self.open) {
            (Some(reason), Some(span)) if span.reason == reason => {
                span.to = pts;
                None
            }
            (Some(reason), open) => {
                open.replace(UncertainSpan { from: pts, to: pts, reason, track: self.track })
            }
            (None, open) => open.take(),
        }
    }

    /// The span that is still open, if any.
    pub(super) fn close(&mut self) -> Option<UncertainSpan> {
        self.open.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_one_reason_join_and_another_reason_begins_a_new_span() {
        let mut joiner = SpanJoiner::default();
        assert_eq!(joiner.step(PtsNanos(1), Some(UncertainReason::BrokeOff)), None);
        assert_eq!(joiner.step(PtsNanos(2), Some(UncertainReason::BrokeOff)), None);
        let ended = joiner.step(PtsNanos(3), Some(UncertainReason::LongGap));
        let reason = UncertainReason::BrokeOff;
        let expected = UncertainSpan { from: PtsNanos(1), to: PtsNanos(2), reason, track: None };
        assert_eq!(ended, Some(expected));
        assert_eq!(joiner.step(PtsNanos(4), None).map(|span| span.to), Some(PtsNanos(3)));
        assert_eq!(joiner.close(), None);
    }

    #[test]
    fn the_list_of_spans_is_bounded() {
        let mut report = TrackReport::default();
        let (at, reason) = (PtsNanos(0), UncertainReason::Damaged);
        let span = UncertainSpan { from: at, to: at, reason, track: None };
        (0..MAX_UNCERTAIN_SPANS + 3).for_each(|_| report.note(span));
        assert_eq!((report.uncertain.len(), report.uncertain_omitted), (MAX_UNCERTAIN_SPANS, 3));
    }
}
