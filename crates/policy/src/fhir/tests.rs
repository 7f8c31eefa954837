//! The standard's own examples and ours, into rows and back.

use super::{FhirError, ImportOptions, import};
use crate::config::Config;
use crate::rules::{Consent, ConsentDecision, Instant, Stage};
use crate::sheet::{Sheet, append_consents};

const R5_BASIC: &str = include_str!("../../fixtures/fhir/r5-basic.json");
const R5_NOT_TIME: &str = include_str!("../../fixtures/fhir/r5-not-time.json");
const R5_NOT_AUTHOR: &str = include_str!("../../fixtures/fhir/r5-not-author.json");
const R5_GRANTOR: &str = include_str!("../../fixtures/fhir/r5-grantor.json");
const R5_OUT: &str = include_str!("../../fixtures/fhir/r5-out.json");
const R4_BASIC: &str = include_str!("../../fixtures/fhir/r4-basic.json");
const R4_OUT: &str = include_str!("../../fixtures/fhir/r4-out.json");
const R4_EMERGENCY: &str = include_str!("../../fixtures/fhir/r4-emergency.json");
const R5_REVIEW: &str = include_str!("../../fixtures/fhir/r5-review.json");
const R4_RESEARCH: &str = include_str!("../../fixtures/fhir/r4-research.json");

/// A sheet with one patient and one member of staff, and comments to keep.
const SHEET: &str = r#"# A sheet.
recording:
  id: rec-a
  sha256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
  state: active
  captured_at: 2026-11-02T08:00:00Z
  device: {personal: false}
  restricted: false
  legal_hold: false
  intimate: false
  vulnerable_meeting: false
  census_complete: true
  unresolved_tracks: 0
subjects:
- {id: pat, kind: patient, dob: "1961-07-09", capacity: true}
- {id: nurse, kind: staff, dob: "1981-07-09", capacity: true}
consents: []

# Approvals come here.
approvals: []
rights_requests: []
authority: []
isa: []
"#;

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn options(person: &str) -> ImportOptions {
    ImportOptions {
        subjects: [("Patient/f001".to_owned(), person.to_owned())].into(),
        stage: Stage::BeforeRecording,
        max_audience: "plenary".to_owned(),
        until: None,
    }
}

fn sheet() -> Sheet {
    Sheet::parse_for(SHEET, &Config::default()).unwrap()
}

fn one(text: &str) -> Result<Consent, FhirError> {
    let mut rows = import(&[text.to_owned()], &sheet(), &options("pat")).map_err(|(_, error)| error)?;
    assert_eq!(rows.len(), 1);
    Ok(rows.remove(0))
}

fn refused_at(text: &str) -> String {
    let error = one(text).unwrap_err();
    assert!(!error.what.is_empty() && !error.to_string().contains("Heuvel"));
    error.path
}

#[test]
fn the_standards_examples_are_judged_or_refused_with_their_path() {
    assert_eq!(refused_at(R5_BASIC), "provision[0]");
    assert_eq!(refused_at(R5_NOT_TIME), "provision[0]");
    assert_eq!(refused_at(R5_NOT_AUTHOR), "provision[0].actor");
    assert_eq!(refused_at(R5_GRANTOR), "provision[0].actor");
    assert_eq!(refused_at(R4_BASIC), "provision.purpose");
    assert_eq!(refused_at(R4_EMERGENCY), "provision.actor");
    for out in [R5_OUT, R4_OUT] {
        let row = one(out).unwrap();
        assert_eq!(
            (row.decision, row.purposes.len(), row.subject.as_str()),
            (ConsentDecision::Refuse, 0, "pat")
        );
        assert_eq!(row.recorded_at, at("2015-11-19T00:00:00Z"));
    }
}

#[test]
fn a_permit_for_purposes_and_a_period_becomes_a_row() {
    let row = one(R5_REVIEW).unwrap();
    assert_eq!(row.decision, ConsentDecision::Permit);
    assert_eq!(row.purposes, ["HQUALIMP", "TRAIN"]);
    assert_eq!((row.valid_from, row.expires_at), (at("2026-11-01T00:00:00Z"), at("2027-11-01T00:00:00Z")));
    assert_eq!((row.recorded_at, row.by.as_str(), row.seq), (at("2026-11-01T08:00:00Z"), "pat", 1));
    assert!(row.id.starts_with("fhir-") && row.evidence.unwrap().starts_with("fhir-sha256:"));
    let row = one(R4_RESEARCH).unwrap();
    assert_eq!((row.decision, row.purposes), (ConsentDecision::Permit, vec!["HRESCH".to_owned()]));
    // A day without a time counts as late as it can for a consent before recording.
    assert_eq!(row.recorded_at, at("2026-11-02T00:00:00Z"));
}

