//! Builds an ONNX graph node by node. Names, order and fields are those of the `onnx` package for Python, so that the
//! file can be compared with one that was made there, byte by byte.

use std::collections::HashSet;

use prost::Message;

use super::super::ModelError;
use super::super::proto::{
    Attribute, Dimension, DimensionValue, FLOAT, Graph, INT64, Model, Node, OperatorSet, Shape, Tensor,
    TensorType, ValueInfo, ValueType, raw_floats, raw_integers,
};
use super::unknown;
use super::weights::{Constant, Values};

/// Version of the file format and of the operators that are used.
const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 17;

/// Rows of weights that are written side by side when they change places.
const OUTPUTS_AT_ONCE: usize = 16;

/// Values of an attribute, with the numbers of `AttributeProto.AttributeType`.
pub(super) enum Value<'a> {
    Float(f32),
    Integer(i64),
    Text(&'a str),
    Integers(&'a [i64]),
}

/// A graph that grows.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
    known: HashSet<String>,
    last_number: u32,
}

impl Builder {
    /// A name for a value in between.
    pub(super) fn value(&mut self) -> String {
        self.last_number += 1;
        format!("t{}", self.last_number)
    }

    /// Adds a constant and returns its name.
    pub(super) fn constant(&mut self, constant: &Constant) -> String {
        self.last_number += 1;
        let name = format!("c{}", self.last_number);
        self.named_constant(&name, constant);
        name
    }

    /// Adds a constant under a name of its own, once.
    pub(super) fn named_constant(&mut self, name: &str, constant: &Constant) {
        if !self.known.insert(name.to_owned()) {
            return;
        }
        let (data_type, raw) = match &constant.values {
            Values::Floats(values) => (FLOAT, raw_floats(values)),
            Values::Integers(values) => (INT64, raw_integers(values)),
        };
        // As numpy hands them over: a single number is a list of one.
        let sides: &[usize] = if constant.shape.is_empty() { &[1] } else { &constant.shape };
        self.initializers.push(Tensor {
            dims: sides.iter().map(|side| i64::try_from(*side).unwrap_or(i64::MAX)).collect(),
            data_type: Some(data_type),
            name: Some(name.to_owned()),
            raw_data: Some(raw),
            ..Tensor::default()
        });
    }

    /// Adds a node; `attributes` in the order of their names.
    pub(super) fn node(
        &mut self,
        op: &str,
        input: &[&str],
        output: &[&str],
        attributes: &[(&str, Value<'_>)],
    ) {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.nodes.push(Node {
            input: own(input),
            output: own(output),
            op_type: Some(op.to_owned()),
            attribute: attributes.iter().map(|(name, value)| attribute(name, value)).collect(),
            ..Node::default()
        });
    }

    /// A node that turns rows, columns, channels into channels, rows, columns; returns its value.
    pub(super) fn channels_first(&mut self, input: &str) -> String {
        let value = self.value();
        self.node("Transpose", &[input], &[&value], &[("perm", Value::Integers(&[0, 3, 1, 2]))]);
        value
    }

    /// The other way round, under a given name.
    pub(super) fn channels_last(&mut self, input: &str, output: &str) {
        self.node("Transpose", &[input], &[output], &[("perm", Value::Integers(&[0, 2, 3, 1]))]);
    }

    /// The whole model. `input` and `outputs` are names with shapes.
    pub(super) fn finish(self, name: &str, input: (&str, &[i64]), outputs: &[(&str, &[i64])]) -> Vec<u8> {
        let graph = Graph {
            node: self.nodes,
            name: Some(name.to_owned()),
            initializer: self.initializers,
            input: vec![float_value(input)],
            output: outputs.iter().map(|output| float_value(*output)).collect(),
            ..Graph::default()
        };
        let set = OperatorSet { domain: Some(String::new()), version: Some(OPERATOR_SET) };
        let model = Model {
            ir_version: Some(IR_VERSION),
            graph: Some(graph),
            opset_import: vec![set],
            ..Model::default()
        };
        model.encode_to_vec()
    }
}

fn attribute(name: &str, value: &Value<'_>) -> Attribute {
    let bare = Attribute { name: Some(name.to_owned()), ..Attribute::default() };
    match *value {
        Value::Float(f) => Attribute { f: Some(f), kind: Some(1), ..bare },
        Value::Integer(i) => Attribute { i: Some(i), kind: Some(2), ..bare },
        Value::Text(text) => Attribute { s: Some(text.as_bytes().to_vec()), kind: Some(3), ..bare },
        Value::Integers(all) => Attribute { ints: all.to_vec(), kind: Some(7), ..bare },
    }
}

fn float_value((name, shape): (&str, &[i64])) -> ValueInfo {
    let dim = |side: &i64| Dimension { value: Some(DimensionValue::Fixed(*side)), denotation: None };
    let shape = Shape { dim: shape.iter().map(dim).collect() };
    let tensor = TensorType { elem_type: Some(FLOAT), shape: Some(shape) };
    ValueInfo {
        name: Some(name.to_owned()),
        value_type: Some(ValueType { tensor: Some(tensor), denotation: None }),
        doc_string: None,
    }
}

/// The weights of a convolution in ONNX's order (output, input, row, column) from that of `TensorFlow` (row, column,
/// input, output).
pub(super) fn outputs_first(weights: &Constant) -> Result<Constant, ModelError> {
    let &[rows, columns, inputs, outputs] = weights.shape.as_slice() else {
        return Err(unknown("convolution weights without four dimensions"));
    };
    let from = weights.floats()?;
    let mut values = vec![0.0; from.len()];
    let cells = rows * columns;
    let length = (inputs * cells).max(1);
    // Some outputs at a time: so many rows are written side by side without leaving the cache.
    for (block, of_block) in values.chunks_mut(length * OUTPUTS_AT_ONCE).enumerate() {
        for (at, of_cell) in from.chunks_exact(outputs.max(1)).enumerate() {
            let place = at % inputs.max(1) * cells + at / inputs.max(1);
            let given = of_cell.iter().skip(block * OUTPUTS_AT_ONCE);
            let places = of_block.chunks_exact_mut(length).filter_map(|output| output.get_mut(place));
            places.zip(given).for_each(|(place, value)| *place = *value);
        }
    }
    Ok(Constant { shape: vec![outputs, inputs, rows, columns], values: Values::Floats(values) })
}
