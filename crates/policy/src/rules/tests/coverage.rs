//! Every rule is needed: with any one of them deleted, some fixture is judged another way, and some denial becomes a
//! permit.

use std::cell::Cell;

use super::fixtures::as_case_file;
use crate::config::Config;
use crate::rules::{Outcome, Rule, decide};

thread_local! {
    /// The rule that this thread does without.
    static DELETED: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// Whether the rule is deleted for now.
pub(in crate::rules) fn is_deleted(rule: Rule) -> bool {
    DELETED.get() == Some(rule)
}

#[test]
fn deleting_any_rule_makes_a_fixture_fail() {
    let file = as_case_file();
    let wrong = |case: &crate::sheet::Case| {
        let decision = file.decide(case);
        let expect = case.expect.as_ref().unwrap().as_ref().unwrap();
        let permits = decision.is_permit() && expect.outcome.as_deref() != Some("permit");
        (!expect.differences(&decision).is_empty(), permits)
    };
    let mut unnoticed = Vec::new();
    for rule in Rule::ALL {
        DELETED.set(Some(rule));
        let results: Vec<_> = file.cases.iter().map(wrong).collect();
        // Noticed by the exact set of rules, and by a use that is let through.
        if !results.iter().any(|(differs, _)| *differs) || !results.iter().any(|(_, permits)| *permits) {
            unnoticed.push(rule);
        }
    }
    DELETED.set(None);
    assert!(file.cases.iter().all(|case| !wrong(case).0));
    // R00-INPUT has no typed fixture; the next test is its own. Rules of a site are not among those in code.
    assert_eq!(unnoticed, [Rule::Input, Rule::Site]);
}

#[test]
fn without_the_check_of_words_an_unknown_audience_would_pass() {
    let mut facts: crate::rules::Facts = serde_json::from_value(super::fixtures::base()).unwrap();
    facts.approvals.clear();
    facts.consents[0].max_audience = "everyone".to_owned();
    assert_eq!(decide(&facts, &Config::default()).rule_ids(), ["R00-INPUT"]);
    // What the check protects: with a word that the configuration knows, nothing else is wrong.
    let mut config = Config::default();
    config.audience_rank.insert("everyone".to_owned(), 9);
    assert_eq!(decide(&facts, &config).outcome, Outcome::Permit);
}

#[test]
fn every_rule_says_what_cures_it_and_where_it_comes_from() {
    for rule in Rule::ALL {
        assert!(rule.id().starts_with('R') || rule == Rule::Site, "{rule:?}");
        assert!(rule.cure().ends_with('.') && rule.source().len() > 20 && !rule.ask().is_empty(), "{rule:?}");
        assert_eq!(rule.is_curable(), !rule.cured_by().is_empty());
    }
    let curable: std::collections::BTreeSet<_> =
        Rule::ALL.into_iter().filter(|rule| rule.is_curable()).map(Rule::id).collect();
    assert!(curable.into_iter().eq([
        "R14-INTIMATE",
        "R15-ISA",
        "R16-ENCRYPT",
        "R21-DEVICE",
        "R34-STAFF-POWER"
    ]));
}
