//! Steps of the graph pass that change how a model is declared, not what it computes.

use std::collections::HashSet;

use super::ModelError;
use super::proto::{Dimension, DimensionValue, Graph, ValueInfo};

/// Dimensions of a picture tensor in NCHW order; `None` stays as the model has it (the channels).
const INPUT_DIMENSIONS: [Option<&str>; 4] = [Some("batch"), None, Some("height"), Some("width")];

/// Keeps only the named outputs, in that order, and the nodes that they need.
///
/// # Errors
/// [`ModelError::Missing`] where the model has no such output.
pub(super) fn keep_outputs(graph: &mut Graph, outputs: &[&str]) -> Result<(), ModelError> {
    let find = |name: &&str| {
        let found = graph.output.iter().find(|value| value.name.as_deref() == Some(name));
        found.cloned().ok_or_else(|| ModelError::Missing(format!("output `{name}`")))
    };
    graph.output = outputs.iter().map(find).collect::<Result<_, _>>()?;
    let mut needed: HashSet<String> = outputs.iter().map(|name| (*name).to_owned()).collect();
    // ONNX lists nodes behind those that they depend on, so one walk from the end sees every use before its
    // source.
    let mut kept: Vec<_> = std::mem::take(&mut graph.node)
        .into_iter()
        .rev()
        .filter(|node| {
            let alive = node.output.iter().any(|name| needed.contains(name));
            if alive {
                needed.extend(node.input.iter().cloned());
            }
            alive
        })
        .collect();
    kept.reverse();
    graph.node = kept;
    Ok(())
}

/// Removes weights from the list of graph inputs. As inputs they could be overridden at every run, so ONNX
/// Runtime may neither fold them nor lay them out anew; without them it runs `CenterFace` more than twice as
/// fast.
pub(super) fn take_initializers_off_inputs(graph: &mut Graph) {
    let weights: HashSet<_> = graph.initializer.iter().filter_map(|tensor| tensor.name.as_deref()).collect();
    graph.input.retain(|value| value.name.as_deref().is_none_or(|name| !weights.contains(name)));
}

/// Replaces the fixed sizes of inputs and outputs by names, so that a picture of any size may come in.
pub(super) fn free_dimensions(graph: &mut Graph) {
    for input in &mut graph.input {
        for (dimension, free) in dimensions(input).iter_mut().zip(INPUT_DIMENSIONS) {
            if let Some(free) = free {
                dimension.value = Some(DimensionValue::Free(free.to_owned()));
            }
        }
    }
    for output in &mut graph.output {
        let name = output.name.clone().unwrap_or_default();
        for (axis, dimension) in dimensions(output).iter_mut().enumerate() {
            dimension.value = Some(DimensionValue::Free(format!("{name}_{axis}")));
        }
    }
}

/// Removes constants that no node reads any more.
pub(super) fn drop_unused_initializers(graph: &mut Graph) {
    let used: HashSet<_> = graph.node.iter().flat_map(|node| &node.input).collect();
    graph.initializer.retain(|tensor| tensor.name.as_ref().is_some_and(|name| used.contains(name)));
}

/// The declared dimensions of a value; empty where there are none.
fn dimensions(value: &mut ValueInfo) -> &mut [Dimension] {
    let tensor = value.value_type.as_mut().and_then(|kind| kind.tensor.as_mut());
    tensor.and_then(|tensor| tensor.shape.as_mut()).map_or(&mut [], |shape| &mut shape.dim)
}
