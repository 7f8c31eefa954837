//! Evens out the channels of a network's inner values, without changing what it computes.
//!
//! In 8 bits all channels of a tensor share one step. Where one of them reaches 30 and another 0.5, little is left of the second.
//! So each is multiplied by a factor where it comes into being and divided by it where it is read; `Relu` and `Add` let factors
//! above zero pass, if both terms of a sum have the same (Nagel et al., "Data-Free Quantization Through Weight Equalization and
//! Bias Correction", 2019, where the factors come from the weights; ours come from measured values).

use super::ModelError;
use super::calibration::Calibration;
use super::fold::{floats, initializer, integer, scaled_weight};
use super::proto::{FLOAT, Graph, Node, Tensor};

/// Multiplies every tensor of the calibration by its factors.
///
/// # Errors
/// [`ModelError::Calibration`] where it was not measured on this graph.
pub(super) fn equalise(graph: &mut Graph, calibration: &Calibration) -> Result<(), ModelError> {
    for at in 0..graph.node.len() {
        let Some(node) = graph.node.get(at).cloned() else { break };
        match node.op_type.as_deref() {
            Some("Conv" | "ConvTranspose") => rescale(graph, &node, calibration)?,
            Some("Add") => share_factors(graph, &node, calibration)?,
            _ => {}
        }
    }
    Ok(())
}

/// The tensor that a node's values end in: behind `Relu`, where nothing else reads them before it.
pub(super) fn result_of<'g>(graph: &'g Graph, node: &'g Node) -> Option<&'g str> {
    let output = node.output.first()?;
    let mut readers = graph.node.iter().filter(|reader| reader.input.contains(output));
    match (readers.next(), readers.next()) {
        (Some(relu), None) if relu.op_type.as_deref() == Some("Relu") => relu.output.first(),
        _ => Some(output),
    }
    .map(String::as_str)
}

fn unfit(node: &Node) -> ModelError {
    ModelError::Calibration(format!("the step that gives `{}`", node.output.concat()))
}

/// Factors of a tensor; none where it keeps its values.
fn factors<'c>(calibration: &'c Calibration, tensor: Option<&str>) -> Option<&'c [f32]> {
    tensor.and_then(|name| calibration.of(name)).map(|measured| measured.factors.as_slice())
}

/// Adapts weights and bias of a convolution to the factors of what it reads and gives.
fn rescale(graph: &mut Graph, node: &Node, calibration: &Calibration) -> Result<(), ModelError> {
    let given = factors(calibration, result_of(graph, node));
    let read = factors(calibration, node.input.first().map(String::as_str));
    let name = |place: usize| node.input.get(place).map(String::as_str).ok_or_else(|| unfit(node));
    let constant = |name: &str| initializer(graph, name).cloned().ok_or_else(|| unfit(node));
    let (mut weight, mut bias) = (constant(name(1)?)?, constant(name(2)?)?);
    if let Some(read) = read {
        let inverse: Vec<f32> = read.iter().map(|factor| factor.recip()).collect();
        let values = scaled_inputs(node, &weight, &inverse).ok_or_else(|| unfit(node))?;
        set(&mut weight, &values);
    }
    if let Some(given) = given {
        let values = scaled_weight(node, &weight, given).ok_or_else(|| unfit(node))?;
        set(&mut weight, &values);
        let old = floats(&bias).filter(|values| values.len() == given.len()).ok_or_else(|| unfit(node))?;
        let values: Vec<f32> = old.iter().zip(given).map(|(value, factor)| value * factor).collect();
        set(&mut bias, &values);
    }
    for tensor in [weight, bias] {
        let place = graph.initializer.iter_mut().find(|known| known.name == tensor.name);
        *place.ok_or_else(|| unfit(node))? = tensor;
    }
    Ok(())
}

/// Makes sure that both terms of a sum and the sum have the same factors.
fn share_factors(graph: &Graph, node: &Node, calibration: &Calibration) -> Result<(), ModelError> {
    let sum = factors(calibration, result_of(graph, node));
    let terms = node.input.iter().map(|term| factors(calibration, Some(term)));
    if terms.chain([sum]).all(|other| other == sum) { Ok(()) } else { Err(unfit(node)) }
}

/// The weights of a convolution, each multiplied by the factor of the input channel that it reads (see `scaled_weight` for how they lie).
fn scaled_inputs(node: &Node, weight: &Tensor, factors: &[f32]) -> Option<Vec<f32>> {
    let mut values = floats(weight)?;
    let size = |axis: usize| weight.dims.get(axis).and_then(|dim| usize::try_from(*dim).ok());
    let (first, second) = (size(0)?, size(1)?);
    let group = usize::try_from(integer(node, "group").unwrap_or(1)).ok().filter(|group| *group > 0)?;
    let is_transposed = node.op_type.as_deref() == Some("ConvTranspose");
    let inputs = if is_transposed { first } else { second.checked_mul(group)? };
    let outputs_per_group = first.checked_div(group).filter(|outputs| *outputs > 0)?;
    let kernel = values.len().checked_div(first.checked_mul(second)?).filter(|kernel| *kernel > 0)?;
    if inputs != factors.len() || kernel * first * second != values.len() {
        return None;
    }
    for (index, kernel) in values.chunks_exact_mut(kernel).enumerate() {
        let (row, column) = (index / second, index % second);
        let channel = if is_transposed { row } else { row / outputs_per_group * second + column };
        let factor = factors.get(channel)?;
        for value in kernel {
            *value *= factor;
        }
    }
    Some(values)
}

fn set(tensor: &mut Tensor, values: &[f32]) {
    tensor.data_type = Some(FLOAT);
    tensor.float_data = Vec::new();
    tensor.raw_data = Some(values.iter().flat_map(|value| value.to_le_bytes()).collect());
}
