//! The lines of the checklist, and how each is answered.

use super::{Evidence, Line, ReceiptFacts, Status};
use crate::config::Config;
use crate::rules::{ConsentDecision, Instant, RecordingState, Stage, Subject};
use crate::sheet::{Sheet, SheetRecording};

/// The ids of all lines, in the order of the protocol.
pub const IDS: [&str; 16] = [
    "log_entry",
    "retention",
    "minimisation",
    "assets",
    "owner",
    "clock_checks",
    "destruction",
    "awareness",
    "sign_out",
    "consent_with_record",
    "sharing_agreements",
    "supplier_contracts",
    "encrypted_transfer",
    "personal_devices",
    "storage_place",
    "quality",
];

/// An answer with what it rests on.
type Answer = (Status, String);

pub(super) fn answer(evidence: &Evidence, config: &Config, now: Instant) -> Vec<Line> {
    let line = |id, requirement, (status, evidence): Answer| Line { id, requirement, status, evidence };
    let sheets = &evidence.sheets;
    let named = |what: fn(&SheetRecording) -> Option<&str>| documented(sheets, what);
    let none = |what: &str| (Status::NotEvidenced, what.to_owned());
    vec![
        line(
            IDS[0],
            "Every recording is in the log of processing activities.",
            named(|r| r.pal_entry.as_deref()),
        ),
        line(IDS[1], "Every recording has a retention period that has not passed.", retention(sheets, now)),
        line(IDS[2], "Derivatives show no more than the purpose needs.", minimisation(evidence)),
        line(IDS[3], "Every device has an asset number.", named(|r| r.device.asset.as_deref())),
        line(IDS[4], "Every device has a nominated owner.", named(|r| r.device.owner.as_deref())),
        line(IDS[5], "The clocks of the devices are checked.", clock_checks(sheets, config, now)),
        line(IDS[6], "Recordings are destroyed when their time is over.", destruction(sheets, now)),
        line(IDS[7], "Staff know the rules for recordings.", none("no document on file speaks of it")),
        line(IDS[8], "Devices are signed out and back in.", none("no document on file speaks of it")),
        line(IDS[9], "Consent is filed with the record.", consent(sheets, config)),
        line(IDS[10], "Sharing agreements are in force.", agreements(sheets, now)),
        line(IDS[11], "Suppliers are under contract.", none("no document on file speaks of it")),
        line(IDS[12], "Transfers are encrypted.", none("no record of a transfer is on file")),
        line(IDS[13], "No personal device was used without approval.", personal_devices(sheets, now)),
        line(
            IDS[14],
            "Recordings lie in the approved store.",
            none("the tool does not see where files are kept"),
        ),
        line(IDS[15], "Derivatives are fit for use and were looked at.", quality(evidence)),
    ]
}

/// No sheet, no answer.
fn no_sheets() -> Answer {
    (Status::NotEvidenced, "no consent sheet is on file".to_owned())
}

/// Passes where each of `total` documents shows it; what is missing is not evidenced, what is wrong fails.
fn tally(good: usize, bad: usize, total: usize, what: &str, good_is: Status) -> Answer {
    let status = match (good, bad) {
        (_, 1..) => Status::Fail,
        (good, 0) if good == total && total > 0 => good_is,
        _ => Status::NotEvidenced,
    };
    let against = if bad > 0 { format!(", {bad} show the opposite") } else { String::new() };
    (status, format!("{good} of {total} {what}{against}"))
}

fn count<T>(items: &[T], holds: impl Fn(&T) -> bool) -> usize {
    items.iter().filter(|item| holds(item)).count()
}

