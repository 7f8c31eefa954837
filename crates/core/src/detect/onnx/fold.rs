//! Folds batch normalisation into the convolution before it.
//!
//! At inference `BatchNormalization` is `y = (x - mean) * scale / sqrt(var + epsilon) + bias` per channel: a
//! convolution with its weights multiplied and its bias moved does the same without another pass over the
//! picture. ONNX Runtime folds it into `Conv` by itself, but not into `ConvTranspose`, of which `CenterFace`
//! has three.

use super::proto::{FLOAT, Graph, Node, Tensor, raw_floats};

/// Epsilon where the attribute is absent (ONNX operator documentation).
const DEFAULT_EPSILON: f32 = 1e-5;

/// Folds every batch normalisation that can be folded; the others stay as they are.
pub(super) fn fold_batch_normalization(graph: &mut Graph) {
    let mut position = 0;
    while position < graph.node.len() {
        match plan(graph, position) {
            Some(fold) => apply(graph, position, fold),
            None => position += 1,
        }
    }
}

/// A convolution with the batch normalisation behind it folded in.
struct Fold {
    convolution: usize,
    weight: (usize, Vec<f32>),
    bias: Vec<f32>,
    output: String,
}

/// `y = factor * x + offset`, one pair per channel.
struct PerChannel {
    factor: Vec<f32>,
    offset: Vec<f32>,
}

/// What folding the node at `position` would change; `None` where it is not a batch normalisation or must
/// stay.
fn plan(graph: &Graph, position: usize) -> Option<Fold> {
    let normalization = graph.node.get(position)?;
    if normalization.op_type.as_deref() != Some("BatchNormalization") || trains(normalization) {
        return None;
    }
    let between = normalization.input.first()?;
    let [output] = normalization.output.as_slice() else { return None };
    let convolution = graph.node.iter().position(|node| node.output.first() == Some(between))?;
    if uses(graph, between) != 1 {
        return None;
    }
    let node = graph.node.get(convolution)?;
    let channels = per_channel(graph, normalization)?;
    let weight = node.input.get(1)?;
    if uses(graph, weight) != 1 {
        return None;
    }
    let at = graph.initializer.iter().position(|tensor| tensor.name.as_ref() == Some(weight))?;
    let values = scaled_weight(node, graph.initializer.get(at)?, &channels.factor, Side::Given)?;
    let old_bias = match node.input.get(2).filter(|name| !name.is_empty()) {
        Some(name) => floats(initializer(graph, name)?)?,
        None => vec![0.0; channels.factor.len()],
    };
    if old_bias.len() != channels.factor.len() {
        return None;
    }
    let moved = old_bias.iter().zip(&channels.factor).zip(&channels.offset);
    let bias = moved.map(|((bias, factor), offset)| bias * factor + offset).collect();
    Some(Fold { convolution, weight: (at, values), bias, output: output.clone() })
}

/// Carries out [`plan`]'s result and removes the normalisation at `position`.
fn apply(graph: &mut Graph, position: usize, fold: Fold) {
    let (at, values) = fold.weight;
    if let Some(tensor) = graph.initializer.get_mut(at) {
        store(tensor, &values);
    }
    let bias = format!("{}_folded_bias", fold.output);
    graph.initializer.push(Tensor {
        dims: vec![i64::try_from(fold.bias.len()).unwrap_or(i64::MAX)],
        data_type: Some(FLOAT),
        name: Some(bias.clone()),
        raw_data: Some(raw_floats(&fold.bias)),
        ..Tensor::default()
    });
    if let Some(node) = graph.node.get_mut(fold.convolution) {
        node.input.truncate(2);
        node.input.push(bias);
        node.output = vec![fold.output];
    }
    graph.node.remove(position);
}

/// The normalisation still learns (its statistics are not constant), or has a form older than operator set 9.
fn trains(node: &Node) -> bool {
    integer(node, "training_mode").is_some_and(|mode| mode != 0)
        || integer(node, "spatial").is_some_and(|spatial| spatial != 1)
        || integer(node, "is_test").is_some_and(|test| test != 1)
}

