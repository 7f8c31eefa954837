//! Edit lists of MP4 and MOV files, and which pictures of a track they show: whoever trims a film without encoding it anew
//! leaves the others in the file, and no player shows them.

use super::boxes::{be_u32, be_u64, child};

/// Rounding of an edit's length, in units of the movie's time scale: never is a picture promised that may be left out.
const ROUNDING_UNITS: u64 = 2;

/// Samples that are counted at most: twelve days at 60 a second.
const MOST_SAMPLES: u64 = 1 << 26;

/// The edits of a track that show something, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits(Vec<Edit>);

/// A part of a track that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    /// In units of the movie's time scale; 0 is "to the end".
    duration: u64,
    /// In units of the track's own time scale.
    media_time: u64,
}

impl Edits {
    /// Most that are read: more are no film that somebody cut by hand.
    const MOST: usize = 10_000;

    /// Those of an edit list box (ISO/IEC 14496-12, clause 8.6.6) but for those that only wait.
    pub(super) fn read(elst: &[u8]) -> Self {
        let wide = elst.first() == Some(&1);
        let count = be_u32(elst, 4).map_or(0, |count| count as usize).min(Self::MOST);
        let edit = |number: usize| {
            let at = 8 + number * if wide { 20 } else { 12 };
            let (duration, media_time) = if wide {
                (be_u64(elst, at)?, be_u64(elst, at + 8)?.cast_signed())
            } else {
                (u64::from(be_u32(elst, at)?), i64::from(be_u32(elst, at + 4)?.cast_signed()))
            };
            Some(Edit { duration, media_time: u64::try_from(media_time).ok()? })
        };
        Self((0..count).filter_map(edit).collect())
    }

    /// Media time of the first one, in units of the track's own time scale.
    pub(super) fn start(&self) -> Option<u64> {
        self.0.first().map(|edit| edit.media_time)
    }

    /// Samples of a track of `samples` that are shown for certain: all without an edit, those that lie wholly in it where
    /// there is one. `None` where there are more: what is shown twice is not counted here.
    pub(super) fn shown(&self, stbl: &[u8], samples: u64, scales: Timescales) -> Option<u64> {
        match self.0.as_slice() {
            [] => Some(samples),
            // All of them are promised, and not one is counted: no recording has as many.
            [_] if samples > MOST_SAMPLES => Some(samples),
            [edit] => Some(edit.shown(stbl, samples, scales)),
            _ => None,
        }
    }
}

/// Units a second of a movie and of one of its tracks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timescales {
    pub(super) movie: u32,
    pub(super) track: u32,
}

impl Edit {
    fn shown(self, stbl: &[u8], samples: u64, scales: Timescales) -> u64 {
        let in_track =
            |units: u64| u128::from(units) * u128::from(scales.track) / u128::from(scales.movie.max(1));
        let slack = in_track(ROUNDING_UNITS) + 1;
        let start = u128::from(self.media_time);
        let end = match self.duration {
            0 => u128::MAX,
            units => start + in_track(units) + slack,
        };
        let mut offsets = Runs::of(child(stbl, b"ctts"));
        let mut steps = Runs::of(child(stbl, b"stts"));
        let (mut decoded_at, mut shown) = (0u128, 0);
        for _ in 0..samples {
            let step = u128::from(steps.next().unwrap_or(0));
            // Version 1 has negative ones as well.
            let offset = i128::from(offsets.next().unwrap_or(0).cast_signed());
            let at = decoded_at.saturating_add_signed(offset);
            shown += u64::from(at + slack >= start && at + step <= end);
            decoded_at += step;
        }
        shown
    }
}

/// A table of runs: so many samples, and a value that they share.
struct Runs<'a> {
    rest: &'a [u8],
    left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn of(table: Option<&'a [u8]>) -> Self {
        Self { rest: table.and_then(|table| table.get(8..)).unwrap_or(&[]), left: 0, value: 0 }
    }
}

impl Iterator for Runs<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        while self.left == 0 {
            (self.left, self.value) = (be_u32(self.rest, 0)?, be_u32(self.rest, 4)?);
            self.rest = self.rest.get(8..)?;
        }
        self.left -= 1;
        Some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full_box(kind: [u8; 4], entries: &[&[u32]]) -> Vec<u8> {
        let count = u32::try_from(entries.len()).unwrap();
        let body: Vec<u8> =
            entries.iter().flat_map(|entry| entry.iter()).flat_map(|n| n.to_be_bytes()).collect();
        let length = u32::try_from(16 + body.len()).unwrap();
        [&length.to_be_bytes()[..], &kind, &[0; 4], &count.to_be_bytes(), &body].concat()
    }

    /// Samples shown of 50 of 512 units each, all of them two steps late, of a second of 12,800 units.
    fn shown(edits: &[[u32; 3]]) -> Option<u64> {
        let stbl =
            [full_box(*b"stts", &[&[50, 512]]), full_box(*b"ctts", &[&[20, 1024], &[30, 1024]])].concat();
        let entries: Vec<&[u32]> = edits.iter().map(<[u32; 3]>::as_slice).collect();
        let elst = full_box(*b"elst", &entries);
        Edits::read(&elst[8..]).shown(&stbl, 50, Timescales { movie: 1000, track: 12_800 })
    }

    #[test]
    fn what_an_edit_leaves_out_is_not_promised() {
        const RATE: u32 = 0x0001_0000;
        assert_eq!(shown(&[]), Some(50));
        assert_eq!(shown(&[[2000, 1024, RATE]]), Some(50), "all of it, in the usual words");
        assert_eq!(shown(&[[500, u32::MAX, RATE], [2000, 1024, RATE]]), Some(50), "all of it, later");
        assert_eq!(shown(&[[1120, 1024 + 22 * 512, RATE]]), Some(28), "without its beginning");
        assert_eq!(shown(&[[1000, 1024, RATE]]), Some(25), "without its end");
        assert_eq!(shown(&[[0, 1024 + 10 * 512, RATE]]), Some(40), "to the end");
        assert_eq!(shown(&[[1000, 1024, RATE], [1000, 1024, RATE]]), None, "one part twice");
    }

    #[test]
    fn tables_that_end_early_are_no_more_than_short() {
        assert_eq!(Edits::read(&[0, 0, 0, 0, 0, 0, 0, 9, 1]), Edits::default());
        let edit = Edits(vec![Edit { duration: 0, media_time: 0 }]);
        let absurd = u64::from(u32::MAX);
        assert_eq!(edit.shown(&[], absurd, Timescales { movie: 1, track: 1 }), Some(absurd));
        assert_eq!(edit.shown(&[], 3, Timescales { movie: 0, track: 0 }), Some(3));
    }
}
