//! Rules about the recording as a whole.

use super::catalog::Rule;
use super::context::{Context, present};
use super::facts::{Approval, RecordingState, RequestStatus, RightsKind};
use super::findings::Findings;
use super::instant::Instant;

pub(super) fn judge(context: &Context<'_>, findings: &mut Findings) {
    policy(context, findings);
    census(context, findings);
    restriction(context, findings);
    rights(context, findings);
    retention(context, findings);
    intimate(context, findings);
    papers(context, findings);
    device(context, findings);
    state(context, findings);
    clock(context, findings);
    integrity(context, findings);
    staff_meeting(context, findings);
}

/// R00-POLICY. It cuts nothing short.
fn policy(context: &Context<'_>, findings: &mut Findings) {
    let policy = context.facts.policy;
    if !policy.loaded {
        findings.deny(Rule::Policy, "The policy bundle is not loaded.");
    }
    if !policy.signature_ok {
        findings.deny(Rule::Policy, "The signature of the policy bundle does not verify.");
    }
}

/// R01-CENSUS.
fn census(context: &Context<'_>, findings: &mut Findings) {
    let facts = context.facts;
    if facts.subjects.is_empty() {
        findings.deny(Rule::Census, "Nobody is listed as being on the recording.");
    }
    if !facts.recording.census_complete {
        findings.deny(Rule::Census, "The list of people on the recording is not complete.");
    }
    if facts.recording.unresolved_tracks > 0 {
        findings.deny(Rule::Census, "Someone on the recording has not been identified.");
    }
    let listed: std::collections::BTreeSet<&str> =
        facts.subjects.iter().map(|subject| subject.id.as_str()).collect();
    if context.named_subjects().any(|named| !listed.contains(named)) {
        findings.deny(Rule::Census, "A consent for this recording is from someone who is not listed.");
    }
}

/// R11-RESTRICTED.
fn restriction(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.recording.restricted {
        findings.deny(Rule::Restricted, "Processing of the recording is restricted.");
    }
}

/// R12-RIGHTS. Access, portability and complaint do not stand in the way of use.
fn rights(context: &Context<'_>, findings: &mut Findings) {
    for request in &context.facts.rights_requests {
        let why = match request.kind {
            RightsKind::Objection => "An objection is open.",
            RightsKind::Restriction => "A request to restrict processing is open.",
            RightsKind::Erasure => "A request for erasure is open.",
            RightsKind::Rectification => "A request for rectification is open.",
            RightsKind::Access | RightsKind::Portability | RightsKind::Complaint => continue,
        };
        if request.status == RequestStatus::Open {
            findings.deny(Rule::Rights, why);
        }
    }
}

/// R13-RETENTION. A legal hold keeps the file, it licenses no use.
fn retention(context: &Context<'_>, findings: &mut Findings) {
    match context.facts.recording.retention_until {
        None => findings.deny(Rule::Retention, "No retention period is set."),
        Some(until) if context.now() >= until => {
            findings.deny(Rule::Retention, "The retention period has passed.");
        }
        Some(until) => findings.lean_on(until),
    }
}

/// R14-INTIMATE.
fn intimate(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.recording.intimate {
        let why = "The content is intimate and lacks approval by two different people.";
        findings.need(two_person_approval_until(context), Rule::Intimate, why);
    }
}

/// The latest end of a pair of approvals, one per role, by two different people.
fn two_person_approval_until(context: &Context<'_>) -> Option<Instant> {
    let guardians = best_two(context.approvals("intimate", &["caldicott"]));
    let clinicians = best_two(context.approvals("intimate", &["clinician"]));
    let pairs = guardians.iter().flatten().flat_map(|g| clinicians.iter().flatten().map(move |c| (g, c)));
    pairs.filter(|(g, c)| g.by != c.by).map(|(g, c)| g.until.min(c.until)).max()
}

/// The latest-ending approval, and the latest-ending one by anybody else. Of any longer list, no other is needed to
/// find the best pair by two different people.
fn best_two<'a>(approvals: impl Iterator<Item = &'a Approval>) -> [Option<&'a Approval>; 2] {
    let mut best: [Option<&Approval>; 2] = [None, None];
    for approval in approvals {
        let [first, second] = best;
        let later = |other: Option<&Approval>| other.is_none_or(|other| approval.until > other.until);
        let same_person = |other: Option<&Approval>| other.is_some_and(|other| other.by == approval.by);
        best = match (later(first), same_person(first)) {
            (true, true) => [Some(approval), second],
            (true, false) => [Some(approval), first],
            (false, false) if later(second) => [first, Some(approval)],
            (false, _) => best,
        };
    }
    best
}

/// R17-PAL, R18-ASSET, R19-LABEL.
fn papers(context: &Context<'_>, findings: &mut Findings) {
    let recording = &context.facts.recording;
    if present(recording.pal_entry.as_deref()).is_none() {
        findings.deny(Rule::ProcessingLog, "The recording is not in the log of processing activities.");
    }
    if present(recording.device.asset.as_deref()).is_none() {
        findings.deny(Rule::Asset, "The device has no asset number.");
    }
    if present(recording.device.owner.as_deref()).is_none() {
        findings.deny(Rule::Asset, "The device has no nominated owner.");
    }
    if present(recording.label.as_deref()).is_none() {
        findings.deny(Rule::Label, "The recording has no label.");
    }
    if recording.linked_record != Some(true) {
        findings.deny(Rule::Label, "The recording is not linked to a record.");
    }
}

/// R21-DEVICE.
fn device(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.recording.device.personal {
        let why = "The recording was made on a personal device without approval.";
        findings.need(context.approved_until("personal_device", &["dpo"]), Rule::Device, why);
    }
}

/// R26-STATE, as far as the recording goes.
fn state(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.recording.state != RecordingState::Active {
        findings.deny(Rule::State, "The recording is not active.");
    }
}

/// R28-CLOCK, as far as the recording and the audit log go.
fn clock(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.last_audit_at > context.horizon {
        findings.deny(Rule::Clock, "The last audit entry lies in the future.");
    }
    if context.facts.recording.captured_at > context.horizon {
        findings.deny(Rule::Clock, "The time of capture lies in the future.");
    }
}

/// R32-INTEGRITY, as far as the recording goes.
fn integrity(context: &Context<'_>, findings: &mut Findings) {
    if !context.facts.recording.sha256_ok {
        findings.deny(Rule::Integrity, "The recording is not the file on record: its digest differs. The sheet may be that of another recording.");
    }
}

/// R34-STAFF-POWER, as far as the recording goes.
fn staff_meeting(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.recording.vulnerable_meeting {
        let why = "A recording of a staff meeting needs approval, even where everyone agreed.";
        findings.need(context.approved_until("staff_meeting", &["dpo"]), Rule::StaffMeeting, why);
    }
}
