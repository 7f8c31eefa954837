//! Text in the picture is hidden on request, and only then.

use std::path::{Path, PathBuf};

use obscura_tests::Bench;
use obscura_tests::pixels::{Area, correlation, cut, detail, gray, leaks};

use crate::tracks::in_one_step_and_in_two;

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
/// Pixels for each dot of a letter.
const DOT: usize = 3;
/// Where the writing begins.
const LEFT: usize = 120;
const TOP: usize = 150;

/// The letters of "BED 4 LEE" on a grid of 8x8, the first dot of a row in the lowest bit.
const WRITING: [[u8; 8]; 9] = [
    [0x3F, 0x66, 0x66, 0x3E, 0x66, 0x66, 0x3F, 0],
    [0x7F, 0x46, 0x16, 0x1E, 0x16, 0x46, 0x7F, 0],
    [0x1F, 0x36, 0x66, 0x66, 0x66, 0x36, 0x1F, 0],
    [0; 8],
    [0x38, 0x3C, 0x36, 0x33, 0x7F, 0x30, 0x78, 0],
    [0; 8],
    [0x0F, 0x06, 0x06, 0x06, 0x46, 0x66, 0x7F, 0],
    [0x7F, 0x46, 0x16, 0x1E, 0x16, 0x46, 0x7F, 0],
    [0x7F, 0x46, 0x16, 0x1E, 0x16, 0x46, 0x7F, 0],
];
const LETTERS: Area = Area::new(LEFT, TOP, WRITING.len() * 8 * DOT, 8 * DOT);
/// A disc at the other side of the picture, which says nothing, and its rim.
const DISC: Area = Area::new(450, 20, 140, 140);

/// A whiteboard with writing, and a disc beside it, as a grey picture; moved to the right by `shift` pixels.
fn whiteboard(shift: usize) -> Vec<u8> {
    let lit = |x: usize, y: usize| {
        let (column, row) = (x.checked_sub(LEFT + shift)? / DOT, y.checked_sub(TOP)? / DOT);
        let letter = WRITING.get(column / 8)?;
        Some(letter.get(row)? >> (column % 8) & 1 == 1)
    };
    let on_disc = |x: usize, y: usize| {
        let (across, down) = (x.abs_diff(DISC.x + DISC.width / 2), y.abs_diff(DISC.y + DISC.height / 2));
        across * across + down * down < 50 * 50
    };
    let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let shade = |(x, y)| {
        if lit(x, y) == Some(true) {
            30
        } else if on_disc(x, y) {
            120
        } else {
            215
        }
    };
    places.map(shade).collect()
}

/// A clip of 0.8 s at 10 frames a second in which the board moves a little.
fn clip(bench: &Bench) -> PathBuf {
    let raw: Vec<u8> = (0..8).flat_map(|n| whiteboard(2 * n)).collect();
    let place = bench.path("board.gray");
    std::fs::write(&place, raw).unwrap();
    let args = format!(
        "-f rawvideo -pix_fmt gray -s {WIDTH}x{HEIGHT} -r 10 -i {} -c:v libx264 -crf 10 -pix_fmt yuv420p",
        place.display()
    );
    bench.make("board.mp4", &args)
}

/// The detail of an area before and after, in each picture.
fn details(clip: &Path, output: &Path, area: Area) -> Vec<[Vec<f32>; 2]> {
    let whole = Area::new(0, 0, WIDTH, HEIGHT);
    let pairs = gray(clip, whole).into_iter().zip(gray(output, whole));
    pairs
        .map(|(before, after)| [before, after].map(|picture| cut(&detail(&picture, WIDTH), WIDTH, area)))
        .collect()
}

#[test]
fn text_is_hidden_in_every_picture_on_request() {
    let bench = Bench::new();
    let clip = clip(&bench);
    bench.redact(&clip, &["--text", "mask", "--quality", "12"]).expect(0);
    for (number, [before, after]) in details(&clip, &bench.output(), LETTERS).iter().enumerate() {
        assert!(
            !leaks(before, after),
            "picture {number}: the letters correlate by {}",
            correlation(before, after)
        );
    }
    for (number, [before, after]) in details(&clip, &bench.output(), DISC).iter().enumerate() {
        let alike = correlation(before, after);
        assert!(alike > 0.9, "picture {number}: the disc correlates by {alike}");
    }
    let receipt = bench.receipt();
    assert_eq!(receipt["settings"]["text"], "mask");
    assert!(receipt["render"]["tracks"]["beside"]["text_masks"].as_u64().unwrap() >= 8);
    assert!(receipt["render"]["hidden_share"].as_f64().unwrap() < 0.2);
    let models = receipt["models"].as_array().unwrap();
    assert!(models.iter().any(|model| model["name"] == "ppocr_det"));
}

#[test]
fn text_of_an_analysis_is_hidden_as_in_one_step_and_not_where_the_picture_is_to_stay_clear() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let [in_one, in_two] = in_one_step_and_in_two(&bench, &clip, &["--text", "mask"]);
    assert!(in_one["render"]["tracks"]["beside"]["text_masks"].as_u64().unwrap() >= 8);
    assert_eq!(in_two["settings"]["text"], "mask");
    let tracks = bench.path("tracks.json");
    let tracks = ["--overwrite", "--quality", "12", "--tracks", tracks.to_str().unwrap()];
    bench.redact(&clip, &[&tracks[..], &["--text", "mask"]].concat()).refused(2, &["--tracks"]);
    let around = Area::new(LETTERS.x - 16, LETTERS.y - 16, LETTERS.width + 32, LETTERS.height + 32);
    let clear = format!("clear:{},{},{},{}", around.x, around.y, around.width, around.height);
    bench.redact(&clip, &[&tracks[..], &["--region", &clear]].concat()).expect(0);
    let letters = details(&clip, &bench.output(), LETTERS);
    assert!(letters.iter().all(|[before, after]| correlation(before, after) > 0.8), "they stay readable");
}

#[test]
fn text_is_left_alone_by_default() {
    let bench = Bench::new();
    let clip = clip(&bench);
    bench.redact(&clip, &["--quality", "12"]).expect(0);
    let letters = details(&clip, &bench.output(), LETTERS);
    assert!(letters.iter().all(|[before, after]| correlation(before, after) > 0.8));
    assert_eq!(bench.receipt()["render"]["tracks"]["beside"]["lines_of_text"], 0);
}
