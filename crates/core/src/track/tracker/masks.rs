//! The masks of a frame that leaves the tracker.

use crate::model::{FrameMasks, FrameSize, Mask, MaskArea, MaskSource, OnUncertain, TrackId};
use crate::track::life::{FRAME_TRACK, Placed};
use crate::track::settings::TrackSettings;

use super::{Tracker, Waiting};

impl Tracker {
    /// See the file comment; to be called for each frame in order.
    pub(super) fn masks_of(&mut self, frame: &Waiting) -> FrameMasks {
        let mut masks = Vec::new();
        if frame.hide.is_some() {
            masks.push(whole_frame(FRAME_TRACK));
        }
        let now = frame.moment();
        let pairs = self.past.pairs(now, self.window.iter().map(Waiting::moment));
        self.past.push(now);
        for track in &mut self.tracks {
            let placed = track.place((now, &frame.moved, &pairs), &self.settings, self.frame);
            let placed = placed.filter(|p| reaches_into(p, &self.settings, self.frame));
            let doubt = placed.filter(|p| p.away_nanos > self.settings.uncertain_after.0).map(|p| p.doubt);
            if let Some(span) = track.spans.step(frame.pts, doubt) {
                self.report.note(span);
            }
            let Some(placed) = placed else { continue };
            masks.push(if doubt.is_some() && self.settings.on_uncertain == OnUncertain::BlurFrame {
                whole_frame(track.id)
            } else {
                let ellipse = placed.face.scaled(self.settings.margin_factor());
                Mask {
                    track: track.id,
                    area: MaskArea::Ellipse(ellipse),
                    source: placed.source,
                    score: placed.score,
                }
            });
        }
        if let Some(span) = self.frame_spans.step(frame.pts, frame.hide) {
            self.report.note(span);
        }
        FrameMasks::new(frame.seq, frame.pts, masks)
    }
}

fn whole_frame(track: TrackId) -> Mask {
    Mask { track, area: MaskArea::WholeFrame, source: MaskSource::WholeFrame, score: None }
}

/// Some of the mask lies inside the picture.
fn reaches_into(placed: &Placed, settings: &TrackSettings, frame: FrameSize) -> bool {
    let bbox_px = placed.face.scaled(settings.margin_factor()).bounding_box();
    bbox_px.x1 > 0.0
        && bbox_px.y1 > 0.0
        && bbox_px.x0 < frame.width() as f32
        && bbox_px.y0 < frame.height() as f32
}
