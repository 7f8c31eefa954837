//! Strict YAML: one document, bounded, every error with line, column and path.
//!
//! `saphyr-parser` (YAML 1.2, safe Rust) gives the events. What is built on top refuses whatever could be read in
//! two ways: duplicate keys, tags, several documents, and unquoted words that YAML 1.1 and 1.2 type differently
//! (`no`, `012`, `1_000`). The plain layouts that programs write are read by a small reader of our own, several times
//! faster, which hands everything else to the full parser. Depth, size and alias expansion are bounded.

mod de;
mod error;
mod flow;
mod load;
mod node;
mod plain;
mod scalar;
mod slips;
mod text;
mod tree;

pub use error::InputError;
pub(crate) use load::load;
pub(crate) use node::{Document, Node};
pub(crate) use tree::Tree;

use serde::de::DeserializeOwned;

/// Reads one YAML document of at most `max_bytes` bytes.
///
/// # Errors
/// [`InputError`] at the first place where the text is too large, is no YAML, or is not a `T`.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str, max_bytes: usize) -> Result<T, InputError> {
    from_node(root(&load(text, max_bytes)?)?)
}

/// Reads a `T` from a part of a document; the path of an error starts at that part.
///
/// # Errors
/// [`InputError`] at the first place where the part is not a `T`.
pub(crate) fn from_node<T: DeserializeOwned>(node: Node<'_>) -> Result<T, InputError> {
    T::deserialize(node).map_err(de::DeError::into_input_error)
}

/// The root of a document.
///
/// # Errors
/// [`InputError`] where there is none.
pub(crate) fn root<'d>(document: &'d Document<'_>) -> Result<Node<'d>, InputError> {
    document.root().ok_or_else(|| InputError::new(1, 1, "the text is empty"))
}

/// What the reader of plain layouts makes of a text, where it reads it at all, beside what the full parser makes of
/// it.
#[cfg(test)]
pub(crate) fn read_twice(text: &str) -> Option<(String, Result<String, InputError>)> {
    let plain = plain::read(text)?;
    Some((format!("{plain:?}"), load::load_any(text).map(|document| format!("{document:?}"))))
}
