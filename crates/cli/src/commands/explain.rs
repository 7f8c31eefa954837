//! A decision in words for a coordinator: a table on a terminal, plain lines elsewhere. No colours, so that nothing
//! depends on them.

use std::fmt::Write;

use comfy_table::presets::{UTF8_FULL_CONDENSED, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};
use obscura_policy::rules::{Decision, Reason, Rule, obligation_in_words};

/// From this width on, every answer has a column of its own (characters).
const WIDE: u16 = 140;
/// Narrower terminals get this width, so that words stay whole.
const NARROWEST: u16 = 40;

/// The reasons against a use; `width` is that of the terminal, `None` where there is none.
pub(crate) fn refusal(decision: &Decision, width: Option<u16>) -> String {
    match width {
        None => lines(decision),
        Some(width) if width >= WIDE => columns(decision, width),
        Some(width) => cards(decision, width.max(NARROWEST)),
    }
}

/// A permit with its end, to the second, and its obligations, a line each.
pub(crate) fn permit(decision: &Decision) -> String {
    let until =
        decision.valid_until.map_or_else(String::new, |until| format!(" until {}", until.to_the_second()));
    let mut text = format!("permitted{until}, under these obligations:\n");
    for obligation in &decision.obligations {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    {obligation}: {}", obligation_in_words(obligation));
    }
    text
}

/// The reasons that a reader needs. Nobody can agree to a purpose that does not exist: where the policy does not know
/// the one that was asked for, that is the fault, and not that people did not agree to it.
fn shown(decision: &Decision) -> impl Iterator<Item = &Reason> {
    let is_unknown = decision.reasons.iter().any(|reason| reason.rule == Rule::PurposeUnknown);
    let follows =
        move |reason: &&Reason| is_unknown && reason.rule == Rule::Scope && reason.subject.is_some();
    decision.reasons.iter().filter(move |reason| !follows(reason))
}

fn who(reason: &Reason) -> &str {
    reason.subject.as_deref().unwrap_or("the recording")
}

/// The answers to what a reader asks, in order.
fn answers(reason: &Reason) -> Vec<(&'static str, String)> {
    let mut all = vec![("what would cure it", reason.cure.to_owned())];
    if !reason.alternatives.is_empty() {
        all.push(("offer instead", reason.alternatives.join("; ")));
    }
    all.push(("whom to ask", reason.ask.to_owned()));
    if !reason.cured_by.is_empty() {
        all.push(("who may approve it", reason.cured_by.join(", ")));
    }
    all.push(("rests on", reason.source.to_owned()));
    all
}

fn lines(decision: &Decision) -> String {
    let mut text = String::new();
    for reason in shown(decision) {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} ({}): {}", reason.id, who(reason), reason.why);
        for (question, answer) in answers(reason) {
            let _ = writeln!(text, "    {question}: {answer}");
        }
    }
    text.trim_end().to_owned()
}

fn table(width: u16, preset: &str) -> Table {
    let mut table = Table::new();
    table.load_preset(preset).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}

fn columns(decision: &Decision, width: u16) -> String {
    let mut table = table(width, UTF8_FULL_CONDENSED);
    table.set_header(["Who", "Rule", "Why", "What would cure it", "Whom to ask", "Rests on"]);
    for reason in shown(decision) {
        let mut cure = reason.cure.to_owned();
        if !reason.alternatives.is_empty() {
            let _ = write!(cure, "\nOffer instead: {}.", reason.alternatives.join("; "));
        }
        table.add_row([who(reason), &reason.id, &reason.why, &cure, reason.ask, reason.source]);
    }
    trimmed(&table)
}

fn cards(decision: &Decision, width: u16) -> String {
    let mut table = table(width, UTF8_HORIZONTAL_ONLY);
    table.set_header(["Who and rule", "Why, and what to do"]);
    for reason in shown(decision) {
        let mut what = reason.why.clone();
        for (question, answer) in answers(reason) {
            let _ = write!(what, "\n{question}: {answer}");
        }
        table.add_row([format!("{}\n{}", who(reason), reason.id), what]);
    }
    trimmed(&table)
}

/// Without the spaces that fill a table's lines.
fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use obscura_policy::config::Config;
    use obscura_policy::rules::decide;
    use obscura_policy::sheet::parse_cases;

    /// A refusal by one person, and a recording on a personal device.
    fn decision() -> Decision {
        let text = include_str!("../../fixtures/refused.yaml");
        let file = parse_cases(text).unwrap();
        decide(file.cases[0].facts.as_ref().unwrap(), &Config::default())
    }

    #[test]
    fn every_layout_answers_every_question_within_its_width() {
        for width in [None, Some(20), Some(60), Some(80), Some(139), Some(140), Some(250)] {
            let text = refusal(&decision(), width);
            let flat = text.replace(['│', '┆', '─', '\n'], " ");
            let words: Vec<&str> = flat.split_whitespace().collect();
            for word in
                ["R03-REFUSED", "R21-DEVICE", "subject-a", "refused,", "transcript", "plenary", "protection"]
            {
                assert!(words.iter().any(|w| w.contains(word)), "{word} at {width:?}:\n{text}");
            }
            if let Some(width) = width {
                let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
                assert!(widest <= usize::from(width.max(NARROWEST)), "{widest} at {width}:\n{text}");
            }
            assert!(!text.contains('\u{1b}'));
        }
    }

    #[test]
    fn a_permit_says_until_when_and_what_for() {
        let text =
            include_str!("../../fixtures/refused.yaml").replace("decision: refuse", "decision: permit");
        let text =
            text.replace("personal: true", "personal: false").replace("purposes: []", "purposes: [TRAIN]");
        let file = parse_cases(&text).unwrap();
        let decision = decide(file.cases[0].facts.as_ref().unwrap(), &Config::default());
        let text = permit(&decision);
        assert!(
            text.starts_with(&format!("permitted until {}, ", decision.valid_until.unwrap().to_the_second())),
            "{text}"
        );
        assert!(text.contains("    blur_faces:all: Every face is hidden.\n"), "{text}");
    }

    #[test]
    fn a_mistyped_purpose_is_the_only_fault_that_is_shown() {
        let text =
            include_str!("../../fixtures/refused.yaml").replace("decision: refuse", "decision: permit");
        let file = parse_cases(&text).unwrap();
        let mut facts = file.cases[0].facts.clone().unwrap();
        facts.request.purpose = "HQUALIPM".to_owned();
        let decision = decide(&facts, &Config::default());
        assert!(decision.rule_ids().contains(&"R05-SCOPE"), "the rules say all: {decision:?}");
        for width in [None, Some(80), Some(200)] {
            let text = refusal(&decision, width);
            assert!(text.contains("R05-PURPOSE-UNKNOWN") && !text.contains("R05-SCOPE"), "{text}");
        }
    }

    #[test]
    fn plain_lines_have_no_box() {
        let text = refusal(&decision(), None);
        assert!(
            text.is_ascii()
                && text.contains("R03-REFUSED (subject-a): The person refused, before recording.\n")
        );
        assert!(text.contains("    offer instead: individual review"), "{text}");
        assert!(text.contains("    who may approve it: dpo\n"), "{text}");
    }
}
