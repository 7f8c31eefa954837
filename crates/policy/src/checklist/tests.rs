//! No line passes without evidence, and each answer can be reached.

use std::sync::LazyLock;

use super::{
    Attestation, Evidence, Line, ReceiptFacts, ReceiptOnFile, Status, answer, parse_attestations, to_html,
};
use crate::config::Config;
use crate::dsse::Envelope;
use crate::keys::{PublicKey, Signer};
use crate::receipt::PAYLOAD_TYPE;
use crate::rules::Instant;
use crate::sheet::Sheet;

/// The sheet of the readers' tests, with a clock that was checked and an agreement.
static SHEET: LazyLock<String> = LazyLock::new(|| {
    let agreement = r#"isa: [{recipient: uni, purposes: [HRESCH], from: "2026-01-01T00:00:00Z", until: "2027-01-01T00:00:00Z"}]"#;
    let checked = r#"clock_checked_at: "2026-04-01T00:00:00Z""#;
    crate::sheet::tests::SHEET.replace("clock_checked_at: null", checked).replace("isa: []", agreement)
});

const RECEIPT: &str = r#"{"format": "obscura-receipt/1", "self_check": {"residual_faces": []}, "obligations": [
  {"obligation": "blur_faces:all", "status": "met"}, {"obligation": "voice:modulated", "status": "met"},
  {"obligation": "strip_metadata", "status": "met"}, {"obligation": "human_review", "status": "pending"}]}"#;

fn now() -> Instant {
    Instant::parse("2026-05-04T10:00:00Z").unwrap()
}

fn lines(evidence: &Evidence) -> Vec<Line> {
    answer(evidence, &Config::default(), now())
}

fn status(evidence: &Evidence, id: &str) -> Status {
    lines(evidence).into_iter().find(|line| line.id == id).unwrap().status
}

fn with_sheet(from: &str, to: &str) -> Evidence {
    let changed = SHEET.replacen(from, to, 1);
    assert_ne!(changed, *SHEET);
    Evidence {
        sheets: vec![Sheet::parse(&SHEET).unwrap(), Sheet::parse(&changed).unwrap()],
        ..Evidence::default()
    }
}

fn receipt(text: &str) -> ReceiptFacts {
    ReceiptFacts::of(&serde_json::from_str(text).unwrap(), true).unwrap()
}

fn full() -> Evidence {
    let receipts = vec![receipt(RECEIPT)];
    Evidence { sheets: vec![Sheet::parse(&SHEET).unwrap()], receipts, ..Evidence::default() }
}

#[test]
fn nothing_on_file_passes_nothing() {
    let lines = lines(&Evidence::default());
    assert_eq!(lines.len(), 16);
    assert!(lines.iter().all(|line| line.status == Status::NotEvidenced && !line.evidence.is_empty()));
}

#[test]
fn evidence_passes_and_words_attest() {
    let lines = lines(&full());
    let of = |status: Status| {
        lines.iter().filter(|line| line.status == status).map(|line| line.id).collect::<Vec<_>>()
    };
    let pass = [
        "log_entry",
        "retention",
        "minimisation",
        "assets",
        "owner",
        "clock_checks",
        "consent_with_record",
        "sharing_agreements",
    ];
    assert_eq!(of(Status::Pass), pass);
    assert_eq!(of(Status::Attested), ["personal_devices"]);
    assert!(of(Status::Fail).is_empty());
    // The review is still to come, so the quality is not shown.
    assert!(of(Status::NotEvidenced).contains(&"quality"));
}

#[test]
fn one_gap_takes_the_pass_away_and_one_contradiction_fails() {
    assert_eq!(status(&with_sheet("  pal_entry: PAL-1\n", ""), "log_entry"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("PAL-1", "' '"), "log_entry"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("2026-12-31", "2026-05-01"), "retention"), Status::Fail);
    assert_eq!(status(&with_sheet("2026-12-31", "2026-05-01"), "destruction"), Status::Fail);
    assert_eq!(status(&with_sheet("2026-04-01T00", "2024-04-01T00"), "clock_checks"), Status::Fail);
    assert_eq!(
        status(&with_sheet("linked_record: true", "linked_record: false"), "consent_with_record"),
        Status::Fail
    );
    assert_eq!(status(&with_sheet("  evidence: form-1\n", ""), "consent_with_record"), Status::NotEvidenced);
    assert_eq!(status(&with_sheet("2027-01-01", "2026-05-01"), "sharing_agreements"), Status::Fail);
    assert_eq!(status(&with_sheet("personal: false", "personal: true"), "personal_devices"), Status::Fail);
    let approval = r#"approvals: [{scope: personal_device, role: dpo, by: d, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z", rationale: r}]"#;
    let text = SHEET.replace("personal: false", "personal: true").replace("approvals: []", approval);
    let approved = Evidence { sheets: vec![Sheet::parse(&text).unwrap()], ..Evidence::default() };
    assert_eq!(status(&approved, "personal_devices"), Status::Pass);
    let gone = SHEET.replace("2026-12-31", "2026-05-01").replace("state: active", "state: destroyed");
    let gone = Evidence { sheets: vec![Sheet::parse(&gone).unwrap()], ..Evidence::default() };
    assert_eq!(status(&gone, "destruction"), Status::Attested);
}

