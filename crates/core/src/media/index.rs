//! Which container a file is, and what its own index promises, read without decoding anything.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::address::LiveKind;
use super::error::MediaError;
use super::time_line::TimeLine;
use super::{index_mp4, index_other};
use crate::model::{DurationNanos, PtsNanos};

/// The containers that are read. Each has exactly one demultiplexer: nothing is chosen by file name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// MP4, MOV, M4V, 3GP.
    Mp4,
    /// Matroska and `WebM`.
    Matroska,
    /// RIFF AVI.
    Avi,
    /// MPEG transport stream (also with the 4-byte prefix of camcorders).
    MpegTs,
    /// None: a live source.
    Live(LiveKind),
}

impl Container {
    /// The name that a receipt uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Matroska => "matroska",
            Self::Avi => "avi",
            Self::MpegTs => "mpeg-ts",
            Self::Live(kind) => kind.as_str(),
        }
    }

    /// The `GStreamer` demultiplexer.
    pub(super) fn demuxer(self) -> &'static str {
        match self {
            Self::Mp4 => "qtdemux",
            Self::Matroska => "matroskademux",
            Self::Avi => "avidemux",
            Self::MpegTs => "tsdemux",
            // It brings its own.
            Self::Live(_) => "identity",
        }
    }

    pub(super) fn time_line(self) -> TimeLine {
        match self {
            Self::Matroska => TimeLine::Stamps,
            Self::Mp4 | Self::Avi | Self::MpegTs | Self::Live(_) => TimeLine::Segment,
        }
    }
}

/// Where a recording stops too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutOff {
    /// Where the picture ends, where the index lets us tell.
    pub picture_ends: Option<PtsNanos>,
}

/// What a container's own index promises.
#[derive(Clone, Debug, Default)]
pub struct InputIndex {
    /// Units per second of the picture's time stamps.
    pub timescale: Option<u32>,
    /// Length of the whole recording.
    pub duration: Option<DurationNanos>,
    /// The container says that luma and chroma use all values from 0 to 255.
    pub full_range: bool,
    /// Number of pictures, where every one of them is shown.
    pub picture_samples: Option<u64>,
    /// The file ends before its index does.
    pub cut: Option<CutOff>,
    /// What the file carries beyond one picture and one sound stream; all of it is dropped.
    pub other_streams: Vec<&'static str>,
}

/// Tells the container from the first bytes.
///
/// # Errors
/// [`MediaError::Unusable`] with a sentence on what the file is instead.
pub fn sniff(file: &File, file_length: u64) -> Result<Container, MediaError> {
    if file_length == 0 {
        return Err(MediaError::Unusable("the file is empty".to_owned()));
    }
    let mut head = [0u8; 1024];
    let have = file
        .read_at(&mut head, 0)
        .map_err(|e| MediaError::Unusable(format!("the file cannot be read: {}", e.kind())))?;
    let head = head.get(..have).unwrap_or(&[]);
    match_magic(head).ok_or_else(|| MediaError::Unusable(describe_stranger(head)))
}

fn match_magic(head: &[u8]) -> Option<Container> {
    const FIRST_BOXES: [&[u8; 4]; 8] =
        [b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"styp"];
    let at = |offset: usize, want: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(want));
    let sync = |first: usize, step: usize| {
        head.len() > first && (first..head.len()).step_by(step).take(4).all(|i| head.get(i) == Some(&0x47))
    };
    if FIRST_BOXES.iter().any(|kind| at(4, *kind)) {
        Some(Container::Mp4)
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        Some(Container::Matroska)
    } else if at(0, b"RIFF") && at(8, b"AVI ") {
        Some(Container::Avi)
    } else if sync(0, 188) || sync(4, 192) {
        Some(Container::MpegTs)
    } else {
        None
    }
}

fn describe_stranger(head: &[u8]) -> String {
    let textual = head.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\n' | b'\r' | 0x0c));
    let what = if textual { "is text, not a recording" } else { "is not a recording in a known container" };
    format!("the file {what}; MP4, MOV, Matroska, WebM, AVI and MPEG-TS are read")
}

/// Reads what the container promises about itself.
///
/// # Errors
/// [`MediaError::Unusable`] where there is nothing to decode.
pub fn read_index(file: &File, file_length: u64, container: Container) -> Result<InputIndex, MediaError> {
    match container {
        Container::Mp4 => index_mp4::read(file, file_length),
        Container::Matroska => Ok(index_other::read_matroska(file, file_length)),
        Container::Avi => Ok(index_other::read_avi(file, file_length)),
        Container::MpegTs => Ok(index_other::read_mpeg_ts(file_length)),
        Container::Live(_) => Ok(InputIndex::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_content() {
        assert_eq!(match_magic(b"\0\0\0\x20ftypisom"), Some(Container::Mp4));
        assert_eq!(match_magic(b"RIFF\0\0\0\0AVI LIST"), Some(Container::Avi));
        let mut ts = vec![0u8; 800];
        for i in [0, 188, 376, 564] {
            ts[i] = 0x47;
        }
        assert_eq!(match_magic(&ts), Some(Container::MpegTs));
        assert_eq!(match_magic(b"#EXTM3U\nhttp://example.invalid/a.ts"), None);
    }

    #[test]
    fn a_stranger_is_described() {
        assert!(describe_stranger(b"hello\n").contains("is text"));
        assert!(describe_stranger(&[0, 1, 2]).contains("not a recording"));
    }
}
