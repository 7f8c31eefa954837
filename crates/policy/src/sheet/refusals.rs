//! Refusals that no rule would hear, because a slip in the sheet puts them out of effect.
//!
//! A row counts for the recording that it names, and of a person's rows at a stage the one with the highest number. A
//! permit with a slip in either is missed by the rules and denies; a refusal with a slip would pass without a word.

use super::Sheet;
use crate::rules::{Consent, ConsentDecision};

const OTHER_RECORDING: &str = "this refusal or withdrawal names another recording than the sheet is for, so that it would not count; correct \
                               the name, or take the row out";
const OVERRULED: &str = "this refusal or withdrawal was recorded after a permit of a higher number, which would overrule it; the later \
                         decision gets the higher number";

/// The first refusal or withdrawal that would be overlooked, and why.
pub(super) fn overlooked(sheet: &Sheet) -> Option<(String, &'static str)> {
    let is_no = |row: &Consent| matches!(row.decision, ConsentDecision::Refuse | ConsentDecision::Withdraw);
    sheet.consents.iter().enumerate().filter(|(_, row)| is_no(row)).find_map(|(n, no)| {
        if no.recording != sheet.recording.id {
            return Some((format!("consents[{n}].recording"), OTHER_RECORDING));
        }
        let is_overruled = sheet.consents.iter().any(|yes| {
            yes.decision == ConsentDecision::Permit
                && (&yes.subject, &yes.recording, yes.stage) == (&no.subject, &no.recording, no.stage)
                && yes.seq > no.seq
                && yes.recorded_at < no.recorded_at
        });
        is_overruled.then(|| (format!("consents[{n}].seq"), OVERRULED))
    })
}
