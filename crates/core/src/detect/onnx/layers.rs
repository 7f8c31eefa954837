//! A network as a list of layers that a GPU can calculate one after the other, with all its weights in one list.
//!
//! Only what `CenterFace` is made of is known here: convolutions of four kinds, each with an activation and a sum
//! folded in. Anything else is an error, never left out.

use std::collections::HashMap;

use super::ModelError;
use super::fold::{floats, initializer, integer, uses};
use super::proto::{Graph, Node, Tensor};

/// What a layer does to its input, of `in` channels, for each of its `out` channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A weighted sum of the channels at each place. Weights: [in][out].
    Pointwise,
    /// 3 x 3 places of the same channel. Weights: [channel][9].
    Depthwise,
    /// 3 x 3 places of all channels. Weights: [in][9][out].
    Full,
    /// Twice the size: each place becomes 2 x 2, transposed convolution. Weights: [2 x 2][in][out].
    Double,
}

/// What is done to a sum before anything is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Nothing.
    None,
    /// Negative values become 0.
    Relu,
    /// `1 / (1 + e^-x)`.
    Sigmoid,
}

/// One layer. Tensors are numbered; 0 is the network's input.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) kind: Kind,
    /// Places of the input from one of the output to the next.
    pub(crate) stride: usize,
    pub(crate) activation: Activation,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The tensor that is added to the result.
    pub(crate) add: Option<usize>,
    /// Where its weights begin in the list; channels of the output are padded to a multiple of 4.
    pub(crate) weights: usize,
    /// Where the values begin that are added to each channel.
    pub(crate) bias: usize,
}

/// A tensor of one picture: channels of values, each a plane of the input's size halved a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TensorShape {
    pub(crate) channels: usize,
    pub(crate) halvings: u32,
}

/// A whole network.
#[derive(Clone, Debug)]
pub(crate) struct Layers {
    pub(crate) steps: Vec<Layer>,
    pub(crate) tensors: Vec<TensorShape>,
    /// Weights and biases of all layers; every part begins at a multiple of 4.
    pub(crate) weights: Vec<f32>,
    /// The tensors that are wanted, in the order in which they were asked for.
    pub(crate) outputs: Vec<usize>,
}

/// The layers of an adapted graph.
///
/// # Errors
/// [`ModelError::Graph`] for whatever is not known here.
pub(super) fn layers(graph: &Graph) -> Result<Layers, ModelError> {
    let mut reader = Reader::new(graph)?;
    for node in &graph.node {
        match node.op_type.as_deref().unwrap_or_default() {
            "Conv" | "ConvTranspose" => reader.convolution(node)?,
            "Relu" => reader.activation(node, Activation::Relu)?,
            "Sigmoid" => reader.activation(node, Activation::Sigmoid)?,
            "Add" => reader.sum(node)?,
            other => return Err(unknown(&format!("`{other}`"))),
        }
    }
    reader.finish()
}

fn unknown(what: &str) -> ModelError {
    ModelError::Graph(what.to_owned())
}

struct Reader<'g> {
    graph: &'g Graph,
    /// Numbers of tensors by name; activations and sums keep the number of what they are folded into.
    numbers: HashMap<&'g str, usize>,
    network: Layers,
}

impl<'g> Reader<'g> {
    fn new(graph: &'g Graph) -> Result<Self, ModelError> {
        let [input] = graph.input.as_slice() else { return Err(unknown("several inputs")) };
        let tensors = vec![TensorShape { channels: 3, halvings: 0 }];
        let network = Layers { steps: Vec::new(), tensors, weights: Vec::new(), outputs: Vec::new() };
        let numbers = HashMap::from([(input.name.as_deref().unwrap_or_default(), 0)]);
        Ok(Self { graph, numbers, network })
    }

    fn number(&self, name: &str) -> Result<usize, ModelError> {
        self.numbers
            .get(name)
            .copied()
            .ok_or_else(|| unknown(&format!("a step that needs `{name}` too early")))
    }

