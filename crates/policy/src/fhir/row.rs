//! From what a resource states to a row of the sheet.

use super::{Answer, FhirError, ImportOptions, Statement};
use crate::rules::{Consent, ConsentDecision, Instant, Stage, SubjectKind};
use crate::sheet::Sheet;

/// Digits of a resource's digest that make the id of its row.
const ID_DIGITS: usize = 16;
/// A no does not end.
const END_OF_TIME: &str = "9999-12-31T23:59:59Z";

/// The row, after all rows so far.
pub(super) fn make(
    statement: &Statement,
    sheet: &Sheet,
    rows: &[Consent],
    options: &ImportOptions,
) -> Result<Consent, FhirError> {
    let subject = pseudonym(&statement.subject, statement.subject_path, options)?;
    in_census(statement, sheet, &subject)?;
    if let Some((path, giver)) = &statement.giver
        && *giver != statement.subject
        && pseudonym(giver, path, options)? != subject
    {
        let what = "somebody else decided, and FHIR does not say on what authority; enter the row by hand";
        return Err(FhirError::new(path.as_str(), what));
    }
    let id: String = statement.digest.chars().take(ID_DIGITS).collect();
    let id = format!("fhir-{id}");
    if rows.iter().any(|row| row.id == id) {
        return Err(FhirError::new("", "this resource is in the sheet already"));
    }
    let recorded_at = recorded_at(statement, options.stage);
    let seq = next_seq(rows, &subject, options.stage, recorded_at, statement)?;
    let (decision, purposes, valid_from, expires_at) = terms(statement, recorded_at, options)?;
    Ok(Consent {
        id,
        by: subject.clone(),
        subject,
        recording: sheet.recording.id.clone(),
        stage: options.stage,
        decision,
        purposes,
        max_audience: options.max_audience.clone(),
        authority: "self".to_owned(),
        recorded_at,
        valid_from,
        expires_at,
        seq,
        evidence: Some(format!("fhir-sha256:{}", statement.digest)),
        authority_document: None,
        pressure_flag: None,
        identifiable_ok: None,
        voice_ok: None,
    })
}

fn pseudonym(reference: &str, path: &str, options: &ImportOptions) -> Result<String, FhirError> {
    options.subjects.get(reference).cloned().ok_or_else(|| {
        let what = "say which person of the sheet this is: --subject REFERENCE=ID";
        FhirError::new(format!("{path}.reference"), what)
    })
}

fn in_census(statement: &Statement, sheet: &Sheet, subject: &str) -> Result<(), FhirError> {
    let path = format!("{}.reference", statement.subject_path);
    match sheet.subjects.iter().find(|person| person.id == subject) {
        None => Err(FhirError::new(path, "the sheet does not list this person under `subjects`")),
        Some(person) if statement.is_r4 && person.kind == SubjectKind::Staff => Err(FhirError::new(
            path,
            "R4 knows the consent of patients only; the sheet lists this person as staff",
        )),
        Some(_) => Ok(()),
    }
}

/// A day without a time counts as the moment of that day that permits least: its end for a consent before recording,
/// its start for any other.
fn recorded_at(statement: &Statement, stage: Stage) -> Instant {
    match stage {
        Stage::BeforeRecording => statement.recorded.last,
        Stage::AfterRecording | Stage::BeforeUse => statement.recorded.first,
    }
}

/// The highest number of the person so far, and one more. An older decision must not follow a newer one.
fn next_seq(
    rows: &[Consent],
    subject: &str,
    stage: Stage,
    recorded_at: Instant,
    statement: &Statement,
) -> Result<i64, FhirError> {
    let path = if statement.is_r4 { "dateTime" } else { "date" };
    let own = || rows.iter().filter(|row| row.subject == subject);
    // A consent that was taken back keeps the date on which it was given.
    let is_withdrawal = matches!(statement.answer, Answer::Withdraw);
    let newest = own().filter(|row| row.stage == stage).map(|row| row.recorded_at).max();
    if newest.is_some_and(|newest| newest > recorded_at || (newest == recorded_at && !is_withdrawal)) {
        let what = "the sheet has a decision of this person at this stage that is as new or newer; enter the row by hand";
        return Err(FhirError::new(path, what));
    }
    let highest = own().map(|row| row.seq).max().unwrap_or(0);
    highest.checked_add(1).ok_or_else(|| FhirError::new(path, "the person's sequence numbers are used up"))
}

type Terms = (ConsentDecision, Vec<String>, Instant, Instant);

fn terms(statement: &Statement, recorded_at: Instant, options: &ImportOptions) -> Result<Terms, FhirError> {
    let no = |decision| {
        let end = Instant::parse(END_OF_TIME).map_err(|error| FhirError::new("", &error.to_string()))?;
        Ok((decision, Vec::new(), recorded_at, end))
    };
    match &statement.answer {
        Answer::Refuse => no(ConsentDecision::Refuse),
        Answer::Withdraw => no(ConsentDecision::Withdraw),
        Answer::NotAsked => no(ConsentDecision::NotAsked),
        Answer::Permit { purposes, from, until } => {
            let end = until.iter().chain(&options.until).min().copied();
            let path = if statement.is_r4 { "provision.period.end" } else { "period.end" };
            let end =
                end.ok_or_else(|| FhirError::new(path, "the consent has no end; give it one with --until"))?;
            Ok((ConsentDecision::Permit, purposes.clone(), from.unwrap_or(recorded_at), end))
        }
    }
}
