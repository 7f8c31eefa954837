//! The rules about one person, in their fixed order.

use std::collections::BTreeSet;

use super::calendar::CONSENT_AGE_YEARS;
use super::catalog::{OTHER_RECORDING, Rule};
use super::consent;
use super::context::{Context, present};
use super::effective::{StageConsent, effective};
use super::facts::{AuthorityDocument, ConsentDecision, Facts, Stage, Subject, SubjectKind};
use super::findings::Findings;
use crate::config::Config;

/// One person with what the order needs to know about them.
pub(super) struct Person<'a> {
    pub(super) subject: &'a Subject,
    /// Completed years; `None` where the date of birth is missing or later than now.
    pub(super) age_years: Option<i16>,
}

impl<'a> Person<'a> {
    fn new(context: &Context<'_>, subject: &'a Subject) -> Self {
        let today = context.now().utc_date();
        let age_years = subject.dob.and_then(|dob| dob.completed_years(today));
        Self { subject, age_years }
    }

    pub(super) fn is_staff(&self) -> bool {
        self.subject.kind == SubjectKind::Staff
    }

    pub(super) fn is_under_consent_age(&self) -> bool {
        self.age_years.is_some_and(|years| years < CONSENT_AGE_YEARS)
    }

    pub(super) fn deny(&self, findings: &mut Findings, rule: Rule, why: impl Into<String>) {
        findings.deny_for(&self.subject.id, rule, why.into());
    }
}

pub(super) fn judge_all(context: &Context<'_>, findings: &mut Findings) {
    for subject in &context.facts.subjects {
        judge(context, &Person::new(context, subject), findings);
    }
}

/// The six steps. A step that ends the person returns early.
fn judge(context: &Context<'_>, person: &Person<'_>, findings: &mut Findings) {
    // (1) Without an age nobody can say who may consent.
    if person.age_years.is_none() && !person.is_staff() {
        person.deny(findings, Rule::AgeUnknown, "The person's age is not known.");
        return;
    }
    // (2) What speaks against use is reported in full before anything that might speak for it.
    let stages = effective(context, &person.subject.id);
    clock(context, person, findings);
    conflict(person, &stages, findings);
    dissent(person, findings);
    if refused_or_withdrawn(person, &stages, findings) {
        return;
    }
    // (3) Other valid authority stands in for consent, never against a refusal.
    if cite_documents(context, person, findings) {
        return;
    }
    // (4) Missing stages.
    let required = required_stages(context.config, person.subject.kind);
    if stage_missing(context, person, &stages, required, findings) {
        return;
    }
    // (5) Each effective permit.
    for row in stages.iter().flat_map(StageConsent::permits) {
        consent::judge_permit(context, person, row, findings);
    }
    // (6) The use consent.
    for row in use_stage(&stages, required).into_iter().flat_map(StageConsent::permits) {
        consent::judge_use(context, person, row, findings);
    }
}

/// R28-CLOCK on the person's rows for this recording.
fn clock(context: &Context<'_>, person: &Person<'_>, findings: &mut Findings) {
    if context.rows_of(&person.subject.id).iter().any(|row| row.recorded_at > context.horizon) {
        person.deny(findings, Rule::Clock, "A consent was recorded in the future.");
    }
}

/// R10-CONFLICT.
fn conflict(person: &Person<'_>, stages: &[StageConsent<'_>], findings: &mut Findings) {
    for stage in stages.iter().filter(|stage| stage.is_conflict()) {
        let why = format!("Two decisions {} have the same rank and disagree.", stage.stage.in_words());
        person.deny(findings, Rule::Conflict, why);
    }
}

/// R09-DISSENT.
fn dissent(person: &Person<'_>, findings: &mut Findings) {
    if person.subject.dissent == Some(true) {
        person.deny(findings, Rule::Dissent, "The person does not want it.");
    }
}

