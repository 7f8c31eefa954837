//! The shipped graph becomes the same file as elsewhere, and nothing else is taken for it.

use super::super::super::testing;
use super::*;
use crate::model::Sha256Digest;

/// In the order of the signature in the JSON file.
const OUTPUTS: [&str; 6] = ["Identity_2", "Identity_5", "Identity_1", "Identity", "Identity_4", "Identity_3"];

/// Of the file that numpy and the `onnx` package for Python (1.23.2) make of the same two files. Run with ONNX Runtime,
/// it gives what a conversion by `tf2onnx` gives.
const CONVERTED_SHA256: &str = "bd27b8df2c511c2c0bb3be6370fa70ca2e5c06f763a6d0eb415a4e086738d9c9";

#[test]
fn the_shipped_graph_becomes_the_same_bytes_as_elsewhere() {
    let [json, binary] = testing::nanodet_bytes();
    let converted = convert(&json, &binary, &OUTPUTS).unwrap();
    assert_eq!(Sha256Digest::of(&converted).to_string(), CONVERTED_SHA256);
}

#[test]
fn another_graph_is_refused() {
    let [json, binary] = testing::nanodet_bytes();
    let text = String::from_utf8(json).unwrap();
    for (good, bad) in [
        ("\"op\":\"LeakyRelu\"", "\"op\":\"Softplus\""),
        ("\"data_format\":{\"s\":\"TkhXQw==\"}", "\"data_format\":{\"s\":\"TkNIVw==\"}"),
        ("\"padding\":{\"s\":\"VkFMSUQ=\"}", "\"padding\":{\"s\":\"RVhQTElDSVQ=\"}"),
        ("\"dtype\":\"float16\"", "\"dtype\":\"uint8\""),
        ("\"PartitionedCall/Pad\",\"op\"", "\"PartitionedCall/Gone\",\"op\""),
    ] {
        let text = text.replace(": ", ":").replace(", ", ",");
        assert!(text.contains(good), "{good}");
        let refused = convert(text.replacen(good, bad, 1).as_bytes(), &binary, &OUTPUTS);
        assert!(matches!(refused, Err(ModelError::Graph(_))), "{bad}: {refused:?}");
    }
    let cut = convert(text.as_bytes(), &binary[1..], &OUTPUTS);
    assert!(matches!(cut, Err(ModelError::Graph(_))), "{cut:?}");
    let other = convert(text.as_bytes(), &binary, &["Identity_9"]);
    assert!(matches!(other, Err(ModelError::Missing(_))), "{other:?}");
}
