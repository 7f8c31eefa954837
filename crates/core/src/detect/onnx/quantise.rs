//! Writes a network's convolutions and sums in whole numbers of 8 bits.
//!
//! A value `v` is stored as `round(v / step) + zero`, in 0..=255; weights have a step for each channel that they give
//! and lie in
//! -127..=127. `Relu` falls away where zero is stored as 0, since nothing lies below. What has no measured range stays as it is:
//! transposed convolutions, and the last ones, whose results are scores and places.

use std::collections::HashSet;

use super::ModelError;
use super::calibration::{Calibration, Measured};
use super::equalise::result_of;
use super::fold::{floats, initializer};
use super::proto::{FLOAT, Graph, Model, Node, OperatorSet, Tensor, raw_floats};

/// `TensorProto.DataType`.
pub(super) const UINT8: i32 = 2;
const INT8: i32 = 3;
const INT32: i32 = 6;

/// Where `QLinearConv` and `QuantizeLinear` are, and `QLinearAdd`.
const OPERATORS: i64 = 13;
const EXTENSION: (&str, i64) = ("com.microsoft", 1);

/// A picture's bytes are stored as they are.
static PICTURE: Measured = Measured { low: 0.0, high: 255.0, factors: Vec::new() };

/// Rewrites the model's graph, whose channels have been evened out.
///
/// # Errors
/// [`ModelError::Calibration`] where a weight is missing.
pub(super) fn quantise(model: &mut Model, calibration: &Calibration) -> Result<(), ModelError> {
    let graph = model.graph.as_mut().ok_or_else(|| ModelError::Missing("graph".to_owned()))?;
    let picture = graph.input.first().and_then(|value| value.name.clone()).unwrap_or_default();
    let mut writer = Writer {
        graph,
        calibration,
        node: Vec::new(),
        initializer: Vec::new(),
        stored: HashSet::new(),
        plain: HashSet::from([picture.clone()]),
        described: HashSet::new(),
        picture,
    };
    let mut gone = HashSet::new();
    for node in &writer.graph.node.clone() {
        if !node.output.first().is_some_and(|name| gone.contains(name)) {
            writer.rewrite(node, &mut gone)?;
        }
    }
    let (node, initializer) = (writer.node, writer.initializer);
    graph.node = node;
    graph.initializer.extend(initializer);
    for operators in &mut model.opset_import {
        if operators.domain.as_deref().unwrap_or_default().is_empty() {
            operators.version = Some(OPERATORS);
        }
    }
    let (domain, version) = EXTENSION;
    model.opset_import.push(OperatorSet { domain: Some(domain.to_owned()), version: Some(version) });
    Ok(())
}

struct Writer<'g> {
    graph: &'g Graph,
    calibration: &'g Calibration,
    picture: String,
    node: Vec<Node>,
    initializer: Vec<Tensor>,
    /// Tensors that are there in 8 bits, and as they were.
    stored: HashSet<String>,
    plain: HashSet<String>,
    /// Tensors whose step and zero have been written.
    described: HashSet<String>,
}

