//! Pictures come out upright and in their colours, and the faces in them are destroyed.

use std::path::{Path, PathBuf};

use obscura_tests::pixels::{self, Area};
use obscura_tests::{Bench, media, probe};

/// The face of the astronaut, brow to chin, in a picture of 512 x 512 (annotated by hand).
const FACE: Area = Area::new(176, 72, 96, 120);

/// The flag and the shuttle beside her: nothing there may be hidden.
const BACKGROUND: Area = Area::new(10, 60, 100, 200);

fn astronaut(bench: &Bench) -> PathBuf {
    bench.make(
        "astronaut.mp4",
        "-loop 1 -framerate 10 -t 0.8 -i {media}/astronaut.png -vf scale=512:512 -c:v libx264 -crf 12 -pix_fmt yuv420p",
    )
}

fn leaks(before: &Path, after: &Path, area: Area) -> bool {
    let (before, after) = (pixels::gray(before, area), pixels::gray(after, area));
    assert_eq!(before.len(), after.len());
    before
        .iter()
        .zip(&after)
        .any(|(a, b)| pixels::leaks(&pixels::detail(a, area.width), &pixels::detail(b, area.width)))
}

#[test]
fn every_style_destroys_the_face_and_leaves_the_rest() {
    for style in ["blur", "pixelate", "solid"] {
        let bench = Bench::new();
        let clip = astronaut(&bench);
        bench.redact(&clip, &["--faces", style]).expect(0);
        assert!(leaks(&clip, &clip, FACE), "the measure finds the face in the input");
        assert!(!leaks(&clip, &bench.output(), FACE), "{style} leaves the face readable");
        assert!(leaks(&clip, &bench.output(), BACKGROUND), "{style} hides the background");
        assert_eq!(bench.receipt()["settings"]["faces"], style);
    }
}

