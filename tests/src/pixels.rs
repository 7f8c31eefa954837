//! Decoded pictures, colours, and the measure of what of a face can still be read.

use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::media::{ffmpeg_bytes, words};

/// A rectangle in pixels: left, top, width, height.
#[derive(Clone, Copy, Debug)]
pub struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Area {
    pub const fn new(x: usize, y: usize, width: usize, height: usize) -> Self {
        Self { x, y, width, height }
    }
}

/// The share of readable detail at which a face counts as leaked, and the share of its energy that must be left.
pub const LEAK_CORRELATION: f32 = 0.45;
pub const LEAK_ENERGY: f32 = 0.35;

/// The luma of one area in every picture, values 0 to 255 row by row; pictures repeated or dropped by no one.
pub fn gray(path: &Path, area: Area) -> Vec<Vec<f32>> {
    LumaFrames::open(path, area).collect()
}

/// The luma of every picture of a file, one at a time, values 0 to 255 row by row.
#[derive(Debug)]
pub struct LumaFrames {
    decoder: Child,
    frame: Vec<u8>,
}

impl LumaFrames {
    /// Starts decoding one area.
    pub fn open(path: &Path, area: Area) -> Self {
        let filter = format!("crop={}:{}:{}:{}:exact=1,format=gray", area.width, area.height, area.x, area.y);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-i"]).arg(path).args(["-vf", &filter]);
        command.args([
            "-map",
            "0:v:0",
            "-fps_mode",
            "passthrough",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-",
        ]);
        let decoder = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("ffmpeg runs");
        Self { decoder, frame: vec![0; area.width * area.height] }
    }
}

impl Iterator for LumaFrames {
    type Item = Vec<f32>;

    fn next(&mut self) -> Option<Vec<f32>> {
        if self.decoder.stdout.as_mut()?.read_exact(&mut self.frame).is_err() {
            // A decoder that broke off must not pass for the end of the file.
            assert!(self.decoder.wait().unwrap().success(), "ffmpeg decodes to the end");
            return None;
        }
        Some(self.frame.iter().map(|&value| f32::from(value)).collect())
    }
}

impl Drop for LumaFrames {
    fn drop(&mut self) {
        // It may still wait to write pictures that nobody wants.
        drop(self.decoder.stdout.take());
        drop(self.decoder.wait());
    }
}

/// The mean red, green and blue, 0 to 255, of an area in the first picture, as a player shows it.
pub fn mean_rgb(path: &Path, area: Area) -> [f64; 3] {
    let filter = format!(
        "scale=in_color_matrix=auto:flags=accurate_rnd+full_chroma_int,format=rgb24,crop={}:{}:{}:{}:exact=1",
        area.width, area.height, area.x, area.y
    );
    let bytes = decode_rgb(path, &filter);
    let count = area.width * area.height;
    let mut sums = [0.0; 3];
    for pixel in bytes[..count * 3].chunks_exact(3) {
        for (sum, &value) in sums.iter_mut().zip(pixel) {
            *sum += f64::from(value);
        }
    }
    sums.map(|sum| sum / count as f64)
}

/// Asserts two colours to be alike to `tolerance` steps of 255 in each of red, green and blue.
#[track_caller]
pub fn assert_colour(wanted: [f64; 3], got: [f64; 3], tolerance: f64) {
    let far = wanted.iter().zip(&got).any(|(a, b)| (a - b).abs() > tolerance);
    assert!(!far, "the colour was {wanted:.0?} and is {got:.0?}");
}

fn decode_rgb(path: &Path, filter: &str) -> Vec<u8> {
    let input = [OsString::from("-i"), path.as_os_str().to_owned(), "-vf".into(), filter.into()];
    let rest = words("-map 0:v:0 -fps_mode passthrough -f rawvideo -pix_fmt rgb24");
    ffmpeg_bytes(input.into_iter().chain(rest))
}

/// The fine detail of a picture: its blur of sigma 1.2 px less its blur of sigma 5 px.
pub fn detail(picture: &[f32], width: usize) -> Vec<f32> {
    let fine = gaussian(picture, width, 1.2);
    let coarse = gaussian(picture, width, 5.0);
    fine.iter().zip(&coarse).map(|(a, b)| a - b).collect()
}

fn gaussian(picture: &[f32], width: usize, sigma: f32) -> Vec<f32> {
    let height = picture.len() / width;
    let across = pass(picture, width, sigma, |at, offset| {
        (at % width).checked_add_signed(offset).map(|x| x.min(width - 1)).unwrap_or(0) + at / width * width
    });
    pass(&across, width, sigma, |at, offset| {
        (at / width).checked_add_signed(offset).map(|y| y.min(height - 1)).unwrap_or(0) * width + at % width
    })
}

/// One direction; `place` gives the index of the pixel `offset` steps away, held at the border.
fn pass(picture: &[f32], _width: usize, sigma: f32, place: impl Fn(usize, isize) -> usize) -> Vec<f32> {
    let reach = (sigma * 3.0).ceil() as isize;
    let weights: Vec<(isize, f32)> =
        (-reach..=reach).map(|o| (o, (-(o * o) as f32 / (2.0 * sigma * sigma)).exp())).collect();
    let total: f32 = weights.iter().map(|(_, weight)| weight).sum();
    (0..picture.len())
        .map(|at| weights.iter().map(|&(o, weight)| picture[place(at, o)] * weight).sum::<f32>() / total)
        .collect()
}

/// Cuts an area out of a picture of `width`.
pub fn cut(picture: &[f32], width: usize, area: Area) -> Vec<f32> {
    (area.y..area.y + area.height)
        .flat_map(|y| picture[y * width + area.x..y * width + area.x + area.width].iter().copied())
        .collect()
}

fn centred(values: &[f32]) -> Vec<f32> {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    values.iter().map(|value| value - mean).collect()
}

/// Standard deviation.
pub fn spread(values: &[f32]) -> f32 {
    (centred(values).iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt()
}

/// Normalised cross-correlation of two pictures of one size, -1 to 1; 0 where either is flat.
pub fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (centred(a), centred(b));
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    let scale = (dot(&a, &a) * dot(&b, &b)).sqrt();
    if scale > 1e-6 { dot(&a, &b) / scale } else { 0.0 }
}

/// Whether the detail of a face is still in the output: it correlates, and enough of its energy is left.
pub fn leaks(before: &[f32], after: &[f32]) -> bool {
    correlation(before, after) > LEAK_CORRELATION && spread(after) > LEAK_ENERGY * spread(before)
}
