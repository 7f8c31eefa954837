//! What a search must cost on a GPU, counted from the layers and the schedule: operations, bytes, launches.

use super::super::layout::Turn;
use super::super::prepare::{CROP_SIDE_PX, Sides};
use super::super::schedule::Schedule;
use super::accelerator::Accelerator;
use super::arrangement::{self, InputShape};
use crate::model::{FrameSize, Search, Speed};

/// One submission: a pass over a whole picture, or over crops of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassCost {
    /// Multiply-adds of the network.
    pub multiply_adds: u64,
    /// Bytes that shaders read and write in the device's memory, each tensor once at every use.
    pub device_bytes: u64,
    /// Bytes that come back to the host.
    pub back_bytes: u64,
    /// Dispatches.
    pub launches: u64,
    /// Bytes that go up before it: the picture, before the first pass over it.
    pub up_bytes: u64,
}

impl Accelerator {
    /// The passes of a search at its defaults over one cycle of directions, for frames of a size with so many faces in
    /// them, and the number of pictures that this is for.
    pub fn cycle(&self, size: FrameSize, side_px: u16, faces: usize) -> (Vec<PassCost>, u64) {
        let schedule = Schedule::new(Search::Turned, Speed::Balanced, Some((25, 1)));
        let sides = Sides::new(side_px).with_small_diagonals();
        let pictures = schedule.cycle_pictures();
        let mut passes = Vec::new();
        for searched in (0..pictures).filter_map(|seq| schedule.regular(seq)) {
            let turns = schedule.passes(searched);
            let whole = turns.iter().map(|turn| {
                let layout = sides.layout(size, *turn);
                let small = layout.content_width * layout.content_height;
                self.pass([1, layout.height, layout.width], small, 2)
            });
            let mut of_picture: Vec<PassCost> = whole.collect();
            if turns.is_empty() && faces > 0 {
                let small = sides.layout(size, Turn::NONE);
                let small = small.content_width * small.content_height;
                let crops = [faces, CROP_SIDE_PX, CROP_SIDE_PX];
                of_picture.push(self.pass(crops, small, 1 + faces as u64));
            }
            if let Some(first) = of_picture.first_mut() {
                first.up_bytes = size.byte_len() as u64;
                first.device_bytes += size.byte_len() as u64;
            }
            passes.extend(of_picture);
        }
        (passes, pictures)
    }

    /// A pass whose input is made of a small picture of so many pixels by so many dispatches.
    fn pass(&self, input: InputShape, small_px: usize, preparing: u64) -> PassCost {
        let [pictures, height, width] = input;
        let pixels = height * width;
        let outputs = self.network.outputs.iter().filter_map(|tensor| self.network.tensors.get(*tensor));
        let back: usize =
            outputs.map(|tensor| pictures * tensor.channels * arrangement::plane(*tensor, input)).sum();
        let prepared = 2 * 16 * small_px + 4 * 3 * pictures * pixels;
        PassCost {
            multiply_adds: pictures as u64 * self.network.multiply_adds(pixels),
            device_bytes: prepared as u64
                + pictures as u64 * self.network.tensor_bytes(pixels)
                + 4 * self.network.weights.len() as u64,
            back_bytes: 4 * back as u64,
            launches: self.network.steps.len() as u64 + preparing,
            up_bytes: 0,
        }
    }
}
