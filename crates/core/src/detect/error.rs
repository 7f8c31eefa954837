//! What can go wrong between a frame and the faces in it.

use crate::gpu::GpuError;

/// Why faces could not be looked for. A caller treats every one of them as "faces may be present".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectError {
    /// There is no ONNX Runtime library at the place that was named.
    #[error("the ONNX Runtime library `{file}` is not there; run `obscura doctor` to see how to get it")]
    LibraryMissing {
        /// File name without folders.
        file: String,
    },
    /// The file is there but cannot be used as ONNX Runtime.
    #[error(
        "`{file}` cannot be used as ONNX Runtime: {reason}; run `obscura doctor` to see how to get a good one"
    )]
    LibraryUnusable {
        /// File name without folders.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A process holds one ONNX Runtime, and it holds another one already.
    #[error("another ONNX Runtime library is loaded already; start the program again to use `{file}`")]
    LibraryTaken {
        /// File name without folders.
        file: String,
    },
    /// The bytes of a model are not what the detector expects.
    #[error("the model of {model} cannot be used: {source}; fetch it again")]
    Model {
        /// Name of the detector.
        model: &'static str,
        /// What is wrong with it.
        source: super::onnx::ModelError,
    },
    /// ONNX Runtime refused a model or failed to run it.
    #[error("ONNX Runtime failed while {doing} {model}: {reason}")]
    Runtime {
        /// Name of the detector.
        model: &'static str,
        /// What was going on.
        doing: &'static str,
        /// ONNX Runtime's own words.
        reason: String,
    },
    /// The GPU is missing, not fit, or failed.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A settings value is out of its range.
    #[error("the detector setting {setting} is {value}; it must be {range}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// The value that was given.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// An output tensor is missing or has another shape than the model's contract says.
    #[error("{model} gave tensor `{tensor}` in an unexpected shape; fetch the model of this version again")]
    OutputShape {
        /// Name of the detector.
        model: &'static str,
        /// Name of the tensor.
        tensor: &'static str,
    },
    /// More places that look like faces than can be told apart in reasonable time.
    #[error("{model} sees faces nearly everywhere: those in this frame cannot be told apart")]
    TooManyCandidates {
        /// Name of the detector.
        model: &'static str,
    },
    /// An output tensor holds infinite values or values that are no numbers.
    #[error("{model} gave values in tensor `{tensor}` that are no numbers: faces in this frame are unknown")]
    OutputNotFinite {
        /// Name of the detector.
        model: &'static str,
        /// Name of the tensor.
        tensor: &'static str,
    },
}