    fn convolution(&mut self, node: &'g Node) -> Result<(), ModelError> {
        let [input, weight, rest @ ..] = node.input.as_slice() else {
            return Err(unknown("a bare convolution"));
        };
        let from = self.number(input)?;
        let shape = self.network.tensors.get(from).copied().ok_or_else(|| unknown("no input"))?;
        let weight = initializer(self.graph, weight).ok_or_else(|| unknown("weights that are calculated"))?;
        let (kind, stride, out) = kind(node, weight, shape.channels)?;
        let values = floats(weight).ok_or_else(|| unknown("weights that are not in floating point"))?;
        let bias = match rest.first() {
            Some(name) => initializer(self.graph, name).and_then(floats),
            None => Some(vec![0.0; out]),
        };
        let bias =
            bias.filter(|bias| bias.len() == out).ok_or_else(|| unknown("biases of another length"))?;
        let packed = pack(kind, &values, (shape.channels, out));
        let packed = packed.ok_or_else(|| unknown("weights of another length"))?;
        let halvings = match (kind, stride) {
            (Kind::Double, _) => shape.halvings.checked_sub(1).ok_or_else(|| unknown("an enlarged input"))?,
            (_, 2) => shape.halvings + 1,
            _ => shape.halvings,
        };
        let to = self.network.tensors.len();
        self.network.tensors.push(TensorShape { channels: out, halvings });
        let (weights, bias) = (self.append(&packed), self.append(&bias));
        let activation = Activation::None;
        self.network.steps.push(Layer { kind, stride, activation, from, to, add: None, weights, bias });
        self.name_output(node, to)
    }

    /// Appends values to the list, padded; where they begin.
    fn append(&mut self, values: &[f32]) -> usize {
        let list = &mut self.network.weights;
        let start = list.len();
        list.extend_from_slice(values);
        list.resize(list.len().next_multiple_of(4), 0.0);
        start
    }

    fn name_output(&mut self, node: &'g Node, number: usize) -> Result<(), ModelError> {
        let [output] = node.output.as_slice() else { return Err(unknown("a step with several results")) };
        self.numbers.insert(output, number);
        Ok(())
    }

    fn activation(&mut self, node: &'g Node, activation: Activation) -> Result<(), ModelError> {
        let input = node.input.first().map_or("", String::as_str);
        let number = self.number(input)?;
        let layer = self.network.steps.iter_mut().find(|layer| layer.to == number);
        let layer = layer.filter(|layer| layer.activation == Activation::None && layer.add.is_none());
        match layer {
            Some(layer) if uses(self.graph, input) == 1 => layer.activation = activation,
            _ => return Err(unknown("an activation that is not behind a convolution alone")),
        }
        self.name_output(node, number)
    }

    fn sum(&mut self, node: &'g Node) -> Result<(), ModelError> {
        let [one, other] = node.input.as_slice() else { return Err(unknown("a sum of another number")) };
        let (one, other) = ((self.number(one)?, one), (self.number(other)?, other));
        // Numbers rise with the layers: the later of the two is there when the earlier one is.
        let ((later, name), (earlier, _)) = if one.0 > other.0 { (one, other) } else { (other, one) };
        let shape = |number: usize| self.network.tensors.get(number).copied();
        if shape(later) != shape(earlier) || later == earlier || uses(self.graph, name) != 1 {
            return Err(unknown("a sum that cannot be folded"));
        }
        let layer = self.network.steps.iter_mut().find(|layer| layer.to == later && layer.add.is_none());
        layer.ok_or_else(|| unknown("a sum of more than two"))?.add = Some(earlier);
        self.name_output(node, later)
    }

    fn finish(mut self) -> Result<Layers, ModelError> {
        for output in &self.graph.output {
            let number = self.number(output.name.as_deref().unwrap_or_default())?;
            self.network.outputs.push(number);
        }
        Ok(self.network)
    }
}

