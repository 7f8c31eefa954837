//! The end of an analysis: masks are written down instead of drawn.

use std::collections::BTreeMap;

use crossbeam_channel::Receiver;

use super::contact::ContactSheet;
use super::file::{TrackBox, TrackEntry, WholeFrames};
use crate::model::{Frame, FrameMasks, Mask, MaskArea, PtsNanos, TrackId};
use crate::pipeline::error::EngineError;
use crate::pipeline::events::{Link, Progress};

/// Boxes that are kept at most, over all tracks. More would not fit into a file that can be read again.
const MAX_BOXES: usize = 4_000_000;

/// What was written down.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Gathered {
    pub(in crate::pipeline) pts_nanos: Vec<PtsNanos>,
    pub(in crate::pipeline) whole_frames: Vec<WholeFrames>,
    pub(in crate::pipeline) contact: Option<ContactSheet>,
    tracks: BTreeMap<TrackId, Vec<TrackBox>>,
    boxes: usize,
}

/// Takes every picture with its masks, in order.
pub(in crate::pipeline) fn run(
    input: &Receiver<(Frame, FrameMasks)>,
    contact: Option<ContactSheet>,
    mut news: Progress,
    link: &Link,
) -> Result<Gathered, EngineError> {
    let mut gathered = Gathered { contact, ..Gathered::default() };
    for (frame, masks) in input {
        gathered.pts_nanos.push(frame.pts);
        for mask in &masks.masks {
            gathered.note(frame.seq, mask)?;
        }
        (news.frames, news.reached) = (frame.seq + 1, frame.pts);
        if let Some(contact) = &mut gathered.contact {
            contact.look(frame, &masks)?;
        }
        link.tell(news);
    }
    Ok(gathered)
}

impl Gathered {
    fn note(&mut self, seq: u64, mask: &Mask) -> Result<(), EngineError> {
        let (MaskArea::Ellipse(ellipse) | MaskArea::Rectangle(ellipse)) = mask.area else {
            match self.whole_frames.last_mut() {
                Some(run) if run.to_frame == seq => {}
                Some(run) if run.to_frame + 1 == seq => run.to_frame = seq,
                _ => self.whole_frames.push(WholeFrames { from_frame: seq, to_frame: seq }),
            }
            return Ok(());
        };
        self.boxes += 1;
        if self.boxes > MAX_BOXES {
            return Err(EngineError::TooManyBoxes { limit: MAX_BOXES });
        }
        let place = TrackBox { frame: seq, ellipse, source: mask.source, score: mask.score };
        self.tracks.entry(mask.track).or_default().push(place);
        Ok(())
    }

    /// One entry a track, none of them assigned to anybody.
    pub(in crate::pipeline) fn take_tracks(&mut self) -> Vec<TrackEntry> {
        let tracks = std::mem::take(&mut self.tracks).into_iter();
        tracks.map(|(id, boxes)| TrackEntry { id, kind: id.kind(), subject: None, boxes }).collect()
    }
}
