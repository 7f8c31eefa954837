//! HL7 FHIR Consent resources (R5, and R4 for patients) as rows of a consent sheet.
//!
//! FHIR can say more than the rules can judge. What this module does not understand to the last detail it refuses, with
//! the path of the element: a condition that is overlooked could turn a no into a yes. Names, addresses and references
//! of people never reach the row: whoever imports says which pseudonym of the sheet a reference stands for.
//!
//! | in FHIR | in the sheet |
//! |---|---|
//! | `active`, and nothing but purposes and a period granted | `permit` |
//! | `active`, and everything denied | `refuse` |
//! | `rejected` (R4) | `refuse` |
//! | `inactive` | `withdraw` |
//! | `not-done` (R5) | `not_asked` |
//! | `draft`, `proposed`, `entered-in-error`, `unknown` | refused: it states no decision |
//!
//! In R5 a provision is an exception to the decision, so a permit for certain purposes is `decision: deny` with the
//! purposes as provisions; purposes under `decision: permit` are those that are *not* agreed to. In R4 the first
//! provision says what the base policy applies to, and nested ones are exceptions to it.
//!
//! Source: HL7 FHIR R5 (v5.0.0) and R4 (v4.0.1), resource Consent; `PurposeOfUse` of HL7 Terminology, `v3-ActReason`.

mod parts;
mod r4;
mod r5;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use crate::rules::{Consent, Instant, Stage};
use crate::sheet::{InputError, Sheet, yaml};

/// Largest resource that is read (bytes).
const MAX_BYTES: usize = 1 << 20;

/// Why a resource is not imported. It never repeats a value of the resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct FhirError {
    /// Line, from 1; 0 where the place is not known.
    pub line: usize,
    /// The element, for example `provision[0].actor`.
    pub path: String,
    /// What cannot be judged, and what to do.
    pub what: String,
}

impl fmt::Display for FhirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.what)
    }
}

impl From<InputError> for FhirError {
    fn from(error: InputError) -> Self {
        Self { line: error.line, path: error.path, what: error.what }
    }
}

impl FhirError {
    fn new(path: impl Into<String>, what: &str) -> Self {
        Self { line: 0, path: path.into(), what: what.to_owned() }
    }
}

/// What FHIR does not say and whoever imports must.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The pseudonym of the sheet for each reference such as `Patient/f001`.
    pub subjects: BTreeMap<String, String>,
    /// The stage at which the person was asked.
    pub stage: Stage,
    /// The widest audience that the person agreed to.
    pub max_audience: String,
    /// The end of a permit that has none; an earlier end in the resource wins.
    pub until: Option<Instant>,
}

/// Reads Consent resources, one JSON text each, as rows that follow those of the sheet. The rows come in the order in
/// which the decisions were recorded.
///
/// # Errors
/// The index of the first text that cannot be imported, and why.
pub fn import(
    texts: &[String],
    sheet: &Sheet,
    options: &ImportOptions,
) -> Result<Vec<Consent>, (usize, FhirError)> {
    let mut statements = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        statements.push((index, read(text).map_err(|error| (index, error))?));
    }
    statements.sort_by_key(|(_, statement)| (statement.recorded.first, statement.recorded.last));
    let mut rows = sheet.consents.clone();
    for (index, statement) in &statements {
        let row = row::make(statement, sheet, &rows, options).map_err(|error| (*index, error))?;
        rows.push(row);
    }
    Ok(rows.split_off(sheet.consents.len()))
}

/// What a resource states, whatever its version.
#[derive(Debug)]
struct Statement {
    /// SHA-256 of the text, as 64 hexadecimal digits.
    digest: String,
    is_r4: bool,
    /// Path of the element that names the person, for errors.
    subject_path: &'static str,
    subject: String,
    /// Whoever decided, where it is said.
    giver: Option<(String, String)>,
    recorded: parts::Span,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Permit { purposes: Vec<String>, from: Option<Instant>, until: Option<Instant> },
    Refuse,
    Withdraw,
    NotAsked,
}

fn read(text: &str) -> Result<Statement, FhirError> {
    let document = yaml::load(text, MAX_BYTES)?;
    let root = yaml::root(&document)?;
    if root.get("resourceType").and_then(yaml::Node::text) != Some("Consent") {
        return Err(FhirError::new("resourceType", "expected a FHIR resource of the type Consent"));
    }
    let digest = obscura_core::model::Sha256Digest::of(text.as_bytes()).to_string();
    // These stand in every resource of the one version and in none of the other.
    let is_r4 = ["patient", "dateTime", "scope", "policyRule"].iter().any(|key| root.get(key).is_some());
    if is_r4 { r4::read(&yaml::from_node(root)?, digest) } else { r5::read(&yaml::from_node(root)?, digest) }
}
