//! Rebuilding the index of the finished MP4 file from an allow-list: what is not named here does not survive.
//!
//! The muxer writes creation times, handler names, compressor names and tag boxes of its own. The index stands behind
//! the media data, so a smaller one takes its place without moving a single sample.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::boxes::{self, MediaBox, children};
use super::edits;
use super::error::MediaError;
use crate::model::PtsNanos;

/// Boxes deeper than this do not occur in a plain MP4 file.
const MAX_DEPTH: usize = 8;

/// Where the streams belong in time. The muxer moves the earliest one to zero; the edit lists put both back.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    /// Presentation time of the first picture.
    pub picture_start: PtsNanos,
    /// When the last picture is no longer shown.
    pub picture_end: PtsNanos,
    /// The sound, where there is any.
    pub sound: Option<SoundPlacement>,
}

/// The sound's place and its true length, without the encoder's priming and padding.
#[derive(Clone, Copy, Debug)]
pub struct SoundPlacement {
    /// Presentation time of the first sample.
    pub start: PtsNanos,
    /// Sample frames that were handed to the encoder.
    pub frames: u64,
    /// Frames per second.
    pub rate_hz: u32,
}

/// Replaces the index of a finished file by one that holds allowed boxes only, and cuts off what stands behind it.
///
/// # Errors
/// [`MediaError::Output`] where the file is not what the muxer should have written.
pub fn rebuild_index(file: &File, placement: Placement) -> Result<(), MediaError> {
    let io = |e: std::io::Error| MediaError::Output(format!("the index cannot be rewritten: {}", e.kind()));
    let length = file.metadata().map_err(io)?.len();
    let top = boxes::top_level(file, length).map_err(io)?;
    let moov = top
        .iter()
        .find(|b| &b.kind == b"moov")
        .ok_or_else(|| MediaError::Output("the muxer wrote no index".to_owned()))?;
    if top.iter().any(|b| &b.kind == b"mdat" && b.offset > moov.offset) {
        return Err(MediaError::Output("the muxer wrote media data behind the index".to_owned()));
    }
    let body = edits::place_tracks(&moov.read_body(file).map_err(io)?, placement)?;
    let mut clean = Vec::with_capacity(body.len());
    push_box(&mut clean, *b"moov", &kept_children(&body, *b"moov", 0)?);
    file.write_all_at(&clean, moov.offset).map_err(io)?;
    file.set_len(moov.offset + clean.len() as u64).map_err(io)
}

/// What the index of the finished file must look like: the same function applied again changes nothing.
///
/// # Errors
/// [`MediaError::NotAllowed`] naming what does not belong.
pub(super) fn check_index(moov_body: &[u8]) -> Result<(), MediaError> {
    let clean = kept_children(moov_body, *b"moov", 0)?;
    if clean != moov_body {
        return Err(MediaError::NotAllowed("its index holds more than the allow-list names".to_owned()));
    }
    Ok(())
}

/// Children that a container box may keep, in the words of ISO/IEC 14496-12 and 14496-14.
fn allowed(parent: [u8; 4]) -> &'static [&'static [u8; 4]] {
    match &parent {
        b"moov" => &[b"mvhd", b"trak"],
        b"trak" => &[b"tkhd", b"edts", b"mdia"],
        b"edts" => &[b"elst"],
        b"mdia" => &[b"mdhd", b"hdlr", b"minf"],
        b"minf" => &[b"vmhd", b"smhd", b"dinf", b"stbl"],
        b"dinf" => &[b"dref"],
        b"stbl" => &[b"stsd", b"stts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"ctts"],
        b"avc1" | b"vp09" => &[b"avcC", b"vpcC", b"colr", b"pasp"],
        b"mp4a" => &[b"esds"],
        _ => &[],
    }
}

fn kept_children(body: &[u8], parent: [u8; 4], depth: usize) -> Result<Vec<u8>, MediaError> {
    if depth > MAX_DEPTH {
        return Err(MediaError::NotAllowed("its index is nested too deeply".to_owned()));
    }
    let mut out = Vec::with_capacity(body.len());
    for inner in children(body).filter(|b| allowed(parent).contains(&&b.kind)) {
        push_box(&mut out, inner.kind, &rewritten(inner, depth)?);
    }
    Ok(out)
}

fn rewritten(inner: MediaBox<'_>, depth: usize) -> Result<Vec<u8>, MediaError> {
    let body = inner.body;
    match &inner.kind {
        b"mvhd" | b"mdhd" | b"tkhd" => Ok(without_times(body)),
        b"hdlr" => Ok(plain_handler(body)),
        b"stsd" => sample_descriptions(body, depth),
        // One entry that says "in this very file", whatever stood there.
        b"dref" => {
            Ok([0u32, 1, 12].map(u32::to_be_bytes).concat().into_iter().chain(*b"url \0\0\0\x01").collect())
        }
        b"trak" | b"edts" | b"mdia" | b"minf" | b"dinf" | b"stbl" => {
            kept_children(body, inner.kind, depth + 1)
        }
        _ => Ok(body.to_vec()),
    }
}

/// Creation and modification time become zero ("not set"); the width of the fields follows from the version.
fn without_times(body: &[u8]) -> Vec<u8> {
    let times = if body.first() == Some(&1) { 4..20 } else { 4..12 };
    blank(body, times)
}

fn blank(body: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
    let mut out = body.to_vec();
    if let Some(part) = out.get_mut(range) {
        part.fill(0);
    }
    out
}

/// The handler with its type and an empty name.
fn plain_handler(body: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 8];
    out.extend_from_slice(body.get(8..12).unwrap_or(&[0; 4]));
    out.extend_from_slice(&[0; 13]);
    out
}

/// The sample entries without the compressor's name, with the allowed boxes behind their fixed part.
fn sample_descriptions(body: &[u8], depth: usize) -> Result<Vec<u8>, MediaError> {
    let mut out = body.get(..8).unwrap_or(&[]).to_vec();
    for entry in children(body.get(8..).unwrap_or(&[])) {
        let (fixed_len, is_picture) = match &entry.kind {
            b"avc1" | b"vp09" => (78, true),
            b"mp4a" => (28, false),
            _ => return Err(MediaError::NotAllowed("a sample description of an unknown kind".to_owned())),
        };
        let Some((fixed, boxes)) = entry.body.split_at_checked(fixed_len) else {
            return Err(MediaError::NotAllowed("a sample description that is too short".to_owned()));
        };
        let mut kept = if is_picture { blank(fixed, 42..74) } else { fixed.to_vec() };
        kept.extend(kept_children(boxes, entry.kind, depth + 1)?);
        push_box(&mut out, entry.kind, &kept);
    }
    Ok(out)
}

pub(super) fn push_box(out: &mut Vec<u8>, kind: [u8; 4], body: &[u8]) {
    // An index is bounded to 256 MiB when it is read, far below what four length bytes can say.
    let length = u32::try_from(body.len() + 8).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&kind);
    out.extend_from_slice(body);
}
