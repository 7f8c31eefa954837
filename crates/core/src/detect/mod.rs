//! Finds faces, people and text in frames.
//!
//! ```text
//!  model bytes --onnx::adapt--> smaller, size-free graph --runtime--> session, one per worker thread
//!  frame planes --prepare--> pixels of four bytes, 736 wide --session--> tensors --decode, nms--> boxes
//!  boxes --layout--> ellipses in the frame
//! ```
//!
//! Whatever cannot be trusted (a model with unknown parts, an output that is no number) is an error: a frame
//! without detections always means that the network saw no face.
#![allow(
    unreachable_pub,
    reason = "the stages are private to the crate; `pub` marks what the pipeline may use"
)]

mod arena;
mod arithmetic;
mod centerface;
mod check_schedule;
mod close_look;
mod engine;
mod error;
mod gpu;
mod layout;
mod library;
mod look;
mod lookout;
mod nms;
mod onnx;
mod parts;
mod people;
mod prepare;
mod runtime;
mod schedule;
mod searches;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod thumbnail;
mod yunet;

use crate::model::{Detection, Frame};

pub use arithmetic::Numbers;
pub use centerface::{CenterFace, FaceLook};
pub use check_schedule::CheckSchedule;
pub use close_look::CloseLook;
pub use engine::DetectorSettings;
pub use error::DetectError;
pub use gpu::{Accelerator, PassCost};
pub use layout::Turn;
pub use lookout::{Glance, LookTimes, Lookout};
pub use people::PeopleDetector;
pub use prepare::Place;
pub use runtime::Runtime;
pub use schedule::Schedule;
pub use searches::Searches;
pub use text::TextDetector;
pub use thumbnail::thumbnail;
pub use yunet::YuNet;

/// A network that finds faces. It keeps memory from frame to frame: one detector per worker thread.
pub trait FaceDetector: Send {
    /// Its name in messages and reports.
    fn name(&self) -> &'static str;

    /// The faces in a frame that stand upright once the frame is turned, surest first, as ellipses in frame pixels that
    /// touch the network's boxes, without any margin; their angle is that of the turn.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted. The frame must then be treated as full
    /// of faces.
    fn detect(&mut self, frame: &Frame, turn: Turn) -> Result<Vec<Detection>, DetectError>;
}
