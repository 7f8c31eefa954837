//! Gathers what the rules find, and turns it into the decision.

use std::collections::BTreeSet;

use super::catalog::{KEEPER, Rule};
use super::context::Context;
use super::decision::{Decision, Reason};
use super::facts::{Faces, Voice};
use super::instant::Instant;

/// A permit holds for at most this long (seconds): a decision is made again before each use.
const PERMIT_S: u64 = 15 * 60;

/// What the rules found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    reasons: Vec<Reason>,
    /// The ends of everything a permit would lean on.
    ends: Vec<Instant>,
    /// The documents a permit would cite.
    citations: BTreeSet<String>,
}

impl Findings {
    /// Reports a violated rule that concerns the recording or the request as a whole.
    pub(super) fn deny(&mut self, rule: Rule, why: &str) {
        self.report(Reason::new(rule, None, why.to_owned()));
    }

    /// Reports a violated rule that concerns one person.
    pub(super) fn deny_for(&mut self, subject: &str, rule: Rule, why: String) {
        self.report(Reason::new(rule, Some(subject), why));
    }

    /// Reports a violated rule about one person that whoever keeps the sheet can cure.
    pub(super) fn deny_sheet(&mut self, subject: &str, rule: Rule, why: String, cure: &'static str) {
        self.report(Reason { cure, ask: KEEPER, ..Reason::new(rule, Some(subject), why) });
    }

    fn report(&mut self, reason: Reason) {
        // So that tests can see what becomes of the cases when a rule is not there.
        #[cfg(test)]
        if super::tests::coverage::is_deleted(reason.rule) {
            return;
        }
        self.reasons.push(reason);
    }

    /// Notes that a permit would lean on something that ends then.
    pub(super) fn lean_on(&mut self, end: Instant) {
        self.ends.push(end);
    }

    /// Leans on the end of what was needed, or reports the rule where it is missing.
    pub(super) fn need(&mut self, end: Option<Instant>, rule: Rule, why: &str) {
        match end {
            Some(end) => self.lean_on(end),
            None => self.deny(rule, why),
        }
    }

    /// Notes that a permit would rest on this document.
    pub(super) fn cite(&mut self, document: &str) {
        self.citations.insert(document.to_owned());
    }

    pub(super) fn into_decision(self, context: &Context<'_>) -> Decision {
        if !self.reasons.is_empty() {
            return Decision::denied(self.reasons);
        }
        let latest = context.now().plus_seconds(PERMIT_S);
        let valid_until = self.ends.into_iter().fold(latest, Instant::min);
        Decision::permitted(obligations(context, &self.citations), valid_until)
    }
}

/// What a permit demands of whoever uses it.
fn obligations(context: &Context<'_>, citations: &BTreeSet<String>) -> BTreeSet<String> {
    let request = &context.facts.request;
    let faces = match request.technique.faces {
        Faces::All => "blur_faces:all",
        Faces::NotConsented | Faces::None => "blur_faces:not_consented",
    };
    let voice = match request.technique.voice {
        Voice::Modulated => "voice:modulated",
        Voice::Removed => "voice:removed",
        Voice::Original => "voice:original",
    };
    let mut all: BTreeSet<String> =
        [faces, voice, "strip_metadata", "watermark", "human_review", "expires"].map(str::to_owned).into();
    all.insert(format!("audience:{}", request.audience));
    if clock_check_is_stale(context) {
        all.extend(["warn:clock_check_stale", "human_review:timestamp"].map(str::to_owned));
    }
    if context.is_disclosure() {
        all.extend(["encrypt_to_recipient", "register_recipient_for_recall"].map(str::to_owned));
    }
    all.extend(citations.iter().map(|document| format!("cite_authority:{document}")));
    all
}

/// A clock check is stale when absent, later than now, or more than the configured days (of 24 h) before now.
fn clock_check_is_stale(context: &Context<'_>) -> bool {
    let Some(checked_at) = context.facts.recording.device.clock_checked_at else {
        return true;
    };
    let max_age_s = context.config.clock_check_max_age_days.saturating_mul(24 * 60 * 60);
    checked_at > context.now() || checked_at.plus_seconds(max_age_s) < context.now()
}
