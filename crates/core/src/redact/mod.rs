//! Hides what the masks of a frame cover, on the picture's own planes, on the processor or a GPU.
//!
//! Inside a mask at most 8x8 values per plane survive. They are the means of the mask's cells, held steady over time
//! (see `memory`), and drawn as a smooth surface, as flat cells, or not at all:
//! 1. the host works out the exact samples that each mask covers (`spans`) and its cells (`grid`);
//! 2. the device measures all masks in the untouched picture;
//! 3. the host settles each mask's values with those of earlier frames (`memory`);
//! 4. the device paints the masks in order, and reports how many samples it wrote; the host compares.
//!
//! All arithmetic is in whole numbers, so that every device gives the same bytes.

mod backend;
mod cpu;
mod error;
mod gpu;
mod gpu_buffers;
mod grid;
mod memory;
mod outline;
mod redactor;
mod rows;
mod spans;
mod surface;
mod veil;
mod watermark;

#[cfg(test)]
mod tests;

pub use error::RedactError;
pub(crate) use redactor::drawn_by_system;
pub use redactor::{Redactor, covers_any};
pub use watermark::Watermark;
