//! Consent sheets for the tests: one patient who agreed to everything the tests ask for, and single changes to that.

use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Appears in the sheets only; a receipt or an output that holds it has named a person.
pub const SUBJECT: &str = "subject-zq81";

/// What is known about the recording. The dates lie before any day on which the tests can run, the ends far after.
const RECORDING: &str = "\
recording:
  id: rec-test
  state: active
  captured_at: '2026-11-01T10:00:00Z'
  retention_until: '2099-01-01T00:00:00Z'
  pal_entry: PAL-TEST
  device:
    asset: CAM-TEST
    owner: u-owner
    personal: false
    clock_checked_at: '2026-10-20T08:00:00Z'
  label: test/clip
  linked_record: true
  restricted: false
  legal_hold: false
  intimate: false
  vulnerable_meeting: false
  census_complete: true
  unresolved_tracks: 0
  sha256: 'DIGEST'
subjects:
- id: subject-zq81
  kind: patient
  dob: '1970-03-01'
  capacity: true
consents:
";

const REST: &str = "\
approvals: []
isa: []
authority: []
rights_requests: []
";

/// The text of a consent sheet.
#[derive(Clone, Debug)]
pub struct Sheet(String);

impl Sheet {
    /// A sheet under which `clip` may be de-identified for review and teaching.
    pub fn permitting(clip: &Path) -> Self {
        Self::permitting_digest(&digest(clip))
    }

    /// The same for whatever has a digest.
    pub fn permitting_digest(digest: &str) -> Self {
        let mut text = RECORDING.replace("DIGEST", digest);
        let stages = [
            ("before_recording", "2026-11-01T09:00:00Z"),
            ("after_recording", "2026-11-01T12:00:00Z"),
            ("before_use", "2026-11-02T09:00:00Z"),
        ];
        for (seq, (stage, at)) in (1..).zip(stages) {
            write!(
                text,
                "- id: c-{stage}\n  subject: {SUBJECT}\n  recording: rec-test\n  stage: {stage}\n  decision: permit\n  \
                 purposes: [HQUALIMP, TRAIN]\n  max_audience: plenary\n  by: {SUBJECT}\n  authority: self\n  \
                 recorded_at: '{at}'\n  valid_from: '{at}'\n  expires_at: '2099-01-01T00:00:00Z'\n  seq: {seq}\n  \
                 evidence: form-{seq}\n"
            )
            .unwrap();
        }
        text.push_str(REST);
        Self(text)
    }

    /// The same sheet with `from` written as `to`, everywhere.
    ///
    /// # Panics
    /// Where the sheet does not hold `from`: the test would then test nothing.
    #[must_use]
    pub fn with(self, from: &str, to: &str) -> Self {
        assert!(self.0.contains(from), "the sheet does not hold {from:?}");
        Self(self.0.replace(from, to))
    }

    /// The patient also agreed that their own voice may be heard.
    #[must_use]
    pub fn voice_ok(self) -> Self {
        self.with("  evidence: form-3\n", "  evidence: form-3\n  voice_ok: true\n")
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Lower-case hexadecimal SHA-256 of a file.
pub fn digest(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