/// R03-REFUSED, R04-WITHDRAWN. Whether either was found.
fn refused_or_withdrawn(person: &Person<'_>, stages: &[StageConsent<'_>], findings: &mut Findings) -> bool {
    let mut found = false;
    for stage in stages {
        let words = stage.stage.in_words();
        if stage.says(ConsentDecision::Refuse) {
            person.deny(findings, Rule::Refused, format!("The person refused, {words}."));
            found = true;
        }
        if stage.says(ConsentDecision::Withdraw) {
            person.deny(findings, Rule::Withdrawn, format!("The person withdrew the consent {words}."));
            found = true;
        }
    }
    found
}

/// Cites every document that stands in for this person's consent. Whether there is one.
fn cite_documents(context: &Context<'_>, person: &Person<'_>, findings: &mut Findings) -> bool {
    let mut found = false;
    for (document, authority) in documents_for(context, person.subject) {
        findings.cite(document);
        findings.lean_on(authority.until);
        found = true;
    }
    found
}

/// The documents in force for this person, this recording and the requested purpose.
fn documents_for<'a>(
    context: &Context<'a>,
    subject: &Subject,
) -> impl Iterator<Item = (&'a str, &'a AuthorityDocument)> {
    context.facts.authority.iter().filter_map(move |authority| {
        let document = present(authority.document.as_deref())?;
        let matches = authority.subject == subject.id
            && authority.recording == context.facts.recording.id
            && context.in_force(authority.from, authority.until)
            && context.covers_request(&authority.purposes);
        matches.then_some((document, authority))
    })
}

fn required_stages(config: &Config, kind: SubjectKind) -> &[Stage] {
    config.required_stages.get(&kind).map_or(&[], Vec::as_slice)
}

/// R02-STAGE. Whether it was found.
fn stage_missing(
    context: &Context<'_>,
    person: &Person<'_>,
    stages: &[StageConsent<'_>],
    required: &[Stage],
    findings: &mut Findings,
) -> bool {
    let mut found = false;
    for stage in stages {
        let words = stage.stage.in_words();
        if required.contains(&stage.stage) && !stage.is_present() {
            if context.has_row_elsewhere(&person.subject.id, stage.stage) {
                let why =
                    format!("The required consent {words} is missing; a row for it names another recording.");
                findings.deny_sheet(&person.subject.id, Rule::Stage, why, OTHER_RECORDING);
            } else {
                person.deny(findings, Rule::Stage, format!("The required consent {words} is missing."));
            }
            found = true;
        }
        if stage.says(ConsentDecision::NotAsked) {
            person.deny(findings, Rule::Stage, format!("The person was not asked {words}."));
            found = true;
        }
    }
    found
}

/// The stage that licenses the use: `before_use` where it has an effective row, else the chronologically last
/// required stage.
fn use_stage<'s, 'a>(stages: &'s [StageConsent<'a>], required: &[Stage]) -> Option<&'s StageConsent<'a>> {
    let before_use = stages.iter().find(|stage| stage.stage == Stage::BeforeUse && stage.is_present());
    before_use.or_else(|| stages.iter().rev().find(|stage| required.contains(&stage.stage)))
}

/// The people whose use consent allows them to be identifiable, in every effective row of it.
///
/// Meaningful under a permit with `blur_faces:not_consented`: only their faces may stay clear. People covered by
/// other authority alone are not among them.
#[must_use]
pub fn identifiable_subjects(facts: &Facts, config: &Config) -> BTreeSet<String> {
    let context = Context::new(facts, config);
    let is_identifiable = |subject: &&Subject| {
        let stages = effective(&context, &subject.id);
        let required = required_stages(config, subject.kind);
        let mut rows = use_stage(&stages, required).into_iter().flat_map(StageConsent::permits).peekable();
        rows.peek().is_some() && rows.all(|row| row.identifiable_ok == Some(true))
    };
    facts.subjects.iter().filter(is_identifiable).map(|subject| subject.id.clone()).collect()
}
