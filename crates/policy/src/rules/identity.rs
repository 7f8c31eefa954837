//! R27-ID: identifiers that could be mistaken for one another.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::catalog::Rule;
use super::context::{Context, present};
use super::findings::Findings;

pub(super) fn judge(context: &Context<'_>, findings: &mut Findings) {
    let subjects = &context.facts.subjects;
    if subjects.iter().any(|subject| present(Some(&subject.id)).is_none()) {
        findings.deny(Rule::Identity, "A person has a blank identifier.");
    }
    if subjects.iter().any(|subject| subject.id.chars().any(is_invisible)) {
        findings.deny(Rule::Identity, "An identifier holds invisible, private-use or unassigned characters.");
    }
    if has_repeat(subjects.iter().map(|subject| subject.id.nfc().collect::<String>())) {
        findings.deny(Rule::Identity, "Two people have identifiers that look the same.");
    }
    if has_repeat(context.facts.consents.iter().map(|row| row.id.as_str())) {
        findings.deny(Rule::Identity, "Two consent rows share an identifier.");
    }
}

/// Control (Cc), format (Cf), private-use (Co) and unassigned (Cn) characters of the Unicode standard.
fn is_invisible(character: char) -> bool {
    matches!(
        character.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::Surrogate
    )
}

fn has_repeat<T: Ord>(mut ids: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    ids.any(|id| !seen.insert(id))
}
