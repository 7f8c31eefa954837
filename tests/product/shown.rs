//! Faces and text that are shown in pictures which are searched seldom: those that stay, the last ones, those of a short
//! shot, and those that come more slowly than the recording says.

use std::ops::Range;
use std::path::{Path, PathBuf};

use obscura_tests::Bench;
use obscura_tests::pixels::{Area, correlation, cut, detail, gray, leaks};

const PICTURE: Area = Area::new(0, 0, 512, 512);

/// How the astronaut is turned, and where her face is then.
struct Turned {
    filter: &'static str,
    face: Area,
}

const UPRIGHT: Turned = Turned { filter: "null", face: Area::new(200, 105, 52, 60) };
const UPSIDE_DOWN: Turned = Turned { filter: "hflip,vflip", face: Area::new(260, 347, 52, 60) };
const TO_THE_RIGHT: Turned = Turned { filter: "transpose=1", face: Area::new(347, 200, 60, 52) };
const TO_THE_LEFT: Turned = Turned { filter: "transpose=2", face: Area::new(105, 260, 60, 52) };

/// A film of `frames` at 25 a second that shows nothing but her in some of them; from a number on, pictures come later by
/// some seconds.
fn film(
    bench: &Bench,
    turned: &Turned,
    frames: usize,
    with_her: &Range<usize>,
    pause: (usize, u32),
) -> PathBuf {
    let (from, to, filter) = (with_her.start, with_her.end - 1, turned.filter);
    let (behind, seconds) = pause;
    bench.make(
        "film.mp4",
        &format!(
            "-f lavfi -i color=c=0x607080:s=512x512:r=25:d=3 -loop 1 -framerate 25 -i {{media}}/astronaut.png \
             -filter_complex [1]{filter}[her];[0][her]overlay=shortest=1:enable='between(n,{from},{to})',\
             noise=alls=4:allf=t,format=yuv420p,trim=end_frame={frames},setpts='round(N/25/TB)+gt(N,{behind})*{seconds}/TB' \
             -fps_mode passthrough -c:v libx264 -preset veryfast -crf 14 -y"
        ),
    )
}

/// The numbers of the pictures in which an area is still readable, of those that hold something there.
fn open(clip: &Path, output: &Path, area: Area, of: Range<usize>) -> Vec<usize> {
    let [before, after] = [clip, output].map(|file| gray(file, PICTURE));
    assert_eq!(before.len(), after.len());
    let is_open = |nth: &usize| {
        let [before, after] = [&before, &after].map(|film| detail(&film[*nth], PICTURE.width));
        leaks(&cut(&before, PICTURE.width, area), &cut(&after, PICTURE.width, area))
    };
    of.filter(is_open).collect()
}

#[track_caller]
fn is_hidden(turned: &Turned, frames: usize, with_her: Range<usize>, pause: (usize, u32)) {
    let bench = Bench::new();
    let clip = film(&bench, turned, frames, &with_her, pause);
    bench.redact(&clip, &[]).expect(0);
    assert_eq!(open(&clip, &bench.output(), turned.face, with_her), [0usize; 0]);
}

const NONE: (usize, u32) = (1000, 0);

#[test]
fn a_face_in_one_picture_that_stays_for_seconds_is_hidden() {
    for turned in [UPRIGHT, UPSIDE_DOWN] {
        is_hidden(&turned, 24, 11..12, (11, 3));
    }
}

#[test]
fn a_face_in_the_last_pictures_is_hidden() {
    for (turned, last) in [(UPRIGHT, 1), (UPSIDE_DOWN, 1), (TO_THE_LEFT, 6), (TO_THE_RIGHT, 6)] {
        is_hidden(&turned, 52, 52 - last..52, NONE);
    }
}

#[test]
fn a_recording_of_a_few_pictures_is_searched_in_every_direction() {
    for (turned, frames) in [(TO_THE_LEFT, 1), (TO_THE_RIGHT, 1), (TO_THE_LEFT, 3), (TO_THE_RIGHT, 3)] {
        is_hidden(&turned, frames, 0..frames, NONE);
    }
}

#[test]
fn a_face_in_a_short_shot_is_hidden() {
    for turned in [UPSIDE_DOWN, TO_THE_RIGHT] {
        is_hidden(&turned, 50, 31..33, NONE);
    }
}

/// A stream of three pictures a second that says it has thirty: she stands left and right by turns, with a board beside her.
#[test]
fn each_picture_of_a_stream_that_is_slower_than_it_says_is_searched() {
    const LEFT: Area = Area::new(200, 105, 52, 60);
    let bench = Bench::new();
    let clip = bench.make(
        "slow.ts",
        "-loop 1 -framerate 3 -i {media}/astronaut.png -loop 1 -framerate 3 -i {media}/astronaut.png -filter_complex \
         [0]drawbox=c=white:x=0:y=0:w=512:h=512:t=fill:enable='not(eq(mod(n,4),1))'[a];\
         [1]drawbox=c=white:x=0:y=0:w=512:h=512:t=fill:enable='not(eq(mod(n,4),3))'[b];[a][b]hstack,format=yuv420p \
         -frames:v 16 -c:v libx264 -bf 0 -preset veryfast -crf 14 -bsf:v h264_metadata=tick_rate=60",
    );
    bench.redact(&clip, &[]).expect(0);
    let picture = Area::new(0, 0, 1024, 512);
    let [before, after] = [clip, bench.output()].map(|file| gray(&file, picture));
    assert_eq!((before.len(), after.len()), (16, 16));
    for (nth, (before, after)) in before.iter().zip(&after).enumerate() {
        let face = match nth % 4 {
            1 => LEFT,
            3 => Area { x: LEFT.x + 512, ..LEFT },
            _ => continue,
        };
        let [before, after] = [before, after].map(|picture| detail(picture, 1024));
        let [before, after] = [before, after].map(|detail| cut(&detail, 1024, face));
        assert!(!leaks(&before, &after), "picture {nth}: {}", correlation(&before, &after));
    }
}
