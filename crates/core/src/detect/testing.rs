//! What the tests of detection share: the files that set-up brings, and frames made from pictures.

use std::path::PathBuf;

use super::Runtime;
use crate::model::{ColorMatrix, Colorimetry, Frame, FramePool, FrameSize, PtsNanos};

pub(super) const FULL_601: Colorimetry = Colorimetry { full_range: true, matrix: ColorMatrix::Bt601 };

/// A file under the Obscura home folder.
pub(super) fn home(kind: &str, file: &str) -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    let home = variable("OBSCURA_HOME").or_else(|| Some(data()?.join("obscura"))).unwrap_or_default();
    let path = home.join(kind).join(file);
    assert!(path.is_file(), "{kind}/{file} is not in the Obscura home folder: run `cargo xtask setup`");
    path
}

pub(super) fn library() -> PathBuf {
    home("lib", "libonnxruntime.so.1.28.0")
}

pub(super) fn runtime() -> Runtime {
    Runtime::load(&library()).unwrap()
}

pub(super) fn centerface_bytes() -> Vec<u8> {
    std::fs::read(home("models", "centerface.onnx")).unwrap()
}

pub(super) fn yunet_bytes() -> Vec<u8> {
    std::fs::read(home("models", "face_detection_yunet_2023mar.onnx")).unwrap()
}

/// The two files of the people detector: graph and weights.
pub(super) fn nanodet_bytes() -> [Vec<u8>; 2] {
    ["nanodet.json", "nanodet.bin"].map(|file| std::fs::read(home("models", file)).unwrap())
}

pub(super) fn text_bytes() -> Vec<u8> {
    std::fs::read(home("models", "ch_PP-OCRv4_det_infer.onnx")).unwrap()
}

/// An RGB picture, row by row.
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<[u8; 3]>,
}

impl Picture {
    /// The astronaut of scikit-image (NASA, public domain), 512x512 with one frontal face.
    pub(super) fn astronaut() -> Self {
        let picture = image::open(home("media", "astronaut.png")).unwrap().to_rgb8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Self { width, height, rgb: picture.pixels().map(|pixel| pixel.0).collect() }
    }

    /// The picture turned a quarter counter-clockwise.
    pub(super) fn turned_left(&self) -> Self {
        let (width, height) = (self.height, self.width);
        let at = |x: usize, y: usize| self.rgb[x * self.width + (self.width - 1 - y)];
        let rgb = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| at(x, y)).collect();
        Self { width, height, rgb }
    }

    /// Smaller by a whole factor, each pixel the mean of those that it stands for.
    pub(super) fn shrunk(&self, factor: usize) -> Self {
        let (width, height) = (self.width / factor, self.height / factor);
        let mean = |x: usize, y: usize, channel: usize| {
            let cells = (0..factor * factor).map(|n| (x * factor + n % factor, y * factor + n / factor));
            let sum: f32 = cells.map(|(x, y)| f32::from(self.rgb[y * self.width + x][channel])).sum();
            to_byte(sum / (factor * factor) as f32)
        };
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let rgb = places.map(|(x, y)| std::array::from_fn(|channel| mean(x, y, channel))).collect();
        Self { width, height, rgb }
    }

    /// On a larger grey picture, with its top left corner at a column and row.
    pub(super) fn on_grey(&self, (width, height): (usize, usize), (left, top): (usize, usize)) -> Self {
        let mut rgb = vec![[110; 3]; width * height];
        for (y, row) in self.rgb.chunks(self.width).enumerate() {
            let start = (top + y) * width + left;
            rgb[start..start + self.width].copy_from_slice(row);
        }
        Self { width, height, rgb }
    }

    /// A full-range BT.601 frame; chroma is the mean of 2x2 pixels. Sides must be even.
    pub(super) fn to_frame(&self) -> Frame {
        let mut frame = frame(self.width, self.height, FULL_601);
        let yuv = |x: usize, y: usize| {
            let [r, g, b] = self.rgb[y * self.width + x].map(f32::from);
            let luma = 0.299 * r + 0.587 * g + 0.114 * b;
            [luma, (b - luma) / 1.772 + 128.0, (r - luma) / 1.402 + 128.0]
        };
        for (channel, plane) in frame.planes_mut().into_iter().enumerate() {
            let step = if channel == 0 { 1 } else { 2 };
            for (y, row) in plane.data.chunks_mut(plane.stride).enumerate() {
                for (x, sample) in row.iter_mut().take(plane.width).enumerate() {
                    let cell =
                        (0..step * step).map(|n| yuv(x * step + n % step, y * step + n / step)[channel]);
                    *sample = to_byte(cell.sum::<f32>() / (step * step) as f32);
                }
            }
        }
        frame
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a byte")]
fn to_byte(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

pub(super) fn frame(width: usize, height: usize, colour: Colorimetry) -> Frame {
    FramePool::new(FrameSize::rounded_up(width, height), 1).take(0, PtsNanos(0), colour)
}

/// A frame of reproducible noise.
pub(super) fn noise(width: usize, height: usize, colour: Colorimetry, seed: u32) -> Frame {
    let mut frame = frame(width, height, colour);
    let mut state = seed;
    for byte in frame.bytes_mut() {
        // The generator of "Numerical Recipes": its upper bits are random enough for pictures.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    frame
}
