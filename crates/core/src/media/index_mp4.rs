//! What the index of an MP4 or MOV file promises: tracks, sample counts, times, and whether the file keeps the promise.

use std::fs::File;

use super::boxes::{self, be_u32, be_u64, child, children, descend, four, header_duration, header_timescale};
use super::error::MediaError;
use super::index::{CutOff, InputIndex};
use super::index_edit::{Edits, Timescales};
use crate::model::{DurationNanos, PtsNanos};

/// One track of the index.
#[derive(Debug)]
struct Track<'a> {
    handler: [u8; 4],
    timescale: u32,
    /// In units of the time scale; 0 where it is not known.
    length: u64,
    edits: Edits,
    stbl: &'a [u8],
}

/// Reads the index of an MP4 or MOV file.
///
/// # Errors
/// [`MediaError::Unusable`] where there is no index, or where it points into other files.
pub(super) fn read(file: &File, file_length: u64) -> Result<InputIndex, MediaError> {
    let unreadable = |e: std::io::Error| MediaError::Unusable(format!("the index cannot be read: {e}"));
    let top = boxes::top_level(file, file_length).map_err(unreadable)?;
    let Some(moov_box) = top.iter().find(|b| &b.kind == b"moov") else {
        return Err(MediaError::Unusable(
            "its index (moov) is missing: the camera or the copy stopped before the file was complete, so that no \
             picture can be read; try the original card, or a repair tool with a healthy file of the same camera"
                .to_owned(),
        ));
    };
    if moov_box.is_cut(file_length) {
        return Err(MediaError::Unusable(
            "its index (moov) is cut off: the copy is incomplete, so that no picture can be read; copy it again"
                .to_owned(),
        ));
    }
    let moov = moov_box.read_body(file).map_err(unreadable)?;
    let tracks: Vec<Track<'_>> =
        children(&moov).filter(|b| &b.kind == b"trak").filter_map(|b| track(b.body)).collect();
    if children(&moov).filter(|b| &b.kind == b"trak").any(|b| points_elsewhere(b.body)) {
        return Err(MediaError::Unusable(
            "its index points into other files; export it as one file".to_owned(),
        ));
    }
    let fragmented = child(&moov, b"mvex").is_some();
    let duration = movie_duration(&moov);
    let length = duration.filter(|_| !fragmented);
    let pictures = || tracks.iter().filter(|t| &t.handler == b"vide");
    let picture = pictures().find(|t| !t.is_preview(length));
    if picture.is_none() && pictures().next().is_some() {
        return Err(MediaError::Unusable(
            "its picture lasts less than a fifth as long as the whole, its sound for example; cut it to the length of the picture"
                .to_owned(),
        ));
    }
    let mut index = InputIndex {
        timescale: picture.map(|t| t.timescale).filter(|t| *t > 0),
        duration,
        full_range: picture.is_some_and(|t| says_full_range(t.stbl)),
        picture_samples: None,
        cut: None,
        other_streams: dropped(&tracks, &moov),
    };
    if let Some(picture) = picture.filter(|_| !fragmented) {
        let end = end_of_intact_samples(picture, file_length);
        index.cut = end.cut_at.map(|at| CutOff { picture_ends: Some(at) });
        let movie = child(&moov, b"mvhd").and_then(header_timescale).unwrap_or(0);
        let scales = Timescales { movie, track: picture.timescale };
        index.picture_samples = picture.edits.shown(picture.stbl, end.samples, scales);
    }
    if index.cut.is_none() && top.iter().any(|b| b.is_cut(file_length)) {
        index.cut = Some(CutOff { picture_ends: None });
    }
    Ok(index)
}

impl Track<'_> {
    /// The demultiplexer passes over tracks that last less than a fifth of the whole: it takes them for previews
    /// (`qtdemux.c` of `GStreamer` 1.22, whole numbers as here).
    fn is_preview(&self, whole: Option<DurationNanos>) -> bool {
        let own = scale_to_nanos(self.length, self.timescale).filter(|own| own.0 > 0);
        own.zip(whole).is_some_and(|(own, whole)| u128::from(own.0) * 10 / u128::from(whole.0) < 2)
    }
}

fn track(trak: &[u8]) -> Option<Track<'_>> {
    let mdia = child(trak, b"mdia")?;
    let mdhd = child(mdia, b"mdhd")?;
    let timescale = header_timescale(mdhd)?;
    let edits = descend(trak, &[b"edts", b"elst"]).map(Edits::read).unwrap_or_default();
    Some(Track {
        handler: four(child(mdia, b"hdlr")?, 8)?,
        timescale,
        length: header_duration(mdhd).unwrap_or(0),
        edits,
        stbl: descend(mdia, &[b"minf", b"stbl"]).unwrap_or(&[]),
    })
}

/// The flag of the `colr` box (clause 12.1.5), which the demultiplexer does not pass on.
fn says_full_range(stbl: &[u8]) -> bool {
    let entry = child(stbl, b"stsd").and_then(|stsd| children(stsd.get(8..)?).next());
    let colr = entry.and_then(|entry| child(entry.body.get(78..)?, b"colr"));
    colr.is_some_and(|colr| colr.starts_with(b"nclx") && colr.get(10).is_some_and(|flags| flags & 0x80 != 0))
}

