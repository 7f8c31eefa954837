//! Finds faces in frames.
//!
//! ```text
//!  model bytes --onnx::adapt--> smaller, size-free graph --runtime--> session, one per worker thread
//!  frame planes --prepare--> planar f32, 640 wide --session--> tensors --decode, nms--> boxes
//!  boxes --layout--> ellipses in the frame
//! ```
//!
//! Whatever cannot be trusted (a model with unknown parts, an output that is no number) is an error: a frame
//! without detections always means that the network saw no face.
#![allow(
    unreachable_pub,
    reason = "the stages are private to the crate; `pub` marks what the pipeline may use"
)]

mod centerface;
mod engine;
mod error;
mod layout;
mod library;
mod nms;
mod onnx;
mod prepare;
mod runtime;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod thumbnail;
mod yunet;

use crate::model::{Detection, Frame};

pub use centerface::CenterFace;
pub use engine::DetectorSettings;
pub use error::DetectError;
pub use runtime::Runtime;
pub use thumbnail::thumbnail;
pub use yunet::YuNet;

/// A network that finds faces. It keeps memory from frame to frame: one detector per worker thread.
pub trait FaceDetector: Send {
    /// Its name in messages and reports.
    fn name(&self) -> &'static str;

    /// The faces in a frame, surest first, as ellipses in frame pixels that touch the network's boxes,
    /// without any margin.
    ///
    /// # Errors
    /// A failure of ONNX Runtime, or outputs that cannot be trusted. The frame must then be treated as full
    /// of faces.
    fn detect(&mut self, frame: &Frame) -> Result<Vec<Detection>, DetectError>;
}
