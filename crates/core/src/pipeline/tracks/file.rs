//! `TRACKS.json`, layout `obscura-tracks/1`: where faces are, frame by frame, and what is not certain.
//!
//! It holds no picture and names nobody: people assign tracks to the pseudonyms of a consent sheet.

use std::collections::BTreeSet;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::detect::Numbers;
use crate::model::{
    DurationNanos, EllipsePx, Heads, MaskSource, OnUncertain, Plan, PtsNanos, Region, Search, Sha256Digest,
    Text, TimeSpan, TrackId, TrackKind, UncertainSpan,
};
use crate::voice::ToneReport;

/// Name and version of the layout.
pub const TRACKS_FORMAT: &str = "obscura-tracks/1";

/// A larger file is not read: about five hours with four faces in every picture.
pub const MAX_TRACKS_BYTES: u64 = 512 << 20;

/// Regions and spans of whole frames that a file may hold.
const MAX_REGIONS: usize = 1024;
/// Uncertain spans, and runs of pictures that are hidden whole.
const MAX_SPANS: usize = 10_000;
/// A pseudonym is not longer than this many bytes.
const MAX_SUBJECT_BYTES: usize = 256;

/// A file of tracks that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TracksError {
    /// It is not JSON of this layout.
    #[error("the file of tracks cannot be read: {0}")]
    Layout(String),
    /// It is of another layout or a later version.
    #[error("the file of tracks has the layout `{found}`; this version reads `{TRACKS_FORMAT}`")]
    Version {
        /// What it says.
        found: String,
    },
    /// It is longer than what is read.
    #[error("the file of tracks is longer than {} MiB", MAX_TRACKS_BYTES >> 20)]
    TooLong,
    /// It was made for another recording.
    #[error("the file of tracks was made for another recording")]
    OtherRecording,
    /// It does not know a picture, or knows it with another time.
    #[error(
        "the file of tracks was made from other pictures: it differs at picture {frame}; analyse the recording again"
    )]
    OtherPictures {
        /// Number of the first picture that differs.
        frame: u64,
    },
    /// Its pictures have another size.
    #[error("the file of tracks was made from pictures of another size; analyse the recording again")]
    OtherSize,
    /// A value that cannot be.
    #[error("the file of tracks: {place}: {what}")]
    Value {
        /// Which part of the file.
        place: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// Everything that an analysis found in one recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackFile {
    /// [`TRACKS_FORMAT`].
    pub format: String,
    /// Digest of the recording that was analysed.
    pub source_sha256: Sha256Digest,
    /// Width and height of the upright pictures, in pixels; both even.
    pub size_px: (usize, usize),
    /// How it was looked for.
    pub settings: AnalysisSettings,
    /// Presentation time of every picture, in nanoseconds; the place in this list is a picture's number.
    pub pts_nanos: Vec<PtsNanos>,
    /// One entry a face, and where they were looked for a person and a line of text; by number.
    pub tracks: Vec<TrackEntry>,
    /// Pictures that are hidden whole.
    #[serde(default)]
    pub whole_frames: Vec<WholeFrames>,
    /// What a person drew.
    #[serde(default)]
    pub regions: Vec<Region>,
    /// Where a face may be that no track covers. `--on-uncertain` says what happens there; take out what was looked at.
    #[serde(default)]
    pub uncertain: Vec<UncertainSpan>,
    /// Uncertain spans beyond the length of the list.
    #[serde(default)]
    pub uncertain_omitted: u64,
    /// Alarms and monitor tones; for information, a rendering listens again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<ToneReport>,
}

/// The settings of an analysis that its result depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnalysisSettings {
    /// Version of the program.
    pub version: String,
    /// The detector's model.
    pub model: String,
    /// Digest of the detector's model.
    pub model_sha256: Sha256Digest,
    /// In which directions faces were looked for.
    pub search: Search,
    /// Longest side of the detector's input, in pixels.
    pub detector_side_px: u16,
    /// What numbers the detector was calculated in: "int8" or "float32".
    #[serde(default = "float32")]
    pub arithmetic: String,
    /// The margin that the ellipses include, in percent.
    pub margin_percent: u8,
    /// How far masks were filled backwards, in nanoseconds.
    pub look_ahead: DurationNanos,
    /// What was done where a face could not be followed.
    pub on_uncertain: OnUncertain,
    /// What was done with people without a visible face.
    pub heads: Heads,
    /// What was done with text.
    pub text: Text,
    /// When people were hidden from head to foot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<TimeSpan>,
}

/// What files that do not say it were made with.
fn float32() -> String {
    Numbers::Float32.as_str().to_owned()
}

impl AnalysisSettings {
    /// The plan of a rendering from the file: what is found, and how widely it is hidden, was settled when the file was
    /// made.
    #[must_use]
    pub fn put_into(&self, plan: Plan) -> Plan {
        Plan {
            search: self.search,
            detector_side_px: self.detector_side_px,
            margin_percent: self.margin_percent,
            heads: self.heads,
            text: self.text,
            bodies: self.bodies.clone(),
            ..plan
        }
    }
}