/// A data reference that is not "in this file" would make a reader open what the sheet never named.
fn points_elsewhere(trak: &[u8]) -> bool {
    let Some(dref) = descend(trak, &[b"mdia", b"minf", b"dinf", b"dref"]) else { return false };
    children(dref.get(8..).unwrap_or(&[])).any(|entry| {
        let self_contained = entry.body.get(3).is_some_and(|flags| flags & 1 == 1);
        // QuickTime writes `alis` entries that only name the file itself; they carry the same flag.
        !self_contained && matches!(&entry.kind, b"url " | b"urn " | b"alis" | b"rsrc")
    })
}

fn movie_duration(moov: &[u8]) -> Option<DurationNanos> {
    let mvhd = child(moov, b"mvhd")?;
    scale_to_nanos(header_duration(mvhd)?, header_timescale(mvhd)?)
        .map(|nanos| DurationNanos(nanos.0))
        .filter(|d| d.0 > 0)
}

fn scale_to_nanos(units: u64, timescale: u32) -> Option<PtsNanos> {
    let nanos = u128::from(units) * 1_000_000_000 / u128::from(timescale.max(1));
    u64::try_from(nanos).ok().map(PtsNanos)
}

/// Offset and length of every sample of a track, in decode order.
pub(super) fn sample_places(stbl: &[u8]) -> Vec<(u64, u64)> {
    let samples = sample_count(stbl);
    let mut places = Vec::new();
    for (run, start) in chunk_starts(stbl) {
        let mut offset = start;
        for _ in 0..run.samples.min(samples.saturating_sub(places.len() as u64)) {
            let length = sample_size(stbl, places.len() as u64);
            places.push((offset, length));
            offset = offset.saturating_add(length);
        }
    }
    places
}

struct IntactSamples {
    samples: u64,
    cut_at: Option<PtsNanos>,
}

/// Walks the sample table in decode order up to the first sample that reaches behind the end of the file.
fn end_of_intact_samples(track: &Track<'_>, file_length: u64) -> IntactSamples {
    let samples = sample_count(track.stbl);
    let is_cut = |(offset, length): &(u64, u64)| offset.saturating_add(*length) > file_length;
    let first_cut = sample_places(track.stbl).iter().position(is_cut);
    let cut_at =
        first_cut.and_then(|sample| scale_to_nanos(decode_time(track.stbl, sample as u64), track.timescale));
    IntactSamples { samples, cut_at }
}

fn sample_count(stbl: &[u8]) -> u64 {
    child(stbl, b"stsz")
        .or_else(|| child(stbl, b"stz2"))
        .and_then(|table| be_u32(table, 8))
        .map_or(0, u64::from)
}

fn sample_size(stbl: &[u8], index: u64) -> u64 {
    let Some(stsz) = child(stbl, b"stsz") else { return 0 };
    match be_u32(stsz, 4) {
        Some(0) => {
            let at = usize::try_from(index).ok().and_then(|i| i.checked_mul(4)?.checked_add(12));
            at.and_then(|at| be_u32(stsz, at)).map_or(0, u64::from)
        }
        Some(same_for_all) => u64::from(same_for_all),
        None => 0,
    }
}

struct ChunkRun {
    samples: u64,
}

/// Offset of every chunk with the number of samples that it holds.
fn chunk_starts(stbl: &[u8]) -> Vec<(ChunkRun, u64)> {
    let (table, wide) = match (child(stbl, b"stco"), child(stbl, b"co64")) {
        (Some(table), _) => (table, false),
        (None, Some(table)) => (table, true),
        (None, None) => return Vec::new(),
    };
    let stsc = child(stbl, b"stsc").unwrap_or(&[]);
    let mut runs = stsc.get(8..).unwrap_or(&[]).chunks_exact(12).peekable();
    let mut samples = 0;
    let width = if wide { 8 } else { 4 };
    let entries = table.get(8..).unwrap_or(&[]).chunks_exact(width);
    let mut out = Vec::with_capacity(entries.len());
    for (number, entry) in (1u32..).zip(entries) {
        while let Some(run) = runs.next_if(|run| be_u32(run, 0).is_some_and(|first| first <= number)) {
            samples = be_u32(run, 4).map_or(0, u64::from);
        }
        let offset = if wide { be_u64(entry, 0) } else { be_u32(entry, 0).map(u64::from) };
        out.push((ChunkRun { samples }, offset.unwrap_or(u64::MAX)));
    }
    out
}

fn decode_time(stbl: &[u8], sample: u64) -> u64 {
    let (mut left, mut time) = (sample, 0u64);
    let stts = child(stbl, b"stts").unwrap_or(&[]);
    for run in stts.get(8..).unwrap_or(&[]).chunks_exact(8) {
        let (count, delta) = (be_u32(run, 0).map_or(0, u64::from), be_u32(run, 4).map_or(0, u64::from));
        let here = left.min(count);
        time = time.saturating_add(here.saturating_mul(delta));
        left -= here;
        if left == 0 {
            break;
        }
    }
    time
}

/// Kinds of everything beyond the first picture and the first sound track, in plain words.
fn dropped(tracks: &[Track<'_>], moov: &[u8]) -> Vec<&'static str> {
    let (mut pictures, mut sounds, mut out) = (0, 0, Vec::new());
    for track in tracks {
        match &track.handler {
            b"vide" if pictures == 0 => pictures = 1,
            b"vide" => out.push("second picture track"),
            b"soun" if sounds == 0 => sounds = 1,
            b"soun" => out.push("second sound track"),
            b"text" | b"sbtl" | b"subt" | b"clcp" => out.push("text track"),
            b"tmcd" => out.push("timecode track"),
            _ => out.push("data track"),
        }
    }
    if child(moov, b"udta").is_some() || child(moov, b"meta").is_some() {
        out.push("tags");
    }
    out
}
