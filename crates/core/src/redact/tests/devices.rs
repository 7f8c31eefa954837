//! Every device gives the same bytes, and a device that fails gives none.

use super::*;
use crate::gpu::GpuError;
use crate::gpu::testing::assert_valid;
use crate::redact::backend::{Backend, Job};
use crate::redact::cpu::CpuBackend;
use crate::redact::error::RedactError;
use crate::redact::gpu::{GpuBackend, MEASURE_WGSL, PAINT_WGSL};
use crate::redact::grid::CellGrid;

#[test]
fn the_shaders_are_valid_and_use_no_optional_capability() {
    for (entry_point, wgsl) in [("measure", MEASURE_WGSL), ("paint", PAINT_WGSL)] {
        assert_valid(entry_point, wgsl);
    }
}

/// Random pictures with random masks, tracks running on from frame to frame.
fn compare_devices(width: usize, height: usize, style: FaceStyle, frames: u64) {
    let size = FrameSize::rounded_up(width, height);
    let (mut cpu, mut gpu) = (on_cpu(size, style), on_gpu(size, style));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ (width * 7 + height) as u64);
    for seq in 0..frames {
        let areas: Vec<_> = (0..dice.below(7)).map(|_| dice.area(size)).collect();
        let masks = masks_of(seq, &areas);
        let coarse = dice.below(2) == 0;
        let original = if coarse { ramps(size, seq) } else { frame_of(size, seq, |_| dice.byte()) };
        let (mut by_cpu, mut by_gpu) = (copy_of(&original), copy_of(&original));
        let stats = cpu.redact(&mut by_cpu, &masks).unwrap();
        assert_eq!(gpu.redact(&mut by_gpu, &masks).unwrap(), stats);
        let differing = by_cpu.bytes().iter().zip(by_gpu.bytes()).position(|(a, b)| a != b);
        assert_eq!(differing, None, "{style} {width}x{height} frame {seq}: {masks:?}");
    }
}

#[test]
fn the_gpu_gives_the_bytes_of_the_processor() {
    for style in FaceStyle::ALL {
        for (width, height) in [(2, 2), (18, 10), (176, 144), (321, 243), (1278, 90)] {
            compare_devices(width, height, *style, 40);
        }
    }
}

#[test]
fn the_gpu_gives_the_bytes_of_the_processor_in_large_pictures_too() {
    for style in FaceStyle::ALL {
        compare_devices(1922, 1080, *style, 6);
    }
}

#[test]
fn a_cell_whose_sum_passes_32_bits_is_measured_right() {
    // A part of a circle of a kilometre: what is visible is less than an eighth of it, so it is one cell.
    let size = FrameSize::rounded_up(5000, 4000);
    let masks = masks_of(0, &[ellipse(-995_100.0, 2000.0, 1.0e6, 1.0e6, 0.0)]);
    let mut by_cpu = frame_of(size, 0, |_| 252);
    let mut by_gpu = copy_of(&by_cpu);
    let stats = on_cpu(size, FaceStyle::Pixelate).without_patterns().redact(&mut by_cpu, &masks).unwrap();
    on_gpu(size, FaceStyle::Pixelate).without_patterns().redact(&mut by_gpu, &masks).unwrap();
    assert!(stats.hidden_luma_px * 252 > 1 << 32 && !stats.whole_frame);
    assert!(by_cpu.bytes().iter().chain(by_gpu.bytes()).all(|v| *v == 252));
}

#[test]
fn more_masks_than_before_find_room_on_the_gpu() {
    let size = FrameSize::rounded_up(400, 300);
    let (mut cpu, mut gpu) = (on_cpu(size, FaceStyle::Blur), on_gpu(size, FaceStyle::Blur));
    for (seq, count) in [(0u64, 3usize), (1, 40), (2, 1024), (3, 1025), (4, 1)] {
        let mut dice = Dice(77 + seq);
        let areas: Vec<_> =
            (0..count).map(|n| ellipse((n % 400) as f32, (n / 4) as f32, 9.0, 12.0, 0.5)).collect();
        let mut by_cpu = frame_of(size, seq, |_| dice.byte());
        let mut by_gpu = copy_of(&by_cpu);
        let stats = cpu.redact(&mut by_cpu, &masks_of(seq, &areas)).unwrap();
        assert_eq!(gpu.redact(&mut by_gpu, &masks_of(seq, &areas)).unwrap(), stats);
        assert_eq!(stats.whole_frame, count > 1024, "more masks than can be meant hide the frame");
        assert!(by_cpu.bytes() == by_gpu.bytes(), "{count} masks");
    }
}

