//! The audit log: what a denied, a pending and a permitted run leave in it, and how every change to it is found.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use obscura_tests::run::finish;
use obscura_tests::{Bench, Run, Sheet, sheet};
use serde_json::Value;

fn clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.2 -an -c:v libx264 -preset ultrafast")
}

fn audit(bench: &Bench, extra: &[&str]) -> Run {
    finish(bench.obscura().args(["audit", "verify"]).args(extra))
}

fn events(log: &[Value]) -> Vec<&str> {
    log.iter().map(|entry| entry["event"].as_str().unwrap()).collect()
}

fn denied(bench: &Bench, clip: &std::path::Path) {
    let refusing = Sheet::permitting(clip).with("decision: permit", "decision: refuse");
    finish(&mut bench.command(clip, &refusing, &[])).refused(3, &["R03-REFUSED"]);
}

fn log_file(bench: &Bench) -> PathBuf {
    bench.state().join("audit/log.jsonl")
}

fn lines(bench: &Bench) -> Vec<String> {
    fs::read_to_string(log_file(bench)).unwrap().lines().map(str::to_owned).collect()
}

fn write(bench: &Bench, lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(log_file(bench), text).unwrap();
}

/// A bench whose log has the first entry and `denials` more, and its clip.
fn with_denials(denials: usize) -> (Bench, PathBuf) {
    let bench = Bench::new();
    let clip = clip(&bench);
    (0..denials).for_each(|_| denied(&bench, &clip));
    (bench, clip)
}

#[test]
fn every_run_is_in_the_log_without_anyones_name() {
    let bench = Bench::new();
    let clip = clip(&bench);
    denied(&bench, &clip);
    let pending = Sheet::permitting(&clip).with("intimate: false", "intimate: true");
    finish(&mut bench.command(&clip, &pending, &["--actor", "u-7731"])).refused(4, &["R14-INTIMATE"]);
    bench.assert_nothing_left();
    let broken = Sheet::permitting(&clip).with("decision: permit", "decision: perhaps");
    finish(&mut bench.command(&clip, &broken, &[])).refused(3, &["line"]);
    bench.redact(&clip, &[]).expect(0);

    let log = bench.log();
    let expected = ["log_started", "denied", "needs_approval", "sheet_refused", "permitted", "completed"];
    assert_eq!(events(&log), expected);
    assert_eq!(log[1]["rules"], serde_json::json!(["R03-REFUSED"]));
    assert_eq!(log[1]["subjects"].as_array().unwrap().len(), 1);
    assert_eq!(log[1]["subjects"], log[4]["subjects"], "the same person has the same reference");
    let receipt = bench.receipt();
    assert_eq!(receipt["log"]["entry"], 4);
    assert_eq!(receipt["decision"]["id"], log[4]["decision"]);
    assert_eq!(receipt["decision"]["policy_sha256"], sheet::digest(&bench.state().join("policy.toml")));
    assert_eq!(receipt["decision"]["storage"], "attested");
    assert_eq!(log[5]["permit"], 4);
    assert_eq!(log[5]["output_sha256"], sheet::digest(&bench.output()));
    assert_eq!(log[5]["receipt_sha256"], sheet::digest(&bench.receipt_file()));

    let text = lines(&bench).concat();
    for name in [sheet::SUBJECT, "u-7731", "rec-test", "u-owner", "form-1", "clip", "account-"] {
        assert!(!text.contains(name), "{name} is in the log");
    }
    assert!(audit(&bench, &[]).expect(0).stdout.contains("6 entries"));
}

#[test]
fn words_that_the_policy_does_not_know_are_not_written_down() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let mut command = bench.command(&clip, &Sheet::permitting(&clip), &["--role", "Jane Doe"]);
    finish(&mut command).refused(3, &["R25-ROLE"]);
    assert_eq!(bench.log()[1]["role"], "unlisted");
}

