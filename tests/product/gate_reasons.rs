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

/// `obscura check` for teaching.
fn check(bench: &Bench, clip: &std::path::Path, sheet: &Sheet, more: &[&str]) -> Run {
    let sheet = bench.write_sheet(sheet);
    let mut command = bench.obscura();
    command.arg("check").arg(clip).arg("--sheet").arg(sheet).args(["--purpose", "TRAIN"]).args(more);
    finish(&mut command)
}

#[test]
fn every_fault_of_a_sheet_is_named_and_is_a_decision_in_json() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = Sheet::permitting(&clip)
        .with("state: active", "state: alive")
        .with("personal: false", "personal: no");
    let sheet = sheet.with("seq: 2", "seq: two");
    let paths = ["3 faults", "recording.state", "recording.device.personal", "consents[1].seq"];
    check(&bench, &clip, &sheet, &[]).refused(3, &paths);
    let decision = check(&bench, &clip, &sheet, &["--json"]).expect(3).json();
    assert_eq!(decision["outcome"], "deny");
    let rules: Vec<_> =
        decision["reasons"].as_array().unwrap().iter().map(|reason| &reason["rule"]).collect();
    assert_eq!(rules, ["R00-INPUT"; 3]);
}

#[test]
fn a_permit_says_until_when_and_its_obligations_in_words() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = Sheet::permitting(&clip);
    let text = check(&bench, &clip, &sheet, &[]).expect(0).stdout;
    assert!(
        text.starts_with("permitted until 20") && text.contains("blur_faces:all: Every face is hidden."),
        "{text}"
    );
    let permit = check(&bench, &clip, &sheet, &["--json"]).expect(0).json();
    assert_eq!(permit["outcome"], "permit");
    assert!(permit["valid_until"].as_str().unwrap().ends_with('Z'));
    let words = permit["obligations_in_words"].as_array().unwrap();
    assert_eq!(words.len(), permit["obligations"].as_array().unwrap().len());
    assert!(words.iter().all(|row| row["means"].as_str().unwrap().ends_with('.')));
    // Nothing was allowed by this, so the log has nothing new.
    assert_eq!(bench.log().len(), 1);
    finish(bench.obscura().args(["audit", "accept-clock"])).expect(0);
    assert_eq!(bench.log().len(), 1, "the clock is right, there is nothing to accept");
}

#[test]
fn a_voice_is_called_removed_only_where_there_is_none() {
    let bench = Bench::new();
    let clip = bench.make(
        "talk.mp4",
        "-i {media}/carphone.mp4 -f lavfi -i sine=300:d=0.5 -t 0.5 -map 0:v -map 1:a -c:v libx264 -preset ultrafast -c:a aac",
    );
    for (mode, wanted, tracks) in [("mute", "voice:modulated", 1), ("remove", "voice:removed", 0)] {
        bench.redact(&clip, &["--voice", mode, "--overwrite"]).expect(0);
        let receipt = bench.receipt();
        let rows = receipt["obligations"].as_array().unwrap().iter();
        let voices: Vec<_> =
            rows.filter(|row| row["obligation"].as_str().unwrap().starts_with("voice:")).collect();
        assert_eq!(voices.len(), 1, "{voices:?}");
        assert_eq!(
            (voices[0]["obligation"].as_str(), voices[0]["status"].as_str()),
            (Some(wanted), Some("met"))
        );
        assert_eq!(voices[0]["measured"]["sound_tracks"], tracks, "{mode}");
    }
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

/// What was mistyped is named with what was most likely meant. The rules know unknown purposes; no rule speaks of an
/// audience that does not exist.
#[test]
fn mistyped_words_are_named_with_what_was_meant() {
    let (bench, run) = under(|sheet| sheet, &["--audience", "plenery"]);
    run.refused(2, &["--audience", "did you mean plenary?", "individual, small_group, plenary, external"]);
    bench.assert_nothing_left();
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let ask = |purpose: &str| {
        finish(
            bench.obscura().arg("check").arg(&clip).arg("--sheet").arg(&sheet).args(["--purpose", purpose]),
        )
    };
    let run = ask("HQUALIP").refused(3, &["did you mean HQUALIMP?", "TREAT, HQUALIMP"]);
    assert!(run.stdout.contains("R05-PURPOSE-UNKNOWN"), "{}", run.stdout);
    let run = ask("MARKETING").refused(3, &["it lists TREAT"]);
    assert!(!run.stderr.contains("did you mean"), "{}", run.stderr);
}

#[test]
fn settings_that_would_do_nothing_are_refused() {
    for (extra, words) in [
        (&["--mute-with", "beep"][..], "--voice mute"),
        (&["--alarms", "resynth", "--voice", "remove"], "no sound"),
    ] {
        let (bench, run) = under(|sheet| sheet, extra);
        run.refused(2, &[words]);
        bench.assert_nothing_left();
    }
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let mut command = bench.obscura();
    command
        .arg("redact")
        .arg(&clip)
        .arg("--sheet")
        .arg(&sheet)
        .args(["--purpose", "HQUALIMP", "-o"])
        .arg(&clip);
    finish(&mut command).refused(2, &["the output is the recording itself"]);
}

#[test]
fn a_purpose_that_nobody_can_ask_for_is_named_by_the_check_of_a_sheet() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = Sheet::permitting(&clip).with("purposes: [HQUALIMP, TRAIN]", "purposes: [HQUALIMPP, TRAIN]");
    let run = finish(bench.obscura().args(["sheet", "check"]).arg(bench.write_sheet(&sheet))).expect(0);
    assert!(
        run.stderr.contains("consents[0].purposes") && run.stderr.contains("did you mean HQUALIMP?"),
        "{}",
        run.stderr
    );
}
