//! Every container and codec that the product names is read, with every picture and its sound.

use obscura_tests::{Bench, probe};

/// Makes a clip of 0.4 s, redacts it, and counts.
fn reads(name: &str, picture: &str, sound: Option<&str>) {
    let bench = Bench::new();
    let tone = "-f lavfi -i sine=500:d=0.4:r=48000";
    let args = sound.map_or_else(
        || format!("-t 0.4 -i {{media}}/carphone.mp4 -c:v {picture}"),
        |sound| {
            format!("-t 0.4 -i {{media}}/carphone.mp4 {tone} -map 0:v -map 1:a -c:v {picture} -c:a {sound}")
        },
    );
    let clip = bench.make(name, &args);
    bench.redact(&clip, &[]).expect(0);
    let wanted = probe::times(&clip);
    assert!(wanted.len() >= 10, "{} pictures", wanted.len());
    let got = probe::times(&bench.output());
    if name.ends_with(".ts") {
        // A transport stream counts from anywhere: the output begins at zero.
        probe::assert_same_times(&probe::from_first(&wanted), &got);
    } else {
        probe::assert_same_times(&wanted, &got);
    }
    let out = probe::file(&bench.output());
    assert_eq!(probe::streams(&out, "audio").len(), usize::from(sound.is_some()));
}

macro_rules! reads {
    ($($test:ident: $name:literal, $picture:literal, $sound:expr;)*) => {
        $(#[test]
        fn $test() {
            reads($name, $picture, $sound);
        })*
    };
}

reads! {
    matroska_h264_aac: "a.mkv", "libx264 -preset ultrafast", Some("aac");
    matroska_hevc_flac: "b.mkv", "libx265 -preset ultrafast -x265-params log-level=none", Some("flac");
    matroska_h264_opus: "e.mkv", "libx264 -preset ultrafast", Some("libopus");
    // The first picture begins 7 ms late here, after the priming of Opus, and the pictures are reordered.
    matroska_h264_reordered_opus: "k.mkv", "libx264 -preset ultrafast -bf 2", Some("libopus");
    matroska_hevc_opus: "l.mkv", "libx265 -preset ultrafast -x265-params log-level=none", Some("libopus");
    webm_vp8_vorbis: "c.webm", "libvpx -deadline realtime -cpu-used 8", Some("libvorbis");
    webm_vp9_opus: "d.webm", "libvpx-vp9 -deadline realtime -cpu-used 8", Some("libopus");
    avi_mpeg4_mp3: "e.avi", "mpeg4 -q:v 4", Some("libmp3lame");
    avi_mjpeg_pcm: "f.avi", "mjpeg -q:v 4 -pix_fmt yuvj420p", Some("pcm_s16le");
    transport_h264_ac3: "g.ts", "libx264 -preset ultrafast", Some("ac3");
    transport_h264_aac: "h.ts", "libx264 -preset ultrafast", Some("aac");
    quicktime_mpeg4_pcm: "i.mov", "mpeg4 -q:v 4", Some("pcm_s16le");
    mp4_hevc_silent: "j.mp4", "libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1", None;
}
