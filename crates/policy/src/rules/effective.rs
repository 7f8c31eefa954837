//! The effective consent of one person: per stage, the row or rows with the highest sequence number.

use super::context::Context;
use super::facts::{Consent, ConsentDecision, Stage};

/// The effective consent at one stage.
#[derive(Debug)]
pub(super) struct StageConsent<'a> {
    pub(super) stage: Stage,
    /// The rows that share the highest sequence number; empty where the stage was never recorded.
    rows: Vec<&'a Consent>,
}

impl<'a> StageConsent<'a> {
    /// Whether the stage has any effective row, agreeing or not.
    pub(super) fn is_present(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether rows with the same sequence number disagree.
    pub(super) fn is_conflict(&self) -> bool {
        match self.rows.split_first() {
            Some((first, rest)) => rest.iter().any(|row| row.decision != first.decision),
            None => false,
        }
    }

    /// The effective rows that are judged: none in a conflict, else all that agree.
    pub(super) fn judged(&self) -> &[&'a Consent] {
        if self.is_conflict() { &[] } else { &self.rows }
    }

    /// Whether the stage says this, in one voice.
    pub(super) fn says(&self, decision: ConsentDecision) -> bool {
        self.judged().iter().any(|row| row.decision == decision)
    }

    /// The permits that are judged.
    pub(super) fn permits(&self) -> impl Iterator<Item = &'a Consent> {
        self.judged().iter().copied().filter(|row| row.decision == ConsentDecision::Permit)
    }
}

/// The effective consent of one person at every stage, in chronological order of the stages.
///
/// Rows recorded after the horizon (now plus the allowed skew) do not count.
pub(super) fn effective<'a>(context: &Context<'a>, subject: &str) -> [StageConsent<'a>; 3] {
    Stage::ALL.map(|stage| {
        let at_stage = |row: &&&Consent| row.stage == stage && row.recorded_at <= context.horizon;
        let highest = context.rows_of(subject).iter().filter(at_stage).map(|row| row.seq).max();
        let rows = context.rows_of(subject).iter().filter(at_stage);
        let rows = rows.filter(|row| Some(row.seq) == highest).copied().collect();
        StageConsent { stage, rows }
    })
}
