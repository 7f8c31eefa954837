//! The software GPU that set-up installs, for tests.

use super::Gpu;
use super::adapters::enumerate;

/// The first adapter of this machine, opened.
pub(crate) fn software() -> Gpu {
    let (info, adapter) = enumerate().into_iter().next().expect("run `cargo xtask setup`");
    Gpu::open(&adapter, &info.name, "test").expect("it opens")
}
