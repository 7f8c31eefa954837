//! Hand-written cases: a base and what each case changes, judged through the same reader as case files.

use serde_json::{Value, json};

use crate::sheet::{CaseFile, parse_cases, yaml};

const BASE: &str = include_str!("../../../fixtures/base.yaml");
const RULES: &str = include_str!("../../../fixtures/rules.yaml");

/// The facts of the base, as plain data.
pub(super) fn base() -> Value {
    yaml::from_str(BASE, BASE.len()).unwrap()
}

/// A hand-over in which everything is in order.
pub(super) fn disclosure() -> Value {
    let mut facts = base();
    facts["request"]["action"] = json!("disclose");
    facts["request"]["role"] = json!("releaser");
    facts["request"]["recipient"] = json!({"id": "ward", "internal": true});
    facts["derivative"] = json!({
        "id": "d", "state": "approved", "human_reviewed_by": "u-other", "expires_at": "2026-12-01T00:00:00Z",
        "purpose": facts["request"]["purpose"], "bound_decision": "dec-1", "rendered_under": "dec-1",
        "hash_ok": true,
    });
    facts
}

/// A case file of one case with these facts.
pub(super) fn case_file(cases: &[Value]) -> CaseFile {
    let file = json!({"format": "obscura-cases/1", "cases": cases});
    parse_cases(&file.to_string()).unwrap()
}

/// The place a path such as `consents.pat-before.seq` leads to; rows are named by id.
fn place<'v>(facts: &'v mut Value, path: &str) -> &'v mut Value {
    path.split('.').fold(facts, |value, step| match value {
        Value::Array(rows) => rows
            .iter_mut()
            .find(|row| row["id"] == step)
            .unwrap_or_else(|| panic!("no row {step} for {path}")),
        other => &mut other[step],
    })
}

fn remove(facts: &mut Value, path: &str) {
    let (parent, last) = path.rsplit_once('.').unwrap();
    match place(facts, parent) {
        Value::Array(rows) => rows.retain(|row| row["id"] != last),
        Value::Object(map) => drop(map.remove(last).unwrap_or_else(|| panic!("no {path}"))),
        _ => panic!("{path} leads nowhere"),
    }
}

fn append(facts: &mut Value, list: &str, row: &Value) {
    let mut new = match row
        .get("from")
        .filter(|from| facts[list].as_array().unwrap().iter().any(|r| r["id"] == **from))
    {
        Some(from) => place(facts, &format!("{list}.{}", from.as_str().unwrap())).clone(),
        None => json!({}),
    };
    for (key, value) in row.as_object().unwrap() {
        if key != "from" || new.get("id").is_none() {
            new[key] = value.clone();
        }
    }
    facts[list].as_array_mut().unwrap().push(new);
}

/// The facts of one fixture.
pub(super) fn facts_of(case: &Value) -> Value {
    let mut facts = if case.get("with").is_some() { disclosure() } else { base() };
    for (list, rows) in case.get("add").and_then(Value::as_object).into_iter().flatten() {
        for row in rows.as_array().unwrap() {
            append(&mut facts, list, row);
        }
    }
    // Rows are named by their ids of the base, so a change of id comes last.
    let mut changes: Vec<_> = case.get("set").and_then(Value::as_object).into_iter().flatten().collect();
    changes.sort_by_key(|(path, _)| path.rsplit('.').next() == Some("id"));
    for (path, value) in changes {
        *place(&mut facts, path) = value.clone();
    }
    for path in case.get("drop").and_then(Value::as_array).into_iter().flatten() {
        remove(&mut facts, path.as_str().unwrap());
    }
    facts
}

pub(super) fn all() -> Vec<Value> {
    yaml::from_str(RULES, RULES.len()).unwrap()
}

/// The fixtures as a case file with what they expect.
pub(super) fn as_case_file() -> CaseFile {
    let to_case = |case: &Value| {
        let denied = case["rules"].as_array().is_some_and(|rules| !rules.is_empty());
        let outcome = case.get("outcome").cloned().unwrap_or(json!(if denied { "deny" } else { "permit" }));
        json!({"id": case["id"], "facts": facts_of(case), "expect": {
            "outcome": outcome, "rules": case["rules"], "obligations": case.get("obligations"),
            "obligations_include": case.get("obligations_include"), "valid_until": case.get("valid_until"),
        }})
    };
    case_file(&all().iter().map(to_case).collect::<Vec<_>>())
}

#[test]
fn every_fixture_is_judged_as_written() {
    let file = as_case_file();
    assert!(file.cases.len() >= 150, "only {} fixtures", file.cases.len());
    let mut wrong = Vec::new();
    for case in &file.cases {
        let decision = file.decide(case);
        let expect = case.expect.as_ref().unwrap().as_ref().unwrap();
        for difference in expect.differences(&decision) {
            wrong.push(format!("{}: {difference} {:?}", case.id, case.facts.as_ref().err()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn fixtures_have_ids_of_their_own() {
    let cases = all();
    let ids: std::collections::BTreeSet<_> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), cases.len());
}
