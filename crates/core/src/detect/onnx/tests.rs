//! The graph pass on the shipped models and on hostile bytes.

use std::fmt::Debug;

use ort::session::Session;
use ort::value::{PrimitiveTensorElementType, TensorRef};
use proptest::prelude::*;

use super::super::arithmetic::Numbers;
use super::super::testing;
use super::proto::{Attribute, FLOAT, Graph, Node, OperatorSet, Tensor, TensorType, ValueInfo, ValueType};
use super::*;
use crate::model::Arithmetic;

const CENTERFACE: [&str; 3] = ["537", "538", "539"];
const YUNET: [&str; 9] =
    ["cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32"];

/// The model as shipped, apart from its sizes, which ONNX Runtime would insist on.
fn with_free_sizes_only(bytes: &[u8]) -> Vec<u8> {
    let mut model = decode(bytes).unwrap();
    let graph = model.graph.as_mut().unwrap();
    let weights: Vec<_> = graph.initializer.iter().filter_map(|tensor| tensor.name.clone()).collect();
    // `free_dimensions` takes inputs for pictures, so the weights step aside for it.
    let (weights, pictures) = graph
        .input
        .drain(..)
        .partition(|input: &ValueInfo| input.name.as_ref().is_some_and(|name| weights.contains(name)));
    graph.input = pictures;
    pass::free_dimensions(graph);
    graph.input.extend::<Vec<_>>(weights);
    graph.value_info.clear();
    model.encode_to_vec()
}

/// Runs a model on one input; the values of the named outputs.
fn run<T: PrimitiveTensorElementType + Clone + Debug + 'static>(
    onnx: &[u8],
    shape: [usize; 4],
    pixels: &[T],
    outputs: &[&str],
) -> Vec<Vec<f32>> {
    let runtime = testing::runtime();
    let builder = Session::builder(runtime.environment()).unwrap();
    let mut session = builder.with_intra_threads(1).unwrap().commit_from_memory(onnx).unwrap();
    let input = session.inputs()[0].name().to_owned();
    let tensor = TensorRef::from_array_view((shape, pixels)).unwrap();
    let found = session.run(ort::inputs![input => tensor]).unwrap();
    outputs.iter().map(|name| found[*name].try_extract_tensor::<f32>().unwrap().1.to_vec()).collect()
}

