//! Consent sheets.

use super::SHEET;
use crate::config::Config;
use crate::rules::{Facts, Instant, PolicyState, decide};
use crate::sheet::{Blank, Found, MAX_FAULTS, Sheet, blanks, faults, template};
use obscura_core::model::Sha256Digest;

fn digest(text: &str) -> Sha256Digest {
    text.parse().unwrap()
}

fn facts(source_sha256: Sha256Digest) -> Facts {
    let request = r"{action: produce_derivative, actor: a, role: reviewer, purpose: TRAIN, audience: plenary,
        modality: video, technique: {faces: all, voice: removed, metadata: stripped}, encrypted: true,
        dest_storage: approved_store}";
    let now = Instant::parse("2026-05-04T10:00:00Z").unwrap();
    Sheet::parse(SHEET).unwrap().to_facts(Found {
        now,
        last_audit_at: now,
        policy: PolicyState { loaded: true, signature_ok: true },
        source_sha256,
        request: crate::sheet::yaml::from_str(request, 1000).unwrap(),
        derivative: None,
    })
}

#[test]
fn a_sheet_and_its_file_permit() {
    let same = digest("00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff");
    let decision = decide(&facts(same), &Config::default());
    assert!(decision.is_permit(), "{decision:?}");
}

#[test]
fn another_file_does_not() {
    let other = digest("10112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff");
    assert_eq!(decide(&facts(other), &Config::default()).rule_ids(), ["R32-INTEGRITY"]);
}

/// Line, column and path of the error after one change.
fn place(from: &str, to: &str) -> (usize, usize, String) {
    let changed = SHEET.replacen(from, to, 1);
    assert_ne!(changed, SHEET);
    let error = Sheet::parse_for(&changed, &Config::default()).unwrap_err();
    assert!(!error.what.is_empty());
    (error.line, error.column, error.path)
}

#[test]
fn errors_name_line_column_and_path() {
    let at = |line, column, path: &str| (line, column, path.to_owned());
    assert_eq!(place("state: active", "state: alive"), at(4, 10, "recording.state"));
    assert_eq!(place("  label:", "  lable:"), at(9, 3, "recording.lable"));
    assert_eq!(place("  legal_hold: false\n", ""), at(2, 3, "recording.legal_hold"));
    assert_eq!(place("seq: 1", "seq: '1'"), at(32, 8, "consents[0].seq"));
    assert_eq!(place("[TRAIN]", "[TRAIN, 7]"), at(25, 21, "consents[0].purposes[1]"));
    assert_eq!(place("max_audience: plenary", "max_audience: all"), at(26, 17, "consents[0].max_audience"));
    assert_eq!(
        place("expires_at: \"2027-04-01T00:00:00Z\"", "expires_at: null"),
        at(31, 15, "consents[0].expires_at")
    );
    assert_eq!(place("isa: []", "isa: []\nnow: \"2026-05-04T10:00:00Z\""), at(38, 1, "now"));
    assert_eq!(place("isa: []", "isa:"), at(37, 4, "isa"));
    assert_eq!(place("00112233", "0x112233"), at(3, 11, "recording.sha256"));
}

#[test]
fn scalars_are_never_turned_into_text() {
    for word in [
        "7", "true", "no", "0x1F", "012", "1.5", "1e3", "~", "null", "12:30", "1_000", ".inf", "!!str7 x",
        "[a]", "{a: b}", "!x pat",
    ] {
        let changed = SHEET.replacen("{id: pat,", &format!("{{id: {word},"), 1);
        assert_eq!(Sheet::parse(&changed).unwrap_err().path, "subjects[0].id", "{word}");
    }
    for word in ["\"7\"", "'no'", "!!str 7", "7a", "1-2", "00e", "y", "v1.5", "2026-01-01"] {
        let changed = SHEET.replacen("{id: pat,", &format!("{{id: {word},"), 1);
        assert!(Sheet::parse(&changed).is_ok(), "{word}");
    }
    for word in ["'true'", "yes", "1", "null", "TRUE1"] {
        assert!(
            Sheet::parse(&SHEET.replacen("restricted: false", &format!("restricted: {word}"), 1)).is_err(),
            "{word}"
        );
    }
}

