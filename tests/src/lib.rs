//! What the whole-product tests share: a temporary bench with a clip and its consent sheet, the real binary, and
//! ffmpeg and ffprobe as independent witnesses of what went in and what came out.
//!
//! Nothing here is part of the product. A helper that cannot do its work fails the test that asked for it.

pub mod bench;
pub mod leak;
pub mod media;
pub mod pixels;
pub mod probe;
pub mod receipt;
pub mod run;
pub mod sheet;
pub mod sound;

pub use bench::Bench;
pub use run::Run;
pub use sheet::Sheet;