#[test]
fn a_receipt_counts_only_with_a_signature_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::read_or_make(&folder.path().join("key")).unwrap();
    let keys = [signer.public()];
    let path = folder.path().join("out.mp4.receipt.json");
    let read = |bytes: &[u8], keys: &[PublicKey]| {
        std::fs::write(&path, bytes).unwrap();
        ReceiptOnFile::read(&path, keys, None)
    };
    let statement = format!(
        r#"{{"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://obscura.invalid/receipt/v2",
        "subject": [{{"name": "output", "digest": {{"sha256": "{}"}}}}], "predicate": {}}}"#,
        "ab".repeat(32),
        RECEIPT.replace("pending", "met")
    );
    let sealed = Envelope::seal(PAYLOAD_TYPE, statement.as_bytes(), &signer).to_json().unwrap();
    let Ok(ReceiptOnFile::Verified(good)) = read(&sealed, &keys) else { panic!("it is signed") };
    let evidence = Evidence { receipts: vec![good.clone()], ..Evidence::default() };
    assert_eq!(status(&evidence, "quality"), Status::Pass);
    // Nobody trusted, something else signed, not signed at all: it shows nothing, and that is said.
    let other = Envelope::seal("text/plain", statement.as_bytes(), &signer).to_json().unwrap();
    for (bytes, keys) in [(&sealed[..], &[][..]), (&other, &keys), (RECEIPT.as_bytes(), &keys)] {
        let Ok(ReceiptOnFile::Unverified(why)) = read(bytes, keys) else { panic!("it cannot be verified") };
        let evidence =
            Evidence { receipts: vec![good.clone()], unverified_receipts: vec![why], ..Evidence::default() };
        for id in ["quality", "minimisation"] {
            let line = lines(&evidence).into_iter().find(|line| line.id == id).unwrap();
            assert_eq!(line.status, Status::NotEvidenced);
            assert!(line.evidence.contains("1 cannot be verified"), "{}", line.evidence);
        }
    }
    // With the derivative beside it, that must be the one that was signed for.
    std::fs::write(folder.path().join("out.mp4"), "another file").unwrap();
    let Ok(ReceiptOnFile::Unverified(why)) = read(&sealed, &keys) else { panic!("it is for another file") };
    assert!(why.contains("not the file"), "{why}");
    for text in ["", "[]", "{}"] {
        assert!(read(text.as_bytes(), &keys).is_err(), "{text}");
    }
}

#[test]
fn a_readable_face_fails_the_line() {
    let leak = receipt(&RECEIPT.replace("\"residual_faces\": []", "\"residual_faces\": [1]"));
    let evidence = Evidence { receipts: vec![receipt(RECEIPT), leak], ..Evidence::default() };
    assert_eq!(status(&evidence, "quality"), Status::Fail);
    assert!(ReceiptFacts::of(&serde_json::json!({}), true).is_none());
}

#[test]
fn a_statement_fills_a_gap_and_outweighs_nothing() {
    let text = r#"attestations:
- {line: awareness, role: dpo, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z"}
- {line: sign_out, role: dpo, at: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z"}
- {line: retention, role: dpo, at: "2026-05-01T00:00:00Z", until: "2026-06-01T00:00:00Z"}
"#;
    let attestations: Vec<Attestation> = parse_attestations(text).unwrap();
    let evidence = Evidence { attestations, ..with_sheet("2026-12-31", "2026-05-01") };
    assert_eq!(status(&evidence, "awareness"), Status::Attested);
    assert_eq!(status(&evidence, "sign_out"), Status::NotEvidenced);
    assert_eq!(status(&evidence, "retention"), Status::Fail);
    assert_eq!(
        parse_attestations(&text.replace("awareness", "weather")).unwrap_err().path,
        "attestations[0].line"
    );
}

#[test]
fn no_output_names_anybody() {
    let lines = lines(&full());
    let outputs = [to_html(&lines, now()), serde_json::to_string(&lines).unwrap()];
    for word in ["pat\"", "u-owner", "PAL-1", "CAM-1", "rec-a", "form-1", "uni\""] {
        assert!(outputs.iter().all(|output| !output.contains(word)), "{word}");
    }
    assert!(outputs[0].contains("not evidenced") && outputs[1].contains("\"status\":\"not evidenced\""));
}
