//! Counts the fields of an ONNX file before it is decoded, because two bytes on the wire can become a message
//! of hundreds of bytes in memory.

use super::ModelError;

/// Ours have about 5,000; this many take some 20 MB once decoded.
const MAX_FIELDS: usize = 50_000;

/// Which message the bytes are, as far as it contains others.
#[derive(Clone, Copy)]
enum Kind {
    Model,
    Graph,
    Node,
    Attribute,
    ValueInfo,
    ValueType,
    TensorType,
    Shape,
    /// Contains no further messages.
    Leaf,
}

impl Kind {
    /// What the field `tag` contains, where that is a message. No kind contains itself, which bounds the
    /// recursion.
    fn child(self, tag: u64) -> Option<Self> {
        match (self, tag) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::Graph, 11..=13) => Some(Self::ValueInfo),
            (Self::ValueInfo, 2) => Some(Self::ValueType),
            (Self::ValueType, 1) => Some(Self::TensorType),
            (Self::TensorType, 2) => Some(Self::Shape),
            (Self::Graph | Self::Attribute, 5) | (Self::Model, 8 | 14) | (Self::Shape, 1) => Some(Self::Leaf),
            _ => None,
        }
    }
}

/// Refuses a model with more than [`MAX_FIELDS`] fields. Bytes that are no protobuf pass: the decoder reports
/// them.
///
/// # Errors
/// [`ModelError::TooManyFields`].
pub(super) fn check(bytes: &[u8]) -> Result<(), ModelError> {
    let mut left = MAX_FIELDS;
    spend(bytes, Kind::Model, &mut left)
}

/// Takes one off `left` for every field in `bytes` and in the messages inside.
fn spend(mut bytes: &[u8], kind: Kind, left: &mut usize) -> Result<(), ModelError> {
    while let Some((tag, body)) = next_field(&mut bytes) {
        *left = left.checked_sub(1).ok_or(ModelError::TooManyFields { allowed: MAX_FIELDS })?;
        if let (Some(child), Some(body)) = (kind.child(tag), body) {
            spend(body, child, left)?;
        }
    }
    Ok(())
}

/// Splits a field off the front: its tag, and its content where that has a length. `None` at the end and at
/// the first error.
fn next_field<'a>(bytes: &mut &'a [u8]) -> Option<(u64, Option<&'a [u8]>)> {
    let key = next_varint(bytes)?;
    let skip = match key & 7 {
        0 => {
            next_varint(bytes)?;
            0
        }
        1 => 8,
        2 => usize::try_from(next_varint(bytes)?).ok()?,
        5 => 4,
        _ => return None,
    };
    let (body, rest) = bytes.split_at_checked(skip)?;
    *bytes = rest;
    Some((key >> 3, (key & 7 == 2).then_some(body)))
}

/// Splits a number in base 128 off the front.
fn next_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
