//! Steps of the graph pass that change how a model is declared, not what it computes.

use std::collections::HashSet;

use super::ModelError;
use super::proto::{Dimension, DimensionValue, FLOAT, Graph, Node, Tensor, ValueInfo, raw_floats};

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

/// What a network wants done to the values of a picture first: `(value - mean) / deviation`, by colour plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normalise {
    /// In the network's order of planes, on the scale of 0..=255.
    pub(crate) mean: [f32; 3],
    /// See `mean`; none is zero.
    pub(crate) deviation: [f32; 3],
}

/// Puts the normalisation in front of everything else, so that every network takes values of 0..=255.
///
/// # Errors
/// [`ModelError::Missing`] where the model has no input with a name.
pub(super) fn normalise_input(graph: &mut Graph, normalise: &Normalise) -> Result<(), ModelError> {
    let input = graph.input.first().and_then(|value| value.name.clone());
    let input = input.ok_or_else(|| ModelError::Missing("input".to_owned()))?;
    let (centred, normal) = (format!("{input}_centred"), format!("{input}_normal"));
    for name in graph.node.iter_mut().flat_map(|node| &mut node.input).filter(|name| **name == input) {
        name.clone_from(&normal);
    }
    let factor = normalise.deviation.map(|deviation| 1.0 / deviation);
    let steps = [("Sub", &input, &centred, normalise.mean), ("Mul", &centred, &normal, factor)];
    for (place, (op, from, to, values)) in steps.into_iter().enumerate() {
        let constant = format!("{to}_by");
        graph.node.insert(place, node(op, [from, &constant], to));
        graph.initializer.push(per_plane(constant, values));
    }
    Ok(())
}

fn node(op: &str, input: [&String; 2], output: &str) -> Node {
    Node {
        input: input.map(Clone::clone).to_vec(),
        output: vec![output.to_owned()],
        op_type: Some(op.to_owned()),
        ..Node::default()
    }
}

/// One number for each plane of a picture in NCHW order.
fn per_plane(name: String, values: [f32; 3]) -> Tensor {
    Tensor {
        dims: vec![1, 3, 1, 1],
        data_type: Some(FLOAT),
        name: Some(name),
        raw_data: Some(raw_floats(&values)),
        ..Tensor::default()
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
