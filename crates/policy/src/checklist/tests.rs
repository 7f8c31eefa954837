//! No line passes without evidence, and each answer can be reached.

use super::{Attestation, Evidence, Line, ReceiptFacts, Status, answer, parse_attestations, to_html};
use crate::config::Config;
use crate::rules::Instant;
use crate::sheet::Sheet;

const SHEET: &str = r#"recording:
  id: rec-a
  sha256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
  state: active
  captured_at: 2026-04-01T08:00:00Z
  retention_until: "2026-12-31T00:00:00Z"
  pal_entry: PAL-1
  device: {asset: CAM-1, owner: u-owner, personal: false, clock_checked_at: "2026-04-01T00:00:00Z"}
  label: bay-4
  linked_record: true
  restricted: false
  legal_hold: false
  intimate: false
  vulnerable_meeting: false
  census_complete: true
  unresolved_tracks: 0
subjects:
- {id: pat, kind: patient, dob: "1961-07-09", capacity: true}
consents:
- {id: c1, subject: pat, recording: rec-a, stage: before_recording, decision: permit, purposes: [TRAIN], max_audience: plenary, by: pat, authority: self, recorded_at: "2026-04-01T07:00:00Z", valid_from: "2026-04-01T07:00:00Z", expires_at: "2027-04-01T00:00:00Z", seq: 1, evidence: form-1}
approvals: []
rights_requests: []
authority: []
isa: [{recipient: uni, purposes: [HRESCH], from: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}]
"#;

const RECEIPT: &str = r#"{"format": "obscura-receipt/1", "self_check": {"residual_faces": []}, "obligations": [
  {"obligation": "blur_faces:all", "status": "met"}, {"obligation": "voice:modulated", "status": "met"},
  {"obligation": "strip_metadata", "status": "met"}, {"obligation": "human_review", "status": "pending"}]}"#;

fn now() -> Instant {
    Instant::parse("2026-05-04T10:00:00Z").unwrap()
}

fn lines(evidence: &Evidence) -> Vec<Line> {
    answer(evidence, &Config::default(), now())
}

fn status(evidence: &Evidence, id: &str) -> Status {
    lines(evidence).into_iter().find(|line| line.id == id).unwrap().status
}

fn with_sheet(from: &str, to: &str) -> Evidence {
    let changed = SHEET.replacen(from, to, 1);
    assert_ne!(changed, SHEET);
    Evidence {
        sheets: vec![Sheet::parse(SHEET).unwrap(), Sheet::parse(&changed).unwrap()],
        ..Evidence::default()
    }
}

fn full() -> Evidence {
    let receipts = vec![ReceiptFacts::parse(RECEIPT).unwrap()];
    Evidence { sheets: vec![Sheet::parse(SHEET).unwrap()], receipts, ..Evidence::default() }
}

#[test]
fn nothing_on_file_passes_nothing() {
    let lines = lines(&Evidence::default());
    assert_eq!(lines.len(), 16);
    assert!(lines.iter().all(|line| line.status == Status::NotEvidenced && !line.evidence.is_empty()));
}

#[test]
fn evidence_passes_and_words_attest() {
    let lines = lines(&full());
    let of = |status: Status| {
        lines.iter().filter(|line| line.status == status).map(|line| line.id).collect::<Vec<_>>()
    };
    let pass = [
        "log_entry",
        "retention",
        "minimisation",
        "assets",
        "owner",
        "clock_checks",
        "consent_with_record",
        "sharing_agreements",
    ];
    assert_eq!(of(Status::Pass), pass);
    assert_eq!(of(Status::Attested), ["personal_devices"]);
    assert!(of(Status::Fail).is_empty());
    // The review is still to come, so the quality is not shown.
    assert!(of(Status::NotEvidenced).contains(&"quality"));
}

