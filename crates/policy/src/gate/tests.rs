//! What the gate makes of the log: a fact, a proof, and ids that cannot be worked out for ever.

use super::*;

const SHEET: &str = include_str!("../../../../xtask/demo-sheet.yaml");

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn sheet() -> Sheet {
    let filled = [
        ("{sha256}", "ab".repeat(32)),
        ("{clock_checked_at}", "2026-10-01T00:00:00Z".to_owned()),
        ("{before_capture}", "2026-11-01T09:00:00Z".to_owned()),
        ("{captured_at}", "2026-11-01T10:00:00Z".to_owned()),
        ("{after_capture}", "2026-11-01T11:00:00Z".to_owned()),
        ("{yesterday}", "2026-11-21T12:00:00Z".to_owned()),
        ("{in_a_year}", "2027-11-22T12:00:00Z".to_owned()),
    ];
    let text = filled.iter().fold(SHEET.to_owned(), |text, (word, value)| text.replace(word, value));
    Sheet::parse(&text).unwrap()
}

fn order() -> Order {
    let [actor, role, purpose, audience] = ["u-1", "reviewer", "HQUALIMP", "plenary"].map(str::to_owned);
    Order { actor, role, purpose, audience }
}

/// The decision on the demo's sheet at noon, in a state folder that was made at `made`.
fn decided(made: &str) -> (tempfile::TempDir, State, Decision) {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path(), at(made)).unwrap();
    let (sheet, plan, order, policy) = (sheet(), Plan::default(), order(), state.policy());
    let source = "ab".repeat(32).parse().unwrap();
    let storage = Storage::Attested;
    let question = Question { sheet: &sheet, source, plan: &plan, order: &order, policy: &policy, storage };
    let last = state.log().unwrap().latest_at();
    let decision = policy.decide(&question.facts(last, at("2026-11-22T12:00:00Z")));
    (folder, state, decision)
}

#[test]
fn the_time_of_the_log_is_a_fact() {
    assert_eq!(decided("2026-11-22T11:00:00Z").2.rule_ids(), Vec::<&str>::new());
    assert_eq!(decided("2026-11-22T13:00:00Z").2.rule_ids(), ["R28-CLOCK"], "the clock was set back");
}

#[test]
fn only_the_log_s_word_for_a_permit_makes_one() {
    let (_folder, state, decision) = decided("2026-11-22T11:00:00Z");
    let (sheet, plan, order, policy) = (sheet(), Plan::default(), order(), state.policy());
    let (now, storage) = (at("2026-11-22T12:00:00Z"), Storage::Attested);
    let source = Sha256Digest::of(b"source");
    let question = Question { sheet: &sheet, source, plan: &plan, order: &order, policy: &policy, storage };
    let facts = question.facts(None, now);
    let issue = |event: &Event| {
        let appended = state.log().unwrap().append(event, now).unwrap();
        Permit::issue(&decision, &facts, source, Terms::new(&facts, &policy, storage, now), now, appended)
    };
    let account =
        || account::decided(&question, &facts, &decision, Moment::Request, &state.subjects()).unwrap();
    assert!(issue(&Event::Denied(account())).is_none(), "an entry of another kind is no proof");
    let permit = issue(&Event::Permitted(account())).unwrap();
    assert!(permit.covers(source, technique(&plan), now));
    let later = now.plus_seconds(15 * 60);
    assert!(!permit.covers(source, technique(&plan), later), "it ends");
    assert!(!permit.covers(Sha256Digest::of(b"other"), technique(&plan), now), "it is for one file");
}

#[test]
fn the_id_of_a_decision_cannot_be_worked_out_once_someone_is_forgotten() {
    let (_folder, state, decision) = decided("2026-11-22T11:00:00Z");
    let (sheet, plan, order, policy) = (sheet(), Plan::default(), order(), state.policy());
    let (now, storage) = (at("2026-11-22T12:00:00Z"), Storage::Attested);
    let source = Sha256Digest::of(b"source");
    let question = Question { sheet: &sheet, source, plan: &plan, order: &order, policy: &policy, storage };
    let facts = question.facts(None, now);
    let id = || {
        account::decided(&question, &facts, &decision, Moment::Request, &state.subjects()).unwrap().decision
    };
    let before = id();
    assert_eq!(id(), before);
    assert!(state.forget_subject("p1", now).unwrap());
    assert_ne!(id(), before);
}
