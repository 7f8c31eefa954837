//! Micro-benchmarks of the kernels: `cargo xtask bench kernels`, or `cargo bench -p obscura-benches --bench kernels
//! NAME`.
#![allow(clippy::expect_used, reason = "a benchmark that cannot run has nothing to measure")]

use std::path::PathBuf;

use divan::{Bencher, black_box};
use obscura_core::kernels::{
    self, Checker, Crowd, Failure, Finder, Look, Painter, People, Summary, Voice, fill_with_noise,
};
use obscura_core::model::{
    Arithmetic, ColorMatrix, Colorimetry, FaceStyle, Frame, FramePool, FrameSize, PtsNanos, VoiceMode,
};

/// Sizes of pictures.
const SIZES: [(usize, usize); 3] = [(1280, 720), (1920, 1080), (3840, 2160)];

fn main() {
    divan::main();
}

fn model(file: &str) -> Vec<u8> {
    kernels::model(file).expect("`cargo xtask setup` brings the models")
}

fn library() -> PathBuf {
    kernels::library().expect("a home folder is named")
}

/// Noise, so that nothing is quicker for being flat.
fn picture((width, height): (usize, usize)) -> Frame {
    let pool = FramePool::new(FrameSize::rounded_up(width, height), 1);
    let colour = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };
    let mut frame = pool.take(0, PtsNanos(0), colour);
    fill_with_noise(&mut frame, 1);
    frame
}

fn measure(bencher: Bencher<'_, '_>, size: (usize, usize), kernel: Result<impl Look, impl std::fmt::Debug>) {
    let (frame, mut kernel) = (picture(size), kernel.expect("the kernel can be made"));
    bencher.bench_local(|| kernel.look(black_box(&frame)).expect("the kernel runs"));
}

fn finder(arithmetic: Arithmetic, eighths: u8, places: usize) -> Result<Finder, Failure> {
    Finder::load(&library(), &model("centerface.onnx"), arithmetic, eighths, places)
}

/// `CenterFace` over the whole picture, by turns of 45 degrees, with the preparation of its input.
#[divan::bench(args = [0, 1, 2, 4])]
fn whole_picture(bencher: Bencher<'_, '_>, eighths: u8) {
    measure(bencher, SIZES[0], finder(Arithmetic::Auto, eighths, 0));
}

/// The same in floating point.
#[divan::bench(args = [0, 1, 2, 4])]
fn whole_picture_in_float(bencher: Bencher<'_, '_>, eighths: u8) {
    measure(bencher, SIZES[0], finder(Arithmetic::Float, eighths, 0));
}

/// The same over larger pictures: what preparation adds.
#[divan::bench(args = SIZES)]
fn whole_picture_by_size(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    measure(bencher, size, finder(Arithmetic::Auto, 0, 0));
}

/// `CenterFace` near places where faces are expected.
#[divan::bench(args = [1, 4, 8, 24])]
fn crops(bencher: Bencher<'_, '_>, places: usize) {
    measure(bencher, SIZES[0], finder(Arithmetic::Auto, 0, places));
}

#[divan::bench]
fn people(bencher: Bencher<'_, '_>) {
    measure(bencher, SIZES[0], People::load(&library(), &model("nanodet.json"), &model("nanodet.bin")));
}

/// One look of the self-check.
#[divan::bench]
fn self_check(bencher: Bencher<'_, '_>) {
    measure(bencher, SIZES[0], Checker::load(&library(), &model("face_detection_yunet_2023mar.onnx")));
}

#[divan::bench(args = SIZES)]
fn cut_thumbnail(bencher: Bencher<'_, '_>, size: (usize, usize)) {
    measure(bencher, size, Ok::<_, ()>(Summary));
}

/// Eight masks of 128 px on the processor, whatever the size of the picture.
#[divan::bench(args = [FaceStyle::Blur, FaceStyle::Pixelate, FaceStyle::Solid])]
fn paint_8_masks(bencher: Bencher<'_, '_>, style: FaceStyle) {
    let mut frame = picture(SIZES[1]);
    let mut painter = Painter::new(frame.size(), style, 8).expect("a painter");
    bencher.bench_local(|| painter.paint(&mut frame).expect("it paints"));
}

/// A second of stereo sound at 48 kHz, in blocks of 20 ms.
#[divan::bench(args = [VoiceMode::Disguise, VoiceMode::Pitch, VoiceMode::Mute])]
fn second_of_sound(bencher: Bencher<'_, '_>, mode: VoiceMode) {
    let mut voice = Voice::new(mode).expect("a voice");
    let period = (0..480u16).map(|n| 0.2 * (f32::from(n) / 480.0 - 0.5));
    let samples: Vec<f32> = period.cycle().take(96_000).collect();
    bencher.bench_local(|| {
        samples.chunks(1920).map(|block| voice.treat(block).expect("it speaks")).sum::<usize>()
    });
}

/// One picture through the tracker, with so many faces in it.
#[divan::bench(args = [4, 30, 200])]
fn follow(bencher: Bencher<'_, '_>, faces: usize) {
    let mut crowd = Crowd::new(FrameSize::rounded_up(1920, 1080), faces).expect("a tracker");
    bencher.bench_local(|| crowd.step());
}