#[test]
fn a_list_is_no_mapping() {
    let device = "{asset: CAM-1, owner: u-owner, personal: false, clock_checked_at: null}";
    let by_position = SHEET.replacen(device, "[CAM-1, u-owner, false, null]", 1);
    let error = Sheet::parse(&by_position).unwrap_err();
    assert_eq!((error.path.as_str(), error.line), ("recording.device", 8));
    assert_eq!(Sheet::parse("[]").unwrap_err().path, "");
}

#[test]
fn null_and_absent_mean_the_same_where_absence_is_meant() {
    for line in ["  retention_until: \"2026-12-31T00:00:00Z\"\n", "  pal_entry: PAL-1\n", "  label: bay-4\n"]
    {
        let key = line.split(':').next().unwrap();
        let (absent, null) =
            (SHEET.replacen(line, "", 1), SHEET.replacen(line, &format!("{key}: null\n"), 1));
        assert_eq!(Sheet::parse(&absent).unwrap(), Sheet::parse(&null).unwrap(), "{line}");
    }
}

#[test]
fn the_template_is_refused_at_its_first_blank() {
    let mut text = template(digest(&"ab".repeat(32)), None);
    assert!(text.contains(&"ab".repeat(32)));
    let error = Sheet::parse(&text).unwrap_err();
    assert_eq!(error.path, "recording.id");
    assert_eq!(text.lines().nth(error.line - 1).unwrap().trim(), "id:");
    // Filling one blank after the other leads to a sheet, and each step names the next.
    let fill = [
        ("recording.id", "rec-a"),
        ("recording.state", "active"),
        ("recording.captured_at", "2026-04-01T08:00:00Z"),
        ("recording.device.personal", "false"),
        ("recording.restricted", "false"),
        ("recording.legal_hold", "false"),
        ("recording.intimate", "false"),
        ("recording.vulnerable_meeting", "false"),
        ("recording.census_complete", "true"),
        ("recording.unresolved_tracks", "0"),
        ("subjects[0].id", "p"),
        ("subjects[0].kind", "staff"),
        ("subjects[0].capacity", "true"),
        ("consents[0].id", "c"),
        ("consents[0].subject", "p"),
        ("consents[0].recording", "rec-a"),
        ("consents[0].stage", "before_use"),
        ("consents[0].decision", "permit"),
        ("consents[0].purposes", "[TRAIN]"),
        ("consents[0].max_audience", "plenary"),
        ("consents[0].by", "p"),
        ("consents[0].authority", "self"),
        ("consents[0].recorded_at", "2026-04-01T08:00:00Z"),
        ("consents[0].valid_from", "2026-04-01T08:00:00Z"),
        ("consents[0].expires_at", "2027-04-01T08:00:00Z"),
        ("consents[0].seq", "1"),
    ];
    for (path, value) in fill {
        let error = Sheet::parse(&text).unwrap_err();
        assert_eq!(error.path, path);
        assert!(error.what.contains("this is blank"), "{error}");
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[error.line - 1] += &[" ", value].concat();
        text = lines.join("\n");
    }
    Sheet::parse(&text).unwrap();
    // What is left may be needed by a use, and is named.
    let left = blanks(&text).unwrap();
    let paths: Vec<&str> = left.iter().map(|blank| blank.path.as_str()).collect();
    assert!(paths.contains(&"recording.retention_until") && paths.contains(&"subjects[0].dob"), "{paths:?}");
    assert!(!paths.contains(&"recording.id"), "{paths:?}");
    let line = |blank: &Blank| text.lines().nth(blank.line - 1).unwrap().trim().to_owned();
    let key = |blank: &Blank| format!("{}:", blank.path.rsplit('.').next().unwrap());
    assert!(left.iter().all(|blank| line(blank).ends_with(&key(blank))), "{left:?}");
}

#[test]
fn the_template_takes_a_known_capture_time() {
    let text = template(Sha256Digest::of(b""), Some(Instant::parse("2026-04-01T08:00:00Z").unwrap()));
    assert!(text.contains("\n  captured_at: \"2026-04-01T08:00:00Z\"\n"));
}