/// One face over time, or one person, or one line of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackEntry {
    /// Its number, from 1.
    pub id: TrackId,
    /// What it follows, which goes with its number.
    #[serde(default)]
    pub kind: TrackKind,
    /// Pseudonym of the person in the consent sheet, where somebody assigned it. A track without one is always hidden.
    pub subject: Option<String>,
    /// Where it is, in the order of the pictures, at most once in each.
    pub boxes: Vec<TrackBox>,
}

/// One face in one picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackBox {
    /// Number of the picture, from 0.
    pub frame: u64,
    /// What is hidden, margin included, in pixels of the upright picture: of a face this ellipse, of everything else
    /// the turned rectangle around it.
    pub ellipse: EllipsePx,
    /// How this place is known.
    pub source: MaskSource,
    /// The detector's confidence, 0..=1, where it saw something in this picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
}

/// A run of pictures that are hidden whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeFrames {
    /// Number of the first picture.
    pub from_frame: u64,
    /// Number of the last picture.
    pub to_frame: u64,
}

/// What is wrong with a file of another version is its version.
#[derive(Deserialize)]
struct Header {
    format: String,
}

fn version(found: &str) -> TracksError {
    TracksError::Version { found: found.chars().take(40).collect() }
}

fn layout(error: &serde_json::Error) -> TracksError {
    TracksError::Layout(if error.is_syntax() || error.is_eof() {
        format!("it is not JSON, or not all of it (line {}, column {})", error.line(), error.column())
    } else {
        error.to_string()
    })
}

impl TrackFile {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`TracksError`], with the place of what is wrong.
    pub fn read(file: impl Read) -> Result<Self, TracksError> {
        let mut limited = file.take(MAX_TRACKS_BYTES + 1);
        let mut bytes = Vec::new();
        limited.read_to_end(&mut bytes).map_err(|e| TracksError::Layout(e.to_string()))?;
        if bytes.len() as u64 > MAX_TRACKS_BYTES {
            return Err(TracksError::TooLong);
        }
        let tracks: Self = serde_json::from_slice(&bytes).map_err(|error| {
            let header = serde_json::from_slice::<Header>(&bytes).ok();
            let other = header.filter(|header| header.format != TRACKS_FORMAT);
            other.map_or_else(|| layout(&error), |header| version(&header.format))
        })?;
        if tracks.format != TRACKS_FORMAT {
            return Err(version(&tracks.format));
        }
        tracks.check()?;
        Ok(tracks)
    }

    /// Number of pictures.
    pub fn frames(&self) -> u64 {
        self.pts_nanos.len() as u64
    }

    fn check(&self) -> Result<(), TracksError> {
        let fail = |place: String, what| Err(TracksError::Value { place, what });
        if self.regions.len() > MAX_REGIONS {
            return fail("regions".to_owned(), "there are more than 1024");
        }
        for (list, entries) in
            [("uncertain", self.uncertain.len()), ("whole_frames", self.whole_frames.len())]
        {
            if entries > MAX_SPANS {
                return fail(list.to_owned(), "there are more than 10000");
            }
        }
        for (n, region) in self.regions.iter().enumerate() {
            if !region.is_sound() {
                return fail(format!("regions[{n}]"), "its area or its times are not sound");
            }
        }
        for (n, run) in self.whole_frames.iter().enumerate() {
            if run.from_frame > run.to_frame || run.to_frame >= self.frames() {
                return fail(format!("whole_frames[{n}]"), "there are no such pictures");
            }
        }
        let mut ids = BTreeSet::new();
        for (n, track) in self.tracks.iter().enumerate() {
            if track.id.0 == 0 || !ids.insert(track.id) {
                return fail(format!("tracks[{n}].id"), "it is 0, or another track has it");
            }
            if !track.id.is_of_a_track() {
                return fail(format!("tracks[{n}].id"), "no track has so high a number");
            }
            if track.subject.as_ref().is_some_and(|s| s.is_empty() || s.len() > MAX_SUBJECT_BYTES) {
                return fail(format!("tracks[{n}].subject"), "it is blank or too long");
            }
            if track.kind != track.id.kind() {
                return fail(format!("tracks[{n}].kind"), "it does not go with the number of the track");
            }
            if track.kind == TrackKind::Text && track.subject.is_some() {
                return fail(format!("tracks[{n}].subject"), "text belongs to nobody, and is always hidden");
            }
            self.check_boxes(n, track)?;
        }
        Ok(())
    }

    fn check_boxes(&self, n: usize, track: &TrackEntry) -> Result<(), TracksError> {
        let mut next = 0;
        for (k, place) in track.boxes.iter().enumerate() {
            let what = if place.frame < next || place.frame >= self.frames() {
                "pictures are not in order, or there is no such picture"
            } else if !place.ellipse.is_sound() {
                "the ellipse is not sound"
            } else if place.source == MaskSource::WholeFrame {
                "a whole picture belongs under `whole_frames`"
            } else {
                next = place.frame + 1;
                continue;
            };
            return Err(TracksError::Value { place: format!("tracks[{n}].boxes[{k}]"), what });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
