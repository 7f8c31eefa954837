//! What others put on file: approvals, authority, agreements.

use serde::{Deserialize, Serialize};

use crate::rules::instant::Instant;

/// An approval by a named officer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// What it approves.
    pub scope: String,
    /// The officer's role.
    pub role: String,
    /// The officer.
    pub by: String,
    /// From when it holds.
    pub at: Instant,
    /// Until when it holds (this instant excluded).
    pub until: Instant,
    /// The documented reason.
    pub rationale: Option<String>,
}

/// A document that stands in for consent, such as a court order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityDocument {
    /// The person it is about.
    pub subject: String,
    /// The recording it is about.
    pub recording: String,
    /// The purposes it covers.
    pub purposes: Vec<String>,
    /// Its reference; a blank one is no document.
    pub document: Option<String>,
    /// From when it is in force.
    pub from: Instant,
    /// Until when it is in force (this instant excluded).
    pub until: Instant,
}

/// An information sharing agreement with a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharingAgreement {
    /// The recipient it is with.
    pub recipient: String,
    /// The purposes it covers.
    pub purposes: Vec<String>,
    /// From when it is in force.
    pub from: Instant,
    /// Until when it is in force (this instant excluded).
    pub until: Instant,
}
