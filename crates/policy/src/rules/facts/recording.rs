//! The recording, its device and its derivative.

use serde::{Deserialize, Serialize};

use crate::rules::instant::Instant;

/// The recording and what is on file about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the facts are independent yes/no statements on file")]
pub struct Recording {
    /// Identifier, matched exactly as written.
    pub id: String,
    /// Where the recording stands in its life.
    pub state: RecordingState,
    /// When it was captured.
    pub captured_at: Instant,
    /// When it must be gone.
    pub retention_until: Option<Instant>,
    /// Its entry in the log of processing activities.
    pub pal_entry: Option<String>,
    /// The device that captured it.
    pub device: Device,
    /// The label on the recording.
    pub label: Option<String>,
    /// Whether it is linked to a record.
    pub linked_record: Option<bool>,
    /// Whether processing is restricted.
    pub restricted: bool,
    /// Whether a legal hold keeps the file; it licenses no use.
    pub legal_hold: bool,
    /// Whether it shows intimate content.
    pub intimate: bool,
    /// Whether it is a recording of a staff meeting, where power is unequal.
    pub vulnerable_meeting: bool,
    /// Whether everyone on it has been listed.
    pub census_complete: bool,
    /// Tracks that belong to nobody listed.
    pub unresolved_tracks: u64,
    /// Whether the file has the digest on file.
    pub sha256_ok: bool,
}

/// Where a recording stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words of the protocol, defined there")]
pub enum RecordingState {
    Ingested,
    Registered,
    Censused,
    Active,
    Restricted,
    Held,
    Due,
    Destroyed,
}

/// The device that captured a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Asset number.
    pub asset: Option<String>,
    /// Nominated owner.
    pub owner: Option<String>,
    /// Whether it is somebody's own device.
    pub personal: bool,
    /// When its clock was last checked.
    pub clock_checked_at: Option<Instant>,
}

/// A finished derivative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derivative {
    /// Identifier.
    pub id: String,
    /// Where it stands; only `approved` may be disclosed.
    pub state: String,
    /// Who looked at it.
    pub human_reviewed_by: Option<String>,
    /// When it expires (this instant excluded).
    pub expires_at: Instant,
    /// The purpose it was made for.
    pub purpose: String,
    /// The decision that was approved.
    pub bound_decision: String,
    /// The decision it was rendered under.
    pub rendered_under: String,
    /// Whether the file has the digest on file.
    pub hash_ok: bool,
}
