//! Two steps instead of one: `analyze` finds, people assign and draw, `redact --tracks` hides exactly that.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use obscura_tests::pixels::{Area, correlation, cut, detail, gray, leaks};
use obscura_tests::run::finish;
use obscura_tests::sheet::SUBJECT;
use obscura_tests::{Bench, Run, Sheet};
use serde_json::{Value, json};

/// The astronaut twice, side by side, and her two faces.
const PICTURE: Area = Area::new(0, 0, 1024, 512);
const LEFT: Area = Area::new(188, 85, 76, 95);
const RIGHT: Area = Area::new(700, 85, 76, 95);
const POSTER: Area = Area::new(370, 100, 100, 160);

fn two_people(bench: &Bench) -> PathBuf {
    bench.make(
        "two.mp4",
        "-loop 1 -framerate 10 -t 0.6 -i {media}/astronaut.png -vf split[a][b];[a][b]hstack,format=yuv420p -c:v libx264 \
         -preset veryfast -crf 10",
    )
}

/// The file of tracks of an analysis, and what it says.
fn analyze(bench: &Bench, clip: &Path, extra: &[&str]) -> (PathBuf, Value) {
    let tracks = bench.path("tracks.json");
    let mut command = bench.obscura();
    command.arg("analyze").arg(clip).arg("-o").arg(&tracks).args(["--overwrite"]).args(extra);
    finish(&mut command).expect(0);
    let value = serde_json::from_slice(&std::fs::read(&tracks).unwrap()).unwrap();
    (tracks, value)
}

/// Renders a recording in one step and from its analysis, with the same settings: both must hide the same.
pub(crate) fn in_one_step_and_in_two(bench: &Bench, clip: &Path, settings: &[&str]) -> [Value; 2] {
    bench.redact(clip, settings).expect(0);
    let in_one = bench.receipt();
    let (tracks, _) = analyze(bench, clip, settings);
    bench.redact(clip, &["--overwrite", "--tracks", tracks.to_str().unwrap()]).expect(0);
    let in_two = bench.receipt();
    assert_eq!(in_one["render"]["hidden_share"], in_two["render"]["hidden_share"]);
    assert_eq!(in_one["render"]["tracks"]["beside"], in_two["render"]["tracks"]["beside"]);
    [in_one, in_two]
}

fn save(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).unwrap();
}

fn redact(bench: &Bench, clip: &Path, sheet: &Sheet, extra: &[&str]) -> Run {
    finish(&mut bench.command(clip, sheet, extra))
}

/// Whether the detail in an area of the last picture can still be read.
fn shows(clip: &Path, output: &Path, area: Area) -> bool {
    let last = |file: &Path| detail(gray(file, PICTURE).last().unwrap(), PICTURE.width);
    let [before, after] = [clip, output].map(|file| cut(&last(file), PICTURE.width, area));
    leaks(&before, &after)
}

/// How much of the detail in an area of the first picture is still there, -1 to 1.
fn kept(clip: &Path, output: &Path, area: Area) -> f32 {
    let [before, after] = [clip, output].map(|file| detail(&gray(file, PICTURE)[0], PICTURE.width));
    correlation(&cut(&before, PICTURE.width, area), &cut(&after, PICTURE.width, area))
}

/// A recording may say that it has 240 pictures a second, and have 25: what is skipped goes by the clock.
#[test]
fn pictures_that_come_more_slowly_than_the_recording_says_are_searched_as_often() {
    let bench = Bench::new();
    let clip = bench.make(
        "claims.ts",
        "-loop 1 -framerate 25 -t 1 -i {media}/astronaut.png -vf format=yuv420p -c:v libx264 -preset veryfast \
         -bsf:v h264_metadata=tick_rate=480",
    );
    let (_, found) = analyze(&bench, &clip, &[]);
    let times: Vec<u64> =
        found["pts_nanos"].as_array().unwrap().iter().map(|pts| pts.as_u64().unwrap()).collect();
    assert_eq!((times.len(), times[1] - times[0]), (25, 40_000_000));
    let boxes = found["tracks"][0]["boxes"].as_array().unwrap().iter();
    let detected: Vec<u64> =
        boxes.filter(|one| one["source"] == "detected").map(|one| one["frame"].as_u64().unwrap()).collect();
    let gaps: Vec<u64> = detected.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!((detected[0], detected.last()), (0, Some(&24)));
    assert!(gaps[0] <= 5, "the whole picture every 200 ms: {detected:?}");
    assert!(gaps[1..].iter().all(|gap| *gap <= 2), "and every 80 ms once the face is known: {detected:?}");
}

