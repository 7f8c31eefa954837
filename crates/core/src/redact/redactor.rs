//! The stage itself: from a frame and its masks to a frame with nothing left under them.

use std::fmt;

use super::backend::{Backend, Job};
use super::cpu::CpuBackend;
use super::error::{MAX_SIDE_PX, RedactError};
use super::gpu::GpuBackend;
use super::grid::{CellGrid, GridLayout};
use super::memory::{SurfaceKey, SurfaceMemory};
use super::rows::reached;
use super::spans::{self, Coverage, union_luma_px};
use super::veil::Veils;
use crate::draws::Draws;
use crate::gpu::{self, SoftwareGpu};
use crate::model::{Colorimetry, Device, FaceStyle, Frame, FrameMasks, FrameSize, MaskArea};

/// A frame with more masks than this is hidden as a whole: so many faces are a broken input, not a crowd.
const MAX_MASKS: usize = 1024;

/// Areas to keep clear at most: each can split every drawn mask in two.
const MAX_KEPT: usize = 8;

/// What was done to one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedactStats {
    /// Masks of the frame, those that lie outside the picture included.
    pub masks: u32,
    /// Luma pixels that at least one mask covers; all of them were overwritten.
    pub hidden_luma_px: u64,
    /// The whole frame was hidden.
    pub whole_frame: bool,
}

/// Hides faces in the frames of one recording, in their order. It remembers the surface of each track.
pub struct Redactor {
    backend: Box<dyn Backend>,
    size: FrameSize,
    style: FaceStyle,
    memory: SurfaceMemory,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.backend.name();
        f.debug_struct("Redactor").field("device", &name).field("size", &self.size).finish_non_exhaustive()
    }
}

/// The masks of a frame, ready to be drawn, with what their surfaces belong to.
#[derive(Default)]
struct Drawing {
    jobs: Vec<Job>,
    keys: Vec<SurfaceKey>,
    whole_frame: bool,
}

impl Drawing {
    /// Where masks lie over one another, what has the largest cells is seen: a small mask on an eye, of a line of text or
    /// of a face that is none, would show more of a face than its own mask does.
    fn coarsest_last(self) -> Self {
        let mut masks: Vec<_> = self.jobs.into_iter().zip(self.keys).collect();
        // In steps of two, so that masks of one size do not change places from frame to frame.
        masks.sort_by_key(|(job, _)| job.layout.cell_chroma().checked_ilog2());
        let (jobs, keys) = masks.into_iter().unzip();
        Self { jobs, keys, ..self }
    }
}

/// What patterns of chance are drawn from: keyed by the operating system.
///
/// # Errors
/// [`RedactError::Random`] where it gives no random numbers.
pub(crate) fn drawn_by_system() -> Result<Draws, RedactError> {
    Draws::from_os().map_err(|error| RedactError::Random { detail: error.to_string() })
}

impl Redactor {
    /// A redactor for pictures of one size.
    ///
    /// [`Device::Auto`] takes the first real GPU and falls back to the processor where there is none, or where it
    /// does not open. [`Device::Gpu`] never falls back; a software rasteriser counts as a GPU only where
    /// `OBSCURA_ALLOW_SOFTWARE_GPU` is set to `1`.
    ///
    /// # Errors
    /// [`RedactError::UnsupportedSize`], [`RedactError::Gpu`] where the GPU that was asked for is not there or does not
    /// open, or [`RedactError::Random`].
    pub fn new(device: Device, size: FrameSize, style: FaceStyle) -> Result<Self, RedactError> {
        Self::with_draws(device, size, style, drawn_by_system()?)
    }

