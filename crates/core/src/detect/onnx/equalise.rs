//! Evens out the channels of a network's inner values, without changing what it computes.
//!
//! In 8 bits all channels of a tensor share one step. Where one of them reaches 30 and another 0.5, little is left of
//! the second. So each is multiplied by a factor where it comes into being and divided by it where it is read; `Relu`
//! and `Add` let factors above zero pass, if both terms of a sum have the same (Nagel et al., "Data-Free Quantization
//! Through Weight Equalization and Bias Correction", 2019, where the factors come from the weights; ours come from
//! measured values).

use super::ModelError;
use super::calibration::Calibration;
use super::fold::{Side, floats, initializer, scaled_weight, store};
use super::proto::{Graph, Node};

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
        let values = scaled_weight(node, &weight, &inverse, Side::Read).ok_or_else(|| unfit(node))?;
        store(&mut weight, &values);
    }
    if let Some(given) = given {
        let values = scaled_weight(node, &weight, given, Side::Given).ok_or_else(|| unfit(node))?;
        store(&mut weight, &values);
        let old = floats(&bias).filter(|values| values.len() == given.len()).ok_or_else(|| unfit(node))?;
        let values: Vec<f32> = old.iter().zip(given).map(|(value, factor)| value * factor).collect();
        store(&mut bias, &values);
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