#[test]
fn what_was_analysed_is_what_is_hidden() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let sheet = bench.path("contact.png");
    let (tracks, found) = analyze(&bench, &clip, &["--contact-sheet", sheet.to_str().unwrap()]);
    assert_eq!(found["format"], "obscura-tracks/1");
    assert_eq!(found["source_sha256"], obscura_tests::sheet::digest(&clip));
    assert_eq!(
        (found["tracks"].as_array().unwrap().len(), found["pts_nanos"].as_array().unwrap().len()),
        (2, 6)
    );
    assert!(std::fs::read(&sheet).unwrap().starts_with(b"\x89PNG"));
    for paper in [&tracks, &sheet] {
        let mode = std::fs::metadata(paper).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only the owner may read who is where");
    }

    let permit = Sheet::permitting(&clip);
    redact(&bench, &clip, &permit, &[]).expect(0);
    let in_one = bench.receipt();
    redact(&bench, &clip, &permit, &["--overwrite", "--tracks", tracks.to_str().unwrap()]).expect(0);
    let in_two = bench.receipt();
    for count in ["tracks", "detected", "tracked", "filled", "held"] {
        assert_eq!(in_one["render"]["tracks"][count], in_two["render"]["tracks"][count], "{count}");
    }
    assert_eq!(in_one["render"]["hidden_share"], in_two["render"]["hidden_share"]);
    assert_eq!(in_two["tracks"]["hidden_unassigned"], 2);
    assert!(in_one.get("tracks").is_none());
}

#[test]
fn only_who_agreed_to_be_identifiable_stays_clear() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let (tracks, mut found) = analyze(&bench, &clip, &[]);
    for track in found["tracks"].as_array_mut().unwrap() {
        if track["boxes"][0]["ellipse"]["cx"].as_f64().unwrap() < 512.0 {
            track["subject"] = json!(SUBJECT);
        }
    }
    save(&tracks, &found);
    let wanted = ["--tracks", tracks.to_str().unwrap(), "--hide", "not_consented", "--overwrite"];

    let silent = Sheet::permitting(&clip);
    redact(&bench, &clip, &silent, &wanted).refused(3, &["R31-IDENTIFIABLE", SUBJECT]);
    bench.assert_nothing_left();

    let agreed = silent.with("  evidence: form-3\n", "  evidence: form-3\n  identifiable_ok: true\n");
    let run = redact(&bench, &clip, &agreed, &wanted).expect(0);
    assert!(run.stderr.contains("no readable face among those that have to be hidden"), "{}", run.stderr);
    let verified = finish(bench.obscura().arg("verify").arg(bench.output())).expect(0);
    assert!(verified.stdout.contains("1 track shows a face that was left open"), "{}", verified.stdout);
    let (left, right) = (kept(&clip, &bench.output(), LEFT), kept(&clip, &bench.output(), RIGHT));
    assert!(left > 0.9, "who agreed is seen: {left}");
    assert!(right < 0.3, "who was not assigned is hidden: {right}");
    let receipt = bench.receipt();
    assert_eq!((&receipt["tracks"]["clear"], &receipt["tracks"]["hidden"]), (&json!(1), &json!(1)));
    assert!(!bench.receipt_text().contains(SUBJECT), "the receipt names nobody");

    // The same file without leave to show anybody: everyone is hidden, whoever they are.
    redact(&bench, &clip, &agreed, &["--tracks", tracks.to_str().unwrap(), "--overwrite"]).expect(0);
    assert!(kept(&clip, &bench.output(), LEFT) < 0.3);
    assert_eq!(bench.receipt()["tracks"]["clear"], 0);
    let verified = finish(bench.obscura().arg("verify").arg(bench.output())).expect(0);
    assert!(!verified.stdout.contains("left open"), "{}", verified.stdout);

    // Whom the sheet does not list is hidden, and a slip of the hand is named.
    let text = std::fs::read_to_string(&tracks).unwrap();
    std::fs::write(&tracks, text.replace(SUBJECT, &format!("{SUBJECT}i"))).unwrap();
    let run = redact(&bench, &clip, &agreed, &wanted).expect(0);
    assert!(run.stderr.contains(&format!("did you mean {SUBJECT}?")), "{}", run.stderr);
    assert!(kept(&clip, &bench.output(), LEFT) < 0.3);
}

