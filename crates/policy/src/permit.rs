//! The permit: proof that the rules allowed one rendering of one file in one way, until a certain time.

use obscura_core::model::Sha256Digest;

use crate::rules::{Decision, Facts, Instant, Outcome, Technique};

/// Leave to render. It can only be made by the gate, from a decision that permits; it cannot be copied; and rendering
/// uses it up.
#[derive(Debug)]
pub struct Permit {
    source: Sha256Digest,
    technique: Technique,
    valid_until: Instant,
    obligations: Vec<String>,
    decision_id: Sha256Digest,
    expires_at: Option<Instant>,
}

impl Permit {
    /// A permit where the decision permits, bound to the file and the technique that were judged.
    pub(crate) fn issue(decision: &Decision, facts: &Facts, source: Sha256Digest) -> Option<Self> {
        let valid_until = decision.valid_until.filter(|_| decision.outcome == Outcome::Permit)?;
        Some(Self {
            source,
            technique: facts.request.technique,
            valid_until,
            obligations: decision.obligations.clone(),
            decision_id: decision_id(facts, decision)?,
            expires_at: earliest_end(facts),
        })
    }

    /// Whether the permit covers this file, this technique and this moment.
    pub(crate) fn covers(&self, source: Sha256Digest, technique: Technique, now: Instant) -> bool {
        self.source == source && self.technique == technique && now < self.valid_until
    }

    /// What must be shown to have been done.
    pub fn obligations(&self) -> &[String] {
        &self.obligations
    }

    /// Digest of the facts and the decision, under which they can be found again.
    pub fn decision_id(&self) -> Sha256Digest {
        self.decision_id
    }

    /// When the derivative must be gone: the earliest end of retention and of any consent that it rests on.
    pub fn expires_at(&self) -> Option<Instant> {
        self.expires_at
    }
}

fn decision_id(facts: &Facts, decision: &Decision) -> Option<Sha256Digest> {
    // Struct fields keep their order and maps are sorted, so equal facts give equal bytes.
    let json = serde_json::to_vec(&(facts, decision)).ok()?;
    Some(Sha256Digest::of(&json))
}

fn earliest_end(facts: &Facts) -> Option<Instant> {
    let consents =
        facts.consents.iter().filter(|row| row.recording == facts.recording.id).map(|row| row.expires_at);
    consents.chain(facts.recording.retention_until).min()
}
