//! The software GPU that set-up installs, for tests.

use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::Gpu;
use super::adapters::enumerate;

/// The first adapter of this machine, opened.
pub(crate) fn software() -> Gpu {
    let (info, adapter) = enumerate().into_iter().next().expect("run `cargo xtask setup`");
    Gpu::open(&adapter, &info.name, "test").expect("it opens")
}

/// Panics unless a shader is valid, has this entry point alone and needs no optional capability.
pub(crate) fn assert_valid(entry_point: &str, wgsl: &str) {
    let module = naga::front::wgsl::parse_str(wgsl).unwrap_or_else(|e| panic!("{}", e.emit_to_string(wgsl)));
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
    validator.validate(&module).unwrap_or_else(|e| panic!("{entry_point}: {e:?}"));
    assert_eq!(module.entry_points.len(), 1);
    assert_eq!(module.entry_points[0].name, entry_point);
}
