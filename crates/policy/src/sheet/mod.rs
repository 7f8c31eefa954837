//! Consent sheets and case files: strict YAML in, typed facts out.
//!
//! A consent sheet is what a site knows about a recording. What the tool finds out itself (the time, the digest of
//! the file, the state of the policy, the request) is joined to it by [`Sheet::to_facts`].

mod append;
mod blanks;
mod cases;
mod faults;
mod refusals;
mod split;
mod template;
pub(crate) mod yaml;

#[cfg(test)]
pub(crate) mod tests;

pub use append::append_consents;
pub use blanks::{Blank, MAX_BLANKS, blanks};
pub use cases::{Case, CaseFile, Expect, JudgedCase, eval_json, judge_cases, parse_cases};
pub use faults::{MAX_FAULTS, faults};
pub use template::template;
pub use yaml::InputError;
/// What is wrong with a consent sheet, and where.
pub use yaml::InputError as SheetError;

use obscura_core::model::Sha256Digest;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::rules::{
    Approval, AuthorityDocument, Consent, Derivative, Device, Facts, Instant, PolicyState, Recording,
    RecordingState, Request, RightsRequest, SharingAgreement, Subject,
};

/// Largest consent sheet that is read (bytes).
const MAX_BYTES: usize = 4 << 20;

/// A consent sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The recording and what is on file about it.
    pub recording: SheetRecording,
    /// The census: everyone who is on the recording.
    pub subjects: Vec<Subject>,
    /// Consent decisions on file.
    pub consents: Vec<Consent>,
    /// Approvals by named officers.
    pub approvals: Vec<Approval>,
    /// Requests of people about their own data.
    pub rights_requests: Vec<RightsRequest>,
    /// Other valid authority: documents such as court orders.
    pub authority: Vec<AuthorityDocument>,
    /// Information sharing agreements with recipients.
    pub isa: Vec<SharingAgreement>,
}

/// A [`Recording`] with the digest on file in place of the answer whether it matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the facts are independent yes/no statements on file")]
#[expect(missing_docs, reason = "the fields of Recording, documented there")]
pub struct SheetRecording {
    pub id: String,
    /// SHA-256 of the file.
    pub sha256: Sha256Digest,
    pub state: RecordingState,
    pub captured_at: Instant,
    pub retention_until: Option<Instant>,
    pub pal_entry: Option<String>,
    pub device: Device,
    pub label: Option<String>,
    pub linked_record: Option<bool>,
    pub restricted: bool,
    pub legal_hold: bool,
    pub intimate: bool,
    pub vulnerable_meeting: bool,
    pub census_complete: bool,
    pub unresolved_tracks: u64,
}

/// What the tool finds out itself and joins to a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The instant of the decision.
    pub now: Instant,
    /// The instant of the newest audit entry.
    pub last_audit_at: Instant,
    /// The state of the policy bundle.
    pub policy: PolicyState,
    /// SHA-256 of the file at hand.
    pub source_sha256: Sha256Digest,
    /// What is asked for.
    pub request: Request,
    /// The derivative that is to be disclosed, where there is one.
    pub derivative: Option<Derivative>,
}

impl Sheet {
    /// Reads a consent sheet of at most 4 MiB.
    ///
    /// # Errors
    /// [`SheetError`] at the first place where the text is no consent sheet.
    pub fn parse(text: &str) -> Result<Self, SheetError> {
        yaml::from_str(text, MAX_BYTES)
    }

    /// Reads a consent sheet and checks its audiences against the configuration.
    ///
    /// # Errors
    /// [`SheetError`] at the first place where the text is no consent sheet, or names an unknown audience.
    pub fn parse_for(text: &str, config: &Config) -> Result<Self, SheetError> {
        Self::read(yaml::root(&yaml::load(text, MAX_BYTES)?)?, config)
    }

    fn read(root: yaml::Node<'_>, config: &Config) -> Result<Self, SheetError> {
        let sheet: Self = yaml::from_node(root)?;
        for (index, row) in sheet.consents.iter().enumerate() {
            if !config.audience_rank.contains_key(&row.max_audience) {
                let known: Vec<&str> = config.audience_rank.keys().map(String::as_str).collect();
                let path = format!("consents[{index}].max_audience");
                let (line, column) = root.locate(&path).place();
                let what = format!("unknown audience; expected one of {}", known.join(", "));
                return Err(SheetError { line, column, path, what });
            }
        }
        if let Some((path, what)) = refusals::overlooked(&sheet) {
            let (line, column) = root.locate(&path).place();
            return Err(SheetError { line, column, path, what: what.to_owned() });
        }
        Ok(sheet)
    }

    /// The facts of a decision: this sheet and what the tool found out itself.
    pub fn to_facts(&self, found: Found) -> Facts {
        Facts {
            now: found.now,
            last_audit_at: found.last_audit_at,
            request: found.request,
            recording: self.recording.to_recording(found.source_sha256),
            subjects: self.subjects.clone(),
            consents: self.consents.clone(),
            approvals: self.approvals.clone(),
            rights_requests: self.rights_requests.clone(),
            authority: self.authority.clone(),
            isa: self.isa.clone(),
            derivative: found.derivative,
            policy: found.policy,
        }
    }
}

impl SheetRecording {
    fn to_recording(&self, source_sha256: Sha256Digest) -> Recording {
        Recording {
            id: self.id.clone(),
            state: self.state,
            captured_at: self.captured_at,
            retention_until: self.retention_until,
            pal_entry: self.pal_entry.clone(),
            device: self.device.clone(),
            label: self.label.clone(),
            linked_record: self.linked_record,
            restricted: self.restricted,
            legal_hold: self.legal_hold,
            intimate: self.intimate,
            vulnerable_meeting: self.vulnerable_meeting,
            census_complete: self.census_complete,
            unresolved_tracks: self.unresolved_tracks,
            sha256_ok: self.sha256 == source_sha256,
        }
    }
}