#[test]
fn a_sheet_has_a_size() {
    let padded = format!("{SHEET}#{}", "x".repeat(5 << 20));
    assert_eq!((Sheet::parse(&padded).unwrap_err().line, Sheet::parse(&padded).unwrap_err().column), (1, 1));
}

/// Line and path of every fault after these changes.
fn all_faults(changes: &[(&str, &str)]) -> Vec<(usize, String)> {
    let changed = changes.iter().fold(SHEET.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?}");
        text.replacen(from, to, 1)
    });
    let all = faults(&changed, &Config::default());
    all.into_iter().map(|fault| (fault.line, fault.path)).collect()
}

#[test]
fn all_faults_are_named_in_one_go() {
    assert_eq!(all_faults(&[]), []);
    let changes = [
        ("state: active", "state: alive"),
        ("2026-12-31T00", "2026-13-31T00"),
        ("personal: false", "personal: no"),
        ("  legal_hold: false\n", ""),
        ("capacity: true", "capacity: true, colour: red, colour: blue"),
        ("[TRAIN]", "[TRAIN, 7]"),
        ("max_audience: plenary", "max_audience: all"),
        ("seq: 1", "seq: '1'"),
        ("isa: []", "isa: {}"),
        ("approvals: []", "approvals: [x]"),
    ];
    let found = all_faults(&changes);
    let expected = [
        (4, "recording.state"),
        (6, "recording.retention_until"),
        (8, "recording.device.personal"),
        (2, "recording.legal_hold"),
        (17, "subjects[0].colour"),
        (17, "subjects[0].colour"),
        (24, "consents[0].purposes[1]"),
        (31, "consents[0].seq"),
        (33, "approvals[0]"),
        (36, "isa"),
        (25, "consents[0].max_audience"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(line, path)| (line, path.to_owned())).collect();
    assert_eq!(found, expected);
    // The first one is the one that a reader is told who stops there.
    assert_eq!(all_faults(&changes[1..2]), expected[1..2]);
}

#[test]
fn faults_are_bounded_and_what_is_no_yaml_has_one() {
    let fresh = template(Sha256Digest::of(b""), None);
    let blank = faults(&fresh, &Config::default());
    assert_eq!(blank.len(), MAX_FAULTS);
    let lines: std::collections::BTreeSet<_> = blank.iter().map(|fault| fault.line).collect();
    assert_eq!(lines.len(), MAX_FAULTS, "each is another blank");
    assert_eq!(faults("recording: [", &Config::default()).len(), 1);
    assert_eq!(faults("[]", &Config::default()).len(), 1);
    assert_eq!(faults(&SHEET.replace("id: pat,", "id: !x pat,"), &Config::default()).len(), 1);
}

/// A slip in a refusal must not put it out of effect.
#[test]
fn a_refusal_that_would_be_overlooked_denies() {
    let config = Config::default();
    let row = |recording: &str, decision: &str, at: &str, seq: u32| {
        format!(
            "- id: c9\n  subject: pat\n  recording: {recording}\n  stage: before_recording\n  decision: {decision}\n  \
             purposes: [TRAIN]\n  max_audience: plenary\n  by: pat\n  authority: self\n  recorded_at: \"{at}\"\n  \
             valid_from: \"{at}\"\n  expires_at: \"2027-04-01T00:00:00Z\"\n  seq: {seq}\n  evidence: form-9\napprovals: []\n"
        )
    };
    let fault = |row: String| {
        Sheet::parse_for(&SHEET.replace("approvals: []\n", &row), &config).err().map(|error| error.path)
    };
    let later = "2026-05-01T00:00:00Z";
    assert_eq!(fault(row("rec-a", "withdraw", later, 2)), None, "the rules judge it");
    assert_eq!(fault(row("rec-tset", "withdraw", later, 2)), Some("consents[1].recording".to_owned()));
    assert_eq!(fault(row("rec-a", "refuse", later, 0)), Some("consents[1].seq".to_owned()));
    assert_eq!(fault(row("rec-a", "refuse", "2026-03-01T00:00:00Z", 0)), None, "the permit came later");
    assert_eq!(fault(row("rec-b", "permit", later, 2)), None, "a permit for another one counts for nothing");
}
