//! The facts: everything a decision may rest on, typed, with unknown keys refused.
//!
//! `Option` marks what may be absent; null and a missing key mean the same there. Every other field is required.

mod papers;
mod people;
mod recording;
mod request;

use serde::{Deserialize, Serialize};

pub use papers::{Approval, AuthorityDocument, SharingAgreement};
pub use people::{
    Consent, ConsentDecision, RequestStatus, RightsKind, RightsRequest, Stage, Subject, SubjectKind,
};
pub use recording::{Derivative, Device, Recording, RecordingState};
pub use request::{Action, Faces, Metadata, Modality, Recipient, Request, Technique, Voice};

use super::instant::Instant;

/// Everything that is known about one request for one recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The instant of the decision.
    pub now: Instant,
    /// The instant of the newest audit entry.
    pub last_audit_at: Instant,
    /// What is asked for.
    pub request: Request,
    /// The recording it is asked of.
    pub recording: Recording,
    /// The census: everyone who is on the recording.
    pub subjects: Vec<Subject>,
    /// Consent decisions on file, of any recording.
    pub consents: Vec<Consent>,
    /// Approvals by named officers.
    pub approvals: Vec<Approval>,
    /// Requests of people about their own data.
    pub rights_requests: Vec<RightsRequest>,
    /// Other valid authority: documents such as court orders.
    pub authority: Vec<AuthorityDocument>,
    /// Information sharing agreements with recipients.
    pub isa: Vec<SharingAgreement>,
    /// The derivative that is to be disclosed, where there is one.
    pub derivative: Option<Derivative>,
    /// The state of the policy bundle.
    pub policy: PolicyState,
}

/// The state of the policy bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyState {
    /// Whether it is loaded.
    pub loaded: bool,
    /// Whether its signature verifies.
    pub signature_ok: bool,
}
