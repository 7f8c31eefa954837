//! Sheets and requests that the gate cannot judge, or denies for more than one reason.
#![allow(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use std::path::PathBuf;

use obscura_tests::run::{finish, obscura};
use obscura_tests::{Bench, Run, Sheet};

fn short_clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.3 -c:v libx264 -preset ultrafast")
}

/// Redacts under a sheet changed by `change`.
fn under(change: impl Fn(Sheet) -> Sheet, extra: &[&str]) -> (Bench, Run) {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let run = finish(&mut bench.command(&clip, &change(Sheet::permitting(&clip)), extra));
    (bench, run)
}

#[test]
fn the_json_on_standard_output_is_the_receipt() {
    let (bench, run) = under(|sheet| sheet, &["--json"]);
    assert_eq!(run.expect(0).json(), bench.receipt());
}

#[test]
fn broken_yaml_says_where() {
    let (bench, run) = under(|sheet| sheet.with("decision: permit", "decision: [perhaps"), &[]);
    run.refused(3, &["line ", "column "]);
    bench.assert_nothing_left();
}

#[test]
fn an_unknown_key_says_where() {
    let (bench, run) =
        under(|sheet| sheet.with("legal_hold: false", "legal_hold: false\n  nickname: x"), &[]);
    run.refused(3, &["line ", "nickname"]);
    bench.assert_nothing_left();
}

#[test]
fn a_sheet_that_is_not_there() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let mut command = bench.command(&clip, &Sheet::permitting(&clip), &[]);
    std::fs::remove_file(bench.path("sheet.yaml")).unwrap();
    finish(&mut command).refused(2, &["sheet"]);
    bench.assert_nothing_left();
}

#[test]
fn one_incurable_reason_makes_it_a_denial_and_all_are_named() {
    let change = |sheet: Sheet| {
        sheet.with("intimate: false", "intimate: true").with("restricted: false", "restricted: true")
    };
    let (bench, run) = under(change, &[]);
    run.refused(3, &["R14-INTIMATE", "R11-RESTRICTED"]);
    bench.assert_nothing_left();
}

#[test]
fn an_unknown_purpose() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let mut command = obscura();
    command.arg("redact").arg(&clip).arg("--sheet").arg(sheet).args(["--purpose", "CURIOSITY", "-o"]);
    finish(command.arg(bench.output())).refused(3, &["R05-PURPOSE-UNKNOWN"]);
    bench.assert_nothing_left();
}
