//! Pictures of unusual depth, standard and size, and the ones that are refused by name.

use std::path::{Path, PathBuf};

use obscura_tests::pixels::{Area, assert_colour, mean_rgb};
use obscura_tests::{Bench, probe};

/// Four flat quarters of 160x90: red, green over blue, white. The mark of the product stands in the lowest part.
const QUARTERS: &str = "-f lavfi -i color=red:s=320x180:r=10:d=0.4,drawbox=160:0:160:90:0x20C020:fill,\
                        drawbox=0:90:160:90:0x2040D0:fill,drawbox=160:90:160:90:white:fill";

/// Steps of 255; two lossy encodings and the rounding of two colour spaces lie between input and output.
const TOLERANCE: f64 = 7.0;

/// Makes the quarters with more filters, and the tags and encoder of `rest`.
fn quarters(bench: &Bench, name: &str, filter: &str, rest: &str) -> PathBuf {
    bench.make(name, &format!("{QUARTERS}{filter} {rest}"))
}

fn same_colours(bench: &Bench, clip: &Path, areas: &[Area]) {
    bench.redact(clip, &["--quality", "10"]).expect(0);
    for &area in areas {
        assert_colour(mean_rgb(clip, area), mean_rgb(&bench.output(), area), TOLERANCE);
    }
    probe::assert_same_times(&probe::times(clip), &probe::times(&bench.output()));
}

/// The middle of the red and of the green quarter.
const UPPER: [Area; 2] = [Area::new(40, 20, 80, 40), Area::new(200, 20, 80, 40)];

#[test]
fn ten_bits_from_hevc() {
    let bench = Bench::new();
    let rest = "-c:v libx265 -x265-params log-level=none -crf 10 -pix_fmt yuv420p10le -tag:v hvc1";
    let clip = quarters(&bench, "ten.mov", "", rest);
    same_colours(&bench, &clip, &UPPER);
}

#[test]
fn the_tags_of_pal() {
    let bench = Bench::new();
    let filter = ",scale=out_range=limited:out_color_matrix=bt601,format=yuv420p";
    let rest =
        "-c:v libx264 -crf 8 -color_range tv -colorspace bt470bg -color_primaries bt470bg -color_trc gamma28";
    let clip = quarters(&bench, "pal.mkv", filter, rest);
    same_colours(&bench, &clip, &UPPER);
}

#[test]
fn full_range_with_the_matrix_of_bt709() {
    let bench = Bench::new();
    let filter = ",scale=out_range=full:out_color_matrix=bt709,format=yuv420p";
    let rest =
        "-c:v libx264 -crf 8 -color_range pc -colorspace bt709 -color_primaries bt709 -color_trc bt709";
    let clip = quarters(&bench, "full.mp4", filter, rest);
    same_colours(&bench, &clip, &UPPER);
}

#[test]
fn wide_gamut_in_standard_range() {
    let bench = Bench::new();
    let filter = ",scale=out_range=limited:out_color_matrix=bt2020,format=yuv420p10le";
    let rest = "-c:v libx264 -crf 8 -colorspace bt2020nc -color_primaries bt2020 -color_trc bt2020-10";
    let clip = quarters(&bench, "2020.mp4", filter, rest);
    same_colours(&bench, &clip, &UPPER);
}

#[test]
fn chroma_of_full_and_half_width() {
    for (name, format) in [("444.mp4", "yuv444p"), ("422.mkv", "yuv422p10le")] {
        let bench = Bench::new();
        let clip = quarters(&bench, name, "", &format!("-c:v libx264 -crf 8 -pix_fmt {format}"));
        same_colours(&bench, &clip, &UPPER);
    }
}

#[test]
fn interlaced_pictures() {
    let bench = Bench::new();
    let rest = "-c:v libx264 -crf 8 -flags +ilme+ildct -x264opts tff=1 -pix_fmt yuv420p";
    let clip = quarters(&bench, "interlaced.mp4", "", rest);
    same_colours(&bench, &clip, &UPPER);
}

#[test]
fn a_turned_picture_has_its_corners_where_they_belong() {
    let bench = Bench::new();
    let flat = quarters(&bench, "flat.mp4", "", "-c:v libx264 -crf 8 -pix_fmt yuv420p");
    for degrees in [90, 180, 270] {
        let args = format!("-i {} -c copy -metadata:s:v:0 rotate={degrees}", flat.display());
        let clip = bench.make(&format!("turned{degrees}.mp4"), &args);
        // ffmpeg applies the flag of the input by itself, so that both decode upright.
        bench.redact(&clip, &["--quality", "10", "--overwrite"]).expect(0);
        let out = probe::file(&bench.output());
        assert!(probe::streams(&out, "video")[0]["side_data_list"].is_null(), "the flag itself is gone");
        for area in [Area::new(20, 20, 40, 40), Area::new(120, 20, 40, 40)] {
            assert_colour(mean_rgb(&clip, area), mean_rgb(&bench.output(), area), TOLERANCE);
        }
    }
}

#[test]
fn odd_sizes_keep_their_content() {
    let bench = Bench::new();
    let args = "-t 0.4 -i {media}/carphone.mp4 -vf crop=175:143:0:0:exact=1,format=yuv444p,\
                drawbox=0:0:60:30:red:fill,drawbox=115:0:60:30:0x20C020:fill -c:v libx264 -crf 8";
    let clip = bench.make("odd.mkv", args);
    // The green corner reaches the last column: a picture sheared by one pixel a row would lose it.
    same_colours(&bench, &clip, &[Area::new(8, 8, 40, 16), Area::new(140, 8, 34, 16)]);
    let out = probe::file(&bench.output());
    let picture = probe::streams(&out, "video")[0];
    assert_eq!((picture["width"].as_u64(), picture["height"].as_u64()), (Some(176), Some(144)));
    assert_eq!(bench.receipt()["render"]["source_size_px"], serde_json::json!([175, 143]));
}

#[test]
fn pixels_that_are_not_square_stay_so() {
    let bench = Bench::new();
    let clip = bench.make("wide.mp4", "-t 0.4 -i {media}/carphone.mp4 -vf setsar=16/11 -c:v libx264");
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    assert_eq!(probe::streams(&out, "video")[0]["sample_aspect_ratio"], "16:11");
}

#[test]
fn high_dynamic_range_is_refused_by_name() {
    for transfer in ["arib-std-b67", "smpte2084"] {
        let bench = Bench::new();
        let tags = format!("-colorspace bt2020nc -color_primaries bt2020 -color_trc {transfer}");
        let rest =
            format!("-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le -tag:v hvc1 {tags}");
        let clip = quarters(&bench, "hdr.mp4", "", &rest);
        bench.redact(&clip, &[]).refused(5, &["dynamic range"]);
        bench.assert_nothing_left();
    }
}
