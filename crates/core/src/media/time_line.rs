//! What the time stamps of decoded samples mean.

use gstreamer as gst;

use crate::model::PtsNanos;

/// The time line that the time stamps of a container's samples lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeLine {
    /// The time stamps are presentation times already. Matroska's demultiplexer may open with a segment that starts at
    /// the first picture and go on with one that starts at zero; following it would move that one picture.
    Stamps,
    /// Time stamps count from anywhere, or through edit lists: the segment says where they lie.
    Segment,
}

impl TimeLine {
    fn place(
        self,
        segment: &gst::FormattedSegment<gst::ClockTime>,
        time: gst::ClockTime,
    ) -> Option<PtsNanos> {
        let placed = match self {
            Self::Stamps => Some(time),
            Self::Segment => segment.to_running_time(time),
        };
        placed.map(|t| PtsNanos(t.nseconds()))
    }

    /// The presentation time of a sample, from the start of the recording.
    pub(super) fn start_of(self, sample: &gst::Sample) -> Option<PtsNanos> {
        self.place(sample.segment()?.downcast_ref::<gst::ClockTime>()?, sample.buffer()?.pts()?)
    }

    /// Where the container says that the stream ends.
    pub(super) fn end_of_segment(self, sample: &gst::Sample) -> Option<PtsNanos> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        self.place(segment, segment.stop()?)
    }
}
