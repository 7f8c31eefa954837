//! The decision: permit with obligations, or every reason against it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::catalog::Rule;
use super::instant::Instant;

/// The three possible answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Allowed, under the obligations.
    Permit,
    /// Not allowed.
    Deny,
    /// Not allowed now; named approvers could cure every reason.
    NeedsApproval,
}

impl Outcome {
    /// The word used in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Deny => "deny",
            Self::NeedsApproval => "needs_approval",
        }
    }
}

/// One violated rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The rule.
    #[serde(skip)]
    pub rule: Rule,
    /// Its printed id; a rule of a site has one of its own, `X-` and its name.
    #[serde(rename = "rule")]
    pub id: Cow<'static, str>,
    /// The person it concerns; `None` for the recording or the request as a whole.
    pub subject: Option<String>,
    /// What is wrong, as a plain sentence without personal data.
    pub why: String,
    /// What would cure it, as a plain sentence.
    pub cure: &'static str,
    /// The roles whose approval cures it; empty where no approval can.
    pub cured_by: &'static [&'static str],
    /// Whom to turn to, in plain words.
    pub ask: &'static str,
    /// What to offer in place of the use that is refused; empty where the rule is not about somebody's no.
    pub alternatives: &'static [&'static str],
    /// The guidance that the rule rests on.
    pub source: &'static str,
}

impl Reason {
    pub(crate) fn new(rule: Rule, subject: Option<&str>, why: String) -> Self {
        Self {
            rule,
            id: Cow::Borrowed(rule.id()),
            subject: subject.map(str::to_owned),
            why,
            cure: rule.cure(),
            cured_by: rule.cured_by(),
            ask: rule.ask(),
            alternatives: rule.alternatives(),
            source: rule.source(),
        }
    }

    /// A rule that a site added under this name.
    pub(crate) fn of_site(name: &str, why: String) -> Self {
        Self { id: Cow::Owned(format!("X-{name}")), ..Self::new(Rule::Site, None, why) }
    }

    fn sort_key(&self) -> (&str, Option<&str>, &str) {
        (&self.id, self.subject.as_deref(), &self.why)
    }
}

/// A fact, or a setting, that is not of the agreed shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, for example `facts.consents[2].stage`.
    pub path: String,
    /// What is wrong, as a plain sentence.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The answer.
    pub outcome: Outcome,
    /// Every violated rule, sorted by rule id, person and sentence; empty for a permit.
    pub reasons: Vec<Reason>,
    /// What a permit demands, sorted, each once; empty for a denial.
    pub obligations: Vec<String>,
    /// Until when a permit holds (this instant excluded); `None` for a denial.
    pub valid_until: Option<Instant>,
}

impl Decision {
    /// The denial of facts that are not of the agreed shape.
    pub fn ill_typed(fault: &Fault) -> Self {
        Self::input_denied([fault.to_string()])
    }

    /// The denial of input with several faults, each in one sentence.
    pub fn input_denied(faults: impl IntoIterator<Item = String>) -> Self {
        Self::denied(faults.into_iter().map(|fault| Reason::new(Rule::Input, None, fault)).collect())
    }

    /// A denial for these reasons; `needs_approval` where a named approver could cure every one of them.
    pub(crate) fn denied(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        reasons.dedup();
        let all_curable = !reasons.is_empty() && reasons.iter().all(|reason| reason.rule.is_curable());
        let outcome = if all_curable { Outcome::NeedsApproval } else { Outcome::Deny };
        Self { outcome, reasons, obligations: Vec::new(), valid_until: None }
    }

    pub(super) fn permitted(obligations: BTreeSet<String>, valid_until: Instant) -> Self {
        Self {
            outcome: Outcome::Permit,
            reasons: Vec::new(),
            obligations: obligations.into_iter().collect(),
            valid_until: Some(valid_until),
        }
    }

    /// Whether the use is allowed.
    pub fn is_permit(&self) -> bool {
        self.outcome == Outcome::Permit
    }

    /// The ids of the violated rules, sorted, each once.
    pub fn rule_ids(&self) -> Vec<&str> {
        let ids: BTreeSet<&str> = self.reasons.iter().map(|reason| reason.id.as_ref()).collect();
        ids.into_iter().collect()
    }
}
