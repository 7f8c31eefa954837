//! The error of every reader in this module: where, at which path, what.

use std::fmt;

use serde::Serialize;

use crate::rules::Fault;

/// Input that cannot be used, and the place to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputError {
    /// Line, from 1; 0 where the place is not known.
    pub line: usize,
    /// Column in characters, from 1; 0 where the place is not known.
    pub column: usize,
    /// Path, for example `consents[2].stage`; empty for the text as a whole.
    pub path: String,
    /// What is wrong and what to do, as a plain sentence. Never the content of a value.
    pub what: String,
}

impl InputError {
    pub(crate) fn new(line: usize, column: usize, what: impl Into<String>) -> Self {
        Self { line, column, path: String::new(), what: what.into() }
    }

    /// A fault found in typed data, where lines are no longer known.
    pub(crate) fn of_fault(fault: &Fault) -> Self {
        Self { line: 0, column: 0, path: fault.path.clone(), what: fault.what.clone() }
    }

    /// The same error seen from one level up, under `key`.
    #[must_use]
    pub(crate) fn under(mut self, key: &str) -> Self {
        self.path = match self.path.chars().next() {
            None => key.to_owned(),
            Some('[') => format!("{key}{}", self.path),
            Some(_) => format!("{key}.{}", self.path),
        };
        self
    }

    /// The same error in a text that starts `lines` lines earlier.
    #[must_use]
    pub(crate) fn moved_down(mut self, lines: usize) -> Self {
        if self.line > 0 {
            self.line = self.line.saturating_add(lines);
        }
        self
    }

    /// Path and sentence, without the place.
    pub fn fault(&self) -> Fault {
        Fault { path: self.path.clone(), what: self.what.clone() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for InputError {}