#[test]
fn rows_go_into_the_sheet_and_read_back_without_a_name() {
    let texts = [R5_REVIEW, &R5_REVIEW.replace("active", "inactive")];
    let rows = import(&texts.map(str::to_owned), &sheet(), &options("pat")).unwrap();
    assert_eq!([rows[0].seq, rows[1].seq], [1, 2]);
    assert_eq!(rows[1].decision, ConsentDecision::Withdraw);
    let text = append_consents(SHEET, &rows, &Config::default()).unwrap();
    assert_eq!(Sheet::parse_for(&text, &Config::default()).unwrap().consents, rows);
    assert!(text.starts_with("# A sheet.\n") && text.contains("\n\n# Approvals come here.\napprovals: []\n"));
    for word in ["Heuvel", "Patient/", "lawyer"] {
        assert!(!text.contains(word), "{word}");
    }
    // And once more, after rows that are there.
    let sheet = Sheet::parse_for(&text, &Config::default()).unwrap();
    let staff = import(&[R5_OUT.to_owned()], &sheet, &options("nurse")).unwrap();
    let text = append_consents(&text, &staff, &Config::default()).unwrap();
    assert_eq!(Sheet::parse_for(&text, &Config::default()).unwrap().consents.len(), 3);
    let again = import(&[R5_REVIEW.to_owned()], &sheet, &options("pat")).unwrap_err();
    assert!(again.1.what.contains("already"), "{again:?}");
}

#[test]
fn statuses_become_decisions() {
    let with = |text: &str, status: &str| one(&text.replacen("active", status, 1)).map(|row| row.decision);
    assert_eq!(with(R5_REVIEW, "inactive").unwrap(), ConsentDecision::Withdraw);
    assert_eq!(with(R5_REVIEW, "not-done").unwrap(), ConsentDecision::NotAsked);
    assert_eq!(with(R4_RESEARCH, "rejected").unwrap(), ConsentDecision::Refuse);
    for status in ["draft", "entered-in-error", "unknown", "proposed", "rejected", ""] {
        assert_eq!(with(R5_REVIEW, status).unwrap_err().path, "status", "{status}");
    }
}

#[test]
fn what_cannot_be_judged_is_refused_with_its_path() {
    let changed = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        refused_at(&text.replacen(from, to, 1))
    };
    assert_eq!(changed(R5_REVIEW, "\"deny\"", "\"permit\""), "provision[0]");
    assert_eq!(changed(R5_REVIEW, "\"deny\"", "\"perhaps\""), "decision");
    assert_eq!(changed(R5_REVIEW, "\"decision\"", "\"grantee\": [], \"decision\""), "grantee");
    assert_eq!(
        changed(R5_REVIEW, "\"purpose\"", "\"dataPeriod\": {}, \"purpose\""),
        "provision[0].dataPeriod"
    );
    assert_eq!(changed(R5_REVIEW, "\"purpose\"", "\"novelty\": 1, \"purpose\""), "provision[0].novelty");
    assert_eq!(
        changed(R5_REVIEW, "\"id\": \"review\"", "\"id\": \"review\", \"modifierExtension\": []"),
        "modifierExtension"
    );
    assert_eq!(changed(R5_REVIEW, "\"id\": \"review\"", "\"id\": \"a\", \"id\": \"b\""), "id");
    assert_eq!(changed(R5_REVIEW, "v3-ActReason", "other"), "provision[0].purpose[0]");
    assert_eq!(changed(R5_REVIEW, "\"HQUALIMP\"", "\"see notes\""), "provision[0].purpose[0].code");
    assert_eq!(changed(R5_REVIEW, "\"end\": \"2027-10-31\"", "\"end\": \"2027\""), "period.end");
    assert_eq!(changed(R5_REVIEW, ",\n    \"end\": \"2027-10-31\"", ""), "period.end");
    assert_eq!(changed(R5_REVIEW, "Patient/f001", "Patient/f002"), "subject.reference");
    assert_eq!(
        changed(R5_REVIEW, "\"grantor\": [", "\"grantor\": [{\"reference\": \"Patient/f001\"},"),
        "grantor[1]"
    );
    assert_eq!(
        changed(R5_REVIEW, "\"resourceType\": \"Consent\"", "\"resourceType\": \"Patient\""),
        "resourceType"
    );
    assert_eq!(changed(R4_RESEARCH, "\"research\"\n", "\"adr\"\n"), "scope");
    assert_eq!(changed(R4_RESEARCH, "OPTIN", "OPTOUT"), "provision.type");
    assert_eq!(changed(R4_RESEARCH, "OPTIN", "OPTINR"), "policyRule");
    assert_eq!(changed(R4_RESEARCH, "\"2026-11-01\",\n  \"org", "\"2026-11\",\n  \"org"), "dateTime");
    let staff = import(&[R4_RESEARCH.to_owned()], &sheet(), &options("nurse")).unwrap_err().1;
    assert_eq!(staff.path, "patient.reference");
}

#[test]
fn an_old_decision_never_follows_a_newer_one() {
    let mut sheet = sheet();
    sheet.consents = import(&[R5_REVIEW.replace("active", "inactive")], &sheet, &options("pat")).unwrap();
    let older = R5_REVIEW.replace("2026-11-01T09", "2026-10-01T09");
    assert_eq!(import(&[older], &sheet, &options("pat")).unwrap_err().1.path, "date");
}

#[test]
fn an_end_that_is_given_never_lengthens_a_permit() {
    let until = |text: &str| ImportOptions { until: Some(at(text)), ..options("pat") };
    let end =
        |options: &ImportOptions| import(&[R5_REVIEW.to_owned()], &sheet(), options).unwrap()[0].expires_at;
    assert_eq!(end(&until("2027-01-01T00:00:00Z")), at("2027-01-01T00:00:00Z"));
    assert_eq!(end(&until("2030-01-01T00:00:00Z")), at("2027-11-01T00:00:00Z"));
}
