//! What leaves the product: exactly one picture and at most one sound stream, and nothing inherited.

use obscura_tests::run::finish;
use obscura_tests::{Bench, probe};

const MARK: &str = "OBSCURALEAKMARK";

/// A clip that carries everything that must not survive, each with a marker.
fn loaded_clip(bench: &Bench) -> std::path::PathBuf {
    std::fs::write(bench.path("s.srt"), format!("1\n00:00:00,000 --> 00:00:00,500\n{MARK} said\n")).unwrap();
    let chapters = format!(
        ";FFMETADATA1\ntitle={MARK}\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=400\ntitle={MARK} chapter\n"
    );
    std::fs::write(bench.path("m.txt"), chapters).unwrap();
    let folder = bench.path("").display().to_string();
    bench.make(
        "loaded.mp4",
        &format!(
            "-t 0.8 -i {{media}}/single_face.mp4 -i {folder}/s.srt -i {folder}/m.txt -map 0:v -map 0:a -map 0:v -map 0:a \
             -map 1 -map_metadata 2 -map_chapters 2 -c:v libx264 -preset ultrafast -c:a aac -c:s mov_text -metadata \
             comment={MARK} -metadata location=+51.5-000.1/ -metadata creation_time=2026-01-01T00:00:00Z -metadata:s:a:0 \
             handler_name={MARK} -metadata:s:v:0 handler_name={MARK} -timecode 01:00:00:00 -t 0.8"
        ),
    )
}

#[test]
fn nothing_is_inherited_from_a_loaded_file() {
    let bench = Bench::new();
    let clip = loaded_clip(&bench);
    assert!(probe::file(&clip)["streams"].as_array().unwrap().len() >= 5, "the clip carries a lot");
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    assert_eq!(out["streams"].as_array().unwrap().len(), 2);
    assert_eq!((probe::streams(&out, "video").len(), probe::streams(&out, "audio").len()), (1, 1));
    for tags in out["streams"].as_array().unwrap().iter().chain([&out["format"]]).map(|s| &s["tags"]) {
        for name in ["creation_time", "handler_name", "encoder", "title", "comment", "location", "timecode"] {
            assert!(tags[name].as_str().unwrap_or("").is_empty(), "{name} is tagged: {tags}");
        }
    }
    let bytes = std::fs::read(bench.output()).unwrap();
    for word in [MARK, "x264", "Lavf", "Lavc", "GStreamer", "Handler"] {
        let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
        assert!(!found, "{word} is in the bytes of the output");
    }
    assert!(!bench.receipt_text().contains(MARK));
}

#[test]
fn the_receipt_names_no_person_and_no_path() {
    let bench = Bench::new();
    let clip = bench.make("ward-seven.mp4", "-t 0.5 -i {media}/carphone.mp4 -c copy");
    bench.redact(&clip, &[]).expect(0);
    let text = bench.receipt_text();
    for word in [obscura_tests::sheet::SUBJECT, "ward-seven", "u-owner", "rec-test", "/tmp", "result.mp4"] {
        assert!(!text.contains(word), "the receipt holds {word}");
    }
    let receipt = bench.receipt();
    assert_eq!(receipt["output"]["sha256"], obscura_tests::sheet::digest(&bench.output()));
    assert_eq!(receipt["source"]["sha256"], obscura_tests::sheet::digest(&clip));
    assert_eq!(receipt["render"]["frames_in"], receipt["render"]["frames_out"]);
    assert_eq!(receipt["self_check"]["residual_faces"].as_array().unwrap().len(), 0);
    assert_eq!(bench.results(), ["result.mp4", "result.mp4.receipt.json"]);
}

#[test]
fn other_output_codecs_come_out_whole() {
    for codec in ["openh264", "vp9"] {
        let bench = Bench::new();
        let clip = bench.make("c.mp4", "-t 0.5 -i {media}/carphone.mp4 -c copy");
        bench.redact(&clip, &["--codec", codec]).expect(0);
        probe::assert_same_times(&probe::times(&clip), &probe::times(&bench.output()));
    }
}

/// The last pictures are the encoder's to give at the end, however many bits they take.
#[test]
fn fine_noise_comes_out_whole() {
    for codec in ["x264", "openh264", "vp9"] {
        let bench = Bench::new();
        let noise = "-t 0.8 -i {media}/carphone.mp4 -vf noise=alls=60:allf=t -c:v libx264 -qp 4 -preset ultrafast -an";
        let clip = bench.make("c.mp4", noise);
        bench.redact(&clip, &["--codec", codec]).expect(0);
        probe::assert_same_times(&probe::times(&clip), &probe::times(&bench.output()));
    }
}

/// No encoder but the one that was asked for writes the file.
#[test]
fn an_encoder_in_hardware_is_used_or_named_as_missing() {
    let found = finish(obscura_tests::run::obscura().arg("doctor")).expect(0);
    let encoders = ["nvh264enc", "vah264enc", "vah264lpenc", "qsvh264enc"];
    let is_here = |line: &str| line.starts_with("ok") && encoders.iter().any(|name| line.contains(name));
    let bench = Bench::new();
    let clip = bench.make("c.mp4", "-t 0.5 -i {media}/carphone.mp4 -c copy");
    let run = bench.redact(&clip, &["--codec", "hardware"]);
    if found.stdout.lines().any(is_here) {
        run.expect(0);
        probe::assert_same_times(&probe::times(&clip), &probe::times(&bench.output()));
    } else {
        run.refused(
            7,
            &["a usable H.264 encoder in hardware", "is missing on this machine", "--codec x264 needs none"],
        );
        assert!(bench.results().is_empty());
    }
}
