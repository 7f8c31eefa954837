//! What a sheet leaves blank although it can be read: `check` may need it.

use std::fmt;

use super::{MAX_BYTES, SheetError, yaml};

/// Most blanks that are named in one go.
pub const MAX_BLANKS: usize = 40;

/// A place without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    /// Line, from 1.
    pub line: usize,
    /// Such as `recording.retention_until`.
    pub path: String,
}

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.path)
    }
}

/// The places without a value, at most [`MAX_BLANKS`], in the order of the text.
///
/// # Errors
/// [`SheetError`] where the text is no YAML.
pub fn blanks(text: &str) -> Result<Vec<Blank>, SheetError> {
    let document = yaml::load(text, MAX_BYTES)?;
    let mut found = Vec::new();
    collect(yaml::root(&document)?, String::new(), &mut found);
    Ok(found)
}

/// A document is nested no deeper than its reader allows.
fn collect(node: yaml::Node<'_>, path: String, found: &mut Vec<Blank>) {
    if found.len() >= MAX_BLANKS {
        return;
    }
    if node.is_blank() {
        found.push(Blank { line: node.place().0, path });
    } else if let Some(items) = node.items() {
        items.enumerate().for_each(|(index, item)| collect(item, format!("{path}[{index}]"), found));
    } else if let Some(mut pairs) = node.keys_and_values() {
        while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
            let key = key.text().unwrap_or_default();
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            collect(value, path, found);
        }
    }
}
