//! What ffprobe says about a file: streams, tags, chapters, and the time of every picture.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Everything at container and stream level.
pub fn file(path: &Path) -> Value {
    ffprobe(path, &["-show_format", "-show_streams", "-show_chapters", "-show_programs"])
}

fn ffprobe(path: &Path, args: &[&str]) -> Value {
    let output = Command::new("ffprobe").args(["-v", "error", "-of", "json"]).args(args).arg(path).output();
    let output = output.expect("ffprobe runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The streams of one kind, `video` or `audio`.
pub fn streams<'a>(file: &'a Value, kind: &str) -> Vec<&'a Value> {
    file["streams"].as_array().unwrap().iter().filter(|stream| stream["codec_type"] == kind).collect()
}

/// A number that ffprobe writes as text, such as a time in seconds.
pub fn number(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("not a number: {value}"))
}

/// The presentation time of every decoded picture of the first picture stream, seconds.
pub fn times(path: &Path) -> Vec<f64> {
    let show =
        ["-select_streams", "v:0", "-show_frames", "-show_entries", "frame=best_effort_timestamp_time"];
    let frames = ffprobe(path, &show);
    let frames = frames["frames"].as_array().unwrap();
    frames.iter().map(|frame| number(&frame["best_effort_timestamp_time"])).collect()
}

/// Where the packets of the first picture stream lie in the file, in bytes, in the order of decoding.
pub fn packets(path: &Path) -> Vec<std::ops::Range<usize>> {
    let packets = ffprobe(path, &["-select_streams", "v:0", "-show_entries", "packet=pos,size"]);
    let whole = |value: &Value| value.as_str().and_then(|text| text.parse::<usize>().ok()).unwrap();
    let place = |packet: &Value| whole(&packet["pos"])..whole(&packet["pos"]) + whole(&packet["size"]);
    packets["packets"].as_array().unwrap().iter().map(place).collect()
}

/// Times counted from the first one.
pub fn from_first(times: &[f64]) -> Vec<f64> {
    times.iter().map(|time| time - times[0]).collect()
}

/// Asserts as many pictures in `out` as in `input`, each at its time to 1 ms.
#[track_caller]
pub fn assert_same_times(input: &[f64], out: &[f64]) {
    assert!(!input.is_empty(), "the input has pictures");
    assert_eq!(input.len(), out.len(), "as many pictures out as in");
    for (number, (wanted, got)) in input.iter().zip(out).enumerate() {
        assert!((wanted - got).abs() <= 0.001, "picture {number} was at {wanted:.6} s and is at {got:.6} s");
    }
}

/// How long the edit list of the sound of an MP4 says that it plays, seconds (ISO/IEC 14496-12, clause 8.6.6).
pub fn sound_edit_seconds(path: &Path) -> f64 {
    let bytes = std::fs::read(path).unwrap();
    let find =
        |from: usize, kind: &[u8; 4]| from + bytes[from..].windows(4).position(|w| w == kind).unwrap() + 4;
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let mvhd = find(0, b"mvhd");
    assert_eq!(bytes[mvhd], 0, "a movie header of version 0");
    let mut trak = find(mvhd, b"trak");
    while &bytes[find(find(trak, b"mdia"), b"hdlr") + 8..][..4] != b"soun" {
        trak = find(trak, b"trak");
    }
    let elst = find(trak, b"elst");
    let entries = (0..word(elst + 4) as usize).map(|entry| elst + 8 + entry * 12);
    let played: u32 = entries.filter(|at| word(at + 4) != u32::MAX).map(word).sum();
    f64::from(played) / f64::from(word(mvhd + 12))
}
