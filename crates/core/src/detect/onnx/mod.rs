//! Reads a detector model, takes out of it what keeps ONNX Runtime from running it fast, and writes it again,
//! in memory.

mod bounds;
mod calibration;
mod equalise;
mod fold;
mod join;
mod layers;
mod padding;
mod pass;
mod picture;
mod proto;
mod quantise;
mod sizes;
mod tfjs;

use prost::Message;

use calibration::Calibration;
pub(crate) use layers::{Activation, Kind, Layer, Layers, TensorShape};
pub(crate) use pass::Normalise;
use proto::Model;
pub(crate) use tfjs::convert;

/// Larger models are refused before they are decoded; ours have 7.3 MB and 0.2 MB.
pub(crate) const MAX_MODEL_BYTES: usize = 64 << 20;

/// Why a model's bytes cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// More bytes than any model of ours could have.
    #[error("it has {bytes} bytes, more than the {MAX_MODEL_BYTES} that are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// More fields than any model of ours could have.
    #[error("it has more than the {allowed} fields that are allowed")]
    TooManyFields {
        /// The limit.
        allowed: usize,
    },
    /// Not a protobuf message, or cut off.
    #[error("it is not an ONNX file: {0}")]
    NotOnnx(#[from] prost::DecodeError),
    /// It would lose something if it were written again.
    #[error("it has parts that this version does not know ({kept} of {bytes} bytes understood)")]
    UnknownParts {
        /// Its size.
        bytes: usize,
        /// Size of what would be written again.
        kept: usize,
    },
    /// A graph in another format that has parts for which there is no translation.
    #[error("its graph is not the one that this version knows: it has {0}")]
    Graph(String),
    /// What was measured inside it does not fit it.
    #[error("what was measured for calculating it in 8 bits does not fit it: {0}")]
    Calibration(String),
    /// It has no graph, or not the named input or output.
    #[error("it has no {0}")]
    Missing(String),
}

/// How a model is to be rewritten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes<'a> {
    /// The tensors that are wanted, in this order; the others go, with the nodes that only they need.
    pub(crate) outputs: &'a [&'a str],
    /// What the network wants done to values of 0..=255 first.
    pub(crate) normalise: Option<Normalise>,
    /// What was measured inside it, in the form of `models/centerface.int8.toml`, if it is to be calculated in 8 bits. It then
    /// takes pixels: [pictures, rows, columns, 4] bytes instead of [pictures, 3, rows, columns] numbers.
    pub(crate) calibration: Option<&'a str>,
}

/// Rewrites a model so that ONNX Runtime can run it at any size and optimise all of it.
///
/// The caller has compared the digest of `model_bytes` before. The result computes the same, up to rounding (see `pass`
/// for the steps).
///
/// # Errors
/// [`ModelError`] where the bytes are not a model, not fully understood, or without one of the outputs.
pub(crate) fn adapt(model_bytes: &[u8], wishes: &Wishes<'_>) -> Result<Vec<u8>, ModelError> {
    Ok(adapted(model_bytes, wishes)?.encode_to_vec())
}

/// The same as a list of layers, for a GPU.
///
/// # Errors
/// Those of [`adapt`], and [`ModelError::Graph`] where it has parts that no shader knows.
pub(crate) fn layers(model_bytes: &[u8], wishes: &Wishes<'_>) -> Result<Layers, ModelError> {
    let model = adapted(model_bytes, wishes)?;
    layers::layers(model.graph.as_ref().ok_or_else(|| ModelError::Missing("graph".to_owned()))?)
}

fn adapted(model_bytes: &[u8], wishes: &Wishes<'_>) -> Result<Model, ModelError> {
    let mut model = decode(model_bytes)?;
    let graph = model.graph.as_mut().ok_or_else(|| ModelError::Missing("graph".to_owned()))?;
    sizes::free_resizing(graph);
    pass::keep_outputs(graph, wishes.outputs)?;
    pass::take_initializers_off_inputs(graph);
    pass::free_dimensions(graph);
    if let Some(normalise) = &wishes.normalise {
        pass::normalise_input(graph, normalise)?;
    }
    graph.value_info.clear();
    fold::fold_batch_normalization(graph);
    padding::fold_padding(graph);
    if let Some(calibration) = wishes.calibration {
        let calibration = Calibration::parse(calibration)?;
        equalise::equalise(graph, &calibration)?;
        quantise::quantise(&mut model, &calibration)?;
    }
    let graph = model.graph.as_mut().ok_or_else(|| ModelError::Missing("graph".to_owned()))?;
    if wishes.calibration.is_some() {
        picture::take_pixels(graph)?;
        join::join_convolutions(graph);
    }
    pass::drop_unused_initializers(graph);
    Ok(model)
}

/// Decodes a model, and makes sure that nothing of it was skipped.
///
/// # Errors
/// See [`ModelError`].
fn decode(bytes: &[u8]) -> Result<Model, ModelError> {
    if bytes.len() > MAX_MODEL_BYTES {
        return Err(ModelError::TooLarge { bytes: bytes.len() });
    }
    bounds::check(bytes)?;
    let model = Model::decode(bytes)?;
    // Fields that `proto` does not describe are skipped by the decoder and would be missing from what is
    // written again.
    let kept = model.encoded_len();
    if kept == bytes.len() { Ok(model) } else { Err(ModelError::UnknownParts { bytes: bytes.len(), kept }) }
}

#[cfg(test)]
mod tests;
