//! Masks of a recording lie still where people do: no trembling rim draws the eye, or costs bits.

use obscura_tests::Bench;
use obscura_tests::run::finish;
use serde_json::Value;

/// How far a number that is read from each ellipse of a track is from the middle of its neighbours in time, on average, as
/// a share of the mask's own half axes.
fn tremble(boxes: &[Value], of: fn(&Value) -> f64) -> f64 {
    let axes = |b: &Value| (number(b, "rx") * number(b, "ry")).sqrt();
    let steps: Vec<f64> = boxes
        .windows(3)
        .map(|three| (of(&three[1]) - f64::midpoint(of(&three[0]), of(&three[2]))).abs() / axes(&three[1]))
        .collect();
    assert!(steps.len() > 20, "the track is long enough to tell");
    steps.iter().sum::<f64>() / steps.len() as f64
}

fn number(of_box: &Value, name: &str) -> f64 {
    of_box["ellipse"][name].as_f64().unwrap()
}

#[test]
fn the_mask_of_a_person_who_speaks_to_the_camera_does_not_tremble() {
    let bench = Bench::new();
    let clip = bench.make("c.mp4", "-t 2.4 -i {media}/single_face.mp4 -c copy");
    let tracks = bench.path("tracks.json");
    finish(bench.obscura().arg("analyze").arg(&clip).arg("-o").arg(&tracks)).expect(0);
    let found: Value = serde_json::from_slice(&std::fs::read(&tracks).unwrap()).unwrap();
    let longest = found["tracks"].as_array().unwrap().iter().map(|track| track["boxes"].as_array().unwrap());
    let boxes = longest.max_by_key(|boxes| boxes.len()).unwrap();
    for (name, of) in [
        ("cx", (|b| number(b, "cx")) as fn(&Value) -> f64),
        ("cy", |b| number(b, "cy")),
        ("rx", |b| number(b, "rx")),
        ("ry", |b| number(b, "ry")),
    ] {
        let share = tremble(boxes, of);
        assert!(share < 0.006, "{name} trembles by {share:.4} of the mask");
    }
}
