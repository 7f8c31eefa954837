//! Ten thousand cases are read and decided in less time than anybody waits for.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sheet::{eval_json, parse_cases, yaml};

const CASES: usize = 10_000;
/// Many times what it takes, since tests run beside one another on machines of any kind.
const LIMIT: Duration = Duration::from_secs(20);

fn timed(text: &str, layout: &str) {
    let begun = Instant::now();
    let file = parse_cases(text).unwrap();
    let json = eval_json(&file).unwrap();
    let took = begun.elapsed();
    println!("{CASES} cases, {} MB {layout}: {took:.2?}", text.len() / 1_000_000);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap().len(), CASES);
    assert!(took < LIMIT, "{took:?}");
}

fn base() -> Value {
    let text = include_str!("../../../fixtures/base.yaml");
    yaml::from_str(text, text.len()).unwrap()
}

/// Block style, as programs write it.
fn block(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                let is_nested = matches!(value, Value::Object(m) if !m.is_empty())
                    || matches!(value, Value::Array(a) if !a.is_empty());
                write!(out, "{:indent$}{key}:{}", "", if is_nested { "\n" } else { " " }).unwrap();
                block(out, value, if value.is_object() { indent + 2 } else { indent });
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut text = String::new();
                block(&mut text, item, indent + 2);
                write!(out, "{:indent$}- {}", "", text.trim_start()).unwrap();
            }
        }
        leaf => writeln!(out, "{leaf}").unwrap(),
    }
}

fn cases() -> Vec<Value> {
    let base = base();
    let vary = |number: usize| {
        let mut facts = base.clone();
        match number % 4 {
            0 => facts["consents"][0]["decision"] = json!("refuse"),
            1 => facts["recording"]["intimate"] = json!(true),
            2 => facts["request"]["audience"] = json!("everyone"),
            _ => {}
        }
        json!({"id": format!("c{number}"), "facts": facts})
    };
    (0..CASES).map(vary).collect()
}

#[test]
fn ten_thousand_cases_in_block_style() {
    let mut text = "format: obscura-cases/1\ncases:\n".to_owned();
    for case in cases() {
        block(&mut text, &json!([case]), 0);
    }
    timed(&text, "in block style");
}

#[test]
fn ten_thousand_cases_as_json() {
    timed(&json!({"format": "obscura-cases/1", "cases": cases()}).to_string(), "as JSON");
}

#[test]
fn ten_thousand_of_the_published_cases() {
    let Some(folder) = std::env::var_os("OBSCURA_TEST_DATA") else { return };
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join("policy/cases.yaml")).unwrap();
    let (head, list) = text.split_once("\ncases:\n").unwrap();
    let mut items: Vec<String> =
        list.split("\n- id: ").map(|item| format!("- id: {}\n", item.trim_start_matches("- id: "))).collect();
    let last = items.pop().unwrap();
    items.push(last.trim_end().to_owned() + "\n");
    let many: String = items.iter().cycle().take(CASES).map(String::as_str).collect();
    timed(&format!("{head}\ncases:\n{many}"), "of the published cases");
}
