//! Tests of the readers: sheets, case files, hostile YAML.

mod cases;
mod plain;
mod sheets;
mod speed;
mod yaml;

/// A sheet in order, written by hand.
pub(crate) const SHEET: &str = r#"recording:
  id: rec-a
  sha256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeFF"
  state: active
  captured_at: 2026-04-01T08:00:00Z
  retention_until: "2026-12-31T00:00:00Z"
  pal_entry: PAL-1
  device: {asset: CAM-1, owner: u-owner, personal: false, clock_checked_at: null}
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
- id: c1
  subject: pat
  recording: rec-a
  stage: before_recording
  decision: permit
  purposes: [TRAIN]
  max_audience: plenary
  by: pat
  authority: self
  recorded_at: "2026-04-01T07:00:00Z"
  valid_from: "2026-04-01T07:00:00Z"
  expires_at: "2027-04-01T00:00:00Z"
  seq: 1
  evidence: form-1
approvals: []
rights_requests: []
authority: []
isa: []
"#;
