//! What the fuzz targets run, and what must hold whatever the input is.

use obscura_policy::config::Config;
use obscura_policy::fhir::{ImportOptions, import};
use obscura_policy::rules::{Decision, Outcome, Stage};
use obscura_policy::sheet::{Sheet, append_consents, eval_json, parse_cases};

/// A consent sheet: what is read can be written and read again.
pub fn sheet(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let config = Config::default();
    if let Ok(sheet) = Sheet::parse_for(text, &config) {
        let json = serde_json::to_string(&sheet).expect("a sheet can be written");
        assert_eq!(Sheet::parse_for(&json, &config).as_ref(), Ok(&sheet));
    }
}

/// A case file: every case has a coherent answer, and input that is not understood is never a permit.
pub fn cases(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(file) = parse_cases(text) else { return };
    for case in &file.cases {
        let Decision { outcome, reasons, obligations, valid_until } = file.decide(case);
        let is_permit = outcome == Outcome::Permit;
        assert_eq!(
            (is_permit, is_permit, is_permit),
            (reasons.is_empty(), !obligations.is_empty(), valid_until.is_some())
        );
        assert!(!is_permit || (case.facts.is_ok() && file.config.is_ok()));
    }
    eval_json(&file).expect("decisions can be written");
}

/// A FHIR resource: a row that comes out names the person by pseudonym and fits into the sheet.
pub fn fhir(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let config = Config::default();
    let sheet = Sheet::parse_for(SHEET, &config).expect("the sheet is in order");
    let options = ImportOptions {
        subjects: [("Patient/f001".to_owned(), "pat".to_owned())].into(),
        stage: Stage::BeforeUse,
        max_audience: "individual".to_owned(),
        until: None,
    };
    if let Ok(rows) = import(&[text.to_owned()], &sheet, &options) {
        assert!(rows.iter().all(|row| row.subject == "pat" && row.by == "pat"));
        append_consents(SHEET, &rows, &config).expect("rows fit into the sheet");
    }
}

const SHEET: &str = r#"recording:
  id: rec-a
  sha256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
  state: active
  captured_at: 2026-04-01T08:00:00Z
  device: {personal: false}
  restricted: false
  legal_hold: false
  intimate: false
  vulnerable_meeting: false
  census_complete: true
  unresolved_tracks: 0
subjects:
- {id: pat, kind: patient, dob: "1961-07-09", capacity: true}
consents: []
approvals: []
rights_requests: []
authority: []
isa: []
"#;
