//! Frees a graph from the one size of picture that it was written for.
//!
//! `NanoDet` makes some of its layers larger or smaller, to so many rows and columns as they have where the picture is
//! 416 pixels square. By a factor instead, a picture of any size passes whose sides are multiples of 32; of a wide one,
//! two fifths of the square would be black, and cost as much as the rest.

use std::collections::HashMap;

use super::fold::initializer;
use super::proto::{DimensionValue, FLOAT, Graph, INT64, Node, Tensor, raw_floats};

/// Pixels of the picture from one cell of a value to the next: rows, then columns.
type Step = [f32; 2];

/// Makes resizing to fixed sizes a resizing by factors; what is not understood stays as it is.
pub(super) fn free_resizing(graph: &mut Graph) {
    let Some((input, sides)) = picture(graph) else { return };
    let mut steps: HashMap<String, Step> = HashMap::from([(input, [1.0, 1.0])]);
    let mut factors = Vec::new();
    for (place, node) in graph.node.iter().enumerate() {
        let Some(before) = node.input.first().and_then(|name| steps.get(name)).copied() else { continue };
        let after = match (node.op_type.as_deref(), target(graph, node)) {
            (Some("Resize"), Some([rows, columns])) => {
                let after = [sides[0] / rows, sides[1] / columns];
                factors.push((place, [before[0] / after[0], before[1] / after[1]]));
                after
            }
            // Nobody knows how far it goes.
            (Some("Resize"), None) => continue,
            _ => strided(node, before),
        };
        steps.extend(node.output.iter().map(|name| (name.clone(), after)));
    }
    for (place, factor) in factors {
        by_factor(graph, place, factor);
    }
}

/// Name and declared sides of the picture, if it has any.
fn picture(graph: &Graph) -> Option<(String, Step)> {
    let is_constant = |name: &str| initializer(graph, name).is_some();
    let mut inputs = graph.input.iter().filter(|value| !value.name.as_deref().is_some_and(is_constant));
    let input = inputs.next()?;
    let dims = &input.value_type.as_ref()?.tensor.as_ref()?.shape.as_ref()?.dim;
    let [_, _, rows, columns] = dims.as_slice() else { return None };
    let [rows, columns] = [rows, columns].map(|side| match side.value {
        Some(DimensionValue::Fixed(side)) => u16::try_from(side).ok().filter(|side| *side > 0),
        _ => None,
    });
    Some((input.name.clone()?, [f32::from(rows?), f32::from(columns?)]))
}

/// The rows and columns to which a node resizes, if they are written down.
fn target(graph: &Graph, node: &Node) -> Option<Step> {
    let sizes = node.input.get(3).filter(|name| !name.is_empty())?;
    let made = graph.node.iter().find(|other| other.output.first() == Some(sizes))?;
    let [_batch_and_channels, sides] = made.input.as_slice() else { return None };
    let sides = initializer(graph, sides).filter(|tensor| tensor.data_type == Some(INT64))?;
    let (words, _) = sides.raw_data.as_ref()?.as_chunks::<8>();
    let [rows, columns] = words else { return None };
    let [rows, columns] = [rows, columns].map(|word| u16::try_from(i64::from_le_bytes(*word)).ok());
    let (rows, columns) = (rows?, columns?);
    (rows > 0 && columns > 0).then(|| [f32::from(rows), f32::from(columns)])
}

/// The step of what a node gives whose input has the step `before`.
fn strided(node: &Node, before: Step) -> Step {
    let strides = node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some("strides"));
    match strides.map(|found| found.ints.as_slice()) {
        Some([rows, columns]) => [before[0] * *rows as f32, before[1] * *columns as f32],
        _ => before,
    }
}

fn by_factor(graph: &mut Graph, place: usize, [rows, columns]: Step) {
    let Some(node) = graph.node.get_mut(place) else { return };
    let source = node.input.first().cloned().unwrap_or_default();
    let name = format!("{source}_resized_by");
    node.input = vec![source, String::new(), name.clone()];
    graph.initializer.push(Tensor {
        dims: vec![4],
        data_type: Some(FLOAT),
        raw_data: Some(raw_floats(&[1.0, 1.0, rows, columns])),
        name: Some(name),
        ..Tensor::default()
    });
}
