//! Joins convolutions of one pixel each that read the same tensor: it is then read and rearranged once for all of them.

use super::fold::{floats, initializer};
use super::proto::{Attribute, FLOAT, Graph, INT64, Node, Tensor, raw_floats, raw_integers};

/// Joins all that can be joined, in a graph of operator set 13 or later.
pub(super) fn join_convolutions(graph: &mut Graph) {
    for at in 0..graph.node.len() {
        let Some(first) = graph.node.get(at).and_then(|node| one_pixel(graph, node)) else { continue };
        let others = graph.node.iter().enumerate().skip(at + 1);
        let (places, others): (Vec<usize>, Vec<Convolution>) = others
            .filter_map(|(place, node)| Some((place, one_pixel(graph, node)?)))
            .filter(|(_, other)| other.source == first.source)
            .unzip();
        if !others.is_empty() {
            places.iter().rev().for_each(|place| drop(graph.node.remove(*place)));
            let parts: Vec<Convolution> = std::iter::once(first).chain(others).collect();
            join(graph, at, &parts);
        }
    }
}

/// A convolution in floating point with a kernel of one pixel.
struct Convolution {
    node: Node,
    source: String,
    output: String,
    /// Channels that it reads.
    read: i64,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

fn one_pixel(graph: &Graph, node: &Node) -> Option<Convolution> {
    let ("Conv", [source, weight, bias], [output]) =
        (node.op_type.as_deref()?, node.input.as_slice(), node.output.as_slice())
    else {
        return None;
    };
    let tensor = initializer(graph, weight)?;
    let &[given, read, 1, 1] = tensor.dims.as_slice() else { return None };
    let has = |name: &str, usual: &dyn Fn(i64) -> bool| {
        let numbers = node.attribute.iter().filter(|attribute| attribute.name.as_deref() == Some(name));
        numbers.flat_map(|attribute| attribute.i.iter().chain(&attribute.ints)).all(|number| usual(*number))
    };
    let is_plain = has("group", &|n| n == 1) && has("strides", &|n| n == 1) && has("pads", &|n| n == 0);
    let (weight, bias) = (floats(tensor)?, floats(initializer(graph, bias)?)?);
    let fits = bias.len() == usize::try_from(given).ok()?
        && weight.len() == bias.len() * usize::try_from(read).ok()?;
    (is_plain && fits).then(|| Convolution {
        node: node.clone(),
        source: source.clone(),
        output: output.clone(),
        read,
        weight,
        bias,
    })
}

/// Puts one convolution in the place of several, and behind it what tells their results apart.
fn join(graph: &mut Graph, at: usize, parts: &[Convolution]) {
    let Some(first) = parts.first() else { return };
    let name = |what: &str| format!("{}_{what}", first.output);
    let channels = |part: &Convolution| i64::try_from(part.bias.len()).unwrap_or(i64::MAX);
    let lengths: Vec<i64> = parts.iter().map(channels).collect();
    let all = lengths.iter().sum();
    let bytes = |values: fn(&Convolution) -> &Vec<f32>| -> Vec<u8> {
        raw_floats(&parts.iter().flat_map(values).copied().collect::<Vec<_>>())
    };
    let mut constant = |what: &str, dims: Vec<i64>, data_type: i32, raw: Vec<u8>| {
        let (data_type, raw_data) = (Some(data_type), Some(raw));
        let tensor = Tensor { dims, data_type, name: Some(name(what)), raw_data, ..Tensor::default() };
        graph.initializer.push(tensor);
    };
    constant("joined_weight", vec![all, first.read, 1, 1], FLOAT, bytes(|part| &part.weight));
    constant("joined_bias", vec![all], FLOAT, bytes(|part| &part.bias));
    constant(
        "lengths",
        vec![i64::try_from(lengths.len()).unwrap_or(i64::MAX)],
        INT64,
        raw_integers(&lengths),
    );
    let convolution = Node {
        input: vec![first.source.clone(), name("joined_weight"), name("joined_bias")],
        output: vec![name("joined")],
        ..first.node.clone()
    };
    let along =
        Attribute { name: Some("axis".to_owned()), i: Some(1), kind: Some(2), ..Attribute::default() };
    let split = Node {
        input: vec![name("joined"), name("lengths")],
        output: parts.iter().map(|part| part.output.clone()).collect(),
        op_type: Some("Split".to_owned()),
        attribute: vec![along],
        ..Node::default()
    };
    graph.node.splice(at..=at, [convolution, split]);
}