#[test]
fn the_first_two_seconds_of_the_upright_scene_do_not_leak() {
    let Some(data) = media::test_data("the_first_two_seconds_of_the_upright_scene_do_not_leak") else {
        return;
    };
    let bench = Bench::new();
    let scene = data.join("media/scenes/upright.mp4");
    let clip = bench.make("scene.mp4", &format!("-t 2 -i {} -c:v libx264 -crf 12 -an", scene.display()));
    bench.redact(&clip, &[]).expect(0);
    let truth = std::fs::read_to_string(data.join("media/scenes/upright.gt.json")).unwrap();
    let truth: serde_json::Value = serde_json::from_str(&truth).unwrap();
    let whole = Area::new(0, 0, 1280, 720);
    let (before, after) = (pixels::gray(&clip, whole), pixels::gray(&bench.output(), whole));
    assert_eq!(before.len(), 50);
    let (mut faces, mut leaked) = (0, 0);
    for ((a, b), row) in before.iter().zip(&after).zip(truth["frames"].as_array().unwrap()) {
        let (a, b) = (pixels::detail(a, 1280), pixels::detail(b, 1280));
        for face in row.as_array().unwrap().iter().filter(|f| f["visible"].as_f64().unwrap() >= 0.6) {
            let edge: Vec<f64> =
                face["box"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            let (w, h) = (edge[2] - edge[0], edge[3] - edge[1]);
            let whole_px = |v: f64| v.max(0.0) as usize;
            let middle = Area::new(
                whole_px(edge[0] + w * 0.2),
                whole_px(edge[1] + h * 0.2),
                whole_px(w * 0.6),
                whole_px(h * 0.6),
            );
            faces += 1;
            let (a, b) = (pixels::cut(&a, 1280, middle), pixels::cut(&b, 1280, middle));
            leaked += usize::from(pixels::leaks(&a, &b));
        }
    }
    assert!(faces > 150, "{faces} faces were looked at");
    assert!(leaked * 1000 <= faces * 15, "{leaked} of {faces} faces leak; at most 1.5 % may");
}

#[test]
fn a_rotation_flag_is_applied_to_the_pixels() {
    let bench = Bench::new();
    // Red on the left as stored; turned by a quarter it lies at the top or at the bottom.
    bench.make(
        "flat.mp4",
        "-f lavfi -i color=c=red:s=160x180:r=10:d=0.5 -f lavfi -i color=c=blue:s=160x180:r=10:d=0.5 -filter_complex \
         hstack -c:v libx264 -pix_fmt yuv420p",
    );
    let flat = bench.path("flat.mp4").display().to_string();
    let clip = bench.make("turned.mp4", &format!("-i {flat} -c copy -metadata:s:v:0 rotate=90"));
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    let picture = probe::streams(&out, "video")[0];
    assert_eq!((picture["width"].as_u64(), picture["height"].as_u64()), (Some(180), Some(320)));
    assert!(picture["side_data_list"].is_null(), "the flag itself is gone");
    for y in [40, 240] {
        let area = Area::new(60, y, 40, 40);
        pixels::assert_colour(pixels::mean_rgb(&clip, area), pixels::mean_rgb(&bench.output(), area), 6.0);
    }
}

/// Redacts a flat colour and compares what a player shows.
fn assert_colour_kept(name: &str, encode: &str) {
    let bench = Bench::new();
    let clip = bench.make(name, &format!("-f lavfi -i color=c=0x3080C0:s=320x180:r=10:d=0.4 {encode}"));
    let run = bench.redact(&clip, &[]);
    assert_eq!(run.code, Some(0), "{encode}: {}", run.stderr);
    let area = Area::new(20, 20, 60, 60);
    pixels::assert_colour(pixels::mean_rgb(&clip, area), pixels::mean_rgb(&bench.output(), area), 6.0);
    assert_eq!(probe::times(&clip).len(), probe::times(&bench.output()).len(), "{encode}");
}

#[test]
fn colours_are_kept_whatever_the_input_says() {
    let tagged = |space: &str| {
        format!(
            "-vf scale=out_color_matrix={space} -colorspace {space} -color_primaries {space} -color_trc {space} \
             -color_range tv -c:v libx264 -pix_fmt yuv420p"
        )
    };
    assert_colour_kept("709.mp4", &tagged("bt709"));
    assert_colour_kept("601.mp4", &tagged("smpte170m"));
    assert_colour_kept(
        "2020.mp4",
        "-vf scale=out_color_matrix=bt2020 -colorspace bt2020nc -color_primaries bt2020 -color_trc bt2020-10 -c:v libx264 \
         -pix_fmt yuv420p10le",
    );
    assert_colour_kept("full.mp4", "-vf scale=out_range=pc -color_range pc -c:v libx264 -pix_fmt yuvj420p");
    assert_colour_kept("444.mp4", "-c:v libx264 -pix_fmt yuv444p");
    assert_colour_kept("422.mkv", "-c:v libx264 -pix_fmt yuv422p10le");
    assert_colour_kept("interlaced.mp4", "-c:v libx264 -flags +ilme+ildct -x264opts tff=1 -pix_fmt yuv420p");
}

#[test]
fn odd_sizes_and_odd_pixels_come_out_right() {
    let bench = Bench::new();
    let clip = bench
        .make("odd.mkv", "-f lavfi -i color=c=0x3080C0:s=176x144:r=10:d=0.4 -vf format=yuv444p,crop=175:143:0:0:exact=1 -c:v libx264 -pix_fmt yuv444p");
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    let picture = probe::streams(&out, "video")[0];
    assert_eq!((picture["width"].as_u64(), picture["height"].as_u64()), (Some(176), Some(144)));
    assert_eq!(bench.receipt()["render"]["source_size_px"], serde_json::json!([175, 143]));

    let bench = Bench::new();
    let clip = bench.make("wide.mp4", "-t 0.4 -i {media}/carphone.mp4 -vf setsar=16/11 -c:v libx264");
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    assert_eq!(probe::streams(&out, "video")[0]["sample_aspect_ratio"], "16:11");
}
