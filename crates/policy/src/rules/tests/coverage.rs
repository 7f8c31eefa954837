//! Every rule stands alone in some fixture, so taking any one away would turn a denial into a permit.

use std::collections::BTreeMap;

use super::fixtures::as_case_file;
use crate::rules::{Decision, Outcome, Rule};

/// The decision as it would be if one rule were not there.
fn without(decision: &Decision, rule: Rule) -> Decision {
    let mut reasons = decision.reasons.clone();
    reasons.retain(|reason| reason.rule != rule);
    if reasons.is_empty() {
        Decision { outcome: Outcome::Permit, reasons, ..decision.clone() }
    } else {
        Decision::denied(reasons)
    }
}

#[test]
fn deleting_any_rule_makes_a_fixture_fail() {
    let file = as_case_file();
    let mut noticed: BTreeMap<usize, bool> = BTreeMap::new();
    for case in &file.cases {
        let decision = file.decide(case);
        for (index, rule) in Rule::ALL.into_iter().enumerate() {
            let weaker = without(&decision, rule);
            let permits_now = weaker.outcome == Outcome::Permit && decision.outcome != Outcome::Permit;
            *noticed.entry(index).or_default() |= permits_now;
        }
    }
    let unnoticed: Vec<_> = Rule::ALL
        .into_iter()
        .enumerate()
        .filter(|(index, _)| !noticed[index])
        .map(|(_, rule)| rule)
        .collect();
    // R00-INPUT has no typed fixture: the reader's tests cover it.
    assert_eq!(unnoticed, [Rule::Input]);
}

#[test]
fn every_rule_says_what_cures_it_and_where_it_comes_from() {
    for rule in Rule::ALL {
        assert!(rule.id().starts_with('R'), "{rule:?}");
        assert!(rule.cure().ends_with('.') && rule.source().len() > 20, "{rule:?}");
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
