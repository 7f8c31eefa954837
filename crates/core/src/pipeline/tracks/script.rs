//! Masks from a file of tracks instead of from detectors.

use std::collections::BTreeSet;

use super::file::{TrackBox, TrackEntry, TrackFile, TracksError, WholeFrames};
use crate::model::{
    FrameMasks, FrameSize, Mask, MaskArea, MaskSource, OnUncertain, PtsNanos, TrackId, TrackKind,
};
use crate::pipeline::error::EngineError;
use crate::track::{BesideReport, TrackReport};

const WHOLE_FRAME_TRACK: TrackId = TrackId(0);

/// A file of tracks, and which of them stay clear.
#[derive(Clone, Debug)]
pub struct ChosenTracks<'a> {
    /// What to hide and where.
    pub file: &'a TrackFile,
    /// Tracks whose faces stay visible. Their masks are still drawn where their place is a guess.
    pub clear: BTreeSet<TrackId>,
}

/// Where one track stands while its boxes are walked through.
#[derive(Clone, Copy, Debug)]
struct Cursor<'a> {
    track: &'a TrackEntry,
    is_clear: bool,
    next: usize,
}

/// Gives the masks of one picture after another.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Script<'a> {
    tracks: &'a TrackFile,
    cursors: Vec<Cursor<'a>>,
    on_uncertain: OnUncertain,
    report: TrackReport,
}

impl<'a> Script<'a> {
    /// For pictures of one size.
    ///
    /// # Errors
    /// [`TracksError::OtherSize`], and [`EngineError::Uncertain`] where uncertain spans are left and the plan says to
    /// stop at them.
    pub(in crate::pipeline) fn new(
        chosen: &'a ChosenTracks<'a>,
        size: FrameSize,
        on_uncertain: OnUncertain,
    ) -> Result<Self, EngineError> {
        let tracks = chosen.file;
        if tracks.size_px != (size.width(), size.height()) {
            return Err(TracksError::OtherSize.into());
        }
        let omitted = usize::try_from(tracks.uncertain_omitted).unwrap_or(usize::MAX);
        let spans = tracks.uncertain.len().saturating_add(omitted);
        if on_uncertain == OnUncertain::Stop && spans > 0 {
            let first = tracks.uncertain.first().map_or(PtsNanos(0), |span| span.from);
            return Err(EngineError::Uncertain { spans, first });
        }
        let cursor =
            |track: &'a TrackEntry| Cursor { track, is_clear: chosen.clear.contains(&track.id), next: 0 };
        let count = |kind| tracks.tracks.iter().filter(|track| track.kind == kind).count() as u64;
        let report = TrackReport {
            tracks: count(TrackKind::Face),
            beside: BesideReport {
                people: count(TrackKind::Person),
                lines_of_text: count(TrackKind::Text),
                ..BesideReport::default()
            },
            uncertain: tracks.uncertain.clone(),
            uncertain_omitted: tracks.uncertain_omitted,
            ..TrackReport::default()
        };
        Ok(Self { tracks, cursors: tracks.tracks.iter().map(cursor).collect(), on_uncertain, report })
    }

    /// The masks of the next picture. Pictures come in order, from the first.
    ///
    /// # Errors
    /// [`TracksError::OtherPictures`] where the file says nothing about this picture, or knows it with another time.
    pub(in crate::pipeline) fn masks_of(
        &mut self,
        seq: u64,
        pts: PtsNanos,
        damaged: bool,
    ) -> Result<FrameMasks, EngineError> {
        let known = usize::try_from(seq).ok().and_then(|at| self.tracks.pts_nanos.get(at));
        if known != Some(&pts) {
            return Err(TracksError::OtherPictures { frame: seq }.into());
        }
        let mut masks = Vec::new();
        if damaged || self.is_whole(seq, pts) {
            let (area, source) = (MaskArea::WholeFrame, MaskSource::WholeFrame);
            masks.push(Mask { track: WHOLE_FRAME_TRACK, area, source, score: None });
        }
        let mut seen_faces = Vec::new();
        let uncertain = |track| {
            self.tracks.uncertain.iter().any(|s| s.track == Some(track) && s.from <= pts && pts <= s.to)
        };
        for cursor in &mut self.cursors {
            let Some(place) = cursor.take(seq) else { continue };
            let track = cursor.track.id;
            if cursor.is_clear && is_seen(place.source) && !uncertain(track) {
                seen_faces.push(place.ellipse);
            } else {
                let area = match track.kind() {
                    TrackKind::Face => MaskArea::Ellipse(place.ellipse),
                    TrackKind::Person | TrackKind::Text => MaskArea::Rectangle(place.ellipse),
                };
                masks.push(Mask { track, area, source: place.source, score: place.score });
            }
        }
        let masks = FrameMasks { seen_faces, ..FrameMasks::new(seq, pts, masks) };
        self.report.count(&masks);
        self.report.beside.count(&masks);
        Ok(masks)
    }

