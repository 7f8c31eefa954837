//! Edit lists of the finished file: they put each track at its time, and leave out the encoder's priming and padding.

use super::boxes::{self, be_u32, child, children, four};
use super::clean::{Placement, SoundPlacement, push_box};
use super::error::MediaError;
use super::index_edit::Edits;
use crate::model::PtsNanos;

/// Samples that the AAC encoder puts in front of the first real one (one frame of 1024: measured with an impulse at
/// 16, 44.1 and 48 kHz). Players skip what the edit list leaves out.
const AAC_PRIMING_FRAMES: i64 = 1024;

/// The one edit that a track needs: nothing until `start`, then the media from `media_time` on.
#[derive(Clone, Copy)]
struct TrackEdit {
    /// In units of the movie's time scale.
    start: u64,
    /// In units of the movie's time scale.
    duration: u64,
    /// In units of the track's own time scale.
    media_time: i64,
}

/// The index with new edit lists, and with the durations that follow from them.
pub(super) fn place_tracks(moov: &[u8], placement: Placement) -> Result<Vec<u8>, MediaError> {
    let timescale = child(moov, b"mvhd")
        .and_then(boxes::header_timescale)
        .filter(|timescale| *timescale > 0)
        .ok_or_else(odd)?;
    let (mut tracks, mut longest) = (Vec::new(), 0);
    for trak in children(moov).filter(|b| &b.kind == b"trak") {
        let edit = edit_for(trak.body, placement, timescale)?;
        longest = longest.max(edit.end());
        let is_picture = handler(trak.body) == Some(*b"vide");
        let body =
            if is_picture { with_last_picture(trak.body, edit, timescale)? } else { trak.body.to_vec() };
        push_box(&mut tracks, *b"trak", &placed(&body, edit)?);
    }
    let mut out = Vec::with_capacity(moov.len() + 128);
    for other in children(moov).filter(|b| &b.kind != b"trak") {
        match &other.kind {
            b"mvhd" => push_box(&mut out, other.kind, &with_duration(other.body, [16, 24], longest)?),
            _ => push_box(&mut out, other.kind, other.body),
        }
    }
    out.extend(tracks);
    Ok(out)
}

fn odd() -> MediaError {
    MediaError::Output("the muxer wrote an index of an unknown form".to_owned())
}

impl TrackEdit {
    fn end(self) -> u64 {
        self.start.saturating_add(self.duration)
    }

    /// An edit list box of version 1 (ISO/IEC 14496-12, clause 8.6.6).
    fn to_elst(self) -> Vec<u8> {
        let delay = (self.start > 0).then_some((self.start, -1i64));
        let edits: Vec<_> = delay.into_iter().chain([(self.duration, self.media_time)]).collect();
        let mut out = vec![1, 0, 0, 0];
        out.extend(u32::try_from(edits.len()).unwrap_or(0).to_be_bytes());
        for (duration, media_time) in edits {
            out.extend(duration.to_be_bytes());
            out.extend(media_time.to_be_bytes());
            out.extend(0x0001_0000u32.to_be_bytes());
        }
        out
    }
}

fn edit_for(trak: &[u8], placement: Placement, timescale: u32) -> Result<TrackEdit, MediaError> {
    let written = boxes::descend(trak, &[b"edts", b"elst"]).and_then(shown_from).ok_or_else(odd)?;
    let is_sound = handler(trak) == Some(*b"soun");
    match placement.sound.filter(|_| is_sound) {
        Some(sound) => Ok(TrackEdit {
            start: movie_units(sound.start, timescale),
            duration: sound.movie_units(timescale),
            media_time: written + AAC_PRIMING_FRAMES,
        }),
        None if is_sound => Err(odd()),
        None => {
            let start = movie_units(placement.picture_start, timescale);
            let end = movie_units(placement.picture_end, timescale);
            Ok(TrackEdit { start, duration: end.saturating_sub(start), media_time: written })
        }
    }
}

fn handler(trak: &[u8]) -> Option<[u8; 4]> {
    boxes::descend(trak, &[b"mdia", b"hdlr"]).and_then(|hdlr| four(hdlr, 8))
}

/// The muxer guesses how long the last picture is shown; its entry in the time table and the media's duration are set
/// to what the input says.
fn with_last_picture(trak: &[u8], edit: TrackEdit, movie_timescale: u32) -> Result<Vec<u8>, MediaError> {
    let mdhd = boxes::descend(trak, &[b"mdia", b"mdhd"]).ok_or_else(odd)?;
    let timescale = boxes::header_timescale(mdhd).ok_or_else(odd)?;
    let written = boxes::header_duration(mdhd).ok_or_else(odd)?;
    let exact = u128::from(edit.duration) * u128::from(timescale);
    let exact = u64::try_from((exact + u128::from(movie_timescale / 2)) / u128::from(movie_timescale));
    let exact = exact.map_err(|_e| odd())?;
    let stts = boxes::descend(trak, &[b"mdia", b"minf", b"stbl", b"stts"]).ok_or_else(odd)?;
    let Some(stts) = with_last_delta(stts, exact.cast_signed() - written.cast_signed()) else {
        return Ok(trak.to_vec());
    };
    let mdhd = with_duration(mdhd, [16, 24], exact)?;
    let trak = replaced(trak, &[*b"mdia", *b"minf", *b"stbl", *b"stts"], &stts);
    Ok(replaced(&trak, &[*b"mdia", *b"mdhd"], &mdhd))
}