#[test]
fn a_face_that_was_taken_out_of_the_file_is_found_by_the_self_check() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let (tracks, mut found) = analyze(&bench, &clip, &[]);
    found["tracks"].as_array_mut().unwrap().pop();
    save(&tracks, &found);
    redact(&bench, &clip, &Sheet::permitting(&clip), &["--tracks", tracks.to_str().unwrap()]).expect(0);
    assert!(kept(&clip, &bench.output(), LEFT) < 0.3 && kept(&clip, &bench.output(), RIGHT) < 0.3);
    assert_eq!(bench.receipt()["rounds"], 2);
}

#[test]
fn faces_that_lie_and_were_taken_out_of_the_file_are_found_by_the_self_check() {
    let bench = Bench::new();
    // Lying on their left side, which the self-check looks at last, longer than twice through all directions.
    let turned = "-loop 1 -framerate 10 -t 2.5 -i {media}/astronaut.png -vf \
                  split[a][b];[a][b]hstack,transpose=cclock,format=yuv420p -c:v libx264 -preset veryfast -crf 10";
    let clip = bench.make("lying.mp4", turned);
    let (tracks, mut found) = analyze(&bench, &clip, &[]);
    assert_eq!(found["tracks"].as_array().unwrap().len(), 2);
    found["tracks"] = json!([]);
    save(&tracks, &found);
    redact(&bench, &clip, &Sheet::permitting(&clip), &["--tracks", tracks.to_str().unwrap()]).expect(0);
    // What lay at x lies now as far from the bottom, and what was y is x.
    for Area { x, y, width, height } in [LEFT, RIGHT] {
        let area = Area::new(y, PICTURE.width - x - width, height, width);
        let all = |file: &Path| gray(file, area).into_iter().map(move |picture| detail(&picture, area.width));
        let open =
            all(&clip).zip(all(&bench.output())).filter(|(before, after)| leaks(before, after)).count();
        assert_eq!(open, 0, "pictures in which the face at {area:?} can be read");
    }
    assert!(bench.receipt()["render"]["masks_from_self_check"].as_u64().unwrap() >= 50);
}

#[test]
fn tracks_that_do_not_fit_are_refused() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let (tracks, found) = analyze(&bench, &clip, &["--search", "upright"]);
    let permit = Sheet::permitting(&clip);
    let with = ["--tracks", tracks.to_str().unwrap()];
    for (pointer, value, words) in [
        ("/source_sha256", json!("0".repeat(64)), "another recording"),
        ("/pts_nanos/3", json!(1), "differs at picture 3"),
        ("/size_px/0", json!(640), "another size"),
        ("/tracks/0/boxes/0/ellipse/rx", json!(-1.0), "tracks[0].boxes[0]"),
        ("/tracks/0/boxes/0/source", json!("guessed"), "guessed"),
    ] {
        let mut changed = found.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        save(&tracks, &changed);
        redact(&bench, &clip, &permit, &with).refused(5, &[words]);
        bench.assert_nothing_left();
    }
    redact(&bench, &clip, &permit, &["--hide", "not_consented"]).refused(2, &["--tracks"]);
}

