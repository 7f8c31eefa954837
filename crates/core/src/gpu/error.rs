//! What can go wrong with a GPU.

/// Why a GPU cannot be used, or not any longer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GpuError {
    /// The GPU that was asked for is not there.
    #[error(
        "there is no GPU number {wanted} (`gpu` alone means the first, number 0): {found}; choose another device, or `cpu`"
    )]
    Missing {
        /// The number that was asked for, from 0.
        wanted: u8,
        /// A clause that lists the adapters that are there.
        found: String,
    },
    /// It failed: lost, out of memory, invalid use, or no answer in time.
    #[error("the GPU `{adapter}` failed at {step}: {detail}; try again with `--device cpu`")]
    Failed {
        /// Name of the adapter.
        adapter: String,
        /// What was being done.
        step: &'static str,
        /// What the driver says.
        detail: String,
    },
    /// It has less memory for one list than is needed.
    #[error(
        "{what} takes {bytes} bytes, more than the {limit} that the GPU `{adapter}` takes; use `--device cpu`"
    )]
    TooLarge {
        /// Name of the adapter.
        adapter: String,
        /// What does not fit.
        what: &'static str,
        /// Its size.
        bytes: u64,
        /// The largest that fits.
        limit: u64,
    },
    /// It calculates something else than the processor.
    #[error("the GPU `{adapter}` calculates the network wrongly: off by {off}; use `--device cpu`")]
    Wrong {
        /// Name of the adapter.
        adapter: String,
        /// The largest difference of two outputs.
        off: f32,
    },
}

impl GpuError {
    /// Whether the machine is at fault, from the start: what was asked for is not there, or not fit.
    pub(crate) fn is_of_the_machine(&self) -> bool {
        !matches!(self, Self::Failed { .. })
    }
}
