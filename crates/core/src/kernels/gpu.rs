//! Detection and redaction of pictures in memory on a GPU, and what they have to cost there.

use std::path::Path;
use std::sync::Arc;

use super::{Failure, SETTINGS, ellipses, masks_of};
use crate::detect::{Accelerator, CenterFace, PassCost, Place, Runtime, Schedule};
use crate::model::{Device, FaceStyle, Frame, FrameSize, Search, Speed};
use crate::redact::Redactor;

/// An open GPU, for several workers.
#[derive(Debug)]
pub struct GpuWork {
    accelerator: Arc<Accelerator>,
    device: Device,
    size: FrameSize,
}

impl GpuWork {
    /// Opens a GPU for pictures of a size and proves it.
    ///
    /// # Errors
    /// No such GPU, or one that is not fit; a library or model that cannot be loaded.
    pub fn open(library: &Path, model: &[u8], device: Device, size: FrameSize) -> Result<Self, Failure> {
        let accelerator = Accelerator::open(device, &Runtime::load(library)?, model)?;
        let accelerator = accelerator.ok_or("there is no GPU that is fit")?;
        Ok(Self { accelerator, device, size })
    }

    /// Name of the adapter and its driver.
    pub fn name(&self) -> &str {
        self.accelerator.name()
    }

    /// A worker that searches as a rendering at its defaults does, with so many faces about.
    ///
    /// # Errors
    /// A GPU with too little memory.
    pub fn worker(&self, faces: usize) -> Result<GpuWorker, Failure> {
        let finder = CenterFace::on_gpu(Arc::clone(&self.accelerator), SETTINGS)?;
        let mut finder = finder.with_small_diagonals();
        finder.reserve(self.size)?;
        let redactor = Redactor::new(self.device, self.size, FaceStyle::Blur)?;
        let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((25, 1)));
        let places = self.places(faces);
        Ok(GpuWorker { finder, redactor, schedule, places })
    }

    /// Bytes of a picture with so many faces that go to the device to be hidden, and of what comes back.
    ///
    /// # Errors
    /// A size that nothing can be hidden in.
    pub fn bytes_hidden(&self, faces: usize) -> Result<u64, Failure> {
        let masks = masks_of(self.places(faces).iter().map(|place| place.face));
        // Which rows those are does not hang on the device.
        Ok(Redactor::new(Device::Cpu, self.size, FaceStyle::Blur)?.bytes_reached(&masks))
    }

    fn places(&self, faces: usize) -> Vec<Place> {
        ellipses(faces, self.size, 120.0).map(Place::of).collect()
    }

    /// What a picture at its size costs on average in the same search, with so many faces about: the passes over one
    /// cycle of directions, and for how many pictures that is.
    pub fn cycle(&self, faces: usize) -> (Vec<PassCost>, u64) {
        self.accelerator.cycle(self.size, SETTINGS.side_px, faces)
    }
}

/// One of several workers on a GPU.
#[derive(Debug)]
pub struct GpuWorker {
    finder: CenterFace,
    redactor: Redactor,
    schedule: Schedule,
    places: Vec<Place>,
}

impl GpuWorker {
    /// Looks for faces as a rendering does with the picture of this number, and hides as many as there are places; how
    /// many samples of luma that were.
    ///
    /// # Errors
    /// The device failed.
    pub fn treat(&mut self, frame: &mut Frame) -> Result<u64, Failure> {
        if let Some(searched) = self.schedule.regular(frame.seq) {
            let mut look = self.finder.look_at(frame)?;
            let mut is_whole = false;
            for turn in self.schedule.passes(searched) {
                look.whole(turn)?;
                is_whole = true;
            }
            if !is_whole && !self.places.is_empty() {
                look.near(&self.places)?;
            }
        }
        let mut masks = masks_of(self.places.iter().map(|place| place.face));
        (masks.seq, masks.pts) = (frame.seq, frame.pts);
        Ok(self.redactor.redact(frame, &masks)?.hidden_luma_px)
    }
}
