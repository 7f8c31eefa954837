//! The reader of plain layouts reads what it reads exactly as the full parser does.

use proptest::prelude::*;

use super::SHEET;
use crate::sheet::yaml::read_twice;

/// Whether the text is read by the plain reader; fails where the full parser differs.
#[track_caller]
fn is_plain(text: &str) -> bool {
    let Some((plain, full)) = read_twice(text) else { return false };
    assert_eq!(Ok(plain), full, "{text:?}");
    true
}

const FIXTURES: [&str; 2] =
    [include_str!("../../../fixtures/base.yaml"), include_str!("../../../fixtures/rules.yaml")];

#[test]
fn the_layouts_of_programs_are_plain() {
    for text in [
        "a: 1\nb: c d\n",
        "- a: 1\n  b:\n  - x\n  - y: 'it''s'\n  c:\n    d: \"q\"\n- - 1\n  - 2\n",
        "a:\n  - b\n  - c:\n      d: e\n# note\n\nf: [x, 'y', \"z\"]\ng: {}\nh: []\n",
        "  - id: a\n    t: 2026-11-22T12:00:00Z\n  - id: form-sha256:\u{2026}\n",
        "{\"a\": [1, -2, null, true], \"b\": {\"c\": \"\\u2026\\n\\\"x\\\\\"}}",
        "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\":\"c\"\n}\n",
        "{\"a\":1,\"b\":[]}",
        "r: {id: pat, kind: patient, dob: \"1961-07-09\", n: -1}\n",
    ] {
        assert!(is_plain(text), "{text:?}");
    }
}

#[test]
fn whatever_is_not_plain_is_handed_back() {
    for text in [
        "",
        "\n",
        "#\n",
        "a:\n",
        "a: b\n  c\n",
        "a: 'b\n  c'\n",
        "a: b # c\n",
        "a: |\n  b\n",
        "a: &x b\n",
        "a: *x\n",
        "a: !t b\n",
        "--- a\n",
        "---\na: b\n",
        "a: b\n...\n",
        "? a\n: b\n",
        "a: b: c\n",
        "a\n",
        "- a\n b: c\n",
        "a: b\n - c\n",
        "-\n  a\n",
        "a: b\n   \tc\n",
        "a:\tb\n",
        "a: b\r\n",
        "a: [b\n",
        "a: [b,\n c]\n",
        "a: [b c]\n",
        "{a: b} c\n",
        "{a:b}",
        "[a: b]",
        "a: 'b' c\n",
        "a: \u{85}b\n",
        "a: \"\\x41\"\n",
        "a: \"\\ud83d\\ude00\"\n",
        "a: - b\n",
        "a: @b\n",
        "a: `b\n",
        "a: %b\n",
        "a: ,b\n",
        "- -\n",
        "a: b\n- c\n",
        "  a: b\n c: d\n",
    ] {
        assert!(!is_plain(text), "{text:?}");
    }
}

#[test]
fn sheets_and_cases_are_read_the_same_by_both() {
    is_plain(SHEET);
    for text in FIXTURES {
        is_plain(text);
        for line in text.lines() {
            is_plain(line);
        }
    }
    let Some(folder) = std::env::var_os("OBSCURA_TEST_DATA") else { return };
    let cases = std::fs::read_to_string(std::path::Path::new(&folder).join("policy/cases.yaml")).unwrap();
    // Some titles run over two lines; the full parser reads those cases.
    let items: Vec<String> = cases.split("\n- id: ").skip(1).map(|item| format!("- id: {item}\n")).collect();
    let plain = items.iter().filter(|item| is_plain(item)).count();
    assert!(plain * 10 > items.len() * 8, "{plain} of {}", items.len());
}

/// Many by default; `PROPTEST_CASES` asks for more.
fn runner() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(4000), failure_persistence: None, ..ProptestConfig::default() }
}

/// Parts of lines, weighted towards what the plain reader takes.
fn part() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => prop::sample::select(vec!["- ", "a: ", "b: ", "c:", "x", "12", "-1", "null", "'q'", "\"r\"", "[]", "{}", "[x, y]"]),
        1 => prop::sample::select(vec![
            " ", "  ", "-", ":", "#", " # c", "'", "\"", "[", "]", "{", "}", ",", ", ", "\\u00e9", "\\", "''", "&a ", "*a", "|", ">", "!!str ", "?",
            "\u{e9}", "\u{2028}", "\t", "a-b", "x:y", "2026-01-01T00:00:00Z", "~", "...", "---", "%", "{k: v}", "{\"k\":1}", "\u{feff}", "(a", "/", ".", "+",
        ]),
    ]
}

fn line() -> impl Strategy<Value = String> {
    (0_usize..7, prop::collection::vec(part(), 0..4))
        .prop_map(|(indent, parts)| " ".repeat(indent) + &parts.concat())
}

/// Block style in which every key or list goes one step deeper or not, mostly well-formed.
fn outline() -> impl Strategy<Value = String> {
    let row = (
        0_usize..4,
        prop::sample::select(vec![
            "a:", "b:", "c: x", "d: 'y'", "- a: 1", "- x", "- b:", "- - z", "e: [p]", "#",
        ]),
    );
    prop::collection::vec(row, 1..12)
        .prop_map(|rows| rows.iter().map(|(depth, text)| "  ".repeat(*depth) + text + "\n").collect())
}

proptest! {
    #![proptest_config(runner())]

    #[test]
    fn any_lines_are_read_the_same(lines in prop::collection::vec(line(), 1..8)) {
        is_plain(&lines.join("\n"));
    }

    #[test]
    fn any_outline_is_read_the_same(text in outline()) {
        is_plain(&text);
    }

    #[test]
    fn any_flow_is_read_the_same(text in "[\\[{]([\\[\\]{},:\"' \n]|\"k\": |\"k\":|k: |\"v\"|1|w, |\\\\n){0,14}[\\]}]{0,2}") {
        is_plain(&text);
    }

    #[test]
    fn damaged_sheets_are_read_the_same(at in 0..SHEET.len(), length in 0_usize..8, text in "[-a:,\\[\\]{}&*!|>'\"#\n ]{0,6}") {
        let mut bytes = SHEET.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, text.bytes());
        is_plain(&String::from_utf8(bytes).unwrap());
    }
}
