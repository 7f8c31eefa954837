//! A person whose face is covered is reported, or hidden; and what is missing for that is said.

use obscura_tests::pixels::{Area, correlation, cut, detail, gray};
use obscura_tests::run::finish;
use obscura_tests::{Bench, Sheet, media};
use serde_json::Value;

use crate::tracks::in_one_step_and_in_two;

const PICTURE: Area = Area::new(0, 0, 512, 512);
/// The suit under her head, well inside the person, and the model of a rocket beside her.
const SUIT: Area = Area::new(90, 260, 180, 180);
const ROCKET: Area = Area::new(420, 10, 70, 85);

/// The astronaut with a grey board before her head.
fn covered(bench: &Bench) -> std::path::PathBuf {
    bench.make(
        "covered.mp4",
        "-loop 1 -framerate 10 -t 0.9 -i {media}/astronaut.png -vf drawbox=x=150:y=30:w=150:h=170:color=gray:t=fill \
         -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p",
    )
}

fn reasons(receipt: &Value) -> Vec<&str> {
    let spans = receipt["render"]["tracks"]["uncertain"].as_array().unwrap();
    spans.iter().map(|span| span["reason"].as_str().unwrap()).collect()
}

#[test]
fn a_head_without_a_face_is_reported_by_default() {
    let bench = Bench::new();
    let clip = covered(&bench);
    let run = bench.redact(&clip, &[]).expect(0);
    assert!(run.stderr.contains("NOT hidden") && run.stderr.contains("--heads hide"), "{}", run.stderr);
    let receipt = bench.receipt();
    assert_eq!(reasons(&receipt), ["head_without_face"]);
    assert_eq!(receipt["render"]["tracks"]["uncertain"][0]["from"], 0);
    assert_eq!(receipt["render"]["tracks"]["beside"]["people"], 1);
    assert_eq!(receipt["render"]["hidden_share"], 0.0);
    let models: Vec<&str> =
        receipt["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert!(models.contains(&"nanodet_graph") && models.contains(&"nanodet_weights"), "{models:?}");
}

#[test]
fn a_person_without_a_face_is_hidden_whole_on_request_and_the_rest_is_not() {
    let bench = Bench::new();
    let clip = covered(&bench);
    bench.redact(&clip, &["--heads", "hide", "--quality", "12"]).expect(0);
    let (before, after) = (gray(&clip, PICTURE), gray(&bench.output(), PICTURE));
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let (before, after) = (detail(before, PICTURE.width), detail(after, PICTURE.width));
        let alike = |area| correlation(&cut(&before, 512, area), &cut(&after, 512, area));
        assert!(alike(SUIT) < 0.3, "picture {number}: the suit correlates by {}", alike(SUIT));
        assert!(alike(ROCKET) > 0.8, "picture {number}: the rocket correlates by {}", alike(ROCKET));
    }
    let receipt = bench.receipt();
    assert_eq!(reasons(&receipt), Vec::<&str>::new());
    assert_eq!(receipt["render"]["tracks"]["beside"]["head_masks"], receipt["render"]["frames_out"]);
    assert_eq!(receipt["settings"]["heads"], "hide");
}

#[test]
fn a_person_of_an_analysis_is_hidden_as_in_one_step() {
    let bench = Bench::new();
    let clip = covered(&bench);
    let [in_one, in_two] = in_one_step_and_in_two(&bench, &clip, &["--heads", "hide"]);
    assert_eq!(in_one["render"]["tracks"]["beside"]["people"], 1);
    assert_eq!(in_two["settings"]["heads"], "hide", "the receipt says what the file was made with");
    assert_eq!(in_two["tracks"]["hidden_unassigned"], 1);
}

#[test]
fn people_are_hidden_from_head_to_foot_between_the_times_that_were_named() {
    let bench = Bench::new();
    let clip = bench.make(
        "astronaut.mp4",
        "-loop 1 -framerate 10 -t 1 -i {media}/astronaut.png -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p",
    );
    let settings = ["--bodies", "0.5-", "--heads", "off"];
    let [receipt, _] = in_one_step_and_in_two(&bench, &clip, &settings);
    assert_eq!(receipt["render"]["tracks"]["beside"]["body_masks"], 5);
    let (before, after) = (gray(&clip, PICTURE), gray(&bench.output(), PICTURE));
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let suit = |picture: &[f32]| cut(&detail(picture, PICTURE.width), PICTURE.width, SUIT);
        let alike = correlation(&suit(before), &suit(after));
        assert_eq!(alike < 0.3, number >= 5, "picture {number}: the suit correlates by {alike}");
    }
    bench.redact(&clip, &["--overwrite", "--bodies", "3-1"]).refused(2, &["FROM-TO in seconds"]);
}

#[test]
fn a_head_without_a_face_stops_a_run_that_stops_where_it_is_not_sure() {
    let bench = Bench::new();
    let clip = covered(&bench);
    bench.redact(&clip, &["--on-uncertain", "stop"]).refused(6, &["person"]);
    bench.assert_nothing_left();
}

#[test]
fn a_visible_face_is_all_that_is_hidden_of_a_person() {
    let bench = Bench::new();
    let clip = bench.make(
        "astronaut.mp4",
        "-loop 1 -framerate 10 -t 0.6 -i {media}/astronaut.png -c:v libx264 -preset veryfast -pix_fmt yuv420p",
    );
    bench.redact(&clip, &["--heads", "hide"]).expect(0);
    let receipt = bench.receipt();
    assert_eq!(receipt["render"]["tracks"]["beside"]["people"], 1);
    assert_eq!(receipt["render"]["tracks"]["beside"]["head_masks"], 0);
    assert!(receipt["render"]["hidden_share"].as_f64().unwrap() < 0.1);
}

/// A home without the files that match.
fn home_without(bench: &Bench, names: &[&str]) -> std::path::PathBuf {
    let (home, copy) = (media::home(), bench.path("home"));
    std::fs::create_dir_all(copy.join("models")).unwrap();
    std::os::unix::fs::symlink(home.join("lib"), copy.join("lib")).unwrap();
    for model in std::fs::read_dir(home.join("models")).unwrap().flatten() {
        if !names.iter().any(|name| model.file_name().to_string_lossy().contains(name)) {
            std::os::unix::fs::symlink(model.path(), copy.join("models").join(model.file_name())).unwrap();
        }
    }
    copy
}

#[test]
fn a_missing_detector_is_said_before_anything_is_done_and_can_be_done_without() {
    let bench = Bench::new();
    let clip = bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.3 -c:v libx264 -preset ultrafast");
    let home = home_without(&bench, &["nanodet", "PP-OCR"]);
    let run = |extra: &[&str]| {
        let mut command = bench.command(&clip, &Sheet::permitting(&clip), extra);
        finish(command.env("OBSCURA_HOME", &home))
    };
    run(&[]).refused(7, &["nanodet", "--heads off", "cargo xtask setup"]);
    run(&["--heads", "hide"]).refused(7, &["nanodet"]);
    run(&["--heads", "off", "--text", "mask"]).refused(7, &["ppocr_det", "--text off"]);
    bench.assert_nothing_left();
    run(&["--heads", "off"]).expect(0);
    assert_eq!(bench.receipt()["settings"]["heads"], "off");
}
