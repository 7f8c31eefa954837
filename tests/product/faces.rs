//! The face of a known picture is destroyed, and what is not a face is left alone.

use obscura_tests::pixels::{Area, correlation, cut, detail, gray, leaks, spread};
use obscura_tests::{Bench, media, probe};
use serde_json::Value;

/// The middle of the astronaut's face, from the brows to the chin, and her name tag and rocket, in pixels of the
/// public picture.
const FACE: Area = Area::new(188, 85, 76, 95);
const NOT_A_FACE: Area = Area::new(370, 100, 100, 160);
const PICTURE: Area = Area::new(0, 0, 512, 512);

fn hides(style: &str) {
    let bench = Bench::new();
    let clip = bench.make(
        "astronaut.mp4",
        "-loop 1 -framerate 10 -t 0.6 -i {media}/astronaut.png -c:v libx264 -preset veryfast -crf 10 -pix_fmt yuv420p",
    );
    bench.redact(&clip, &["--faces", style, "--quality", "12"]).expect(0);
    let (before, after) = (gray(&clip, PICTURE), gray(&bench.output(), PICTURE));
    assert_eq!((before.len(), after.len()), (6, 6));
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let width = PICTURE.width;
        let (before, after) = (detail(before, width), detail(after, width));
        let face = [&before, &after].map(|picture| cut(picture, width, FACE));
        let rest = [&before, &after].map(|picture| cut(picture, width, NOT_A_FACE));
        let (kept, lost) = (correlation(&rest[0], &rest[1]), correlation(&face[0], &face[1]));
        assert!(kept > 0.9, "{style}, picture {number}: the rocket correlates by {kept}");
        // A mosaic's own edges carry energy that is not the face's: correlation alone decides.
        assert!(lost < 0.3, "{style}, picture {number}: the face correlates by {lost}");
        assert!(
            style == "pixelate" || spread(&face[1]) < 0.35 * spread(&face[0]),
            "{style}, picture {number}"
        );
    }
    let receipt = bench.receipt();
    assert_eq!(receipt["settings"]["faces"], style);
    assert_eq!(receipt["render"]["frames_out"], 6);
    assert_eq!(receipt["render"]["tracks"]["tracks"], 1);
    assert_eq!(receipt["self_check"]["frames_searched"], 6);
    assert_eq!(receipt["self_check"]["residual_faces"], Value::Array(vec![]));
    assert_eq!(receipt["output"]["sha256"], obscura_tests::sheet::digest(&bench.output()));
    assert_eq!(receipt["source"]["sha256"], obscura_tests::sheet::digest(&clip));
}

#[test]
fn blur_destroys_the_face() {
    hides("blur");
}

#[test]
fn pixelate_destroys_the_face() {
    hides("pixelate");
}

#[test]
fn solid_destroys_the_face() {
    hides("solid");
}

/// One face of the ground truth of one picture.
struct Appearance {
    id: u64,
    bbox_px: [f64; 4],
    visible: f64,
}

fn appearances(frame: &Value) -> Vec<Appearance> {
    let read = |face: &Value| Appearance {
        id: face["id"].as_u64().unwrap(),
        bbox_px: [0, 1, 2, 3].map(|side| face["box"][side].as_f64().unwrap()),
        visible: face["visible"].as_f64().unwrap(),
    };
    frame.as_array().unwrap().iter().map(read).collect()
}

/// The middle 60 % of a box inside the picture, as the leak is counted; `None` where the face is not counted.
fn middle(face: &Appearance, width: f64, height: f64) -> Option<Area> {
    let [left, top, right, bottom] = face.bbox_px;
    if face.visible < 0.6 || (right - left).min(bottom - top) < 24.0 {
        return None;
    }
    let (cx, cy) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    let (rw, rh) = ((right - left) * 0.3, (bottom - top) * 0.3);
    let (x1, y1) = ((cx - rw).max(0.0), (cy - rh).max(0.0));
    let (x2, y2) = ((cx + rw).min(width), (cy + rh).min(height));
    (x2 - x1 >= 8.0 && y2 - y1 >= 8.0)
        .then(|| Area::new(x1 as usize, y1 as usize, (x2 - x1) as usize, (y2 - y1) as usize))
}

/// A window around an area, wide enough for the blurs of the measure, and the area within it.
fn window(area: Area, width: usize, height: usize) -> (Area, Area) {
    let (x, y) = (area.x.saturating_sub(16), area.y.saturating_sub(16));
    let (right, bottom) = ((area.x + area.width + 16).min(width), (area.y + area.height + 16).min(height));
    let inner = Area::new(area.x - x, area.y - y, area.width, area.height);
    (Area::new(x, y, right - x, bottom - y), inner)
}

/// Whether the face leaks; `None` where the original itself shows no detail there.
fn leaked(before: &[f32], after: &[f32], size: Area, face: Area) -> Option<bool> {
    let (outer, inner) = window(face, size.width, size.height);
    let [before, after] = [before, after].map(|picture| {
        let picture = cut(picture, size.width, outer);
        cut(&detail(&picture, outer.width), outer.width, inner)
    });
    (spread(&before) >= 1.5).then(|| leaks(&before, &after))
}

#[test]
fn upright_faces_of_a_busy_scene_do_not_leak() {
    let Some(data) = media::test_data("upright_faces_of_a_busy_scene_do_not_leak") else { return };
    let bench = Bench::new();
    let scene = data.join("media/scenes/upright.mp4");
    let args = format!("-i {} -t 2 -an -c:v libx264 -preset veryfast -crf 12", scene.display());
    let clip = bench.make("scene.mp4", &args);
    let truth = std::fs::read_to_string(data.join("media/scenes/upright.gt.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    bench.redact(&clip, &[]).expect(0);
    let size = Area::new(0, 0, 1280, 720);
    let (before, after) = (gray(&clip, size), gray(&bench.output(), size));
    assert_eq!(before.len(), after.len());
    assert_eq!(after.len(), probe::times(&clip).len());

    let (mut counted, mut leaks, mut longest) = (0, 0, 0);
    let mut runs = std::collections::BTreeMap::<u64, usize>::new();
    for ((before, after), faces) in before.iter().zip(&after).zip(truth["frames"].as_array().unwrap()) {
        for face in appearances(faces) {
            let Some(area) = middle(&face, 1280.0, 720.0) else { continue };
            let Some(leak) = leaked(before, after, size, area) else { continue };
            let run = runs.entry(face.id).or_default();
            *run = if leak { *run + 1 } else { 0 };
            longest = longest.max(*run);
            counted += 1;
            leaks += usize::from(leak);
        }
    }
    assert!(counted > 100, "only {counted} appearances were counted");
    assert!(leaks * 1000 <= counted * 15, "{leaks} of {counted} appearances leak");
    assert!(longest <= 3, "a face is readable for {longest} pictures on end");
}
