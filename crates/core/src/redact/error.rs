//! What can go wrong while hiding faces. Every one of these means that the frame must not be used.

use crate::model::FrameSize;

/// The longest side of a picture that redaction accepts, in pixels.
pub const MAX_SIDE_PX: usize = 16_384;

/// Why a frame could not be hidden, or a redactor not be made. A frame that was handed in is grey throughout
/// when its call returns one of these.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The GPU that was asked for is not there.
    #[error("there is no GPU number {wanted}: {found}; choose another device, or `cpu`")]
    NoSuchGpu {
        /// The number that was asked for, from 0.
        wanted: u8,
        /// A clause that lists the adapters that are there.
        found: String,
    },
    /// The picture has no pixels or too many.
    #[error("a picture of {width}x{height} pixels cannot be hidden: sides run from 1 to {MAX_SIDE_PX}")]
    UnsupportedSize {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
    },
    /// The picture does not fit into one storage binding of the GPU.
    #[error("a picture of {bytes} bytes is too large for the GPU, which takes {limit}; use `--device cpu`")]
    TooLargeForGpu {
        /// Bytes of one picture.
        bytes: usize,
        /// The largest that fits.
        limit: u64,
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
    /// The GPU failed: lost, out of memory, invalid use, or no answer in time.
    #[error("the GPU `{adapter}` failed at {step}: {detail}; try again with `--device cpu`")]
    Gpu {
        /// Name of the adapter.
        adapter: String,
        /// What was being done.
        step: &'static str,
        /// What the driver says.
        detail: String,
    },
}