impl Writer<'_> {
    fn rewrite(&mut self, node: &Node, gone: &mut HashSet<String>) -> Result<(), ModelError> {
        let result = result_of(self.graph, node).unwrap_or_default().to_owned();
        let has_ranges = |names: &[String]| names.iter().all(|name| self.measured(name).is_some());
        let is_stored = self.measured(&result).is_some();
        match node.op_type.as_deref() {
            Some("Conv") if is_stored && has_ranges(node.input.get(..1).unwrap_or(&[])) => {
                self.convolve(node, &result)?;
            }
            Some("Add") if is_stored && has_ranges(&node.input) => self.add(node, &result),
            _ => {
                self.keep(node);
                return Ok(());
            }
        }
        if !node.output.contains(&result) {
            // `Relu` is left out, so nothing below zero may be stored.
            if self.measured(&result).is_some_and(|measured| measured.low < 0.0) {
                return Err(ModelError::Calibration(format!("`{result}` reaches below zero")));
            }
            gone.insert(result.clone());
        }
        self.stored.insert(result);
        Ok(())
    }

    fn measured(&self, tensor: &str) -> Option<&Measured> {
        if tensor == self.picture { Some(&PICTURE) } else { self.calibration.of(tensor) }
    }

    fn convolve(&mut self, node: &Node, result: &str) -> Result<(), ModelError> {
        let unfit = || ModelError::Calibration(format!("the step that gives `{result}`"));
        let [source, weight, bias] = node.input.as_slice() else { return Err(unfit()) };
        let constant = |name: &str| initializer(self.graph, name);
        let weight = constant(weight).ok_or_else(unfit)?;
        let bias = constant(bias).and_then(floats).ok_or_else(unfit)?;
        let read_step = self.measured(source).map(step_and_zero).ok_or_else(unfit)?.0;
        let channels = bias.len();
        let stored = store_weight(&floats(weight).ok_or_else(unfit)?, channels).ok_or_else(unfit)?;
        let bias: Vec<u8> = (bias.iter().zip(&stored.steps))
            .flat_map(|(value, step)| to_i32(value / (step * read_step)).to_le_bytes())
            .collect();
        let along = |length: usize| vec![i64::try_from(length).unwrap_or(i64::MAX)];
        let of = |what: &str| format!("{result}_{what}");
        let dims = weight.dims.clone();
        let steps = raw_floats(&stored.steps);
        self.constant(of("weight"), dims, INT8, stored.bytes);
        self.constant(of("weight_step"), along(channels), FLOAT, steps);
        self.constant(of("weight_zero"), along(channels), INT8, vec![0; channels]);
        self.constant(of("bias"), along(channels), INT32, bias);
        let mut input = self.in_8_bits(source);
        input.extend(["weight", "weight_step", "weight_zero"].map(of));
        input.extend(self.description(result));
        input.push(of("bias"));
        let attribute = node.attribute.clone();
        self.node.push(Node { attribute, ..operation("QLinearConv", input, stored_name(result)) });
        Ok(())
    }

    fn add(&mut self, node: &Node, result: &str) {
        let mut input: Vec<String> = node.input.iter().flat_map(|term| self.in_8_bits(term)).collect();
        input.extend(self.description(result));
        let domain = Some(EXTENSION.0.to_owned());
        self.node.push(Node { domain, ..operation("QLinearAdd", input, stored_name(result)) });
    }

    /// A node that stays, behind whatever brings its inputs back from 8 bits.
    fn keep(&mut self, node: &Node) {
        for name in &node.input {
            if self.stored.contains(name) && self.plain.insert(name.clone()) {
                let mut input = vec![stored_name(name)];
                input.extend(self.description(name));
                self.node.push(operation("DequantizeLinear", input, name.clone()));
            }
        }
        self.plain.extend(node.output.iter().cloned());
        self.node.push(node.clone());
    }

    /// A tensor in 8 bits with its step and zero, as operations take it.
    fn in_8_bits(&mut self, name: &str) -> Vec<String> {
        let [step, zero] = self.description(name);
        if self.stored.insert(name.to_owned()) {
            let input = vec![name.to_owned(), step.clone(), zero.clone()];
            self.node.push(operation("QuantizeLinear", input, stored_name(name)));
        }
        vec![stored_name(name), step, zero]
    }

    /// Names of a tensor's step and zero.
    fn description(&mut self, name: &str) -> [String; 2] {
        let names = ["step", "zero"].map(|what| format!("{name}_{what}"));
        if self.described.insert(name.to_owned())
            && let Some((step, zero)) = self.measured(name).map(step_and_zero)
        {
            let [of_step, of_zero] = names.clone();
            self.constant(of_step, Vec::new(), FLOAT, step.to_le_bytes().to_vec());
            self.constant(of_zero, Vec::new(), UINT8, vec![zero]);
        }
        names
    }

    fn constant(&mut self, name: String, dims: Vec<i64>, data_type: i32, raw: Vec<u8>) {
        let (name, data_type, raw_data) = (Some(name), Some(data_type), Some(raw));
        self.initializer.push(Tensor { dims, data_type, name, raw_data, ..Tensor::default() });
    }
}

fn operation(op: &str, input: Vec<String>, output: String) -> Node {
    Node { input, output: vec![output], op_type: Some(op.to_owned()), ..Node::default() }
}

fn stored_name(name: &str) -> String {
    format!("{name}_stored")
}

/// The step of a range, and what zero is stored as.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a byte")]
fn step_and_zero(measured: &Measured) -> (f32, u8) {
    let step = (measured.high - measured.low) / 255.0;
    (step, (-measured.low / step).round().clamp(0.0, 255.0) as u8)
}

/// Weights in 8 bits.
struct Stored {
    bytes: Vec<u8>,
    /// One for each channel that they give.
    steps: Vec<f32>,
}

/// Stores the weights of a convolution that gives so many channels, which are the outermost axis.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of a byte")]
fn store_weight(values: &[f32], channels: usize) -> Option<Stored> {
    let length = values.len().checked_div(channels).filter(|length| length * channels == values.len())?;
    let (mut bytes, mut steps) = (Vec::with_capacity(values.len()), Vec::with_capacity(channels));
    for channel in values.chunks_exact(length.max(1)) {
        let most = channel.iter().fold(f32::MIN_POSITIVE, |most, value| most.max(value.abs()));
        let step = most / 127.0;
        let stored = |value: &f32| ((value / step).round().clamp(-127.0, 127.0) as i8).cast_unsigned();
        bytes.extend(channel.iter().map(stored));
        steps.push(step);
    }
    Some(Stored { bytes, steps })
}

#[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
fn to_i32(value: f32) -> i32 {
    value.round() as i32
}
