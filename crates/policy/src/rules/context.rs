//! What every rule needs: the facts, the instants they are measured against, and the look-ups rules share.

use std::collections::BTreeMap;

use super::facts::{Action, Approval, Consent, Derivative, Facts, Recipient, Stage};
use super::instant::Instant;
use crate::config::Config;

/// The facts with what can be worked out once.
pub(super) struct Context<'a> {
    pub(super) facts: &'a Facts,
    pub(super) config: &'a Config,
    /// The latest instant that still counts as now: `now` plus the allowed clock skew.
    pub(super) horizon: Instant,
    /// The consent rows for this recording, by the person they name.
    rows_by_subject: BTreeMap<&'a str, Vec<&'a Consent>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(facts: &'a Facts, config: &'a Config) -> Self {
        let mut rows_by_subject: BTreeMap<&str, Vec<&Consent>> = BTreeMap::new();
        for row in facts.consents.iter().filter(|row| row.recording == facts.recording.id) {
            rows_by_subject.entry(&row.subject).or_default().push(row);
        }
        let horizon = facts.now.plus_seconds(config.max_clock_skew_s);
        Self { facts, config, horizon, rows_by_subject }
    }

    pub(super) fn now(&self) -> Instant {
        self.facts.now
    }

    /// The consent rows of one person for this recording.
    pub(super) fn rows_of(&self, subject: &str) -> &[&'a Consent] {
        self.rows_by_subject.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Whether a person has a row of this stage that names another recording.
    pub(super) fn has_row_elsewhere(&self, subject: &str, stage: Stage) -> bool {
        let rows = &self.facts.consents;
        rows.iter().any(|row| {
            row.subject == subject && row.stage == stage && row.recording != self.facts.recording.id
        })
    }

    /// The people whom the consent rows for this recording name.
    pub(super) fn named_subjects(&self) -> impl Iterator<Item = &'a str> {
        self.rows_by_subject.keys().copied()
    }

    /// Whether `now` lies in the half-open interval `[from, until)`.
    pub(super) fn in_force(&self, from: Instant, until: Instant) -> bool {
        from <= self.now() && self.now() < until
    }

    /// Whether the granted purposes cover the requested one.
    pub(super) fn covers_request(&self, granted: &[String]) -> bool {
        covers(self.config, granted, &self.facts.request.purpose)
    }

    pub(super) fn is_disclosure(&self) -> bool {
        self.facts.request.action == Action::Disclose
    }

    /// The derivative, where it is about to be disclosed.
    pub(super) fn disclosed_derivative(&self) -> Option<&'a Derivative> {
        self.facts.derivative.as_ref().filter(|_| self.is_disclosure())
    }

    /// The recipient of a disclosure with its id, unless the id is blank.
    pub(super) fn named_recipient(&self) -> Option<(&'a str, &'a Recipient)> {
        let recipient = self.facts.request.recipient.as_ref()?;
        present(recipient.id.as_deref()).map(|id| (id, recipient))
    }

    /// The approvals with this scope and one of these roles that hold now: not by the person who asks, with a
    /// rationale, `at <= now < until`. An approval without an approver's name is none.
    pub(super) fn approvals(&self, scope: &str, roles: &[&str]) -> impl Iterator<Item = &'a Approval> {
        self.facts.approvals.iter().filter(move |approval| {
            approval.scope == scope
                && roles.contains(&approval.role.as_str())
                && approval.by != self.facts.request.actor
                && present(Some(&approval.by)).is_some()
                && present(approval.rationale.as_deref()).is_some()
                && self.in_force(approval.at, approval.until)
        })
    }

    /// The latest end among the approvals that qualify; `None` where there is none.
    pub(super) fn approved_until(&self, scope: &str, roles: &[&str]) -> Option<Instant> {
        self.approvals(scope, roles).map(|approval| approval.until).max()
    }
}

/// The text, unless it is missing or blank.
pub(super) fn present(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Whether the granted purposes cover the requested one: it is among them, or listed under one of them in
/// `config.narrower`. One level, never upward, never across; exact text.
pub fn covers(config: &Config, granted: &[String], requested: &str) -> bool {
    granted.iter().any(|purpose| {
        purpose == requested
            || config.narrower.get(purpose).is_some_and(|narrower| narrower.iter().any(|p| p == requested))
    })
}
