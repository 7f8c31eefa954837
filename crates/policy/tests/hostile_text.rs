//! The code of the fuzz targets on damaged files, with a stable compiler and the same inputs each time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "tests stop at the first surprise; the targets are public for cargo-fuzz"
)]

#[path = "../fuzz/src/entry.rs"]
mod entry;

/// Damaged copies of each file; `OBSCURA_FUZZ_ROUNDS` asks for another number.
const ROUNDS: u64 = 3000;
/// Pieces that mean something to one of the readers.
const PIECES: [&str; 24] = [
    "- ",
    ": ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    "'",
    "\"",
    "&a ",
    "*a",
    "!!str ",
    "|",
    "#",
    "---\n",
    "null",
    "true",
    "-1",
    "\u{feff}",
    "permit",
    "active",
    "\\u0000",
    "9223372036854775808",
];

/// A small generator of numbers, so that a failure can be repeated (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
}

fn damaged(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + numbers.below(12)).min(bytes.len());
        match numbers.below(5) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = PIECES[numbers.below(PIECES.len())];
                drop(bytes.splice(at..end, piece.bytes()));
            }
            2 => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
            3 => {
                let copy = bytes[at..(at + numbers.below(200)).min(bytes.len())].to_vec();
                let to = numbers.below(bytes.len());
                drop(bytes.splice(to..to, copy));
            }
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            return bytes;
        }
    }
    bytes
}

fn run(target: fn(&[u8]), seeds: &[&str]) {
    let asked = std::env::var("OBSCURA_FUZZ_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    for (number, seed) in seeds.iter().enumerate() {
        target(seed.as_bytes());
        let mut numbers = Numbers(number as u64 + 1);
        for _ in 0..asked.unwrap_or(ROUNDS) {
            target(&damaged(seed.as_bytes(), &mut numbers));
        }
    }
}

fn cases_of(facts: &str) -> String {
    let head = "format: obscura-cases/1\ncases:\n- id: a\n  facts:\n".to_owned();
    facts.lines().fold(head, |text, line| text + "    " + line + "\n")
}

const BASE: &str = include_str!("../fixtures/base.yaml");
const R5: &str = include_str!("../fixtures/fhir/r5-review.json");
const R4: &str = include_str!("../fixtures/fhir/r4-research.json");
const OUT: &str = include_str!("../fixtures/fhir/r5-out.json");

#[test]
fn damaged_sheets() {
    let rest = BASE.split_once("\nrecording:").unwrap().1;
    let sheet = format!("recording:{rest}");
    let lines = sheet.lines().filter(|line| !line.starts_with("derivative:") && !line.starts_with("policy:"));
    let digest = "  sha256: \"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"";
    let lines = lines.map(|line| if line == "  sha256_ok: true" { digest } else { line });
    let sheet = lines.collect::<Vec<_>>().join("\n") + "\n";
    obscura_policy::sheet::Sheet::parse(&sheet).unwrap();
    run(entry::sheet, &[&sheet]);
}

#[test]
fn damaged_case_files() {
    let cases = cases_of(BASE);
    assert!(obscura_policy::sheet::parse_cases(&cases).unwrap().cases[0].facts.is_ok());
    let json = r#"{"format": "obscura-cases/1", "config": {"purposes": []}, "cases": [{"id": "a", "facts": {"now": "2026-01-01T00:00:00Z"}}]}"#;
    run(entry::cases, &[&cases, json]);
}

#[test]
fn damaged_fhir_resources() {
    run(entry::fhir, &[R5, R4, OUT]);
}
