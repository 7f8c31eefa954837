//! The obligations of a permit in plain words.

/// What an obligation asks for, as a plain sentence; one that only this site knows is named as it is.
#[must_use]
pub fn obligation_in_words(obligation: &str) -> String {
    let (kind, detail) = obligation.split_once(':').unwrap_or((obligation, ""));
    let words = match (kind, detail) {
        ("blur_faces", "all") => "Every face is hidden.",
        ("blur_faces", _) => "Every face is hidden but those of people who agreed to be seen.",
        ("voice", "modulated") => "Every voice is disguised.",
        ("voice", "removed") => "There is no sound.",
        ("voice", "original") => "The voices stay as they were recorded.",
        ("strip_metadata", _) => "Nothing else that the file carried is kept.",
        ("watermark", _) => "Every picture says that it is de-identified, and for what.",
        ("human_review", "") => "A person looks at all of it before it is used.",
        ("human_review", "timestamp") => {
            "A person checks when it was recorded, since the clock was not checked lately."
        }
        ("human_review", what) => {
            return format!("A person checks this, before it is used: {}.", spaced(what));
        }
        ("expires", _) => "The result is destroyed when it expires.",
        ("warn", "clock_check_stale") => {
            "The time of the recording is uncertain: the clock was not checked lately."
        }
        ("warn", what) => return format!("Whoever uses it is warned: {}.", spaced(what)),
        ("encrypt_to_recipient", _) => "The transfer is encrypted to the recipient.",
        ("register_recipient_for_recall", _) => "The recipient is registered, so that it can be recalled.",
        ("audience", who) => return format!("Nobody sees it but this audience: {}.", spaced(who)),
        ("cite_authority", document) => {
            return format!("It rests on the document {document}, which is cited.");
        }
        _ => return format!("This site asks for {obligation}."),
    };
    words.to_owned()
}

fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::rules::{Facts, Voice, decide};

    #[test]
    fn every_obligation_of_the_rules_has_words() {
        let text = include_str!("../../fixtures/base.yaml");
        let mut facts: Facts = crate::sheet::yaml::from_str(text, text.len()).unwrap();
        facts.recording.device.clock_checked_at = None;
        for voice in [Voice::Modulated, Voice::Removed] {
            facts.request.technique.voice = voice;
            let decision = decide(&facts, &Config::default());
            assert!(decision.obligations.len() >= 9, "{decision:?}");
            for obligation in &decision.obligations {
                let words = obligation_in_words(obligation);
                assert!(words.ends_with('.') && !words.contains("This site"), "{obligation}: {words}");
                assert!(!words.contains('_'), "{words}");
            }
        }
        assert_eq!(obligation_in_words("x:y"), "This site asks for x:y.");
        assert!(obligation_in_words("human_review:second_look").contains("second look"));
    }
}
