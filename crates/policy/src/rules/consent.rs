//! The rules about one permit (step 5) and about the use consent (step 6).

use super::calendar::CalendarDate;
use super::catalog::Rule;
use super::context::{Context, present};
use super::facts::{Consent, Faces, Stage, Voice};
use super::findings::Findings;
use super::instant::Instant;
use super::subject::Person;

/// Step 5: one effective permit of any stage.
pub(super) fn judge_permit(
    context: &Context<'_>,
    person: &Person<'_>,
    row: &Consent,
    findings: &mut Findings,
) {
    period(context, person, row, findings);
    stage_order(context, person, row, findings);
    pressure(person, row, findings);
    evidence(person, row, findings);
    if let Some(why) = lacks_authority(person, row) {
        let words = row.stage.in_words();
        person.deny(findings, Rule::Authority, format!("The consent {words} does not count: {why}."));
    }
    parental(person, row, findings);
}

/// R06-EXPIRED, R07-NOT-YET.
fn period(context: &Context<'_>, person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    let words = row.stage.in_words();
    if context.now() >= row.expires_at {
        person.deny(findings, Rule::Expired, format!("The consent {words} has ended."));
    }
    if context.now() < row.valid_from {
        person.deny(findings, Rule::NotYet, format!("The consent {words} has not begun."));
    }
    findings.lean_on(row.expires_at);
}

/// R02-STAGE-ORDER.
fn stage_order(context: &Context<'_>, person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    let captured_at = context.facts.recording.captured_at;
    match row.stage {
        Stage::BeforeRecording if row.recorded_at > captured_at => {
            let why = "The consent before recording was recorded after the capture.";
            person.deny(findings, Rule::StageOrder, why);
        }
        Stage::AfterRecording if row.recorded_at < captured_at => {
            let why = "The consent after recording was recorded before the capture.";
            person.deny(findings, Rule::StageOrder, why);
        }
        Stage::BeforeRecording | Stage::AfterRecording | Stage::BeforeUse => {}
    }
}

/// R34-STAFF-POWER, as far as one permit goes.
fn pressure(person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    if row.pressure_flag == Some(true) {
        let why = format!("The consent {} was given under pressure.", row.stage.in_words());
        person.deny(findings, Rule::Pressure, why);
    }
}

/// R35-EVIDENCE.
fn evidence(person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    if present(row.evidence.as_deref()).is_none() {
        let why = format!("The consent {} has no reference to a signed form.", row.stage.in_words());
        person.deny(findings, Rule::Evidence, why);
    }
}

/// R08-AUTHORITY: why the giver had no power to give it. Each row is judged by itself.
fn lacks_authority(person: &Person<'_>, row: &Consent) -> Option<&'static str> {
    let subject = person.subject;
    if is_self_consent(person, row) {
        let immature = person.is_under_consent_age() && subject.gillick_assessed != Some(true);
        return match (subject.capacity, immature) {
            (false, _) => Some("the person lacks capacity"),
            (true, true) => Some("the person is under 16 and their maturity was not assessed"),
            (true, false) => None,
        };
    }
    if person.is_staff() {
        return Some("for staff only the person can give it");
    }
    match row.authority.as_str() {
        "parental_responsibility" => None,
        "lpa_health" | "court_deputy" if subject.capacity => {
            Some("the person has capacity and decides alone")
        }
        "lpa_health" | "court_deputy" => {
            let documented = present(row.authority_document.as_deref()).is_some();
            (!documented).then_some("the document of the attorney or deputy is missing")
        }
        _ => Some("the giver has no legal authority"),
    }
}

/// R09-RECONSENT; while it does not apply, the 16th birthday ends the permit.
fn parental(person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    let by_parent = !is_self_consent(person, row) && row.authority == "parental_responsibility";
    if person.is_staff() || !by_parent {
        return;
    }
    if !person.is_under_consent_age() {
        let why = "A parent consented, and the person is now 16 or older.";
        person.deny(findings, Rule::Reconsent, why);
    } else if let Some(birthday) = person.subject.dob.and_then(CalendarDate::sixteenth_birthday) {
        findings.lean_on(Instant::start_of(birthday));
    }
}

/// Whatever `authority` says, a person who decides about themselves decides for themselves.
fn is_self_consent(person: &Person<'_>, row: &Consent) -> bool {
    row.by == person.subject.id
}

/// Step 6: the consent that licenses the use.
pub(super) fn judge_use(context: &Context<'_>, person: &Person<'_>, row: &Consent, findings: &mut Findings) {
    let request = &context.facts.request;
    if !context.covers_request(&row.purposes) {
        person.deny(findings, Rule::Scope, "The consent does not cover this purpose.");
    }
    if ranks_above(context, &request.audience, &row.max_audience) {
        person.deny(findings, Rule::Audience, "The audience is wider than the person agreed to.");
    }
    if request.technique.faces != Faces::All && row.identifiable_ok != Some(true) {
        person.deny(findings, Rule::Identifiable, "The person did not agree to be identifiable.");
    }
    if request.technique.voice == Voice::Original && row.voice_ok != Some(true) {
        person.deny(findings, Rule::Voice, "The person did not agree to the original voice.");
    }
}

/// R23-AUDIENCE: whether the requested audience ranks above the agreed one. An audience without a rank is too wide.
fn ranks_above(context: &Context<'_>, requested: &str, agreed: &str) -> bool {
    let rank = |audience| context.config.audience_rank.get(audience);
    match (rank(requested), rank(agreed)) {
        (Some(requested), Some(agreed)) => requested > agreed,
        _ => true,
    }
}