    /// The same with patterns of chance from `draws`.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub(crate) fn with_draws(
        device: Device,
        size: FrameSize,
        style: FaceStyle,
        draws: Draws,
    ) -> Result<Self, RedactError> {
        Self::with_software(device, size, style, SoftwareGpu::from_env(), draws)
    }

    pub(crate) fn with_software(
        device: Device,
        size: FrameSize,
        style: FaceStyle,
        software: SoftwareGpu,
        draws: Draws,
    ) -> Result<Self, RedactError> {
        let (width, height) = (size.width(), size.height());
        if ![width, height].iter().all(|side| (1..=MAX_SIDE_PX).contains(side)) {
            return Err(RedactError::UnsupportedSize { width, height });
        }
        Ok(Self::on(open(device, size, style, software)?, size, style, draws))
    }

    /// A redactor on a device that is open already.
    pub(crate) fn on(backend: Box<dyn Backend>, size: FrameSize, style: FaceStyle, draws: Draws) -> Self {
        let veils = Veils::new(draws);
        let veils = if style == FaceStyle::Pixelate { veils.tinted() } else { veils };
        Self { backend, size, style, memory: SurfaceMemory::new(veils) }
    }

    /// The same without patterns of chance over what is drawn.
    #[cfg(test)]
    pub(crate) fn without_patterns(self) -> Self {
        Self { memory: SurfaceMemory::new(Veils::without_height()), ..self }
    }

    /// `cpu`, or the name of the adapter and its driver.
    pub fn device_name(&self) -> &str {
        self.backend.name()
    }

    /// Overwrites everything that the masks cover. A mask that is not sound covers the whole frame.
    ///
    /// # Errors
    /// The masks or the frame do not belong here, the device failed, or it wrote other than what the masks cover.
    /// The frame is then grey throughout, and must not be used.
    pub fn redact(&mut self, frame: &mut Frame, masks: &FrameMasks) -> Result<RedactStats, RedactError> {
        let outcome = self.check(frame, masks).and_then(|()| self.hide(frame, masks));
        if outcome.is_err() {
            blank(frame);
        }
        outcome
    }

    fn check(&self, frame: &Frame, masks: &FrameMasks) -> Result<(), RedactError> {
        if frame.seq != masks.seq {
            return Err(RedactError::WrongFrame { frame_seq: frame.seq, masks_seq: masks.seq });
        }
        if frame.size() != self.size {
            let (found, expected) = (frame.size(), self.size);
            return Err(RedactError::WrongSize { seq: frame.seq, found, expected });
        }
        Ok(())
    }

    fn hide(&mut self, frame: &mut Frame, masks: &FrameMasks) -> Result<RedactStats, RedactError> {
        self.memory.next_frame();
        let drawing = self.plan(masks);
        if !drawing.jobs.is_empty() {
            self.backend.begin(frame, &drawing.jobs)?;
            let surfaces = self.surfaces(frame, &drawing)?;
            let written = self.backend.paint(frame, &drawing.jobs, &surfaces)?;
            verify(frame.seq, &drawing.jobs, &written)?;
        }
        Ok(RedactStats {
            masks: u32::try_from(masks.masks.len()).unwrap_or(u32::MAX),
            hidden_luma_px: union_luma_px(drawing.jobs.iter().map(|job| &job.coverage)),
            whole_frame: drawing.whole_frame,
        })
    }

    /// Turns masks into jobs. Where the whole frame is hidden, nothing else is drawn on top of it.
    fn plan(&self, masks: &FrameMasks) -> Drawing {
        let everything = Coverage::whole_frame(self.size);
        let keep_clear: Vec<Coverage> =
            masks.keep_clear.iter().map(|area| Coverage::of(area, self.size)).collect();
        let mut drawing = Drawing::default();
        let mut too_many = masks.masks.len() > MAX_MASKS || keep_clear.len() > MAX_KEPT;
        for mask in masks.masks.iter().take(MAX_MASKS) {
            let coverage = Coverage::of(&mask.area, self.size);
            let may_be_a_face = mask.may_be_a_face();
            too_many |= (mask.area == MaskArea::WholeFrame || coverage == everything)
                && (may_be_a_face || keep_clear.is_empty());
            if too_many {
                break;
            }
            let kept = if may_be_a_face { &[][..] } else { &keep_clear };
            for part in parts_outside(coverage, kept) {
                let nth = drawing.keys.iter().filter(|key| key.is_of(mask.track)).count();
                drawing.keys.push(SurfaceKey::Track(mask.track, u32::try_from(nth).unwrap_or(u32::MAX)));
                drawing.jobs.push(self.job(part));
            }
        }
        if too_many {
            let jobs = vec![self.job(everything)];
            return Drawing { jobs, keys: vec![SurfaceKey::WholeFrame], whole_frame: true };
        }
        drawing.coarsest_last()
    }

    /// Bytes of the rows that masks lie on: so many go to a GPU, and so many come back.
    pub(crate) fn bytes_reached(&self, masks: &FrameMasks) -> u64 {
        reached(&self.plan(masks).jobs, self.size).iter().map(|rows| rows.len() as u64).sum()
    }

    fn job(&self, coverage: Coverage) -> Job {
        let layout = match self.style {
            FaceStyle::Solid => GridLayout::single(&coverage),
            FaceStyle::Blur | FaceStyle::Pixelate => GridLayout::over(&coverage),
        };
        Job { coverage, layout }
    }

    fn surfaces(&mut self, frame: &Frame, drawing: &Drawing) -> Result<Vec<CellGrid>, RedactError> {
        if self.style == FaceStyle::Solid {
            let grey = CellGrid::flat(grey(frame.colour));
            let flat =
                drawing.keys.iter().map(|key| key.track().map_or(grey, |track| self.memory.flat(track)));
            return Ok(flat.collect());
        }
        let fresh = self.backend.measure(frame, &drawing.jobs)?;
        let masks = drawing.keys.iter().zip(&drawing.jobs).zip(&fresh);
        Ok(masks.map(|((key, job), fresh)| self.memory.settle(*key, &job.layout, fresh)).collect())
    }
}

