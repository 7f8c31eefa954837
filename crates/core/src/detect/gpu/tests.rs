//! The finder of faces on a GPU (Mesa's software one where there is no other) against the same on the processor.

use std::sync::Arc;

use super::super::arithmetic::Numbers;
use super::super::testing::{self, Picture};
use super::super::{CenterFace, DetectError, DetectorSettings, FaceDetector, Place, Turn};
use super::accelerator::{DEPTHWISE_WGSL, DOUBLE_WGSL, FULL_WGSL, POINTWISE_WGSL, SCALE_WGSL, TURN_WGSL};
use super::*;
use crate::detect::centerface;
use crate::detect::runtime::Network;
use crate::gpu::GpuError;
use crate::gpu::testing::{assert_valid, software};
use crate::model::{Detection, EllipsePx, Frame};
use crate::noise;

const SETTINGS: DetectorSettings =
    DetectorSettings { side_px: 320, score_threshold: 0.2, numbers: Numbers::Float32 };

fn accelerator() -> Arc<Accelerator> {
    let network = centerface::layers(&testing::centerface_bytes()).unwrap();
    Arc::new(Accelerator::load(software(), network).unwrap())
}

fn on_gpu() -> CenterFace {
    CenterFace::on_gpu(accelerator(), SETTINGS).unwrap()
}

fn processor() -> Network {
    let adapted = CenterFace::adapt(&testing::centerface_bytes(), Numbers::Float32).unwrap();
    adapted.network(&testing::runtime(), centerface::NAME).unwrap()
}

fn on_cpu() -> CenterFace {
    CenterFace::new(&testing::runtime(), &testing::centerface_bytes(), SETTINGS).unwrap()
}

#[test]
fn the_shaders_are_valid_and_use_no_optional_capability() {
    for (entry_point, wgsl) in [
        ("pointwise", POINTWISE_WGSL),
        ("depthwise", DEPTHWISE_WGSL),
        ("full", FULL_WGSL),
        ("double", DOUBLE_WGSL),
        ("scale", SCALE_WGSL),
        ("turn", TURN_WGSL),
    ] {
        assert_valid(entry_point, wgsl);
    }
}

#[test]
fn the_network_gives_the_same_maps() {
    let mut processor = processor();
    let mut eye = Eye::new(accelerator());
    // Several pictures, odd numbers of cells at every size of the network, and one size after another in the same
    // memory.
    for shape @ [pictures, height, width] in [[3, 96, 160], [1, 32, 32], [1, 224, 96], [3, 96, 160]] {
        let pixels: Vec<f32> = noise::bytes(1).map(f32::from).take(pictures * 3 * height * width).collect();
        let found = eye.trial(&pixels, shape).unwrap();
        let off = processor.run_planes(&pixels, height, width).unwrap().worst_difference(&found).unwrap();
        assert!(off < 2e-3, "{shape:?}: {off}");
    }
}

/// Each face of one has a face of the other in the same place, as sure, at the same angle.
fn assert_same(by_cpu: &[Detection], by_gpu: &[Detection], what: &str) {
    assert_eq!(by_cpu.len(), by_gpu.len(), "{what}: {by_cpu:?} and {by_gpu:?}");
    for (a, b) in by_cpu.iter().zip(by_gpu) {
        let iou = a.ellipse.bounding_box().iou(&b.ellipse.bounding_box());
        assert!(iou > 0.97 && (a.score - b.score).abs() < 0.02, "{what}: {a:?} and {b:?}");
        assert!((a.ellipse.angle_rad - b.ellipse.angle_rad).abs() < 0.02, "{what}: {a:?} and {b:?}");
    }
}

fn lying_and_standing() -> [Frame; 2] {
    let picture = Picture::astronaut();
    [picture.turned_left().to_frame(), picture.shrunk(2).to_frame()]
}

#[test]
fn whole_pictures_give_the_same_faces_in_every_direction() {
    let (mut cpu, mut gpu) = (on_cpu().with_small_diagonals(), on_gpu().with_small_diagonals());
    let mut faces = 0;
    for frame in &lying_and_standing() {
        gpu.reserve(frame.size()).unwrap();
        for turn in (0..8).map(Turn::eighths) {
            let by_cpu = cpu.detect(frame, turn).unwrap();
            assert_same(&by_cpu, &gpu.detect(frame, turn).unwrap(), &format!("{turn:?}"));
            faces += by_cpu.len();
        }
    }
    assert!(faces >= 4, "{faces} faces");
}

