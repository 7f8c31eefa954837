//! Tests of the whole stage, on all devices.

mod destroy;
mod devices;
mod golden;

use super::redactor::Redactor;
use crate::draws::Draws;
use crate::gpu::{self, AdapterKind, SoftwareGpu};
use crate::model::{
    BoxPx, ColorMatrix, Colorimetry, Device, EllipsePx, FaceStyle, Frame, FrameMasks, FramePool, FrameSize,
    Mask, MaskArea, MaskSource, PtsNanos, TrackId,
};

const COLOUR: Colorimetry = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };

/// A frame whose bytes, padding included, come from `byte(offset)`.
fn frame_of(size: FrameSize, seq: u64, byte: impl FnMut(usize) -> u8) -> Frame {
    let mut frame = FramePool::new(size, 1).take(seq, PtsNanos(seq * 40_000_000), COLOUR);
    for (target, value) in frame.bytes_mut().iter_mut().zip((0..).map(byte)) {
        *target = value;
    }
    frame
}

/// A picture without a flat part.
fn ramps(size: FrameSize, seq: u64) -> Frame {
    frame_of(size, seq, |at| u8::try_from(at / 5 % 251).unwrap())
}

fn copy_of(frame: &Frame) -> Frame {
    frame_of(frame.size(), frame.seq, |at| frame.bytes()[at])
}

fn ellipse(cx: f32, cy: f32, rx: f32, ry: f32, angle_rad: f32) -> MaskArea {
    MaskArea::Ellipse(EllipsePx { cx, cy, rx, ry, angle_rad })
}

/// Masks of tracks 0, 1, 2 and so on.
fn masks_of(seq: u64, areas: &[MaskArea]) -> FrameMasks {
    let mask = |(n, area): (u32, &MaskArea)| Mask {
        track: TrackId(n),
        area: area.clone(),
        source: MaskSource::Detected,
        score: None,
    };
    FrameMasks::new(seq, PtsNanos(seq * 40_000_000), (0..).zip(areas).map(mask).collect())
}

fn on_cpu(size: FrameSize, style: FaceStyle) -> Redactor {
    Redactor::with_software(Device::Cpu, size, style, SoftwareGpu::Refused, Draws::from_seed(7)).unwrap()
}

fn on_gpu(size: FrameSize, style: FaceStyle) -> Redactor {
    require_adapter();
    Redactor::with_software(Device::Gpu(0), size, style, SoftwareGpu::Allowed, Draws::from_seed(7)).unwrap()
}

fn require_adapter() {
    let found = gpu::list_adapters();
    assert!(
        !found.is_empty(),
        "there is no Vulkan adapter at all, not even a software one: run `cargo xtask setup`, which installs Mesa's"
    );
    assert!(found.iter().all(|info| !info.name.is_empty() && info.kind <= AdapterKind::Software));
}

/// Which bytes of a picture the masks cover, asked of the picture itself: those that a solid redactor changes
/// whatever they were.
fn covered(size: FrameSize, masks: &FrameMasks) -> Vec<bool> {
    let mut covered = vec![false; size.byte_len()];
    for fill in [0, 255] {
        let mut frame = frame_of(size, masks.seq, |_| fill);
        on_cpu(size, FaceStyle::Solid).redact(&mut frame, masks).unwrap();
        for (is_covered, byte) in covered.iter_mut().zip(frame.bytes()) {
            *is_covered |= *byte != fill;
        }
    }
    covered
}

/// A small reproducible source of chance (Marsaglia, Xorshift RNGs, 2003).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.throw() >> 11) % end.max(1)
    }

    fn place(&mut self, end: usize) -> usize {
        usize::try_from(self.below(end as u64)).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.below(256).to_le_bytes()[0]
    }

    /// Evenly from `from` to `to`.
    fn between(&mut self, from: f32, to: f32) -> f32 {
        from + (to - from) * (self.below(1 << 20) as f32 / (1 << 20) as f32)
    }

    /// An ellipse of any kind: inside, across an edge, outside, tiny, huge, turned; now and then not sound.
    fn area(&mut self, size: FrameSize) -> MaskArea {
        let (width, height) = (size.width() as f32, size.height() as f32);
        let largest = match self.below(8) {
            0 => 1.0,
            1 => 4.0 * width,
            2..=4 => 12.0,
            _ => width / 3.0,
        };
        let (cx, cy) = (self.between(-0.2 * width, 1.2 * width), self.between(-0.2 * height, 1.2 * height));
        match self.below(40) {
            0 => MaskArea::WholeFrame,
            1 => ellipse(cx, cy, f32::NAN, 3.0, 0.0),
            _ => ellipse(
                cx,
                cy,
                self.between(0.05, largest),
                self.between(0.05, largest),
                self.between(-4.0, 4.0),
            ),
        }
    }
}