/// Whether an area covers anything of pictures of a size. One that only touches their edge was meant for elsewhere, though
/// its mask, which is rounded outwards, covers a column or a row.
pub fn covers_any(area: &MaskArea, size: FrameSize) -> bool {
    spans::reaches_into(area, size) && !Coverage::of(area, size).is_empty()
}

/// What of a mask lies outside the areas that are to stay clear.
fn parts_outside(coverage: Coverage, keep_clear: &[Coverage]) -> Vec<Coverage> {
    let whole = if coverage.is_empty() { Vec::new() } else { vec![coverage] };
    keep_clear.iter().fold(whole, |parts, kept| {
        parts.iter().flat_map(|part| part.without(kept)).filter(|part| !part.is_empty()).collect()
    })
}

/// Opens the device that the setting means.
fn open(
    device: Device,
    size: FrameSize,
    style: FaceStyle,
    software: SoftwareGpu,
) -> Result<Box<dyn Backend>, RedactError> {
    let smooth = style == FaceStyle::Blur;
    let Some((info, adapter)) = gpu::chosen(device, software)? else {
        return Ok(Box::new(CpuBackend::new(smooth)));
    };
    match GpuBackend::new(&adapter, &info.name, size, smooth) {
        Ok(gpu) => Ok(Box::new(gpu)),
        Err(error) if device == Device::Auto => {
            tracing::warn!(%error, "the GPU is left alone and the processor hides faces instead");
            Ok(Box::new(CpuBackend::new(smooth)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Every mask was painted to the last sample.
fn verify(seq: u64, jobs: &[Job], written: &[u64]) -> Result<(), RedactError> {
    let mut reported = written.iter().copied();
    for job in jobs {
        let (expected, written) = (job.coverage.samples(), reported.next().unwrap_or(0));
        if written != expected {
            return Err(RedactError::Incomplete { seq, written, expected });
        }
    }
    Ok(())
}

/// The flat grey: luma 96 in limited range, the same brightness in full range, and no colour.
fn grey(colour: Colorimetry) -> [u8; 3] {
    [if colour.full_range { 93 } else { 96 }, 128, 128]
}

/// Makes the picture unusable.
fn blank(frame: &mut Frame) {
    let levels = grey(frame.colour);
    for (plane, level) in frame.planes_mut().into_iter().zip(levels) {
        plane.data.fill(level);
    }
}
