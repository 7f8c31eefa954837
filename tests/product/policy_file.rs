//! The signed policy: what an unsigned change does, how it is checked and signed, and what its settings change.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use obscura_tests::run::finish;
use obscura_tests::{Bench, Run, Sheet};

fn clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.2 -an -c:v libx264 -preset ultrafast")
}

fn check(bench: &Bench, sheet: &Sheet, clip: &std::path::Path) -> Run {
    let mut command = bench.obscura();
    command.arg("check").arg(clip).arg("--sheet").arg(bench.write_sheet(sheet));
    finish(command.args(["--purpose", "HQUALIMP"]))
}

/// `check` was asked for reasons: they are data.
#[track_caller]
fn assert_reason(run: Run, code: i32, rule: &str) {
    let run = run.refused(code, &[]);
    assert!(run.stdout.contains(rule), "{}", run.stdout);
}

fn file(bench: &Bench) -> PathBuf {
    bench.state().join("policy.toml")
}

fn change(bench: &Bench, from: &str, to: &str) {
    let text = fs::read_to_string(file(bench)).unwrap();
    assert!(text.contains(from), "{from:?} is not in the policy");
    fs::write(file(bench), text.replace(from, to)).unwrap();
}

fn sign(bench: &Bench) -> Run {
    finish(bench.obscura().args(["policy", "check"]).arg(file(bench)))
}

#[test]
fn the_first_use_says_so_and_the_folder_is_its_owners_alone() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let permitting = Sheet::permitting(&clip);
    let first = check(&bench, &permitting, &clip).expect(0);
    assert!(first.stderr.contains("first use"), "{}", first.stderr);
    assert!(!check(&bench, &permitting, &clip).expect(0).stderr.contains("first use"));
    let mode = |name: &str| fs::metadata(bench.state().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("signing-key.pem"), mode("policy.toml")), (0o700, 0o600, 0o600));
    // The flag goes before the variable.
    let other = bench.path("other-state");
    let mut command = bench.obscura();
    command.arg("--state").arg(&other).arg("check").arg(&clip).arg("--sheet").arg(bench.path("sheet.yaml"));
    assert!(finish(command.args(["--purpose", "HQUALIMP"])).expect(0).stderr.contains("first use"));
    assert!(other.join("ready").is_file());
}

#[test]
fn a_changed_policy_allows_nothing_until_it_is_signed() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let permitting = Sheet::permitting(&clip);
    check(&bench, &permitting, &clip).expect(0);
    change(&bench, "plenary = 2", "plenary = 3");
    let denied = bench.redact(&clip, &[]).refused(3, &["R00-POLICY", "obscura policy check"]);
    assert!(!denied.stderr.contains("R23"));
    bench.assert_nothing_left();
    let dry = finish(bench.obscura().args(["policy", "check", "--dry-run"]).arg(file(&bench))).expect(0);
    assert_eq!(dry.stdout, "~ audience_rank.plenary: 2 -> 3\n");
    assert_reason(check(&bench, &permitting, &clip), 3, "R00-POLICY");
    assert_eq!(sign(&bench).expect(0).stdout, "~ audience_rank.plenary: 2 -> 3\n");
    check(&bench, &permitting, &clip).expect(0);
    assert_eq!(bench.log().last().unwrap()["event"], "policy_installed");
    let entries = bench.log().len();
    assert!(sign(&bench).expect(0).stderr.contains("in force already"));
    assert_eq!(bench.log().len(), entries, "nothing happened, nothing is written down");
}

#[test]
fn a_faulty_policy_is_refused_with_line_and_column() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let permitting = Sheet::permitting(&clip);
    check(&bench, &permitting, &clip).expect(0);
    change(&bench, "max_clock_skew_s = 300", "max_clock_skew_s = \"soon\"");
    sign(&bench).refused(2, &["line 9", "column 20"]);
    assert_reason(check(&bench, &permitting, &clip), 3, "R00-POLICY");
}

