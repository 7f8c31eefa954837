//! Case files: faults stay in their case, pieces mean what the whole means.

use serde_json::{Value, json};

use crate::sheet::split::split;
use crate::sheet::{eval_json, parse_cases, yaml};

fn base() -> Value {
    let text = include_str!("../../../fixtures/base.yaml");
    yaml::from_str(text, text.len()).unwrap()
}

fn eval(cases: &[Value]) -> Vec<Value> {
    let file = json!({"format": "obscura-cases/1", "cases": cases});
    let file = parse_cases(&file.to_string()).unwrap();
    serde_json::from_str(&eval_json(&file).unwrap()).unwrap()
}

/// The error after a change to the base.
fn error(change: impl FnOnce(&mut Value)) -> String {
    let mut facts = base();
    change(&mut facts);
    let rows = eval(&[
        json!({"id": "before", "facts": base()}),
        json!({"id": "x", "facts": facts}),
        json!({"id": "after", "facts": base()}),
    ]);
    assert_eq!(rows[0]["outcome"], "permit");
    assert_eq!(rows[2]["outcome"], "permit");
    assert_eq!((&rows[1]["outcome"], &rows[1]["rules"]), (&json!("deny"), &json!(["R00-INPUT"])));
    assert_eq!((&rows[1]["obligations"], &rows[1]["valid_until"]), (&json!([]), &Value::Null));
    rows[1]["error"].as_str().unwrap().to_owned()
}

#[test]
fn a_result_has_the_agreed_shape() {
    let rows = eval(&[json!({"id": "a", "title": "t", "facts": base()})]);
    assert_eq!(
        rows,
        [json!({
            "id": "a", "outcome": "permit", "rules": [],
            "obligations": ["audience:small_group", "blur_faces:all", "expires", "human_review", "strip_metadata", "voice:modulated", "watermark"],
            "valid_until": "2026-05-04T10:15:00Z",
        })]
    );
}

#[test]
fn faults_stay_in_their_case_and_name_their_path() {
    let starts =
        |message: String, path: &str| assert!(message.starts_with(&format!("{path}: ")), "{message}");
    starts(error(|f| f["consents"][2]["stage"] = json!("later")), "facts.consents[2].stage");
    starts(error(|f| f["consents"][2]["seq"] = json!(1.5)), "facts.consents[2].seq");
    starts(error(|f| f["consents"][2]["seq"] = json!(i128::from(i64::MAX) + 1)), "facts.consents[2].seq");
    starts(error(|f| f["recording"]["unresolved_tracks"] = json!(-1)), "facts.recording.unresolved_tracks");
    starts(error(|f| f["recording"]["colour"] = json!(1)), "facts.recording.colour");
    starts(error(|f| f["request"]["audience"] = json!("everyone")), "facts.request.audience");
    starts(error(|f| f["now"] = json!("2026-05-04T10:00:00")), "facts.now");
    starts(error(|f| f["subjects"][0]["dob"] = json!("1961-07-09T00:00:00Z")), "facts.subjects[0].dob");
    starts(error(|f| f["subjects"][0]["id"] = json!(7)), "facts.subjects[0].id");
    starts(error(|f| f["subjects"] = json!({})), "facts.subjects");
    starts(error(|f| f["consents"] = Value::Null), "facts.consents");
    starts(error(|f| f["policy"] = Value::Null), "facts.policy");
    starts(error(|f| drop(f.as_object_mut().unwrap().remove("isa"))), "facts.isa");
    starts(error(|f| *f = json!([])), "facts");
    starts(error(|f| *f = Value::Null), "facts");
    for key in
        ["recorded_at", "valid_from", "expires_at", "purposes", "by", "authority", "seq", "max_audience"]
    {
        starts(error(|f| f["consents"][0][key] = Value::Null), &format!("facts.consents[0].{key}"));
        starts(
            error(|f| drop(f["consents"][0].as_object_mut().unwrap().remove(key))),
            &format!("facts.consents[0].{key}"),
        );
    }
    for key in ["now", "last_audit_at"] {
        starts(error(|f| f[key] = Value::Null), &format!("facts.{key}"));
    }
    starts(error(|f| f["recording"]["captured_at"] = Value::Null), "facts.recording.captured_at");
    starts(error(|f| f["subjects"][0]["capacity"] = Value::Null), "facts.subjects[0].capacity");
}

