//! The finder of faces on a GPU: planes go up, a handful of numbers for each cell comes back.
//!
//! ```text
//!  planes --scale--> small picture --turn--> input (whole pictures, or crops side by side) --layers--> maps --read--> boxes
//! ```
//!
//! `Accelerator` is what all workers share: the open device, the shaders, the weights. `Eye` is what one worker has of its own:
//! the memory that a picture passes through. Boxes are worked out on the processor, by the same code as without a GPU.
//!
//! Before a GPU is used it has to show that it calculates the network as the processor does.

mod accelerator;
mod arrangement;
mod cost;
mod eye;
mod look;
mod planes;
mod slots;
#[cfg(test)]
mod tests;

pub use accelerator::Accelerator;
pub use cost::PassCost;
pub(super) use eye::Eye;
pub(super) use look::GpuLook;
