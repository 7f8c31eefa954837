//! A commented consent sheet for one clip, with blanks that a person must fill.

use obscura_core::model::Sha256Digest;

use crate::rules::Instant;

/// A consent sheet for the file with this digest, captured then if that is known.
///
/// What it leaves blank is refused by [`Sheet::parse`](super::Sheet::parse), which names the first blank, so that
/// nobody renders under a sheet that nobody filled. No answer is suggested: each is somebody's to give.
pub fn template(sha256: Sha256Digest, captured_at: Option<Instant>) -> String {
    let captured_at = captured_at.map_or_else(String::new, |at| format!(" \"{at}\""));
    TEMPLATE.replace("{sha256}", &sha256.to_string()).replace("{captured_at}", &captured_at)
}

/// Blanks are keys without a value. Instants carry an offset, text that looks like a number needs quotes.
const TEMPLATE: &str = r#"# Consent sheet for one recording. Fill the blanks: without some of them the sheet is refused, without
# others (retention, evidence) every use is. `obscura sheet check` names what is blank, `obscura check` what is missing.
# Use pseudonyms, never names. Times need an offset: "2026-11-22T12:00:00Z" or "2026-11-22T13:00:00+01:00".
# Put identifiers in quotes. Answer yes/no questions with true or false.

recording:
  # Identifier of the recording; every consent below names it.
  id:
  # Digest of the file this sheet is for. Leave it as it is.
  sha256: "{sha256}"
  # ingested, registered, censused, active, restricted, held, due or destroyed. Only active may be used.
  state:
  # When the recording was made.
  captured_at:{captured_at}
  # When it must be gone. Without it no use is allowed.
  retention_until:
  # Entry in the log of processing activities.
  pal_entry:
  device:
    # Asset number, and who is responsible for the device.
    asset:
    owner:
    # Is it somebody's own device? (needs approval by the data protection officer)
    personal:
    # When the clock of the device was last checked.
    clock_checked_at:
  # What the recording is labelled with, and whether it is linked to a record.
  label:
  linked_record:
  # Is processing restricted? Is there a legal hold? (a hold keeps the file, it licenses no use)
  restricted:
  legal_hold:
  # Does it show intimate content? (needs approval by the Caldicott guardian and a clinician)
  intimate:
  # Is it a staff meeting? (needs approval by the data protection officer)
  vulnerable_meeting:
  # Is everyone on the recording listed below?
  census_complete:
  # How many people on it have not been identified?
  unresolved_tracks:

# Everyone on the recording. Copy the entry for each person.
subjects:
- # A pseudonym.
  id:
  # patient, staff, visitor or third_party.
  kind:
  # Date of birth, such as "1970-03-01".
  dob:
  # Can the person decide for themselves?
  capacity:
  # Does the person not want it? For a child who decides: was their maturity assessed?
  # dissent: true
  # gillick_assessed: true

# Every decision of every person. Copy the entry for each. Staff decide three times: before_recording,
# after_recording, before_use. Everyone else decides at least before_recording.
consents:
- # Identifier of this row.
  id:
  # The person and the recording it is about, as written above.
  subject:
  recording:
  # before_recording, after_recording or before_use.
  stage:
  # permit, refuse, withdraw or not_asked.
  decision:
  # Purposes agreed to, as a list: [HQUALIMP, TRAIN]. Known are TREAT, HQUALIMP, TRAIN, HRESCH, MLTRAINING, PATSFTY.
  purposes:
  # individual, small_group, plenary or external.
  max_audience:
  # Who decided (the person's own identifier, or a parent, attorney or deputy), and on what authority:
  # self, parental_responsibility, lpa_health or court_deputy.
  by:
  authority:
  # authority_document: "LPA-55"
  # When it was recorded, from when and until when it holds.
  recorded_at:
  valid_from:
  expires_at:
  # Position in the person's history. The highest number at a stage is in effect.
  seq:
  # Reference to the signed form.
  evidence:
  # Was it given under pressure? Did the person agree to be identifiable, to the original voice?
  # pressure_flag: true
  # identifiable_ok: true
  # voice_ok: true

# Approvals: {scope: personal_device, role: dpo, by: "u-9", at: "…", until: "…", rationale: "…"}
# Scopes: intimate, personal_device, staff_meeting, plain_transfer, "disclose:<recipient>".
approvals: []

# Requests of people about their data: {id: "rr1", subject: "p1", kind: objection, status: open}
# List every one; an empty list states that there is none.
rights_requests: []

# Court orders and the like:
# {subject: "p1", recording: "rec-1", purposes: [HQUALIMP], document: "ORDER-9", from: "…", until: "…"}
authority: []

# Information sharing agreements: {recipient: "uni-x", purposes: [HRESCH], from: "…", until: "…"}
isa: []
"#;