fn wishes<'a>(outputs: &'a [&'a str]) -> Wishes<'a> {
    Wishes { outputs, normalise: None, calibration: None }
}

fn ramp(length: usize, step: f32, span: f32) -> Vec<f32> {
    (0..length).map(|n| (n as f32 * step) % span).collect()
}

fn worst_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f32 {
    assert!(a.iter().map(Vec::len).eq(b.iter().map(Vec::len)));
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn padding_moves_into_convolutions_and_changes_no_value() {
    let outputs = ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4", "Identity_5"];
    let [graph, weights] = testing::nanodet_bytes();
    let converted = convert(&graph, &weights, &outputs).unwrap();
    let adapted = adapt(&converted, &wishes(&outputs)).unwrap();
    let paddings = |bytes: &[u8]| {
        let nodes = decode(bytes).unwrap().graph.unwrap().node;
        nodes.iter().filter(|node| node.op_type.as_deref() == Some("Pad")).count()
    };
    // What is left pads with the smallest of all numbers, for a maximum.
    assert_eq!((paddings(&converted), paddings(&adapted)), (29, 1));
    let pixels = ramp(3 * 416 * 416, 37.7, 256.0);
    let values = |onnx: &[u8]| run(onnx, [1, 3, 416, 416], &pixels, &outputs);
    let mut freed = decode(&converted).unwrap();
    sizes::free_resizing(freed.graph.as_mut().unwrap());
    let freed = with_free_sizes_only(&freed.encode_to_vec());
    assert!(worst_difference(&values(&freed), &values(&adapted)) <= 1e-5);
    // Where sizes are free, ONNX Runtime rounds otherwise: by the last bit of values above 128.
    let worst = worst_difference(&values(&converted), &values(&freed));
    assert!(worst <= 2e-5, "values differ by {worst}");
}

#[test]
fn resizing_by_factors_takes_pictures_of_any_size() {
    let outputs = ["Identity", "Identity_3"];
    let [graph, weights] = testing::nanodet_bytes();
    let adapted = adapt(&convert(&graph, &weights, &outputs).unwrap(), &wishes(&outputs)).unwrap();
    for (rows, columns) in [(256, 416), (416, 256), (32, 64)] {
        let found = run(&adapted, [1, 3, rows, columns], &ramp(3 * rows * columns, 37.7, 256.0), &outputs);
        let cells = (rows / 8) * (columns / 8);
        assert_eq!([found[0].len(), found[1].len()], [cells * 80, cells * 44], "{rows} x {columns}");
    }
}

#[test]
fn the_pass_keeps_what_the_shipped_models_compute() {
    let (height, width) = (96, 160);
    let pixels = ramp(3 * height * width, 37.7, 256.0);
    for (bytes, outputs) in
        [(testing::centerface_bytes(), CENTERFACE.as_slice()), (testing::yunet_bytes(), &YUNET)]
    {
        let adapted = adapt(&bytes, &wishes(outputs)).unwrap();
        let shape = [1, 3, height, width];
        let expected = run(&with_free_sizes_only(&bytes), shape, &pixels, outputs);
        let worst = worst_difference(&run(&adapted, shape, &pixels, outputs), &expected);
        assert!(worst < 1e-3, "{outputs:?} differ by {worst}");
    }
}

#[test]
fn the_pass_removes_what_costs_time() {
    let model = decode(&adapt(&testing::centerface_bytes(), &wishes(&CENTERFACE)).unwrap()).unwrap();
    let graph = model.graph.unwrap();
    assert_eq!(graph.input.len(), 1, "only the picture is an input");
    assert!(graph.node.iter().all(|node| node.op_type.as_deref() != Some("BatchNormalization")));
    assert!(graph.node.iter().all(|node| !node.output.contains(&"540".to_owned())), "no landmarks");
    assert!(graph.value_info.is_empty());
}

const CALIBRATION: &str = include_str!("../../../../../models/centerface.int8.toml");

#[test]
fn evening_out_channels_changes_no_result() {
    let (height, width) = (96, 160);
    let pixels = ramp(3 * height * width, 37.7, 256.0);
    let adapted = adapt(&testing::centerface_bytes(), &wishes(&CENTERFACE)).unwrap();
    let mut model = decode(&adapted).unwrap();
    let before = model.clone();
    let calibration = Calibration::parse(CALIBRATION).unwrap();
    equalise::equalise(model.graph.as_mut().unwrap(), &calibration).unwrap();
    assert_ne!(model, before);
    let values = |onnx: &[u8]| run(onnx, [1, 3, height, width], &pixels, &CENTERFACE);
    let worst = worst_difference(&values(&model.encode_to_vec()), &values(&adapted));
    assert!(worst < 1e-3, "differ by {worst}");
}

#[test]
fn every_convolution_but_the_last_is_stored_in_8_bits() {
    let wishes = Wishes { calibration: Some(CALIBRATION), ..wishes(&CENTERFACE) };
    let bytes = adapt(&testing::centerface_bytes(), &wishes).unwrap();
    let graph = decode(&bytes).unwrap().graph.unwrap();
    let count = |op: &str| graph.node.iter().filter(|node| node.op_type.as_deref() == Some(op)).count();
    // One gives scores, sizes and places.
    let ops = ["QLinearConv", "Conv", "QLinearAdd", "Add", "Split", "Transpose"];
    assert_eq!(ops.map(count), [56, 1, 13, 0, 1, 1]);
    // Behind the transposed ones.
    assert_eq!([count("ConvTranspose"), count("Relu")], [3, 3]);
    // A picture's values stay as they are.
    let step = graph.initializer.iter().find(|tensor| tensor.name.as_deref() == Some("input.1_step"));
    assert_eq!(step.and_then(|tensor| tensor.raw_data.clone()), Some(1.0f32.to_le_bytes().to_vec()));
    assert!(bytes.len() * 3 < testing::centerface_bytes().len(), "{} bytes", bytes.len());
}

#[test]
fn taking_pixels_and_joining_convolutions_change_no_value() {
    if Numbers::here(Arithmetic::Auto) != Numbers::Int8 {
        eprintln!("skipped: this processor has no instructions for it");
        return;
    }
    let (height, width) = (96, 160);
    let adapted = adapt(&testing::centerface_bytes(), &wishes(&CENTERFACE)).unwrap();
    let mut model = decode(&adapted).unwrap();
    let calibration = Calibration::parse(CALIBRATION).unwrap();
    equalise::equalise(model.graph.as_mut().unwrap(), &calibration).unwrap();
    quantise::quantise(&mut model, &calibration).unwrap();
    let bytes: Vec<u8> = (0u8..=255).step_by(7).cycle().take(3 * height * width).collect();
    let planes: Vec<f32> = bytes.iter().map(|value| f32::from(*value)).collect();
    let expected = run(&model.encode_to_vec(), [1, 3, height, width], &planes, &CENTERFACE);
    let area = height * width;
    // The fourth byte means nothing.
    let pixels: Vec<u8> =
        (0..area).flat_map(|at| [bytes[at], bytes[at + area], bytes[at + 2 * area], 255]).collect();
    let wishes = Wishes { calibration: Some(CALIBRATION), ..wishes(&CENTERFACE) };
    let whole = adapt(&testing::centerface_bytes(), &wishes).unwrap();
    let found = run(&whole, [1, height, width, 4], &pixels, &CENTERFACE);
    let worst = worst_difference(&found, &expected);
    assert!(worst < 1e-5, "values differ by {worst}");
}

#[test]
fn what_was_measured_on_another_network_is_refused() {
    let refused = |from: &str, to: &str| {
        let text = CALIBRATION.replacen(from, to, 1);
        assert_ne!(text, CALIBRATION);
        let wishes = Wishes { calibration: Some(&text), ..wishes(&CENTERFACE) };
        let refused = adapt(&testing::centerface_bytes(), &wishes);
        assert!(matches!(refused, Err(ModelError::Calibration(_))), "{from} became {to}");
    };
    refused("factors = \"", "factors = \"0");
    refused("low = 0.0", "low = -1.0");
    refused("name = \"377\"", "name = \"nothing\"");
}

#[test]
fn nothing_is_lost_in_reading_and_writing() {
    for bytes in [testing::centerface_bytes(), testing::yunet_bytes()] {
        let model = decode(&bytes).unwrap();
        assert_eq!(decode(&model.encode_to_vec()).unwrap(), model);
        assert_eq!(model.encoded_len(), bytes.len());
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn value(name: &str) -> ValueInfo {
    let tensor = Some(TensorType { elem_type: Some(FLOAT), shape: None });
    ValueInfo {
        name: Some(text(name)),
        value_type: Some(ValueType { tensor, ..ValueType::default() }),
        ..ValueInfo::default()
    }
}

fn constant(name: &str, dims: &[i64], step: f32) -> Tensor {
    let length = usize::try_from(dims.iter().product::<i64>()).unwrap();
    let float_data = ramp(length, step, 1.9).into_iter().map(|value| value + 0.1).collect();
    Tensor {
        dims: dims.to_vec(),
        data_type: Some(FLOAT),
        name: Some(text(name)),
        float_data,
        ..Tensor::default()
    }
}

fn node(op_type: &str, input: &[&str], output: &str, attribute: Vec<Attribute>) -> Node {
    let input = input.iter().map(|name| (*name).to_owned()).collect();
    Node {
        op_type: Some(text(op_type)),
        input,
        output: vec![output.to_owned()],
        attribute,
        ..Node::default()
    }
}

/// A convolution in two groups, from 4 channels to 6, with batch normalisation behind it.
fn grouped(op_type: &str, weight: [i64; 4], with_bias: bool) -> Model {
    let group = Attribute { name: Some(text("group")), i: Some(2), kind: Some(2), ..Attribute::default() };
    let inputs: &[&str] = if with_bias { &["x", "w", "b"] } else { &["x", "w"] };
    let graph = Graph {
        name: Some(text("grouped")),
        node: vec![
            node(op_type, inputs, "between", vec![group]),
            node("BatchNormalization", &["between", "scale", "bias", "mean", "variance"], "y", vec![]),
        ],
        initializer: vec![
            constant("w", &weight, 0.37),
            constant("b", &[6], 0.21),
            constant("scale", &[6], 0.53),
            constant("bias", &[6], 0.71),
            constant("mean", &[6], 0.83),
            constant("variance", &[6], 0.97),
        ],
        input: vec![value("x")],
        output: vec![value("y")],
        ..Graph::default()
    };
    let opset = OperatorSet { domain: Some(text("")), version: Some(11) };
    Model { ir_version: Some(6), graph: Some(graph), opset_import: vec![opset], ..Model::default() }
}

#[test]
fn folding_keeps_grouped_convolutions_right() {
    let pixels = ramp(4 * 5 * 7, 0.43, 2.0);
    for (op_type, weight) in [("Conv", [6, 2, 2, 2]), ("ConvTranspose", [4, 3, 2, 2])] {
        for with_bias in [false, true] {
            let shipped = grouped(op_type, weight, with_bias).encode_to_vec();
            let adapted = adapt(&shipped, &wishes(&["y"])).unwrap();
            assert_eq!(decode(&adapted).unwrap().graph.unwrap().node.len(), 1, "{op_type} is folded");
            let shape = [1, 4, 5, 7];
            let (before, after) =
                (run(&shipped, shape, &pixels, &["y"]), run(&adapted, shape, &pixels, &["y"]));
            let worst = worst_difference(&before, &after);
            assert!(worst < 1e-4, "{op_type}, bias {with_bias}: differs by {worst}");
        }
    }
}

#[test]
fn what_cannot_be_folded_stays() {
    let mut model = grouped("Conv", [6, 2, 2, 2], false);
    let graph = model.graph.as_mut().unwrap();
    // The value before the normalisation is wanted too.
    graph.output.push(value("between"));
    let adapted = adapt(&model.encode_to_vec(), &wishes(&["y", "between"])).unwrap();
    assert_eq!(decode(&adapted).unwrap().graph.unwrap().node.len(), 2);
    let mut model = grouped("Conv", [6, 2, 2, 2], false);
    model.graph.as_mut().unwrap().initializer[4] = constant("mean", &[5], 0.1);
    let adapted = adapt(&model.encode_to_vec(), &wishes(&["y"])).unwrap();
    assert_eq!(decode(&adapted).unwrap().graph.unwrap().node.len(), 2, "lists of unequal length");
}

#[test]
fn models_that_would_change_are_refused() {
    let model = grouped("Conv", [6, 2, 2, 2], false).encode_to_vec();
    // Field 25 of a model holds functions, which `proto` does not describe.
    let with_function = [model.as_slice(), &[0xca, 0x01, 0x00]].concat();
    assert!(matches!(adapt(&with_function, &wishes(&["y"])), Err(ModelError::UnknownParts { .. })));
    assert!(matches!(adapt(&model, &wishes(&["z"])), Err(ModelError::Missing(what)) if what.contains("`z`")));
    assert!(matches!(adapt(&[], &wishes(&["y"])), Err(ModelError::Missing(what)) if what == "graph"));
    let large = vec![0; MAX_MODEL_BYTES + 1];
    assert!(matches!(adapt(&large, &wishes(&["y"])), Err(ModelError::TooLarge { .. })));
}

#[test]
fn a_bomb_of_empty_messages_is_refused() {
    // A graph (field 7) of 100,000 nodes (field 1) of no bytes.
    let nodes = [0x0a, 0x00].repeat(100_000);
    let mut bomb = vec![0x3a];
    prost::encode_length_delimiter(nodes.len(), &mut bomb).unwrap();
    bomb.extend(nodes);
    assert!(matches!(adapt(&bomb, &wishes(&["y"])), Err(ModelError::TooManyFields { .. })));
}

proptest! {
    #[test]
    fn random_bytes_never_pass(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(adapt(&bytes, &wishes(&CENTERFACE)).is_err());
    }

    #[test]
    fn damaged_models_give_an_error_or_a_model(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = grouped("ConvTranspose", [4, 3, 2, 2], true).encode_to_vec();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Neither may panic; what passes must be readable again.
        for bytes in [&bytes[..], &bytes[..cut.index(bytes.len())]] {
            if let Ok(adapted) = adapt(bytes, &wishes(&["y"])) {
                prop_assert!(decode(&adapted).is_ok());
            }
        }
    }
}
