//! What a denial tells the reader.

use serde_json::json;

use super::fixtures::{base, disclosure};
use crate::config::Config;
use crate::rules::{Facts, Outcome, Stage, SubjectKind, decide, identifiable_subjects};

fn facts(change: impl FnOnce(&mut serde_json::Value)) -> Facts {
    let mut facts = base();
    change(&mut facts);
    serde_json::from_value(facts).unwrap()
}

#[test]
fn reasons_name_the_person_but_only_in_their_own_field() {
    let facts = facts(|f| f["consents"][0]["decision"] = json!("refuse"));
    let decision = decide(&facts, &Config::default());
    let [reason] = decision.reasons.as_slice() else { panic!("{decision:?}") };
    assert_eq!(reason.subject.as_deref(), Some("pat"));
    assert_eq!(reason.why, "The person refused, before recording.");
    assert!(reason.cured_by.is_empty());
    assert_eq!(reason.source, "Guidance on video review in health care");
    assert_eq!(reason.ask, "nobody: a no is not asked again");
    assert_eq!(
        reason.alternatives,
        ["individual review instead of a plenary session", "a transcript", "leave the segment out"]
    );
}

#[test]
fn every_wrong_part_of_a_rule_has_its_own_sentence() {
    let facts = facts(|f| {
        f["recording"]["label"] = json!("");
        f["recording"]["linked_record"] = json!(false);
    });
    let decision = decide(&facts, &Config::default());
    assert_eq!(decision.rule_ids(), ["R19-LABEL"]);
    assert_eq!(decision.reasons.len(), 2);
    assert!(decision.obligations.is_empty() && decision.valid_until.is_none());
}

#[test]
fn an_unknown_audience_is_ill_typed_in_any_row() {
    let facts = facts(|f| {
        f["consents"][3]["max_audience"] = json!("everyone");
        f["consents"][3]["recording"] = json!("rec-other");
    });
    let decision = decide(&facts, &Config::default());
    assert_eq!((decision.outcome, decision.rule_ids()), (Outcome::Deny, vec!["R00-INPUT"]));
    assert!(decision.reasons[0].why.starts_with("facts.consents[3].max_audience: "));
}

#[test]
fn a_kind_without_required_stages_is_a_configuration_error() {
    let facts = facts(|_| ());
    for stages in [None, Some(Vec::new())] {
        let mut config = Config::default();
        config.required_stages.remove(&SubjectKind::Visitor);
        if let Some(stages) = stages {
            config.required_stages.insert(SubjectKind::Visitor, stages);
        }
        let decision = decide(&facts, &config);
        assert_eq!(decision.rule_ids(), ["R00-INPUT"]);
        assert!(decision.reasons[0].why.starts_with("config.required_stages.visitor: "));
    }
}

#[test]
fn the_use_stage_is_the_last_in_time_whatever_the_order_of_the_list() {
    let facts = facts(|f| {
        f["subjects"] = json!([f["subjects"][0]]);
        let mut after = f["consents"][0].clone();
        after["id"] = json!("after");
        after["stage"] = json!("after_recording");
        after["recorded_at"] = json!("2026-04-02T00:00:00Z");
        after["purposes"] = json!([]);
        f["consents"] = json!([f["consents"][0], after]);
    });
    let mut config = Config::default();
    config.required_stages.insert(SubjectKind::Patient, vec![Stage::AfterRecording, Stage::BeforeRecording]);
    assert_eq!(decide(&facts, &config).rule_ids(), ["R05-SCOPE"]);
}

#[test]
fn narrower_purposes_reach_one_level() {
    let mut config = Config::default();
    config.narrower.insert("HQUALIMP/local-debrief".to_owned(), vec!["HQUALIMP/local-debrief/x".to_owned()]);
    let granted = |word: &str| vec![word.to_owned()];
    let wide = crate::rules::covers(&config, &granted("HQUALIMP"), "HQUALIMP/local-debrief/x");
    assert!(
        !wide
            && crate::rules::covers(&config, &granted("HQUALIMP/local-debrief"), "HQUALIMP/local-debrief/x")
    );
}

#[test]
fn only_those_who_agreed_are_identifiable() {
    let facts = facts(|f| f["consents"][0]["identifiable_ok"] = json!(true));
    assert!(identifiable_subjects(&facts, &Config::default()).into_iter().eq(["pat"]));
}

#[test]
fn skew_and_clock_age_of_any_size_are_harmless() {
    let facts: Facts = serde_json::from_value(disclosure()).unwrap();
    let config =
        Config { max_clock_skew_s: u64::MAX, clock_check_max_age_days: u64::MAX, ..Config::default() };
    assert!(decide(&facts, &config).is_permit());
}

#[test]
fn every_no_comes_with_something_else_to_offer() {
    for change in [json!("refuse"), json!("withdraw")] {
        let facts = facts(|f| f["consents"][0]["decision"] = change.clone());
        assert_eq!(decide(&facts, &Config::default()).reasons[0].alternatives.len(), 3);
    }
    let facts = facts(|f| f["subjects"][0]["dissent"] = json!(true));
    assert_eq!(decide(&facts, &Config::default()).reasons[0].alternatives.len(), 3);
}

#[test]
fn slips_of_the_sheet_go_to_whoever_keeps_it() {
    let keeper = "the review coordinator, who keeps the consent sheet";
    let first = |change: &dyn Fn(&mut serde_json::Value)| {
        let decision = decide(&facts(|f| change(&mut f["consents"])), &Config::default());
        decision.reasons.into_iter().next().unwrap()
    };
    let other = first(&|rows| rows[0]["recording"] = json!("rec-other"));
    assert_eq!((other.id.as_ref(), other.ask), ("R02-STAGE", keeper));
    assert!(other.why.contains("names another recording") && other.cure.starts_with("Correct the recording"));
    let blank = first(&|rows| rows[0]["evidence"] = json!(" "));
    assert_eq!((blank.id.as_ref(), blank.ask), ("R35-EVIDENCE", keeper));
    let missing = first(&|rows| drop(rows.as_array_mut().unwrap().remove(0)));
    assert!(missing.id == "R02-STAGE" && missing.ask.starts_with("the person"), "{missing:?}");
}
