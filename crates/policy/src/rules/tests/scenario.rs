//! Generated facts: a valid base with random changes that stay well-typed.

use proptest::prelude::*;

use super::fixtures::{base, disclosure};
use crate::rules::*;

/// One change: which, where, to what.
pub(super) type Change = (u8, usize, usize);

/// How many kinds of change [`apply`] knows.
const KINDS: u8 = 34;

/// Facts with up to eight changes.
pub(super) fn any_facts() -> impl Strategy<Value = Facts> {
    (any::<bool>(), prop::collection::vec((0..KINDS, any::<usize>(), any::<usize>()), 0..8)).prop_map(
        |(disclose, changes)| {
            let facts = if disclose { disclosure() } else { base() };
            let mut facts: Facts = serde_json::from_value(facts).unwrap();
            for change in changes {
                apply(&mut facts, change);
            }
            facts
        },
    )
}

fn pick<T: Clone>(from: &[T], value: usize) -> T {
    from[value % from.len()].clone()
}

fn words(from: &[&str], value: usize) -> String {
    pick(from, value).to_owned()
}

/// An instant around the decision, or at an end of time.
fn instant(value: usize) -> Instant {
    let texts = [
        "2026-05-04T10:00:00Z",
        "2026-05-04T09:59:59Z",
        "2026-05-04T12:00:01+02:00",
        "2026-05-04T10:05:00Z",
        "2026-05-04T10:05:01Z",
        "2026-05-04T10:03:00Z",
        "2026-04-01T08:00:00Z",
        "2026-04-01T08:00:01Z",
        "2027-01-01T00:00:00Z",
        "2020-01-01T00:00:00Z",
        "0000-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
    ];
    Instant::parse(pick(&texts, value)).unwrap()
}

fn date(value: usize) -> Option<CalendarDate> {
    let texts = [
        "2010-05-04",
        "2010-05-05",
        "2012-02-29",
        "2027-01-01",
        "0000-01-01",
        "9999-12-31",
        "1950-01-01",
        "",
    ];
    CalendarDate::parse(pick(&texts, value)).ok()
}

fn text(value: usize) -> Option<String> {
    pick(&[None, Some(""), Some(" \u{2003}"), Some("x"), Some("u-asks")], value).map(str::to_owned)
}

fn apply(facts: &mut Facts, (kind, at, value): Change) {
    match kind {
        0..=9 => change_consent(facts, kind, at, value),
        10..=17 => change_people(facts, kind, at, value),
        18..=25 => change_recording(facts, kind, at, value),
        26 => facts.now = instant(value),
        27 => facts.last_audit_at = instant(value),
        28 => facts.approvals.push(approval(at, value)),
        29 => change_request(facts, at, value),
        30 => facts.authority.push(AuthorityDocument {
            subject: words(&["pat", "nurse", "other"], at),
            recording: words(&["rec-a", "rec-a", "rec-b"], at / 3),
            purposes: vec![words(&["TRAIN", "HQUALIMP"], at / 9)],
            document: text(value),
            from: instant(value / 5),
            until: instant(value / 60),
        }),
        31 => facts.isa.push(SharingAgreement {
            recipient: words(&["ward", "x"], at),
            purposes: vec![words(&["TRAIN", "HQUALIMP"], at / 2)],
            from: instant(value),
            until: instant(value / 12),
        }),
        32 => change_derivative(facts, at, value),
        _ => facts.policy = PolicyState { loaded: at % 4 != 0, signature_ok: value % 4 != 0 },
    }
}

fn change_consent(facts: &mut Facts, kind: u8, at: usize, value: usize) {
    let count = facts.consents.len();
    let Some(row) = facts.consents.get_mut(at % count.max(1)) else { return };
    match kind {
        0 => {
            row.decision = pick(
                &[
                    ConsentDecision::Permit,
                    ConsentDecision::Refuse,
                    ConsentDecision::Withdraw,
                    ConsentDecision::NotAsked,
                ],
                value,
            );
        }
        1 => row.stage = pick(&Stage::ALL, value),
        2 => row.seq = pick(&[10, 20, 30, i64::MAX, i64::MIN], value),
        3 => row.recorded_at = instant(value),
        4 => (row.valid_from, row.expires_at) = (instant(value), instant(value / 12)),
        5 => {
            (row.by, row.authority) = (
                words(&["pat", "nurse", "mum"], value),
                words(&["self", "parental_responsibility", "lpa_health", "court_deputy", "x"], value / 3),
            );
        }
        6 => (row.evidence, row.authority_document) = (text(value), text(value / 5)),
        7 => {
            (row.purposes, row.max_audience) = (
                vec![words(&["TRAIN", "HQUALIMP", ""], value)],
                words(&["individual", "external"], value / 3),
            );
        }
        8 => {
            row.identifiable_ok = pick(&[None, Some(false), Some(true)], value);
            row.voice_ok = pick(&[None, Some(false), Some(true)], value / 3);
            row.pressure_flag = pick(&[None, Some(false), Some(true)], value / 9);
        }
        _ => {
            let mut copy = row.clone();
            copy.id = format!("copy-{}", value % 3);
            copy.recording = words(&["rec-a", "rec-a", "rec-b"], value);
            copy.decision = pick(&[ConsentDecision::Permit, ConsentDecision::Refuse], value / 3);
            facts.consents.push(copy);
        }
    }
}