#[test]
fn a_log_that_was_cut_off_edited_or_reordered_is_found_and_allows_nothing() {
    let (bench, clip) = with_denials(3);
    let whole = lines(&bench);
    let cut = whole[..3].to_vec();
    let mut edited = whole.clone();
    edited[1] = edited[1].replace("\"denied\"", "\"permitted\"");
    let mut reordered = whole.clone();
    reordered.swap(1, 2);
    let mut added = whole.clone();
    added.push(whole[1].clone());
    for (changed, words) in [
        (cut, ["cut off", "entry 3"]),
        (edited, ["entry 1", "changed"]),
        (reordered, ["entry 1", "not in its place"]),
        (added, ["entry 4", "added"]),
    ] {
        write(&bench, &changed);
        audit(&bench, &[]).refused(6, &words);
        bench.redact(&clip, &[]).refused(3, &["audit log", words[0]]);
        bench.assert_nothing_left();
    }
    write(&bench, &whole);
    audit(&bench, &[]).expect(0);
}

#[test]
fn an_older_checkpoint_finds_a_log_that_was_rolled_back_or_forked() {
    let (bench, clip) = with_denials(1);
    let (early, kept) = (bench.path("early"), bench.path("kept"));
    let copy = |to: &std::path::Path| {
        fs::create_dir_all(to).unwrap();
        for name in ["log.jsonl", "checkpoint"] {
            fs::copy(bench.state().join("audit").join(name), to.join(name)).unwrap();
        }
    };
    copy(&early);
    denied(&bench, &clip);
    copy(&kept);
    let older = early.join("checkpoint");
    let newer = kept.join("checkpoint");
    let with = |path: &std::path::Path| audit(&bench, &["--checkpoint", path.to_str().unwrap()]);
    assert!(with(&older).expect(0).stdout.contains("checkpoint of 2 entries agrees"));
    // Back to the earlier state, log and checkpoint together: alone it is in order.
    for name in ["log.jsonl", "checkpoint"] {
        fs::copy(early.join(name), bench.state().join("audit").join(name)).unwrap();
    }
    audit(&bench, &[]).expect(0);
    with(&newer).refused(6, &["cut off", "entry 2"]);
    denied(&bench, &clip);
    with(&newer).refused(6, &["forked before entry 3"]);
    let export = finish(bench.obscura().args(["audit", "export"])).expect(0).stdout;
    fs::write(bench.path("export.json"), export).unwrap();
    with(&bench.path("export.json")).expect(0);
    // The same log under another key: somebody may have written all of it anew.
    let other = fs::read_to_string(with_denials(1).0.state().join("audit/checkpoint")).unwrap();
    fs::write(&newer, other).unwrap();
    with(&newer).refused(6, &["checkpoint", "believed"]);
    // Nothing is known about the log where another file was named by mistake.
    fs::write(&newer, "nothing\n1\nof the kind\n").unwrap();
    with(&newer).refused(2, &["no checkpoint", "audit/checkpoint"]);
}

#[test]
fn a_log_that_is_gone_is_missed() {
    let (bench, clip) = with_denials(1);
    fs::remove_dir_all(bench.state().join("audit")).unwrap();
    audit(&bench, &[]).refused(6, &["no audit log"]);
    bench.redact(&clip, &[]).refused(3, &["no audit log"]);
    bench.assert_nothing_left();
}

/// What a command says where somebody sits who gives an answer.
fn at_a_terminal(bench: &Bench, args: &str, answer: &str) -> String {
    let obscura = bench.obscura();
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command"]);
    command.arg(format!("{} {args}", obscura.get_program().display())).arg("/dev/null");
    command.envs(obscura.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_person_can_be_forgotten() {
    let (bench, clip) = with_denials(1);
    let before = bench.log()[1]["subjects"][0].clone();
    let asked = at_a_terminal(&bench, &format!("audit forget {}", sheet::SUBJECT), "subject-zq18\n");
    assert!(asked.contains("nothing was destroyed"), "{asked}");
    finish(bench.obscura().args(["audit", "forget", sheet::SUBJECT])).expect(0);
    finish(bench.obscura().args(["audit", "forget", sheet::SUBJECT])).refused(2, &["no key"]);
    denied(&bench, &clip);
    let log = bench.log();
    assert_eq!(events(&log), ["log_started", "denied", "subject_forgotten", "denied"]);
    assert_eq!(log[2]["subject"], before);
    assert_ne!(log[3]["subjects"][0], before, "who comes again is somebody else");
    audit(&bench, &[]).expect(0);
}
