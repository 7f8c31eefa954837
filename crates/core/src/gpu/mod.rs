//! GPUs for whichever stage calculates on one: which are there, how one is opened, how it answers, what its failures
//! mean.
//!
//! No stage: `detect` and `redact` both see it. Whatever goes wrong on a device ends in a [`GpuError`], and after the
//! first one that device is not used again.

mod adapters;
mod device;
mod error;

pub use adapters::{AdapterInfo, list_adapters};
#[cfg(test)]
pub(crate) use adapters::{AdapterKind, enumerate};
pub(crate) use adapters::{SoftwareGpu, chosen};
pub(crate) use device::{Binding, Gpu, buffer, read};
pub use error::GpuError;

#[cfg(test)]
pub(crate) mod testing;