#[test]
fn drawn_regions_are_hidden_and_clear_ones_hold_against_all_but_faces() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let poster = "360,90,120,180";
    redact(&bench, &clip, &Sheet::permitting(&clip), &["--region", poster]).expect(0);
    assert!(!shows(&clip, &bench.output(), POSTER), "a drawn box is hidden");
    let (clear, face) = (format!("clear:{poster}"), "clear:150,50,150,150");
    let args = ["--overwrite", "--region", "frame@0.1-", "--region", &clear, "--region", face];
    redact(&bench, &clip, &Sheet::permitting(&clip), &args).expect(0);
    assert!(shows(&clip, &bench.output(), POSTER), "what is kept clear is seen");
    assert!(!shows(&clip, &bench.output(), LEFT) && !shows(&clip, &bench.output(), RIGHT), "faces win");
    let elsewhere = Area::new(900, 100, 100, 160);
    assert!(!shows(&clip, &bench.output(), elsewhere), "the rest of the picture is hidden");
}

#[test]
fn a_part_that_is_none_of_the_recording_is_refused_and_not_left_unhidden() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let permit = Sheet::permitting(&clip);
    let (tracks, mut found) = analyze(&bench, &clip, &["--search", "upright"]);
    for (option, value, words) in [
        ("--region", "5000,5000,10,10", ["--region no. 1", "outside the picture"]),
        ("--region", "1024,80,200,100", ["--region no. 1", "outside the picture"]),
        ("--region", "-20,-20,20,20", ["--region no. 1", "outside the picture"]),
        ("--region", "frame@62-65", ["begins at 1:02", "long"]),
        ("--region", "frame@0.001-0.002", ["--region no. 1", "no picture's time"]),
        ("--bodies", "62-65", ["--bodies no. 1", "begins at 1:02"]),
    ] {
        redact(&bench, &clip, &permit, &[option, value]).refused(2, &words);
        bench.assert_nothing_left();
    }
    let outside = json!({"box": {"x0": 5000.0, "y0": 10.0, "x1": 5010.0, "y1": 20.0}});
    found["regions"] = json!([{"use": "hide", "area": outside, "from": 0, "to": 1_000_000}]);
    save(&tracks, &found);
    let with = ["--tracks", tracks.to_str().unwrap()];
    redact(&bench, &clip, &permit, &with).refused(2, &["regions[0]", "outside the picture"]);
    bench.assert_nothing_left();
}

/// Whoever placed a face's mask, a part that is kept clear does not cut it.
#[test]
fn a_face_that_a_person_drew_is_hidden_in_a_part_that_is_kept_clear() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let (tracks, mut found) = analyze(&bench, &clip, &["--search", "upright"]);
    for track in found["tracks"].as_array_mut().unwrap() {
        for place in track["boxes"].as_array_mut().unwrap() {
            place["source"] = json!("drawn");
        }
    }
    let everything = json!({"box": {"x0": 0.0, "y0": 0.0, "x1": 1024.0, "y1": 512.0}});
    found["regions"] =
        json!([{"use": "keep_clear", "area": everything, "from": 0, "to": 10_000_000_000_u64}]);
    save(&tracks, &found);
    redact(&bench, &clip, &Sheet::permitting(&clip), &["--tracks", tracks.to_str().unwrap()]).expect(0);
    assert_eq!(bench.receipt()["rounds"], 1, "nothing was left for the self-check");
    assert!(!shows(&clip, &bench.output(), LEFT) && !shows(&clip, &bench.output(), RIGHT), "faces win");
    assert!(shows(&clip, &bench.output(), POSTER), "the rest stays clear");
    // Numbers of regions are none of a track's.
    found["tracks"][0]["id"] = json!(u32::MAX / 2);
    save(&tracks, &found);
    redact(&bench, &clip, &Sheet::permitting(&clip), &["--overwrite", "--tracks", tracks.to_str().unwrap()])
        .refused(5, &["tracks[0].id"]);
}

#[test]
fn what_an_analysis_cannot_reach_is_refused_before_it_begins() {
    let bench = Bench::new();
    let clip = two_people(&bench);
    let tracks = bench.path("never.json");
    let mut command = bench.obscura();
    command.arg("analyze").arg(&clip).arg("-o").arg(&tracks).args(["--bodies", "62-65"]);
    finish(&mut command).refused(2, &["--bodies no. 1", "begins at 1:02"]);
    assert!(!tracks.exists());
}