fn is_filled(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// A reference on every sheet.
fn documented(sheets: &[Sheet], what: fn(&SheetRecording) -> Option<&str>) -> Answer {
    let good = count(sheets, |sheet| is_filled(what(&sheet.recording)));
    tally(good, 0, sheets.len(), "sheets name it", Status::Pass)
}

fn retention(sheets: &[Sheet], now: Instant) -> Answer {
    let is_over = |sheet: &Sheet| sheet.recording.retention_until.is_some_and(|until| now >= until);
    let good = count(sheets, |sheet| sheet.recording.retention_until.is_some_and(|until| now < until));
    let bad = count(sheets, |sheet| is_over(sheet) && sheet.recording.state != RecordingState::Destroyed);
    let gone = count(sheets, |sheet| is_over(sheet) && sheet.recording.state == RecordingState::Destroyed);
    tally(good + gone, bad, sheets.len(), "sheets set a period that holds", Status::Pass)
}

fn clock_checks(sheets: &[Sheet], config: &Config, now: Instant) -> Answer {
    let max_age_s = config.clock_check_max_age_days.saturating_mul(24 * 60 * 60);
    let checked = |sheet: &Sheet| sheet.recording.device.clock_checked_at;
    let is_fresh = |at: Instant| at <= now && at.plus_seconds(max_age_s) >= now;
    let good = count(sheets, |sheet| checked(sheet).is_some_and(is_fresh));
    let bad = count(sheets, |sheet| checked(sheet).is_some_and(|at| !is_fresh(at)));
    let what = format!("sheets name a check of the last {} days", config.clock_check_max_age_days);
    tally(good, bad, sheets.len(), &what, Status::Pass)
}

fn destruction(sheets: &[Sheet], now: Instant) -> Answer {
    let due: Vec<&Sheet> = sheets
        .iter()
        .filter(|sheet| {
            !sheet.recording.legal_hold && sheet.recording.retention_until.is_some_and(|until| now >= until)
        })
        .collect();
    if due.is_empty() {
        return (Status::NotEvidenced, "no recording on file was due".to_owned());
    }
    let gone = count(&due, |sheet| sheet.recording.state == RecordingState::Destroyed);
    // A sheet says so; no certificate does.
    tally(
        gone,
        due.len() - gone,
        due.len(),
        "recordings that were due are said to be destroyed",
        Status::Attested,
    )
}

/// Every required stage of every person has a decision with a reference to its form, and the recording is linked to
/// its record.
fn consent(sheets: &[Sheet], config: &Config) -> Answer {
    if sheets.is_empty() {
        return no_sheets();
    }
    let is_filed = |sheet: &Sheet, subject: &Subject, stage: Stage| {
        let of_stage = |row: &&crate::rules::Consent| {
            row.subject == subject.id && row.recording == sheet.recording.id && row.stage == stage
        };
        let mut rows = sheet.consents.iter().filter(of_stage).peekable();
        rows.peek().is_some()
            && rows.all(|row| row.decision != ConsentDecision::NotAsked && is_filled(row.evidence.as_deref()))
    };
    let is_complete = |sheet: &Sheet| {
        let stages =
            |subject: &Subject| config.required_stages.get(&subject.kind).cloned().unwrap_or_default();
        let all = |subject: &Subject| stages(subject).iter().all(|stage| is_filed(sheet, subject, *stage));
        !sheet.subjects.is_empty() && sheet.recording.census_complete && sheet.subjects.iter().all(all)
    };
    let good = count(sheets, |sheet| is_complete(sheet) && sheet.recording.linked_record == Some(true));
    let bad = count(sheets, |sheet| sheet.recording.linked_record == Some(false));
    tally(
        good,
        bad,
        sheets.len(),
        "sheets have every required decision with its form, and a linked record",
        Status::Pass,
    )
}

fn agreements(sheets: &[Sheet], now: Instant) -> Answer {
    let all: Vec<_> = sheets.iter().flat_map(|sheet| &sheet.isa).collect();
    if all.is_empty() {
        return (Status::NotEvidenced, "no agreement is on file".to_owned());
    }
    let good = count(&all, |agreement| agreement.from <= now && now < agreement.until);
    tally(good, all.len() - good, all.len(), "agreements are in force", Status::Pass)
}

fn personal_devices(sheets: &[Sheet], now: Instant) -> Answer {
    let used: Vec<&Sheet> = sheets.iter().filter(|sheet| sheet.recording.device.personal).collect();
    if sheets.is_empty() {
        return no_sheets();
    }
    if used.is_empty() {
        return (Status::Attested, format!("{0} of {0} sheets say that none was used", sheets.len()));
    }
    let approved = |sheet: &&Sheet| {
        sheet.approvals.iter().any(|approval| {
            approval.scope == "personal_device"
                && approval.role == "dpo"
                && is_filled(approval.rationale.as_deref())
                && approval.at <= now
                && now < approval.until
        })
    };
    let good = count(&used, approved);
    tally(
        good,
        used.len() - good,
        used.len(),
        "personal devices have approval by the data protection officer",
        Status::Pass,
    )
}

/// What the obligations of the receipts say about faces, voices and metadata.
fn minimisation(evidence: &Evidence) -> Answer {
    of_receipts(evidence, "measure hidden faces, the voice and stripped metadata", |receipt| {
        ["blur_faces", "voice", "strip_metadata"].iter().all(|kind| receipt.is_met(kind))
    })
}

/// The self-check found nothing, and a person looked.
fn quality(evidence: &Evidence) -> Answer {
    of_receipts(evidence, "show a passed self-check and a review by a person", |receipt| {
        receipt.readable_faces == Some(0) && receipt.is_met("human_review")
    })
}

/// Passes where every receipt is verified and shows it. One that cannot be verified shows nothing, neither for nor
/// against.
fn of_receipts(evidence: &Evidence, what: &str, holds: impl Fn(&ReceiptFacts) -> bool) -> Answer {
    let (receipts, unverified) = (&evidence.receipts, evidence.unverified_receipts.len());
    let total = receipts.len() + unverified;
    if total == 0 {
        return (Status::NotEvidenced, "no receipt is on file".to_owned());
    }
    let good = count(receipts, holds);
    let bad = count(receipts, |receipt| receipt.readable_faces.is_some_and(|faces| faces > 0));
    let (status, mut said) = tally(good, bad, total, &format!("receipts {what}"), Status::Pass);
    if unverified > 0 {
        said = format!("{said}; {unverified} cannot be verified and show nothing");
    }
    let alone = count(receipts, |receipt| !receipt.has_derivative);
    if alone > 0 {
        said = format!("{said}; beside {alone} lies no derivative to compare");
    }
    (status, said)
}
