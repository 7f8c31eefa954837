//! Turns a graph of `TensorFlow.js` (a JSON file and a file of weights) into an ONNX model, in memory.
//!
//! Only the operations that `NanoDet` has are known, and only as far as it uses them; anything else is an error. The
//! steps and their order are those of a conversion in Python with the `onnx` package that was compared with `tf2onnx`:
//! the result has the same bytes.

mod build;
mod ops;
mod weights;

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::ModelError;
use build::Builder;
use weights::{Constant, Group};

/// The JSON file, as far as it is needed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    signature: Signature,
    model_topology: Topology,
    weights_manifest: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Signature {
    inputs: BTreeMap<String, TensorInfo>,
    outputs: BTreeMap<String, TensorInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TensorInfo {
    name: String,
    tensor_shape: TensorShape,
}

#[derive(Debug, Deserialize)]
struct TensorShape {
    #[serde(default)]
    dim: Vec<Side>,
}

#[derive(Debug, Deserialize)]
struct Side {
    size: String,
}

#[derive(Debug, Deserialize)]
struct Topology {
    node: Vec<Operation>,
}

/// One node of the graph.
#[derive(Debug, Deserialize)]
struct Operation {
    name: String,
    op: String,
    #[serde(default)]
    input: Vec<String>,
    #[serde(default)]
    attr: BTreeMap<String, Attr>,
}

/// A fixed parameter, in whichever form it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attr {
    /// Text in base64.
    s: Option<String>,
    f: Option<f64>,
    b: Option<bool>,
    list: Option<List>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct List {
    i: Vec<String>,
}

/// The model with the named outputs, in this order. The caller has compared the digests of both files before.
///
/// # Errors
/// [`ModelError::Graph`] where anything is not as in the graph that this was written for.
pub(crate) fn convert(json: &[u8], binary: &[u8], outputs: &[&str]) -> Result<Vec<u8>, ModelError> {
    let document: Document = serde_json::from_slice(json).map_err(|error| unknown(&error.to_string()))?;
    let constants = weights::read(&document.weights_manifest, binary)?;
    let operations = &document.model_topology.node;
    let mut conversion = Conversion { constants, builder: Builder::default() };
    for index in order(operations)? {
        if let Some(operation) = operations.get(index) {
            conversion.add(operation)?;
        }
    }
    let inputs: Vec<_> = document.signature.inputs.values().collect();
    let [input] = inputs[..] else {
        return Err(unknown("not exactly one input"));
    };
    let input_shape = input.shape()?;
    let shape_of = |name: &&str| {
        let found = document.signature.outputs.values().find(|info| bare(&info.name) == *name);
        found.ok_or_else(|| ModelError::Missing(format!("output `{name}`")))?.shape()
    };
    let shapes: Vec<Vec<i64>> = outputs.iter().map(shape_of).collect::<Result<_, _>>()?;
    let outputs: Vec<(&str, &[i64])> =
        outputs.iter().copied().zip(shapes.iter().map(Vec::as_slice)).collect();
    let name = format!("nanodet_g_{}", input_shape.last().copied().unwrap_or_default());
    Ok(conversion.builder.finish(&name, (bare(&input.name), &input_shape), &outputs))
}

/// What has been converted so far.
struct Conversion {
    constants: HashMap<String, Constant>,
    builder: Builder,
}

impl TensorInfo {
    fn shape(&self) -> Result<Vec<i64>, ModelError> {
        self.tensor_shape.dim.iter().map(|side| number(&side.size)).collect()
    }
}

/// Operations in an order in which each comes behind those that it needs: depth first, in the order of the file.
fn order(operations: &[Operation]) -> Result<Vec<usize>, ModelError> {
    let places: HashMap<&str, usize> =
        operations.iter().enumerate().map(|(place, op)| (op.name.as_str(), place)).collect();
    let mut seen = vec![false; operations.len()];
    let (mut sorted, mut open) = (Vec::with_capacity(operations.len()), Vec::new());
    for first in 0..operations.len() {
        enter(first, &mut seen, &mut open);
        while let Some((place, next)) = open.last_mut() {
            let needed = operations.get(*place).and_then(|op| op.input.get(*next));
            *next += 1;
            if let Some(name) = needed {
                let name = name.trim_start_matches('^').split(':').next().unwrap_or_default();
                let needed = places.get(name).ok_or_else(|| unknown("a node without its input"))?;
                enter(*needed, &mut seen, &mut open);
            } else {
                sorted.push(*place);
                open.pop();
            }
        }
    }
    Ok(sorted)
}

/// Puts a node on the stack, once.
fn enter(place: usize, seen: &mut [bool], open: &mut Vec<(usize, usize)>) {
    if let Some(seen) = seen.get_mut(place).filter(|seen| !**seen) {
        *seen = true;
        open.push((place, 0));
    }
}

/// A name without the number of a first output.
fn bare(name: &str) -> &str {
    name.strip_suffix(":0").unwrap_or(name)
}

fn number(text: &str) -> Result<i64, ModelError> {
    text.parse().map_err(|_not_whole| unknown("a size that is no whole number"))
}

fn unknown(what: &str) -> ModelError {
    ModelError::Graph(what.to_owned())
}

#[cfg(test)]
mod tests;