fn change_people(facts: &mut Facts, kind: u8, at: usize, value: usize) {
    let count = facts.subjects.len();
    match kind {
        10 if count > 0 => drop(facts.subjects.remove(at % count)),
        11 if !facts.consents.is_empty() => drop(facts.consents.remove(at % facts.consents.len())),
        12 => facts.rights_requests.push(RightsRequest {
            id: "r".to_owned(),
            subject: "pat".to_owned(),
            kind: pick(
                &[RightsKind::Access, RightsKind::Objection, RightsKind::Complaint, RightsKind::Erasure],
                at,
            ),
            status: pick(&[RequestStatus::Open, RequestStatus::Closed], value),
        }),
        _ => {
            let Some(subject) = facts.subjects.get_mut(at % count.max(1)) else { return };
            match kind {
                13 => subject.kind = pick(&SubjectKind::ALL, value),
                14 => subject.dob = date(value),
                15 => subject.capacity = value.is_multiple_of(2),
                16 => subject.gillick_assessed = pick(&[None, Some(false), Some(true)], value),
                _ => subject.dissent = pick(&[None, Some(false), Some(true)], value),
            }
        }
    }
}

fn change_recording(facts: &mut Facts, kind: u8, at: usize, value: usize) {
    let recording = &mut facts.recording;
    match kind {
        18 => recording.retention_until = pick(&[None, Some(instant(at))], value),
        19 => recording.captured_at = instant(value),
        20 => (recording.pal_entry, recording.label) = (text(at), text(value)),
        21 => {
            (recording.intimate, recording.vulnerable_meeting) =
                (at.is_multiple_of(2), value.is_multiple_of(2));
        }
        22 => recording.device.personal = value.is_multiple_of(2),
        23 => recording.device.clock_checked_at = pick(&[None, Some(instant(at))], value),
        24 => recording.unresolved_tracks = pick(&[0, 1, u64::MAX], value),
        _ => {
            (recording.sha256_ok, recording.census_complete) =
                (!at.is_multiple_of(3), !value.is_multiple_of(3));
        }
    }
}

fn change_request(facts: &mut Facts, at: usize, value: usize) {
    let request = &mut facts.request;
    match at % 7 {
        0 => request.purpose = words(&["TRAIN", "HQUALIMP", "HQUALIMP/local-debrief", "?"], value),
        1 => request.audience = words(&["individual", "small_group", "plenary", "external"], value),
        2 => request.technique.faces = pick(&[Faces::All, Faces::NotConsented, Faces::None], value),
        3 => request.technique.voice = pick(&[Voice::Modulated, Voice::Removed, Voice::Original], value),
        4 => request.action = pick(&[Action::ProduceDerivative, Action::Disclose], value),
        5 => request.encrypted = value.is_multiple_of(2),
        _ => {
            request.recipient = pick(
                &[None, Some(Recipient { id: text(value / 3), internal: value.is_multiple_of(2) })],
                value,
            );
        }
    }
}

fn change_derivative(facts: &mut Facts, at: usize, value: usize) {
    let Some(derivative) = &mut facts.derivative else { return };
    match at % 4 {
        0 => derivative.expires_at = instant(value),
        1 => derivative.human_reviewed_by = text(value),
        2 => derivative.rendered_under = words(&["dec-1", "", "dec-2"], value),
        _ => facts.derivative = None,
    }
}

fn approval(at: usize, value: usize) -> Approval {
    Approval {
        scope: words(
            &["intimate", "personal_device", "staff_meeting", "plain_transfer", "disclose:ward"],
            at,
        ),
        role: words(&["dpo", "caldicott", "clinician"], at / 5),
        by: words(&["a", "b", "u-asks"], at / 15),
        at: instant(value),
        until: instant(value / 12),
        rationale: text(value / 144),
    }
}
