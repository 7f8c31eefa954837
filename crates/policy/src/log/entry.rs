//! What is written down: one canonical JSON object a line, without personal data.
//!
//! People appear as references only: an HMAC under a random key of their own (see `state::subjects`). Words that a
//! caller may choose freely are written only where the policy knows them.

use obscura_core::model::Sha256Digest;
use serde::{Deserialize, Serialize};

use crate::rules::{Instant, Technique};

/// Something that happened, with what an auditor needs to know about it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The log begins.
    LogStarted { log: String, key: Sha256Digest },
    /// A rendering was allowed.
    Permitted(Decided),
    /// It was not.
    Denied(Decided),
    /// It was not, and named approvers could cure every reason.
    NeedsApproval(Decided),
    /// A sheet that could not be judged; nothing in it can be believed, not even whom it names.
    SheetRefused { rules: Vec<String> },
    /// A recording was rendered and checked under a permit; the files are about to get their names.
    Completed {
        permit: u64,
        decision: Sha256Digest,
        source_sha256: Sha256Digest,
        output_sha256: Sha256Digest,
        receipt_sha256: Sha256Digest,
    },
    /// A permitted rendering left nothing.
    Failed { permit: u64, decision: Sha256Digest, because: &'static str },
    /// Another policy is in force.
    PolicyInstalled { policy_sha256: Sha256Digest, previous_sha256: Option<Sha256Digest> },
    /// Somebody says that the clock was wrong when the entry of `latest_at` was written, and is right now.
    ClockAccepted { latest_at: Instant, actor: Sha256Digest },
    /// The key of a person was destroyed: this reference leads to nobody any more.
    SubjectForgotten { subject: Sha256Digest },
}

/// One decision.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Decided {
    /// Whether it was taken before rendering, or again before the result was named.
    pub(crate) moment: Moment,
    pub(crate) decision: Sha256Digest,
    pub(crate) source_sha256: Sha256Digest,
    pub(crate) policy_sha256: Option<Sha256Digest>,
    pub(crate) actor: Sha256Digest,
    pub(crate) subjects: Vec<Sha256Digest>,
    /// People beyond the number that is written down.
    pub(crate) subjects_omitted: usize,
    pub(crate) role: String,
    pub(crate) purpose: String,
    pub(crate) audience: String,
    pub(crate) technique: Technique,
    pub(crate) rules: Vec<String>,
    pub(crate) obligations: Vec<String>,
    pub(crate) valid_until: Option<Instant>,
}

/// When a decision was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Moment {
    /// Before anything was rendered.
    Request,
    /// Again, before the result got its name.
    Confirmation,
}

/// A line of the log, as it is written.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    /// Number of the entry, from 0.
    pub(crate) seq: u64,
    /// RFC 6962 leaf hash of the entry before.
    pub(crate) prev: Option<Sha256Digest>,
    pub(crate) at: Instant,
    #[serde(flatten)]
    pub(crate) event: &'a Event,
}

/// What is read from every line, whatever its event.
#[derive(Debug, Deserialize)]
pub(crate) struct Head<'t> {
    pub(crate) seq: u64,
    /// The name of the event, which needs no escapes.
    event: &'t str,
    pub(crate) prev: Option<Sha256Digest>,
    pub(crate) at: Instant,
    /// Name of the log, in its first entry.
    #[serde(default)]
    pub(crate) log: Option<String>,
    /// In entries about a finished recording.
    #[serde(default)]
    pub(crate) output_sha256: Option<Sha256Digest>,
    #[serde(default)]
    pub(crate) receipt_sha256: Option<Sha256Digest>,
}

impl Event {
    /// The latest time that counts after this event, which happened `at` that time, when `before` counted until then.
    pub(crate) fn latest_at(&self, before: Option<Instant>, at: Instant) -> Option<Instant> {
        latest_at(matches!(self, Self::ClockAccepted { .. }), before, at)
    }
}

impl Head<'_> {
    /// Whether from here on earlier times do not count any more.
    pub(crate) fn accepts_clock(&self) -> bool {
        self.event == "clock_accepted"
    }

    /// The same as [`Event::latest_at`], of an entry that was read.
    pub(crate) fn latest_at(&self, before: Option<Instant>) -> Option<Instant> {
        latest_at(self.accepts_clock(), before, self.at)
    }
}

fn latest_at(accepts_clock: bool, before: Option<Instant>, at: Instant) -> Option<Instant> {
    if accepts_clock { Some(at) } else { before.max(Some(at)) }
}
