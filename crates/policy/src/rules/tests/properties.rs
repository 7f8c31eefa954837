//! What must hold for every case: an answer, whatever the order, and never more for having heard a no.

use proptest::prelude::*;
use proptest::test_runner::Config as Runner;

use super::scenario::any_facts;
use crate::config::Config;
use crate::rules::*;

/// Two thousand cases by default; `PROPTEST_CASES` asks for more.
fn runner() -> Runner {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Runner { cases: asked.unwrap_or(2000), failure_persistence: None, ..Runner::default() }
}

/// How far an outcome is towards a permit.
fn rank(decision: &Decision) -> u8 {
    match decision.outcome {
        Outcome::Deny => 0,
        Outcome::NeedsApproval => 1,
        Outcome::Permit => 2,
    }
}

fn shuffle<T>(rows: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for last in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        rows.swap(last, usize::try_from(state >> 33).unwrap() % (last + 1));
    }
}

/// A no of the given kind, said as strongly as the seed has it.
fn say_no(facts: &mut Facts, kind: u8, seq: i64, at: usize) {
    let person = facts.subjects.get(at % facts.subjects.len().max(1)).map(|subject| subject.id.clone());
    match kind {
        0 | 1 => {
            let Some(mut row) = facts.consents.first().cloned() else { return };
            row.id = "added".to_owned();
            row.subject = person.unwrap_or_default();
            row.recording.clone_from(&facts.recording.id);
            row.stage = Stage::ALL[at % 3];
            row.seq = seq;
            row.decision = if kind == 0 { ConsentDecision::Refuse } else { ConsentDecision::Withdraw };
            facts.consents.push(row);
        }
        2 => facts.recording.restricted = true,
        3 => facts.rights_requests.push(RightsRequest {
            id: "added".to_owned(),
            subject: person.unwrap_or_default(),
            kind: if at.is_multiple_of(2) { RightsKind::Objection } else { RightsKind::Restriction },
            status: RequestStatus::Open,
        }),
        4 => facts.recording.unresolved_tracks = facts.recording.unresolved_tracks.saturating_add(1),
        _ => facts.subjects.push(Subject {
            id: "unknown".to_owned(),
            kind: SubjectKind::ALL[at % 4],
            dob: None,
            capacity: true,
            dissent: None,
            gillick_assessed: None,
        }),
    }
}

proptest! {
    #![proptest_config(runner())]

    #[test]
    fn every_case_has_a_coherent_answer(facts in any_facts()) {
        let decision = decide(&facts, &Config::default());
        prop_assert_eq!(decision.is_permit(), decision.reasons.is_empty());
        prop_assert_eq!(decision.is_permit(), decision.valid_until.is_some());
        prop_assert_eq!(decision.is_permit(), !decision.obligations.is_empty());
        prop_assert!(decision.valid_until.is_none_or(|until| until > facts.now));
        let curable = decision.reasons.iter().all(|reason| !reason.cured_by.is_empty());
        prop_assert_eq!(decision.outcome == Outcome::NeedsApproval, curable && !decision.reasons.is_empty());
        prop_assert!(decision.obligations.is_sorted() && decision.rule_ids().is_sorted());
    }

    #[test]
    fn the_order_of_lists_changes_nothing(facts in any_facts(), seed in any::<u64>()) {
        let mut shuffled = facts.clone();
        shuffle(&mut shuffled.subjects, seed);
        shuffle(&mut shuffled.consents, seed >> 7);
        shuffle(&mut shuffled.approvals, seed >> 13);
        shuffle(&mut shuffled.rights_requests, seed >> 17);
        shuffle(&mut shuffled.authority, seed >> 19);
        shuffle(&mut shuffled.isa, seed >> 23);
        shuffled.consents.iter_mut().for_each(|row| row.purposes.reverse());
        prop_assert_eq!(decide(&facts, &Config::default()), decide(&shuffled, &Config::default()));
    }

    #[test]
    fn a_no_never_moves_towards_permit(
        facts in any_facts(), kind in 0u8..6, at in any::<usize>(),
        seq in prop_oneof![Just(i64::MAX), Just(i64::MIN), Just(10), Just(20), Just(30), any::<i64>()],
    ) {
        let before = decide(&facts, &Config::default());
        let mut told = facts.clone();
        say_no(&mut told, kind, seq, at);
        let after = decide(&told, &Config::default());
        prop_assert!(rank(&after) <= rank(&before), "{:?} -> {:?}", before, after);
    }

    #[test]
    fn a_permit_lasts_until_it_says(facts in any_facts()) {
        let decision = decide(&facts, &Config::default());
        if let Some(until) = decision.valid_until {
            let mut later = facts.clone();
            later.now = until.just_before().max(facts.now);
            prop_assert!(decide(&later, &Config::default()).is_permit(), "{:?}", decide(&later, &Config::default()));
        }
    }

    #[test]
    fn written_facts_read_back_the_same(facts in any_facts()) {
        let text = serde_json::to_string(&facts).unwrap();
        let read: Facts = crate::sheet::yaml::from_str(&text, text.len()).unwrap();
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}

#[test]
fn the_generator_reaches_every_outcome() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [0_usize; 3];
    for _ in 0..2000 {
        let facts = any_facts().new_tree(&mut runner).unwrap().current();
        seen[usize::from(rank(&decide(&facts, &Config::default())))] += 1;
    }
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
}
