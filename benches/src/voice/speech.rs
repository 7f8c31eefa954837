//! Read speech with its speakers: `LibriSpeech` segments and their manifest, under `voice/speech` of the test data.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use obscura_tests::media;
use serde::Deserialize;

use crate::Failure;

/// Sampling rate of all speech, in Hz.
pub(crate) const RATE_HZ: u32 = 16_000;
/// Length of a segment of a longer recording, in seconds.
const SEGMENT_SECONDS: f64 = 3.1;

/// What a segment is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// The attacker knows whose voice it is.
    Enrol,
    /// The attacker wants to know.
    Test,
}

#[derive(Clone, Debug, Deserialize)]
struct Row {
    set: String,
    spk: String,
    sex: String,
    role: Role,
    file: PathBuf,
    #[serde(default)]
    seg: Option<f64>,
    #[serde(default)]
    text: Option<String>,
}

/// One segment of speech.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) speaker: String,
    pub(crate) sex: String,
    pub(crate) role: Role,
    /// What is said, where it is known.
    pub(crate) text: Option<String>,
    /// 16 kHz, one channel.
    pub(crate) sound: Vec<f32>,
}

/// Speakers to be told apart, and speech with known words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Speech {
    /// 60 speakers, two segments of each role.
    pub(crate) speakers: Vec<Item>,
    /// 5 speakers, whole sentences.
    pub(crate) sentences: Vec<Item>,
}

/// Reads every segment, in the order of the manifest.
pub(crate) fn load(data: &Path) -> Result<Speech, Failure> {
    let folder = data.join("voice/speech");
    let rows: Vec<Row> = serde_json::from_slice(&std::fs::read(folder.join("manifest.json"))?)?;
    let mut speech = Speech::default();
    for row in rows {
        let mut place = String::new();
        if let Some(start) = row.seg {
            place = format!("-ss {start} -t {SEGMENT_SECONDS}");
        }
        let sound = decoded(&folder.join(&row.file), &place);
        let Row { set, spk, sex, role, text, .. } = row;
        let item = Item { speaker: spk, sex, role, text, sound };
        if set == "T" { speech.speakers.push(item) } else { speech.sentences.push(item) }
    }
    Ok(speech)
}

/// The first sound of a file as one channel at [`RATE_HZ`]; `options` are ffmpeg's, for the output.
pub(crate) fn decoded(file: &Path, options: &str) -> Vec<f32> {
    let args = [OsString::from("-i"), file.as_os_str().to_owned()].into_iter();
    let rest = format!("-map 0:a:0 {options} -ac 1 -ar {RATE_HZ} -f f32le");
    let bytes = media::ffmpeg_bytes(args.chain(media::words(&rest)));
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
