//! `cargo xtask quality calibrate`: measures the values inside the finder of faces, for calculating it in 8 bits.

use std::path::Path;

use obscura_tests::media;

use crate::Failure;
use crate::python;

/// Writes `models/centerface.int8.toml`. Not part of a run without names: the file belongs to the product.
pub(crate) fn write(data: &Path) -> Result<(), Failure> {
    let model = media::home().join("models/centerface.onnx");
    let photographs = data.join("media/masks/images");
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/centerface.int8.toml");
    super::script(&python::NETWORKS.python()?, "calibrate.py", &[&model, &photographs, &out])?;
    Ok(())
}
