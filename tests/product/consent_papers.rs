//! Consents from FHIR into a sheet, the reasons that `check` prints, and the checklist, through the binary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

use std::path::Path;

use obscura_tests::run::{finish, obscura};
use obscura_tests::sheet::SUBJECT;
use obscura_tests::{Bench, Sheet};
use serde_json::Value;

/// A FHIR R5 consent that was taken back.
const TAKEN_BACK: &str = r#"{"resourceType": "Consent", "id": "c", "status": "inactive", "decision": "deny",
  "subject": {"reference": "Patient/f001", "display": "P. van de Heuvel"}, "date": "2026-11-20T09:00:00Z"}"#;

fn sheet_of(bench: &Bench) -> std::path::PathBuf {
    let clip = bench.path("any.bin");
    std::fs::write(&clip, b"any").unwrap();
    bench.write_sheet(&Sheet::permitting(&clip))
}

#[test]
fn a_consent_from_fhir_becomes_a_row_without_a_name() {
    let bench = Bench::new();
    let sheet = sheet_of(&bench);
    let before = std::fs::read_to_string(&sheet).unwrap();
    let consent = bench.path("consent.json");
    std::fs::write(&consent, TAKEN_BACK).unwrap();
    let import = |subject: &str, more: &[&str]| {
        let mut command = obscura();
        command.args(["sheet", "import"]).arg(&consent).arg("--into").arg(&sheet);
        finish(command.args(["--subject", subject, "--stage", "before_use"]).args(more))
    };
    let person = format!("Patient/f001={SUBJECT}");
    import("Patient/other=x", &[]).refused(3, &["subject.reference", "--subject"]);
    import("no-pair", &[]).refused(2, &["REFERENCE=ID"]);
    let shown = import(&person, &["--dry-run"]).expect(0).stdout;
    assert_eq!(std::fs::read_to_string(&sheet).unwrap(), before);
    import(&person, &[]).expect(0);
    let after = std::fs::read_to_string(&sheet).unwrap();
    assert_eq!(after, shown);
    assert!(
        after.contains("decision: \"withdraw\"") && !after.contains("Heuvel") && !after.contains("Patient/")
    );
    finish(obscura().args(["sheet", "check"]).arg(&sheet)).expect(0);
    import(&person, &[]).refused(3, &["already"]);
    std::fs::write(&consent, TAKEN_BACK.replace("inactive", "draft")).unwrap();
    import(&person, &[]).refused(3, &["status"]);
    assert_eq!(std::fs::read_to_string(&sheet).unwrap(), after);
}

#[test]
fn check_says_who_why_and_what_to_do() {
    let bench = Bench::new();
    let clip = bench.make("clip.mp4", "-t 0.3 -i {media}/carphone.mp4 -c copy");
    let sheet = bench.write_sheet(&Sheet::permitting(&clip).with("decision: permit", "decision: refuse"));
    let check = |more: &[&str]| {
        let mut command = obscura();
        command.arg("check").arg(&clip).arg("--sheet").arg(&sheet).args(["--purpose", "TRAIN"]);
        finish(command.args(more)).expect(3)
    };
    let text = check(&[]).stdout;
    for words in [
        "R03-REFUSED",
        SUBJECT,
        "whom to ask: nobody",
        "offer instead: individual review",
        "leave the segment out",
        "rests on: ",
    ] {
        assert!(text.contains(words), "{words} is not in:\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    let reason = check(&["--json"]).json()["reasons"][0].clone();
    for key in ["rule", "subject", "why", "cure", "cured_by", "ask", "alternatives", "source"] {
        assert!(reason.get(key).is_some(), "{key}");
    }
}

#[test]
fn the_checklist_passes_nothing_without_evidence() {
    let checklist = |paths: &[&std::path::Path]| {
        let mut command = obscura();
        finish(command.args(["report", "checklist", "--json"]).args(paths)).expect(0).json()["lines"].clone()
    };
    let none = checklist(&[]);
    assert_eq!(none.as_array().unwrap().len(), 16);
    assert!(none.as_array().unwrap().iter().all(|line| line["status"] == "not evidenced"));
    let bench = Bench::new();
    let sheet = sheet_of(&bench);
    let some = checklist(&[&sheet]);
    let status = |id: &str| {
        some.as_array().unwrap().iter().find(|line| line["id"] == id).map(|line| line["status"].clone())
    };
    assert_eq!(status("log_entry"), Some(Value::from("pass")));
    assert_eq!(status("personal_devices"), Some(Value::from("attested")));
    assert_eq!(status("awareness"), Some(Value::from("not evidenced")));
    let page = bench.path("checklist.html");
    let run = finish(obscura().args(["report", "checklist"]).arg(&sheet).arg("--html").arg(&page)).expect(0);
    let html = std::fs::read_to_string(&page).unwrap();
    for text in [&run.stdout, &html] {
        assert!(
            text.contains("not evidenced") && !text.contains(SUBJECT) && !text.contains("PAL-TEST"),
            "{text}"
        );
    }
    // What is there stays there.
    let again = |name: &Path, more: &[&str]| {
        finish(obscura().args(["report", "checklist"]).arg(&sheet).arg("--html").arg(name).args(more))
    };
    let before = std::fs::read(&sheet).unwrap();
    again(&sheet, &["--overwrite"]).refused(2, &[".html"]);
    again(&page, &[]).refused(2, &["exists already", "--overwrite"]);
    again(&page, &["--overwrite"]).expect(0);
    assert_eq!(std::fs::read(&sheet).unwrap(), before);
    // A receipt that nobody signed shows nothing, and that is said.
    let unsigned = bench.path("unsigned.receipt.json");
    std::fs::write(&unsigned, r#"{"obligations": [], "self_check": {"residual_faces": []}}"#).unwrap();
    let run = finish(obscura().args(["report", "checklist", "--json"]).arg(&unsigned)).expect(0);
    assert!(run.stderr.contains("unsigned.receipt.json shows nothing"), "{}", run.stderr);
    assert_eq!(run.json()["receipts"], 0);
    let quality = run.json()["lines"][15].clone();
    assert_eq!(quality["status"], "not evidenced");
    assert!(quality["evidence"].as_str().unwrap().contains("1 cannot be verified"), "{quality}");
    let wrong = bench.path("wrong.json");
    std::fs::write(&wrong, "{}").unwrap();
    finish(obscura().args(["report", "checklist"]).arg(&wrong)).refused(2, &["wrong.json", "receipt"]);
}
