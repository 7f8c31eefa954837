//! In what numbers the finder of faces is calculated on this machine.

use crate::model::Arithmetic;

/// What `cargo xtask quality calibrate` measured inside `CenterFace`.
pub(super) const CENTERFACE: &str = include_str!("../../../../models/centerface.int8.toml");

/// What numbers a network is calculated in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Whole ones of 8 bits, with sums of 32. Half the time.
    Int8,
    /// Floating point of 32 bits.
    Float32,
}

impl Numbers {
    /// Those that a choice means here. Without instructions that multiply and add bytes in one go (VNNI), sums of bytes
    /// saturate in ONNX Runtime and little time is gained.
    pub fn here(choice: Arithmetic) -> Self {
        if choice == Arithmetic::Auto && multiplies_bytes() { Self::Int8 } else { Self::Float32 }
    }

    /// The word in receipts and files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Float32 => "float32",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn multiplies_bytes() -> bool {
    std::arch::is_x86_feature_detected!("avx512vnni") || std::arch::is_x86_feature_detected!("avxvnni")
}

#[cfg(not(target_arch = "x86_64"))]
fn multiplies_bytes() -> bool {
    false
}
