//! The checklist of a compliant recording, answered from what is on file.
//!
//! A line passes only on evidence that can be followed: a reference, a date, a measurement of the tool. The bare word
//! of a person is `attested`. What nobody wrote down is `not evidenced`, never a pass. The answers count documents and
//! name nobody.
//!
//! Source: information-governance protocol for recordings, Appendix A.

mod lines;
mod page;
mod receipts;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use lines::IDS as LINE_IDS;
pub use page::to_html;
pub use receipts::{ReceiptError, ReceiptFacts, ReceiptOnFile};

use crate::config::Config;
use crate::rules::Instant;
use crate::sheet::{InputError, Sheet, yaml};

/// Largest file of attestations (bytes).
const MAX_BYTES: usize = 1 << 20;

/// What the evidence says about one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// Evidence that can be followed shows it.
    #[serde(rename = "pass")]
    Pass,
    /// Evidence shows the opposite.
    #[serde(rename = "fail")]
    Fail,
    /// Nothing on file says so.
    #[serde(rename = "not evidenced")]
    NotEvidenced,
    /// Somebody states it, and nothing measured shows it.
    #[serde(rename = "attested")]
    Attested,
}

impl Status {
    /// The word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEvidenced => "not evidenced",
            Self::Attested => "attested",
        }
    }
}

/// One line of the checklist with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Short name, for attestations.
    pub id: &'static str,
    /// What must be so.
    pub requirement: &'static str,
    /// The answer.
    pub status: Status,
    /// What it rests on, in numbers of documents.
    pub evidence: String,
}

/// What is on file.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Consent sheets.
    pub sheets: Vec<Sheet>,
    /// Receipts of derivatives whose signature was verified.
    pub receipts: Vec<ReceiptFacts>,
    /// Why each of the other receipts shows nothing.
    pub unverified_receipts: Vec<String>,
    /// Statements by people in an office.
    pub attestations: Vec<Attestation>,
}

/// A statement that one line is met.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The id of the line.
    pub line: String,
    /// The office of who states it, such as `dpo`; never a name.
    pub role: String,
    /// From when it holds.
    pub at: Instant,
    /// Until when it holds (this instant excluded).
    pub until: Instant,
}

/// A file of attestations.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AttestationFile {
    attestations: Vec<Attestation>,
}

/// Reads a file with the one key `attestations`, a list of [`Attestation`].
///
/// # Errors
/// [`InputError`] where the text is another file, or names an unknown line.
pub fn parse_attestations(text: &str) -> Result<Vec<Attestation>, InputError> {
    let file: AttestationFile = yaml::from_str(text, MAX_BYTES)?;
    for (index, attestation) in file.attestations.iter().enumerate() {
        if !lines::IDS.contains(&attestation.line.as_str()) {
            let what = format!("unknown line; expected one of {}", lines::IDS.join(", "));
            return Err(InputError { line: 0, column: 0, path: format!("attestations[{index}].line"), what });
        }
    }
    Ok(file.attestations)
}

/// Answers every line, in the order of the protocol.
pub fn answer(evidence: &Evidence, config: &Config, now: Instant) -> Vec<Line> {
    let mut all = lines::answer(evidence, config, now);
    for line in &mut all {
        let stated = evidence.attestations.iter().any(|a| a.line == line.id && a.at <= now && now < a.until);
        // A statement fills a gap; it never outweighs what is measured.
        if stated && line.status == Status::NotEvidenced {
            line.status = Status::Attested;
            line.evidence = format!("stated by a person in office, in force today; {}", line.evidence);
        }
    }
    all
}