/// Factor and offset of a batch normalisation.
fn per_channel(graph: &Graph, node: &Node) -> Option<PerChannel> {
    let constant = |index: usize| floats(initializer(graph, node.input.get(index)?)?);
    let (scale, bias, mean, variance) = (constant(1)?, constant(2)?, constant(3)?, constant(4)?);
    if [bias.len(), mean.len(), variance.len()] != [scale.len(); 3] {
        return None;
    }
    let attribute = node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some("epsilon"));
    let epsilon = attribute.and_then(|attribute| attribute.f).unwrap_or(DEFAULT_EPSILON);
    let factor: Vec<_> = scale.iter().zip(&variance).map(|(s, v)| s / (v + epsilon).sqrt()).collect();
    let offset: Vec<_> = bias.iter().zip(&mean).zip(&factor).map(|((b, m), f)| b - m * f).collect();
    factor.iter().chain(&offset).all(|value| value.is_finite()).then_some(PerChannel { factor, offset })
}

/// A side of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The channels that it reads.
    Read,
    /// Those that it gives.
    Given,
}

/// The weights of a convolution, each multiplied by the factor of the channel on one side of it.
///
/// `Conv` keeps weights as [out, in / group, ...], `ConvTranspose` as [in, out / group, ...].
pub(super) fn scaled_weight(node: &Node, weight: &Tensor, factor: &[f32], side: Side) -> Option<Vec<f32>> {
    let mut values = floats(weight)?;
    let size =
        |axis: usize| weight.dims.get(axis).and_then(|dim| usize::try_from(*dim).ok()).filter(|n| *n > 0);
    let (first, second) = (size(0)?, size(1)?);
    let group = usize::try_from(integer(node, "group").unwrap_or(1)).ok().filter(|group| *group > 0)?;
    // Channels of the first axis count through all groups, those of the second within one.
    let is_first_axis = match node.op_type.as_deref()? {
        "Conv" => side == Side::Given,
        "ConvTranspose" => side == Side::Read,
        _ => return None,
    };
    let channels = if is_first_axis { first } else { second.checked_mul(group)? };
    let kernel = values.len().checked_div(first.checked_mul(second)?).filter(|kernel| *kernel > 0)?;
    let rows_per_group = first.checked_div(group).filter(|rows| *rows > 0)?;
    if channels != factor.len() || kernel * first * second != values.len() {
        return None;
    }
    for (index, kernel) in values.chunks_exact_mut(kernel).enumerate() {
        let (row, column) = (index / second, index % second);
        let channel = if is_first_axis { row } else { row / rows_per_group * second + column };
        let factor = factor.get(channel)?;
        for value in kernel {
            *value *= factor;
        }
    }
    Some(values)
}

/// Replaces the values of a tensor.
pub(super) fn store(tensor: &mut Tensor, values: &[f32]) {
    tensor.data_type = Some(FLOAT);
    tensor.float_data = Vec::new();
    tensor.raw_data = Some(raw_floats(values));
}

/// How often a value is read, by nodes or as an output.
pub(super) fn uses(graph: &Graph, name: &str) -> usize {
    let by_nodes = graph.node.iter().flat_map(|node| &node.input).filter(|input| *input == name).count();
    by_nodes + graph.output.iter().filter(|output| output.name.as_deref() == Some(name)).count()
}

pub(super) fn initializer<'g>(graph: &'g Graph, name: &str) -> Option<&'g Tensor> {
    graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some(name))
}

pub(super) fn integer(node: &Node, name: &str) -> Option<i64> {
    node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name)).and_then(|found| found.i)
}

/// The values of a tensor of `f32`, from whichever field holds them.
pub(super) fn floats(tensor: &Tensor) -> Option<Vec<f32>> {
    if tensor.data_type != Some(FLOAT) {
        return None;
    }
    match &tensor.raw_data {
        Some(raw) => {
            let words = raw.chunks_exact(4).filter_map(|word| word.first_chunk::<4>());
            raw.len().is_multiple_of(4).then(|| words.map(|word| f32::from_le_bytes(*word)).collect())
        }
        None => Some(tensor.float_data.clone()),
    }
}
