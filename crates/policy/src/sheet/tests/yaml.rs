//! Hostile YAML: bounded, refused, never a crash.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::SHEET;
use crate::sheet::{Sheet, parse_cases, yaml};

fn read(text: &str) -> Result<Value, yaml::InputError> {
    yaml::from_str(text, 16 << 20)
}

#[test]
fn nesting_is_bounded() {
    let flat = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&flat(20)).is_ok());
    assert!(read(&flat(40)).is_err());
    assert!(read(&flat(100_000)).is_err());
    let mut chain = "a0: &a0 [1]\n".to_owned();
    for level in 1..60 {
        writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert!(read(&chain).is_err(), "nesting through aliases");
}

#[test]
fn aliases_cannot_multiply() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let row = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{row}]").unwrap();
    }
    assert!(read(&bomb).unwrap_err().what.contains("aliases"));
    assert!(read("a: &a [*a]").is_err());
    assert!(read("a: *nowhere").is_err());
    assert_eq!(read("a: &x {k: [1]}\nb: *x").unwrap(), json!({"a": {"k": [1]}, "b": {"k": [1]}}));
}

#[test]
fn one_document_and_no_repeated_key() {
    assert!(read("a: 1\n---\nb: 2\n").is_err());
    assert!(read("").is_err());
    assert!(read("# nothing\n").is_err());
    assert_eq!(read("---\na: 1\n...\n").unwrap(), json!({"a": 1}));
    let error = read("x:\n  a: 1\n  b: 2\n  a: 3\n").unwrap_err();
    assert_eq!((error.line, error.column, error.path.as_str()), (4, 3, "x.a"));
    let many = (0..100).map(|n| format!("k{n}: 1\n")).collect::<Vec<_>>().concat();
    assert!(read(&many).is_ok());
    assert_eq!(read(&format!("{many}k7: 2\n")).unwrap_err().path, "k7");
    assert_eq!(read("a: 1\n'a': 2\n").unwrap_err().path, "a");
    assert!(read("&k a: 1\n*k : 2\n").is_err());
}

#[test]
fn errors_do_not_repeat_values() {
    let secret = "Margaret-Jones";
    for text in [
        SHEET.replacen("state: active", &format!("state: {secret}"), 1),
        SHEET.replacen("restricted: false", &format!("restricted: {secret}"), 1),
        SHEET.replacen("captured_at: 2026", &format!("captured_at: {secret}"), 1),
    ] {
        assert!(!Sheet::parse(&text).unwrap_err().to_string().contains("Margaret"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "[-a:,\\[\\]{}&*!|>'\"#% \t\r\n0-9~.\\\\\u{0}é\u{2028}]{0,200}") {
        drop(read(&text));
        drop(Sheet::parse(&text));
        drop(parse_cases(&text));
    }

    #[test]
    fn a_damaged_sheet_gets_an_answer(at in 0..SHEET.len(), length in 0_usize..20, text in "[-a:,\\[\\]{}&*!|>'\"#\n ]{0,6}") {
        let mut bytes = SHEET.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, text.bytes());
        drop(Sheet::parse(&String::from_utf8(bytes).unwrap()));
    }

    #[test]
    fn written_data_reads_back(text in "\\PC{0,30}", number in any::<i64>(), flag in any::<bool>()) {
        let value = json!({"t": text, "n": [number, null], "f": {"g": flag}});
        prop_assert_eq!(read(&value.to_string()).unwrap(), value);
    }
}
