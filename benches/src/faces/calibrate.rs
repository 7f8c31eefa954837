//! `cargo xtask quality calibrate`: measures the values inside the finder of faces, for calculating it in 8 bits.

use std::path::Path;

use obscura_tests::media;

use crate::Failure;
use crate::python::Environment;

/// What runs the network with all its inner values.
const CALIBRATOR: Environment = Environment {
    name: "calibrator",
    what: "what measures the values inside a network",
    packages: &["onnx==1.23.2", "onnxruntime==1.32.0", "opencv-python-headless==4.12.0.88", "numpy<2.3"],
    modules: "cv2, onnx, onnxruntime",
};

/// Writes `models/centerface.int8.toml`. Not part of a run without names: the file belongs to the product.
pub(crate) fn write(data: &Path) -> Result<(), Failure> {
    let model = media::home().join("models/centerface.onnx");
    let photographs = data.join("media/masks/images");
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/centerface.int8.toml");
    super::script(&CALIBRATOR.python()?, "calibrate.py", &[&model, &photographs, &out])?;
    Ok(())
}