    /// Counts over the pictures so far, and the uncertain spans of the file.
    pub(in crate::pipeline) fn report(&self) -> &TrackReport {
        &self.report
    }

    /// Pictures that the file knows.
    pub(in crate::pipeline) fn frames(&self) -> u64 {
        self.tracks.frames()
    }

    fn is_whole(&self, seq: u64, pts: PtsNanos) -> bool {
        let in_run = |run: &WholeFrames| (run.from_frame..=run.to_frame).contains(&seq);
        let blurred = self.on_uncertain == OnUncertain::BlurFrame;
        self.tracks.whole_frames.iter().any(in_run)
            || (blurred && self.tracks.uncertain.iter().any(|span| span.from <= pts && pts <= span.to))
    }
}

/// A place that rests on a detector's answers in this picture or on both sides of it. A held one is a guess, and what
/// stands there may be somebody else.
fn is_seen(source: MaskSource) -> bool {
    matches!(source, MaskSource::Detected | MaskSource::Tracked | MaskSource::Filled)
}

impl<'a> Cursor<'a> {
    /// The track's box in picture `seq`, if it has one.
    fn take(&mut self, seq: u64) -> Option<&'a TrackBox> {
        let place = self.track.boxes.get(self.next).filter(|place| place.frame == seq)?;
        self.next += 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{UncertainReason, UncertainSpan};
    use crate::pipeline::tracks::testing::file_of;

    fn chosen<'a>(file: &'a TrackFile, clear: &[u32]) -> ChosenTracks<'a> {
        ChosenTracks { file, clear: clear.iter().map(|id| TrackId(*id)).collect() }
    }

    fn play(chosen: &ChosenTracks<'_>, on_uncertain: OnUncertain) -> Vec<FrameMasks> {
        let mut script = Script::new(chosen, FrameSize::rounded_up(100, 80), on_uncertain).unwrap();
        (0..chosen.file.frames())
            .map(|n| script.masks_of(n, PtsNanos(n * 40_000_000), false).unwrap())
            .collect()
    }

    fn span(file: &TrackFile, frame: usize) -> UncertainSpan {
        let at = file.pts_nanos[frame];
        UncertainSpan { from: at, to: at, reason: UncertainReason::LongGap, track: Some(TrackId(1)) }
    }

    #[test]
    fn a_clear_track_is_hidden_where_its_place_is_a_guess() {
        let mut file = file_of(5);
        file.tracks[0].boxes[1].source = MaskSource::Held;
        file.uncertain.push(span(&file, 3));
        let hidden: Vec<usize> = play(&chosen(&file, &[1]), OnUncertain::Widen)
            .iter()
            .map(|frame| {
                assert_eq!(frame.masks.len() + frame.seen_faces.len(), 1);
                frame.masks.len()
            })
            .collect();
        assert_eq!(hidden, [0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_track_that_nobody_chose_is_hidden_throughout() {
        let frames = play(&chosen(&file_of(3), &[7]), OnUncertain::Widen);
        assert!(frames.iter().all(|frame| frame.masks.len() == 1 && frame.seen_faces.is_empty()));
    }

    #[test]
    fn uncertain_spans_hide_whole_pictures_or_stop_where_the_plan_says_so() {
        let mut file = file_of(3);
        file.uncertain.push(span(&file, 1));
        let chosen = chosen(&file, &[]);
        let frames = play(&chosen, OnUncertain::BlurFrame);
        assert_eq!(frames.iter().map(FrameMasks::hide_all).collect::<Vec<_>>(), [false, true, false]);
        let stopped = Script::new(&chosen, FrameSize::rounded_up(100, 80), OnUncertain::Stop).unwrap_err();
        assert!(matches!(stopped, EngineError::Uncertain { spans: 1, .. }));
    }

    #[test]
    fn other_pictures_than_those_of_the_analysis_are_refused() {
        let file = file_of(2);
        let chosen = chosen(&file, &[]);
        assert!(Script::new(&chosen, FrameSize::rounded_up(100, 82), OnUncertain::Widen).is_err());
        let mut script = Script::new(&chosen, FrameSize::rounded_up(100, 80), OnUncertain::Widen).unwrap();
        assert!(script.masks_of(0, PtsNanos(1), false).is_err(), "another time");
        assert!(script.masks_of(2, PtsNanos(80_000_000), false).is_err(), "one picture more");
    }
}