#[test]
fn a_lost_gpu_is_an_error_and_the_frame_turns_grey() {
    require_adapter();
    let size = FrameSize::rounded_up(64, 64);
    let (info, adapter) = gpu::enumerate().swap_remove(0);
    let gpu = GpuBackend::new(&adapter, &info.name, size, true).unwrap();
    gpu.lose_device();
    let mut redactor = Redactor::on(Box::new(gpu), size, FaceStyle::Blur, Draws::from_seed(7));
    for seq in 0..2 {
        let mut frame = ramps(size, seq);
        let error = redactor.redact(&mut frame, &masks_of(seq, &[ellipse(30.0, 30.0, 9.0, 9.0, 0.0)]));
        assert!(matches!(error, Err(RedactError::Gpu(GpuError::Failed { .. }))), "{error:?}");
        assert!(frame.planes()[0].data.iter().all(|v| *v == 96) && frame.planes()[1].data[0] == 128);
    }
}

/// The real processor back end, which then reports one sample too few.
struct Forgetful(CpuBackend);

impl Backend for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn begin(&mut self, frame: &Frame, jobs: &[Job]) -> Result<(), RedactError> {
        self.0.begin(frame, jobs)
    }

    fn measure(&mut self, frame: &Frame, jobs: &[Job]) -> Result<Vec<CellGrid>, RedactError> {
        self.0.measure(frame, jobs)
    }

    fn paint(
        &mut self,
        frame: &mut Frame,
        jobs: &[Job],
        surfaces: &[CellGrid],
    ) -> Result<Vec<u64>, RedactError> {
        let mut written = self.0.paint(frame, jobs, surfaces)?;
        *written.last_mut().unwrap() -= 1;
        Ok(written)
    }
}

#[test]
fn a_single_sample_left_out_voids_the_frame() {
    let size = FrameSize::rounded_up(64, 64);
    let backend = Box::new(Forgetful(CpuBackend::new(true)));
    let mut redactor = Redactor::on(backend, size, FaceStyle::Blur, Draws::from_seed(7));
    let mut frame = ramps(size, 5);
    let error = redactor.redact(&mut frame, &masks_of(5, &[ellipse(30.0, 30.0, 9.0, 9.0, 0.0)])).unwrap_err();
    assert!(matches!(error, RedactError::Incomplete { seq: 5, .. }), "{error}");
    assert!(frame.planes()[0].data.iter().all(|v| *v == 96));
}

#[test]
fn masks_of_another_frame_and_frames_of_another_size_are_refused() {
    let size = FrameSize::rounded_up(64, 64);
    let mut redactor = on_cpu(size, FaceStyle::Pixelate);
    let mut frame = ramps(size, 7);
    let error = redactor.redact(&mut frame, &masks_of(8, &[])).unwrap_err();
    assert!(matches!(error, RedactError::WrongFrame { frame_seq: 7, masks_seq: 8 }), "{error}");
    assert!(frame.planes()[0].data.iter().all(|v| *v == 96), "the frame is grey");
    let mut other = frame_of(FrameSize::rounded_up(64, 62), 7, |_| 3);
    let error = redactor.redact(&mut other, &masks_of(7, &[])).unwrap_err();
    assert!(error.to_string().contains("frame 7 is 64x62 and not 64x64 pixels"), "{error}");
}

#[test]
fn sizes_and_devices_that_cannot_be_served_are_refused_by_name() {
    let make = |device, width, height, software| {
        let size = FrameSize::rounded_up(width, height);
        Redactor::with_software(device, size, FaceStyle::Blur, software, Draws::from_seed(7))
    };
    for (width, height) in [(0, 10), (10, 0), (16_386, 10), (10, 40_000)] {
        let error = make(Device::Cpu, width, height, SoftwareGpu::Refused).unwrap_err();
        assert!(matches!(error, RedactError::UnsupportedSize { .. }), "{error}");
    }
    let error = make(Device::Gpu(200), 64, 64, SoftwareGpu::Allowed).unwrap_err();
    assert!(matches!(error, RedactError::Gpu(GpuError::Missing { wanted: 200, .. })), "{error}");
    require_adapter();
    let error = make(Device::Gpu(0), 16_384, 16_384, SoftwareGpu::Allowed).unwrap_err();
    assert!(matches!(error, RedactError::Gpu(GpuError::TooLarge { .. })), "{error}");
}