/// Which kind of convolution a node is, with its stride and the channels of its result.
fn kind(node: &Node, weight: &Tensor, channels: usize) -> Result<(Kind, usize, usize), ModelError> {
    let wrong = || unknown("a convolution of another kind");
    let dims: Option<Vec<usize>> = weight.dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    let Some([first, second, rows, columns]) = dims.as_deref().and_then(|dims| dims.first_chunk::<4>())
    else {
        return Err(wrong());
    };
    let group = usize::try_from(integer(node, "group").unwrap_or(1)).map_err(|_negative| wrong())?;
    let (stride, padding) = (same(node, "strides", 1), same(node, "pads", 0));
    let is_plain = same(node, "dilations", 1) == Some(1)
        && node.attribute.iter().all(|attribute| {
            !matches!(attribute.name.as_deref(), Some("auto_pad" | "output_padding" | "output_shape"))
        });
    let is_transposed = node.op_type.as_deref() == Some("ConvTranspose");
    match (is_transposed, [*rows, *columns], stride, padding) {
        _ if !is_plain => Err(wrong()),
        (false, [1, 1], Some(1), Some(0)) if group == 1 && *second == channels => {
            Ok((Kind::Pointwise, 1, *first))
        }
        (false, [3, 3], Some(stride @ (1 | 2)), Some(1)) if group == 1 && *second == channels => {
            Ok((Kind::Full, to_usize(stride), *first))
        }
        (false, [3, 3], Some(stride @ (1 | 2)), Some(1))
            if [group, *first] == [channels; 2] && *second == 1 =>
        {
            Ok((Kind::Depthwise, to_usize(stride), *first))
        }
        (true, [2, 2], Some(2), Some(0)) if group == 1 && *first == channels => {
            Ok((Kind::Double, 1, *second))
        }
        _ => Err(wrong()),
    }
}

fn to_usize(stride: i64) -> usize {
    if stride == 2 { 2 } else { 1 }
}

/// The number that an attribute's list holds, where all of it is the same; `absent` where the node does not say.
fn same(node: &Node, name: &str, absent: i64) -> Option<i64> {
    let found = node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name));
    let Some(found) = found else { return Some(absent) };
    let (first, rest) = found.ints.split_first()?;
    rest.iter().all(|value| value == first).then_some(*first)
}

/// Weights in the order that the kind says; `None` where there are more or fewer.
fn pack(kind: Kind, values: &[f32], (channels, out): (usize, usize)) -> Option<Vec<f32>> {
    let padded = out.next_multiple_of(4);
    let places = match kind {
        Kind::Pointwise => 1,
        Kind::Depthwise => return (values.len() == 9 * out).then(|| values.to_vec()),
        Kind::Full => 9,
        Kind::Double => 4,
    };
    if values.len() != channels * out * places {
        return None;
    }
    let mut packed = vec![0.0; channels * places * padded];
    for (at, value) in values.iter().enumerate() {
        let (outer, rest) = (at / places, at % places);
        let place = match kind {
            // [in][out][2 x 2]
            Kind::Double => (rest * channels + outer / out) * padded + outer % out,
            // [out][in][places]
            _ => (outer % channels * places + rest) * padded + outer / channels,
        };
        *packed.get_mut(place)? = *value;
    }
    Some(packed)
}

impl Layers {
    /// Multiply-adds for a picture of so many pixels.
    pub(crate) fn multiply_adds(&self, pixels: usize) -> u64 {
        let of_layer = |layer: &Layer| {
            let (from, to) = (self.tensors.get(layer.from)?, self.tensors.get(layer.to)?);
            let sums = match layer.kind {
                Kind::Pointwise | Kind::Double => from.channels,
                Kind::Depthwise => 9,
                Kind::Full => 9 * from.channels,
            };
            Some((to.channels * sums * (pixels >> (2 * to.halvings))) as u64)
        };
        self.steps.iter().filter_map(of_layer).sum()
    }

    /// Bytes of tensors that the layers read and write for a picture of so many pixels, each counted at every use.
    pub(crate) fn tensor_bytes(&self, pixels: usize) -> u64 {
        let bytes = |number: usize| {
            let tensor = self.tensors.get(number);
            tensor.map_or(0, |tensor| 4 * (tensor.channels * (pixels >> (2 * tensor.halvings))) as u64)
        };
        let of_layer = |layer: &Layer| bytes(layer.from) + bytes(layer.to) + layer.add.map_or(0, bytes);
        self.steps.iter().map(of_layer).sum()
    }
}
