//! The Obscura engine: media in, frames, faces, tracks, redaction, voice, media out. It knows nothing of consent.
//!
//! The stages (`media`, `detect`, `track`, `redact`, `voice`) do not see one another: they meet in `pipeline`, through
//! the plain types of [`model`]. Only the policy crate calls [`engine`].

#![allow(
    unreachable_pub,
    reason = "the stages are private to the crate; `pub` marks what the pipeline may use"
)]

mod detect;
mod draws;
mod gpu;
#[doc(hidden)]
pub mod kernels;
mod media;
pub mod model;
mod noise;
mod pipeline;
mod processor;
mod redact;
mod track;
mod voice;

pub mod engine {
    //! Opening, rendering and checking recordings. Called by the policy crate alone, which holds the permit.

    pub use crate::gpu::{AdapterInfo, list_adapters};
    pub use crate::pipeline::*;
}