#[test]
fn crops_give_the_same_faces_large_and_small() {
    let (mut cpu, mut gpu) = (on_cpu(), on_gpu());
    let ellipse = |cx, cy, r, angle_rad| EllipsePx { cx, cy, rx: r, ry: 1.25 * r, angle_rad };
    let mut faces = 0;
    for (frame, known) in lying_and_standing().iter().zip([
        // Of the first, once as large as it is, once as if it were small: then the crop is cut out of the frame itself.
        [ellipse(120.0, 287.0, 46.0, -1.57), ellipse(120.0, 287.0, 9.0, -1.57)],
        [ellipse(113.0, 60.0, 23.0, 0.0), ellipse(30.0, 220.0, 5.0, 0.8)],
    ]) {
        let places = known.map(Place::of);
        let by_cpu = cpu.look_at(frame).unwrap().near(&places).unwrap();
        let by_gpu = gpu.look_at(frame).unwrap().near(&places).unwrap();
        assert_same(&by_cpu, &by_gpu, "crops");
        faces += by_cpu.len();
    }
    assert!(faces >= 2, "{faces} faces");
}

#[test]
fn lost_faces_are_seen_larger_alike() {
    let (mut cpu, mut gpu) = (on_cpu(), on_gpu());
    let face = |cx, cy, angle_rad| EllipsePx { cx, cy, rx: 23.0, ry: 28.75, angle_rad };
    for (picture, known) in [
        (Picture::astronaut(), face(200.0 + 113.0, 60.0 + 60.0, 0.0)),
        (Picture::astronaut().turned_left(), face(200.0 + 60.0, 60.0 + 143.0, -1.57)),
    ] {
        let frame = picture.shrunk(2).on_grey((640, 360), (200, 60)).to_frame();
        let places = [Place::of(known)];
        let by_cpu = cpu.look_at(&frame).unwrap().closer(&places).unwrap();
        let by_gpu = gpu.look_at(&frame).unwrap().closer(&places).unwrap();
        let [found] = by_cpu.as_slice() else { panic!("one face, but {by_cpu:?}") };
        assert!(found.ellipse.contains(known.cx, known.cy), "{found:?}");
        assert_same(&by_cpu, &by_gpu, "closer");
    }
}

#[test]
fn a_gpu_has_to_show_that_it_calculates_rightly() {
    let (info, adapter) = crate::gpu::enumerate().swap_remove(0);
    let bytes = testing::centerface_bytes();
    let runtime = testing::runtime();
    assert!(Accelerator::new(&adapter, &info.name, &runtime, &bytes).is_ok());
    // One weight in the middle of the network that is not the one that the processor has.
    let mut network = centerface::layers(&bytes).unwrap();
    let at = network.steps[20].weights;
    network.weights[at] += 0.5;
    let opened = Arc::new(Accelerator::load(software(), network).unwrap());
    let error = opened.prove(processor()).unwrap_err();
    assert!(matches!(error, DetectError::Gpu(GpuError::Wrong { .. })), "{error}");
}

#[test]
fn a_lost_gpu_is_an_error_and_no_empty_picture() {
    let shared = accelerator();
    let mut gpu = CenterFace::on_gpu(Arc::clone(&shared), SETTINGS).unwrap();
    let [frame, _] = lying_and_standing();
    assert!(!gpu.detect(&frame, Turn::eighths(2)).unwrap().is_empty());
    shared.gpu.lose();
    for _ in 0..2 {
        let error = gpu.detect(&frame, Turn::eighths(2));
        assert!(matches!(error, Err(DetectError::Gpu(GpuError::Failed { .. }))), "{error:?}");
    }
}

#[test]
fn pictures_that_are_too_large_are_refused_before_the_run() {
    let settings = DetectorSettings { side_px: 4096, ..SETTINGS };
    let mut gpu = CenterFace::on_gpu(accelerator(), settings).unwrap();
    let error = gpu.reserve(crate::model::FrameSize::rounded_up(16_384, 16_384)).unwrap_err();
    assert!(matches!(error, DetectError::Gpu(GpuError::TooLarge { .. })), "{error}");
}