#[test]
fn faults_beside_the_facts_are_found_too() {
    let rows = eval(&[
        json!({"facts": base()}),
        json!({"id": 7, "facts": base()}),
        json!({"id": "a"}),
        json!({"id": "b", "facts": base(), "rights_requests": []}),
        json!("c"),
        json!({"id": "d", "facts": base(), "note": "ignored"}),
    ]);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["cases[0]", "cases[1]", "a", "b", "cases[4]", "d"]);
    assert!(rows[..5].iter().all(|row| row["rules"] == json!(["R00-INPUT"])));
    assert!(rows[3]["error"].as_str().unwrap().starts_with("rights_requests: "));
    assert_eq!(rows[5]["outcome"], "permit");
}

#[test]
fn an_unusable_configuration_denies_every_case() {
    let file = json!({"format": "obscura-cases/1", "config": {"purposes": []}, "cases": [{"id": "a", "facts": base()}]});
    let file = parse_cases(&file.to_string()).unwrap();
    let rows: Value = serde_json::from_str(&eval_json(&file).unwrap()).unwrap();
    assert_eq!(rows[0]["rules"], json!(["R00-INPUT"]));
    assert!(rows[0]["error"].as_str().unwrap().starts_with("config.required_stages: "));
}

#[test]
fn another_file_is_no_case_file() {
    for text in [
        "cases: []",
        "format: obscura-cases/2\ncases: []",
        "format: obscura-cases/1",
        "[]",
        "format: obscura-cases/1\ncases: {}",
        "format: obscura-cases/1\ncases: [\n",
    ] {
        assert!(parse_cases(text).is_err(), "{text}");
    }
}

/// A case file long enough to be cut, in block style.
fn long_file(indent: usize, extra: &str) -> String {
    let facts = base().to_string();
    let pad = " ".repeat(indent);
    let mut text = "format: obscura-cases/1\n# many\ncases:\n".to_owned();
    for number in 0..400 {
        let case =
            format!("{pad}- id: c{number}\n{pad}  title: |\n{pad}    - id: no case\n{pad}  facts: {facts}\n");
        text += &case;
    }
    text + extra
}

#[test]
fn pieces_mean_what_the_whole_means() {
    for indent in [0, 2] {
        let text = long_file(indent, "");
        let pieces = split(&text).unwrap();
        assert!(pieces.items.len() >= 2);
        assert_eq!(
            pieces.head.len() + pieces.items.iter().map(|piece| piece.text.len()).sum::<usize>(),
            text.len()
        );
        let file = parse_cases(&text).unwrap();
        assert!(
            file.cases.iter().enumerate().all(|(n, case)| case.id == format!("c{n}") && case.facts.is_ok())
        );
    }
}

#[test]
fn pieces_keep_their_line_numbers() {
    let text = long_file(0, "- id: last\n  facts: 7\n");
    let line = text.lines().count();
    let file = parse_cases(&text).unwrap();
    assert_eq!(file.cases[400].facts.as_ref().unwrap_err().line, line);
}

#[test]
fn what_cannot_be_cut_is_read_whole() {
    let same = |extra: &str| parse_cases(&long_file(0, extra)).map(|file| file.cases.len());
    assert_eq!(same("- {id: x, facts: 1}\nconfig: {}\n"), Ok(401));
    assert_eq!(same("- &shared {id: x, facts: 1}\n- *shared\n"), Ok(402));
    assert!(same("cases: []\n").is_err());
    assert!(same("- 'open\n").is_err());
    assert!(same("---\n- x\n").is_err());
    // The list is inside a quoted text that starts before it.
    let quoted =
        format!("format: obscura-cases/1\nnote: \"\ncases:\n{}- end\"\n", "- id: x\n".repeat(100_000));
    assert!(split(&quoted).is_some());
    assert!(parse_cases(&quoted).is_err());
    let alias = long_file(0, "").replacen("- id: c0\n", "- &first\n  id: c0\n", 1) + "- *first\n";
    assert_eq!(parse_cases(&alias).unwrap().cases[400].id, "c0");
}
