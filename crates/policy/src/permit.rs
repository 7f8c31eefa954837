//! The permit: proof that the rules allowed one rendering of one file in one way, until a certain time, and that the
//! audit log says so.

use std::collections::BTreeSet;

use obscura_core::model::Sha256Digest;

use crate::log::Appended;
use crate::policy_file::{Policy, Storage};
use crate::rules::{Decision, Faces, Facts, Instant, Outcome, Technique, identifiable_subjects};

/// A day as retention counts it.
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Leave to render. It can only be made by the gate, from a decision that permits and a proof that this decision is in
/// the audit log; it cannot be copied; and rendering uses it up.
#[derive(Debug)]
pub struct Permit {
    source: Sha256Digest,
    technique: Technique,
    valid_until: Instant,
    obligations: Vec<String>,
    decision_id: Sha256Digest,
    terms: Terms,
    decided_at: Instant,
    appended: Appended,
}

/// What a permit rests on besides the outcome: it must be the same when the result is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) policy_sha256: Option<Sha256Digest>,
    pub(crate) storage: Storage,
    pub(crate) expires_at: Option<Instant>,
    /// People who may be seen; nobody where every face is to be hidden.
    pub(crate) may_be_seen: BTreeSet<String>,
}

impl Terms {
    /// The terms of a decision that was first taken at `decided_at`.
    pub(crate) fn new(facts: &Facts, policy: &Policy, storage: Storage, decided_at: Instant) -> Self {
        let may_be_seen = match facts.request.technique.faces {
            Faces::NotConsented => identifiable_subjects(facts, &policy.config),
            Faces::All | Faces::None => BTreeSet::new(),
        };
        let expires_at = earliest_end(facts, policy, decided_at);
        Self { policy_sha256: policy.sha256, storage, expires_at, may_be_seen }
    }
}

impl Permit {
    /// A permit where the decision permits and the log has exactly this decision as permitted.
    pub(crate) fn issue(
        decision: &Decision,
        facts: &Facts,
        source: Sha256Digest,
        terms: Terms,
        decided_at: Instant,
        appended: Appended,
    ) -> Option<Self> {
        let valid_until = decision.valid_until.filter(|_| decision.outcome == Outcome::Permit)?;
        Some(Self {
            source,
            technique: facts.request.technique,
            valid_until,
            obligations: decision.obligations.clone(),
            decision_id: appended.permitted()?,
            terms,
            decided_at,
            appended,
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
        self.terms.expires_at
    }

    pub(crate) fn decided_at(&self) -> Instant {
        self.decided_at
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The entry of the log that this permit rests on.
    pub(crate) fn appended(&self) -> &Appended {
        &self.appended
    }
}

fn earliest_end(facts: &Facts, policy: &Policy, decided_at: Instant) -> Option<Instant> {
    let consents =
        facts.consents.iter().filter(|row| row.recording == facts.recording.id).map(|row| row.expires_at);
    let days = policy.site.derivative_max_days;
    let longest = days.map(|days| decided_at.plus_seconds(days.saturating_mul(SECONDS_PER_DAY)));
    consents.chain(facts.recording.retention_until).chain(longest).min()
}
