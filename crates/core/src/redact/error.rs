//! What can go wrong while hiding faces. Every one of these means that the frame must not be used.

use crate::gpu::GpuError;
use crate::model::FrameSize;

/// The longest side of a picture that redaction accepts, in pixels.
pub const MAX_SIDE_PX: usize = 16_384;

/// Why a frame could not be hidden, or a redactor not be made. A frame that was handed in is grey throughout
/// when its call returns one of these.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The picture has no pixels or too many.
    #[error("a picture of {width}x{height} pixels cannot be hidden: sides run from 1 to {MAX_SIDE_PX}")]
    UnsupportedSize {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The operating system gave no random numbers.
    #[error(
        "no random numbers from the operating system, so what stands for a face would be predictable: {detail}"
    )]
    Random {
        /// What the system reported.
        detail: String,
    },
    /// The masks belong to another frame.
    #[error("the masks of frame {masks_seq} were handed in with frame {frame_seq}; nothing was drawn")]
    WrongFrame {
        /// Number of the frame.
        frame_seq: u64,
        /// Number that the masks carry.
        masks_seq: u64,
    },
    /// The frame is not of the size that the redactor was made for.
    #[error(
        "frame {seq} is {}x{} and not {}x{} pixels; make a redactor for its size",
        found.width(), found.height(), expected.width(), expected.height()
    )]
    WrongSize {
        /// Number of the frame.
        seq: u64,
        /// Size of the frame.
        found: FrameSize,
        /// Size that the redactor was made for.
        expected: FrameSize,
    },
    /// Fewer or more samples were written than the masks cover.
    #[error("frame {seq}: {written} samples were hidden where the mask covers {expected}; the frame is void")]
    Incomplete {
        /// Number of the frame.
        seq: u64,
        /// Samples that the back end reports.
        written: u64,
        /// Samples that the mask covers.
        expected: u64,
    },
    /// The GPU is missing, not fit, or failed.
    #[error(transparent)]
    Gpu(#[from] GpuError),
}