/// The time table (clause 8.6.1.2) with the last sample shown longer or shorter; none where that cannot be.
fn with_last_delta(stts: &[u8], difference: i64) -> Option<Vec<u8>> {
    let (head, last) = stts.split_at_checked(stts.len().checked_sub(8)?)?;
    let (entries, count, delta) = (be_u32(head, 4)?, be_u32(last, 0)?, be_u32(last, 4)?);
    let new_delta = u32::try_from(i64::from(delta).checked_add(difference)?).ok().filter(|d| *d > 0)?;
    let rest = (count > 1).then(|| [count - 1, delta]);
    let mut out = head.to_vec();
    let entries = entries.checked_add(u32::from(rest.is_some()))?;
    out.get_mut(4..8)?.copy_from_slice(&entries.to_be_bytes());
    out.extend(rest.into_iter().flatten().chain([1, new_delta]).flat_map(u32::to_be_bytes));
    Some(out)
}

/// The boxes of `body` with the one at the end of `path` holding `content` instead.
fn replaced(body: &[u8], path: &[[u8; 4]], content: &[u8]) -> Vec<u8> {
    let Some((first, deeper)) = path.split_first() else { return content.to_vec() };
    let mut out = Vec::with_capacity(body.len() + 16);
    for inner in children(body) {
        if inner.kind == *first {
            push_box(&mut out, inner.kind, &replaced(inner.body, deeper, content));
        } else {
            push_box(&mut out, inner.kind, inner.body);
        }
    }
    out
}

impl SoundPlacement {
    fn movie_units(self, timescale: u32) -> u64 {
        let units = u128::from(self.frames) * u128::from(timescale);
        u64::try_from(units.div_ceil(u128::from(self.rate_hz.max(1)))).unwrap_or(u64::MAX)
    }
}

fn movie_units(pts: PtsNanos, timescale: u32) -> u64 {
    let units = (u128::from(pts.0) * u128::from(timescale) + 500_000_000) / 1_000_000_000;
    u64::try_from(units).unwrap_or(u64::MAX)
}

/// Media time of the first edit that shows media, as the muxer wrote it.
fn shown_from(elst: &[u8]) -> Option<i64> {
    Edits::read(elst).start().and_then(|start| i64::try_from(start).ok())
}

fn placed(trak: &[u8], edit: TrackEdit) -> Result<Vec<u8>, MediaError> {
    let mut out = Vec::with_capacity(trak.len() + 64);
    for inner in children(trak) {
        match &inner.kind {
            b"tkhd" => push_box(&mut out, inner.kind, &with_duration(inner.body, [20, 28], edit.end())?),
            b"edts" => {
                let mut edts = Vec::new();
                push_box(&mut edts, *b"elst", &edit.to_elst());
                push_box(&mut out, inner.kind, &edts);
            }
            _ => push_box(&mut out, inner.kind, inner.body),
        }
    }
    Ok(out)
}

/// Writes a duration into a header whose field lies at one place in version 0 and at another, wider, in version 1.
fn with_duration(header: &[u8], at: [usize; 2], duration: u64) -> Result<Vec<u8>, MediaError> {
    let mut out = header.to_vec();
    let [narrow, wide] = at;
    let (place, bytes) = if header.first() == Some(&1) {
        (wide, duration.to_be_bytes().to_vec())
    } else {
        let short = u32::try_from(duration).map_err(|_e| odd())?;
        (narrow, short.to_be_bytes().to_vec())
    };
    out.get_mut(place..place + bytes.len()).ok_or_else(odd)?.copy_from_slice(&bytes);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::boxes::be_u64;
    use super::*;

    #[test]
    fn the_last_sample_gets_an_entry_of_its_own() {
        let stts = [0u32, 1, 5, 40].map(u32::to_be_bytes).concat();
        let longer = with_last_delta(&stts, 18).unwrap();
        assert_eq!(longer, [0u32, 2, 4, 40, 1, 58].map(u32::to_be_bytes).concat());
        assert_eq!(with_last_delta(&stts, -40), None, "a sample is shown for some time");
    }

    #[test]
    fn a_late_track_begins_with_an_empty_edit() {
        let elst = TrackEdit { start: 7, duration: 9, media_time: 1024 }.to_elst();
        assert_eq!((be_u32(&elst, 4), be_u64(&elst, 8), shown_from(&elst)), (Some(2), Some(7), Some(1024)));
    }
}
