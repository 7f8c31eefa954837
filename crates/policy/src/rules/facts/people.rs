//! People on a recording and what they decided.

use serde::{Deserialize, Serialize};

use crate::rules::calendar::CalendarDate;
use crate::rules::instant::Instant;

/// A person on the recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Pseudonymous identifier, matched exactly as written.
    pub id: String,
    /// In which capacity the person is on the recording.
    pub kind: SubjectKind,
    /// Date of birth.
    pub dob: Option<CalendarDate>,
    /// Whether the person can decide.
    pub capacity: bool,
    /// Whether the person is recorded as not wanting it.
    pub dissent: Option<bool>,
    /// Whether a child's competence to decide was assessed and found.
    pub gillick_assessed: Option<bool>,
}

/// In which capacity a person is on a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SubjectKind {
    Patient,
    Staff,
    Visitor,
    ThirdParty,
}

impl SubjectKind {
    /// Every kind, each of which the configuration must give its required stages.
    pub const ALL: [Self; 4] = [Self::Patient, Self::Staff, Self::Visitor, Self::ThirdParty];

    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Staff => "staff",
            Self::Visitor => "visitor",
            Self::ThirdParty => "third_party",
        }
    }
}

/// One decision of one person about one recording at one stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Identifier of the row.
    pub id: String,
    /// The person it is about.
    pub subject: String,
    /// The recording it is about.
    pub recording: String,
    /// The stage at which it was asked.
    pub stage: Stage,
    /// What was decided.
    pub decision: ConsentDecision,
    /// The purposes it covers.
    pub purposes: Vec<String>,
    /// The widest audience; a key of `config.audience_rank`.
    pub max_audience: String,
    /// Who decided.
    pub by: String,
    /// On what authority (rule R08).
    pub authority: String,
    /// When it was recorded.
    pub recorded_at: Instant,
    /// From when it holds.
    pub valid_from: Instant,
    /// Until when it holds (this instant excluded).
    pub expires_at: Instant,
    /// Position in the person's history; the highest is in effect.
    pub seq: i64,
    /// Reference to the signed form.
    pub evidence: Option<String>,
    /// The document behind an attorney or deputy.
    pub authority_document: Option<String>,
    /// Whether it was given under pressure.
    pub pressure_flag: Option<bool>,
    /// Whether the person agreed to be identifiable.
    pub identifiable_ok: Option<bool>,
    /// Whether the person agreed to the original voice.
    pub voice_ok: Option<bool>,
}

/// The stages of triple consent, in chronological order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before the camera ran.
    BeforeRecording,
    /// After the camera ran.
    AfterRecording,
    /// Before the recording is used.
    BeforeUse,
}

impl Stage {
    /// Every stage, in chronological order.
    pub const ALL: [Self; 3] = [Self::BeforeRecording, Self::AfterRecording, Self::BeforeUse];

    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BeforeRecording => "before_recording",
            Self::AfterRecording => "after_recording",
            Self::BeforeUse => "before_use",
        }
    }

    /// The stage in plain words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::BeforeRecording => "before recording",
            Self::AfterRecording => "after recording",
            Self::BeforeUse => "before use",
        }
    }
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentDecision {
    /// Agreed.
    Permit,
    /// Said no.
    Refuse,
    /// Took an earlier yes back.
    Withdraw,
    /// Was not asked.
    NotAsked,
}

/// A request of a person about their own data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightsRequest {
    /// Identifier.
    pub id: String,
    /// The person who asks.
    pub subject: String,
    /// Which right.
    pub kind: RightsKind,
    /// Whether it has been dealt with.
    pub status: RequestStatus,
}

/// Which right a person exercises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of data protection law")]
pub enum RightsKind {
    Access,
    Objection,
    Restriction,
    Rectification,
    Erasure,
    Portability,
    Complaint,
}

/// Whether a rights request has been dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum RequestStatus {
    Open,
    Closed,
}