#[test]
fn one_gap_takes_the_pass_away_and_one_contradiction_fails() {
    assert_eq!(status(&with_sheet("  pal_entry: PAL-1\n", ""), "log_entry"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("PAL-1", "' '"), "log_entry"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("2026-12-31", "2026-05-01"), "retention"), Status::Fail);
    assert_eq!(status(&with_sheet("2026-12-31", "2026-05-01"), "destruction"), Status::Fail);
    assert_eq!(status(&with_sheet("2026-04-01T00", "2024-04-01T00"), "clock_checks"), Status::Fail);
    assert_eq!(
        status(&with_sheet("linked_record: true", "linked_record: false"), "consent_with_record"),
        Status::Fail
    );
    assert_eq!(status(&with_sheet(", evidence: form-1", ""), "consent_with_record"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("2027-01-01", "2026-05-01"), "sharing_agreements"), Status::Fail);
    assert_eq!(status(&with_sheet("personal: false", "personal: true"), "personal_devices"), Status::Fail);
    let approval = r#"approvals: [{scope: personal_device, role: dpo, by: d, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z", rationale: r}]"#;
    let text = SHEET.replace("personal: false", "personal: true").replace("approvals: []", approval);
    let approved = Evidence { sheets: vec![Sheet::parse(&text).unwrap()], ..Evidence::default() };
    assert_eq!(status(&approved, "personal_devices"), Status::Pass);
    let gone = SHEET.replace("2026-12-31", "2026-05-01").replace("state: active", "state: destroyed");
    let gone = Evidence { sheets: vec![Sheet::parse(&gone).unwrap()], ..Evidence::default() };
    assert_eq!(status(&gone, "destruction"), Status::Attested);
}

#[test]
fn receipts_are_read_plain_and_in_an_envelope() {
    let plain = ReceiptFacts::parse(RECEIPT).unwrap();
    // {"predicate": {"obligations": [{"obligation": "human_review", "status": "met"}], "self_check": {"residual_faces": []}}}
    let payload = "eyJwcmVkaWNhdGUiOiB7Im9ibGlnYXRpb25zIjogW3sib2JsaWdhdGlvbiI6ICJodW1hbl9yZXZpZXciLCAic3RhdHVzIjogIm1ldCJ9XSwgInNlbGZfY2hlY2siOiB7InJlc2lkdWFsX2ZhY2VzIjogW119fX0=";
    let envelope = format!(
        r#"{{"payloadType": "application/vnd.in-toto+json", "payload": "{payload}", "signatures": []}}"#
    );
    let packed = ReceiptFacts::parse(&envelope).unwrap();
    let quality =
        |receipts: Vec<ReceiptFacts>| status(&Evidence { receipts, ..Evidence::default() }, "quality");
    assert_eq!(quality(vec![packed.clone()]), Status::Pass);
    assert_eq!(quality(vec![packed.clone(), plain]), Status::NotEvidenced);
    let leak =
        ReceiptFacts::parse(&RECEIPT.replace("\"residual_faces\": []", "\"residual_faces\": [1]")).unwrap();
    assert_eq!(quality(vec![packed, leak]), Status::Fail);
    for text in ["", "[]", "{}", "{\"payload\": \"!\"}", "{\"payload\": \"e30\"}"] {
        assert!(ReceiptFacts::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_statement_fills_a_gap_and_outweighs_nothing() {
    let text = r#"attestations:
- {line: awareness, role: dpo, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z"}
- {line: sign_out, role: dpo, at: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z"}
- {line: retention, role: dpo, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z"}
"#;
    let attestations: Vec<Attestation> = parse_attestations(text).unwrap();
    let evidence = Evidence { attestations, ..with_sheet("2026-12-31", "2026-05-01") };
    assert_eq!(status(&evidence, "awareness"), Status::Attested);
    assert_eq!(status(&evidence, "sign_out"), Status::NotEvidenced);
    assert_eq!(status(&evidence, "retention"), Status::Fail);
    assert_eq!(
        parse_attestations(&text.replace("awareness", "weather")).unwrap_err().path,
        "attestations[0].line"
    );
}

#[test]
fn no_output_names_anybody() {
    let lines = lines(&full());
    let outputs = [to_html(&lines, now()), serde_json::to_string(&lines).unwrap()];
    for word in ["pat\"", "u-owner", "PAL-1", "CAM-1", "rec-a", "form-1", "uni\""] {
        assert!(outputs.iter().all(|output| !output.contains(word)), "{word}");
    }
    assert!(outputs[0].contains("not evidenced") && outputs[1].contains("\"status\":\"not evidenced\""));
}