#[test]
fn a_listed_store_is_the_only_place_for_results() {
    let bench = Bench::new();
    let clip = clip(&bench);
    check(&bench, &Sheet::permitting(&clip), &clip).expect(0);
    let store = bench.path("store");
    fs::create_dir(&store).unwrap();
    change(&bench, "approved_stores = []", &format!("approved_stores = [\"{}\"]", store.display()));
    sign(&bench).expect(0);
    let folder = store.to_str().unwrap();
    bench.redact(&clip, &[]).refused(3, &["R20-STORAGE", folder]);
    let judged = check(&bench, &Sheet::permitting(&clip), &clip).expect(0);
    assert!(judged.stderr.contains(folder), "{}", judged.stderr);
    let listed = format!("approved_stores = [\"{}\"]", store.display());
    change(&bench, &listed, &listed.replace("/store\"", "/out\""));
    sign(&bench).expect(0);
    bench.redact(&clip, &[]).expect(0);
    assert_eq!(bench.receipt()["decision"]["storage"], "listed");
}

#[test]
fn local_titles_and_the_length_of_retention_count() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let pending = Sheet::permitting(&clip).with("vulnerable_meeting: false", "vulnerable_meeting: true").with(
        "approvals: []",
        "approvals:\n- scope: staff_meeting\n  role: head_of_privacy\n  by: u-dpo\n  at: '2026-11-01T00:00:00Z'\n  \
         until: '2099-01-01T00:00:00Z'\n  rationale: agreed with the staff council",
    );
    assert_reason(check(&bench, &pending, &clip), 4, "R34-STAFF-POWER");
    change(&bench, "dpo = [\"dpo\"]", "dpo = [\"head_of_privacy\"]");
    change(&bench, "# derivative_max_days = 1095", "derivative_max_days = 30");
    sign(&bench).expect(0);
    finish(&mut bench.command(&clip, &pending, &[])).expect(0);
    let receipt = bench.receipt();
    let expires = receipt["decision"]["expires_at"].as_str().unwrap();
    assert!(expires < "2098", "30 days after the decision, not with the consent: {expires}");
}

const SITE_RULES: &str = "
[extra]
cedar = '''
@id(\"no-small-groups\") @why(\"Small groups meet elsewhere.\")
forbid (principal, action, resource) when { context.audience == \"small_group\" };
@id(\"second-look\") @obligation(\"human_review:second_look\")
forbid (principal, action, resource) when { context.people.patient > 0 };
'''
";

fn append_rules(bench: &Bench, rules: &str) {
    let text = fs::read_to_string(file(bench)).unwrap();
    fs::write(file(bench), text + rules).unwrap();
}

#[test]
fn rules_of_a_site_are_judged_or_nothing_is_allowed() {
    let bench = Bench::new();
    let clip = clip(&bench);
    let permitting = Sheet::permitting(&clip);
    check(&bench, &permitting, &clip).expect(0);
    append_rules(&bench, SITE_RULES);
    assert_reason(check(&bench, &permitting, &clip), 3, "R00-POLICY");
    if !cfg!(feature = "cedar") {
        sign(&bench).refused(2, &["extra.cedar", "built without Cedar"]);
        // Never signed, never in force.
        bench.redact(&clip, &[]).refused(3, &["R00-POLICY"]);
        bench.assert_nothing_left();
        return;
    }
    let shown = sign(&bench).expect(0).stdout;
    assert!(shown.contains("+ extra.cedar: @id(\"second-look\")"), "{shown}");
    let denied = bench
        .redact(&clip, &["--audience", "small_group"])
        .refused(3, &["X-no-small-groups", "Small groups meet"]);
    assert!(!denied.stderr.contains("R23"), "{}", denied.stderr);
    bench.assert_nothing_left();
    assert_eq!(bench.log().last().unwrap()["rules"], serde_json::json!(["X-no-small-groups"]));
    bench.redact(&clip, &[]).expect(0);
    let receipt = bench.receipt();
    let added = receipt["obligations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["obligation"] == "human_review:second_look");
    assert_eq!(added.unwrap()["status"], "pending");
    change(
        &bench,
        "forbid (principal, action, resource) when { context.people",
        "permit (principal, action, resource) when { context.people",
    );
    sign(&bench).refused(2, &["extra.cedar", "only `forbid`", "line "]);
}
