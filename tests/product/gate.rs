//! The gate in front of every rendering: what it refuses, with which code, and that nothing is written.

use obscura_tests::run::{finish, obscura};
use obscura_tests::{Bench, Sheet, media};

fn clip(bench: &Bench) -> std::path::PathBuf {
    bench.make("clip.mp4", "-t 0.5 -i {media}/carphone.mp4 -c copy")
}

/// Redacts under a changed sheet and expects a refusal that names the rule.
fn assert_refused(code: i32, rule: &str, change: impl Fn(Sheet) -> Sheet, extra: &[&str]) {
    let bench = Bench::new();
    let clip = clip(&bench);
    let run = finish(&mut bench.command(&clip, &change(Sheet::permitting(&clip)), extra)).expect(code);
    assert!(run.stderr.contains(rule), "{rule} is not named:\n{}", run.stderr);
    bench.assert_nothing_left();
}

#[test]
fn no_sheet_no_rendering() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let run =
        finish(obscura().arg("redact").arg(&clip).args(["--purpose", "TRAIN", "-o"]).arg(bench.output()));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("--sheet"));
    bench.assert_nothing_left();
}

#[test]
fn consent_that_does_not_carry_the_use_is_refused() {
    assert_refused(3, "R03-REFUSED", |s| s.with("decision: permit", "decision: refuse"), &[]);
    assert_refused(3, "R04-WITHDRAWN", |s| s.with("decision: permit", "decision: withdraw"), &[]);
    assert_refused(3, "R05-SCOPE", |s| s.with("[HQUALIMP, TRAIN]", "[TRAIN]"), &[]);
    assert_refused(3, "R11-RESTRICTED", |s| s.with("restricted: false", "restricted: true"), &[]);
    assert_refused(3, "R22-VOICE", |s| s, &["--voice", "original"]);
    assert_refused(3, "R23-AUDIENCE", |s| s, &["--audience", "external"]);
    assert_refused(4, "R14-INTIMATE", |s| s.with("intimate: false", "intimate: true"), &[]);
    assert_refused(4, "R21-DEVICE", |s| s.with("personal: false", "personal: true"), &[]);
}

#[test]
fn a_sheet_of_another_recording_is_refused() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let other = bench.make("other.mp4", "-t 0.3 -i {media}/carphone.mp4 -c copy");
    let run = finish(&mut bench.command(&clip, &Sheet::permitting(&other), &[])).expect(3);
    assert!(run.stderr.contains("R32-INTEGRITY"), "{}", run.stderr);
    bench.assert_nothing_left();
}

#[test]
fn a_sheet_that_cannot_be_judged_denies_with_line_and_column() {
    let spoil = |s: Sheet| s.with("census_complete: true", "census_complete: perhaps");
    assert_refused(3, "line 18", spoil, &[]);
}

#[test]
fn a_fresh_sheet_is_refused_until_it_is_filled() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let fresh = finish(obscura().args(["sheet", "new"]).arg(&clip)).expect(0);
    let sheet = bench.path("fresh.yaml");
    std::fs::write(&sheet, &fresh.stdout).unwrap();
    assert!(fresh.stdout.contains(&obscura_tests::sheet::digest(&clip)));
    finish(obscura().args(["sheet", "check"]).arg(&sheet)).refused(3, &["line", "recording.id"]);
}

#[test]
fn the_published_cases_are_decided_exactly() {
    let Some(data) = media::test_data("the_published_cases_are_decided_exactly") else { return };
    let cases = data.join("policy/cases.yaml");
    let decided = finish(obscura().args(["policy", "eval"]).arg(&cases).arg("--json")).expect(0).json();
    let decided = decided.as_array().unwrap();
    assert_eq!(decided.len(), 54);
    let lines = finish(obscura().args(["policy", "eval"]).arg(&cases)).expect(0).stdout;
    assert_eq!(lines.lines().count(), 54, "a line for each case, for people");
    assert!(
        lines.contains("V02: deny, R02-STAGE\n") && lines.starts_with("V01: permit until 2026-"),
        "{lines}"
    );
    assert!(
        decided.iter().any(|d| d["outcome"] == "permit") && decided.iter().any(|d| d["outcome"] == "deny")
    );
}
