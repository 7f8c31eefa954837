//! Reading the finished file back against the allow-list: boxes, tracks, and the units inside the picture's samples.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::boxes::{self, child, children, four};
use super::clean;
use super::error::MediaError;
use super::{index_mp4, nal};

/// No encoded picture of at most 8192 x 8192 is larger.
const MAX_SAMPLE_BYTES: u64 = 128 << 20;

/// What a finished file holds, as found in the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FinishedStreams {
    /// Picture tracks.
    pub picture_tracks: u32,
    /// Sound tracks.
    pub sound_tracks: u32,
}

/// Checks a finished MP4 file: known boxes only, exactly one picture track, at most one sound track, nothing else.
///
/// # Errors
/// [`MediaError::NotAllowed`] naming what does not belong.
pub fn check_container(file: &File) -> Result<FinishedStreams, MediaError> {
    let io = |e: std::io::Error| MediaError::NotAllowed(format!("it cannot be read back: {}", e.kind()));
    let length = file.metadata().map_err(io)?.len();
    let top = boxes::top_level(file, length).map_err(io)?;
    for found in &top {
        let known = matches!(&found.kind, b"ftyp" | b"free" | b"mdat" | b"moov");
        let idle = &found.kind != b"free" || found.length == 8;
        if !known || !idle || found.is_cut(length) {
            let kind = String::from_utf8_lossy(&found.kind).into_owned();
            return Err(MediaError::NotAllowed(format!("a box `{kind}` that does not belong there")));
        }
    }
    let moov = top.iter().filter(|b| &b.kind == b"moov").collect::<Vec<_>>();
    let [moov] = moov.as_slice() else {
        return Err(MediaError::NotAllowed("it has not exactly one index".to_owned()));
    };
    let body = moov.read_body(file).map_err(io)?;
    clean::check_index(&body)?;
    check_units(file, &body)?;
    count_tracks(&body)
}

/// Every sample of an H.264 track holds units that a decoder needs, and none that could carry text.
fn check_units(file: &File, moov: &[u8]) -> Result<(), MediaError> {
    let tables = children(moov)
        .filter(|b| &b.kind == b"trak")
        .filter_map(|track| boxes::descend(track.body, &[b"mdia", b"minf", b"stbl"]));
    let is_h264 = |stbl: &&[u8]| {
        child(stbl, b"stsd").and_then(|stsd| four(stsd, 12)).is_some_and(|kind| &kind == b"avc1")
    };
    for (offset, length) in tables.filter(is_h264).flat_map(index_mp4::sample_places) {
        let mut sample = vec![0; usize::try_from(length.min(MAX_SAMPLE_BYTES)).unwrap_or(0)];
        let read = file.read_exact_at(&mut sample, offset).is_ok();
        if !read || !nal::is_clean(&sample) {
            return Err(MediaError::NotAllowed(
                "a picture with units that a decoder does not need".to_owned(),
            ));
        }
    }
    Ok(())
}

fn count_tracks(moov: &[u8]) -> Result<FinishedStreams, MediaError> {
    let mut streams = FinishedStreams { picture_tracks: 0, sound_tracks: 0 };
    for track in children(moov).filter(|b| &b.kind == b"trak") {
        let handler =
            child(track.body, b"mdia").and_then(|mdia| child(mdia, b"hdlr")).and_then(|h| four(h, 8));
        match handler.as_ref() {
            Some(b"vide") => streams.picture_tracks += 1,
            Some(b"soun") => streams.sound_tracks += 1,
            _ => return Err(MediaError::NotAllowed("a track that is neither picture nor sound".to_owned())),
        }
    }
    if streams.picture_tracks != 1 || streams.sound_tracks > 1 {
        return Err(MediaError::NotAllowed(format!(
            "{} picture and {} sound tracks instead of one and at most one",
            streams.picture_tracks, streams.sound_tracks
        )));
    }
    Ok(streams)
}
