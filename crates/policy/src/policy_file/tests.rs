//! The policy file: its default, its faults with their places, its signature, and what it says about folders and roles.

use tempfile::TempDir;

use super::*;
use crate::keys::Signer;
use crate::rules::{Instant, PolicyState};

fn fault(from: &str, to: &str) -> InputError {
    let text = DEFAULT.replace(from, to);
    assert_ne!(text, DEFAULT, "{from:?} is not in the default");
    parse(&text).unwrap_err()
}

fn line_of(word: &str) -> usize {
    DEFAULT.lines().position(|line| line.starts_with(word)).unwrap() + 1
}

#[test]
fn the_default_file_is_the_built_in_configuration() {
    let (config, site) = parse(DEFAULT).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!((site.approved_stores.len(), site.derivative_max_days), (0, None));
}

#[test]
fn faults_name_line_and_column() {
    let error = fault("max_clock_skew_s = 300", "max_clock_skew_s = -1");
    assert_eq!((error.line, error.column), (line_of("max_clock_skew_s"), 20), "{error}");
    let error = fault("max_clock_skew_s = 300", "max_clock_scew_s = 300");
    assert_eq!((error.line, error.column), (line_of("max_clock_skew_s"), 1), "{error}");
    let error = fault("format = \"obscura-policy/1\"", "format = \"obscura-policy/2\"");
    assert_eq!((error.line, error.column, error.path.as_str()), (line_of("format"), 10, "format"));
    let error = fault("visitor = [\"before_recording\"]", "visitor = [\"soon\"]");
    assert_eq!(error.line, line_of("visitor"), "{error}");
    assert_eq!(fault("purposes = [", "purposes = [1, ").line, line_of("purposes"));
    for (from, to, path) in [
        ("visitor = [\"before_recording\"]", "visitor = []", "required_stages.visitor"),
        ("HQUALIMP = [", "CURIOSITY = [", "narrower.CURIOSITY"),
        ("approved_stores = []", "approved_stores = [\"results\"]", "approved_stores"),
        ("clinician = [\"clinician\"]", "clinician = [\"dpo\"]", "approver_roles"),
        ("clinician = [\"clinician\"]", "porter = [\"porter\"]", "approver_roles"),
    ] {
        let error = fault(from, to);
        assert!(error.path == path && error.line > 1, "{error}");
    }
}

fn signed(folder: &TempDir) -> Signer {
    let signer = Signer::read_or_make(&folder.path().join("key")).unwrap();
    candidate(folder.path(), &[], DEFAULT).unwrap().sign(&signer).unwrap();
    signer
}

#[test]
fn only_the_signed_text_is_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let signer = signed(&folder);
    let trusted = [signer.public()];
    let facts = |loaded, signature_ok| PolicyState { loaded, signature_ok };
    let policy = load(folder.path(), &trusted);
    assert_eq!((policy.state, policy.problem), (facts(true, true), None));
    assert_eq!(load(folder.path(), &[]).state, facts(true, false), "signed by a stranger");

    let changed = DEFAULT.replace("plenary = 2", "plenary = 0");
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, &changed).unwrap();
    let policy = load(folder.path(), &trusted);
    assert_eq!(policy.state, facts(true, false));
    assert_eq!(policy.config, Config::default(), "an unsigned setting is not used");
    assert!(policy.problem.unwrap().contains("obscura policy check"));

    let change = candidate(folder.path(), &trusted, &changed).unwrap().sign(&signer).unwrap();
    let shown: Vec<String> = change.differences.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["~ audience_rank.plenary: 2 -> 0"]);
    assert_eq!(load(folder.path(), &trusted).state, facts(true, true));

    std::fs::write(&file, "purposes = 3").unwrap();
    assert_eq!(load(folder.path(), &trusted).state, facts(false, false));
    std::fs::remove_file(&file).unwrap();
    let policy = load(folder.path(), &trusted);
    assert_eq!((policy.state, policy.sha256), (facts(false, false), None));
}

#[test]
fn a_listed_store_holds_what_lies_below_it_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (store, other) = (folder.path().join("store"), folder.path().join("store-not"));
    std::fs::create_dir_all(store.join("inner")).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::os::unix::fs::symlink(&other, store.join("way-out")).unwrap();
    let site = Site { approved_stores: vec![store.clone()], ..Site::default() };
    let at = |path: PathBuf| site.storage_of(&path);
    assert_eq!(at(store.join("a.mp4")), Storage::Listed);
    assert_eq!(at(store.join("inner/a.mp4")), Storage::Listed);
    assert_eq!(at(other.join("a.mp4")), Storage::NotApproved);
    assert_eq!(at(store.join("way-out/a.mp4")), Storage::NotApproved, "links are followed");
    assert_eq!(at(store.join("inner/../../store-not/a.mp4")), Storage::NotApproved);
    assert_eq!(at(store.join("missing/a.mp4")), Storage::NotApproved);
    assert_eq!(Site::default().storage_of(&other.join("a.mp4")), Storage::Attested);
}

#[test]
fn local_titles_count_as_the_role_and_unlisted_ones_as_nothing() {
    let (_, mut site) = parse(DEFAULT).unwrap();
    site.approver_roles.insert("dpo".to_owned(), vec!["Datenschutzbeauftragte".to_owned()]);
    let approval = |role: &str| Approval {
        scope: "plain_transfer".to_owned(),
        role: role.to_owned(),
        by: "u-1".to_owned(),
        at: Instant::parse("2026-01-01T00:00:00Z").unwrap(),
        until: Instant::parse("2027-01-01T00:00:00Z").unwrap(),
        rationale: Some("because".to_owned()),
    };
    let known = site.known_approvals(["Datenschutzbeauftragte", "dpo", "clinician"].map(approval).to_vec());
    let roles: Vec<&str> = known.iter().map(|approval| approval.role.as_str()).collect();
    assert_eq!(roles, ["dpo", "clinician"]);
}

fn with_rules(rules: &str) -> String {
    format!("{DEFAULT}\n[extra]\ncedar = '''\n{rules}'''\n")
}

const FORBID: &str =
    "@id(\"no-teaching\")\nforbid (principal, action, resource) when { context.purpose == \"TRAIN\" };\n";

#[test]
fn rules_of_a_site_are_under_the_signature_and_their_difference_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let signer = signed(&folder);
    let trusted = [signer.public()];
    let text = with_rules(FORBID);
    let change = candidate(folder.path(), &trusted, &text);
    if !cfg!(feature = "cedar") {
        assert!(change.unwrap_err().to_string().contains("built without Cedar"));
        return;
    }
    let change = change.unwrap().sign(&signer).unwrap();
    let shown: Vec<String> = change.differences.iter().map(ToString::to_string).collect();
    assert_eq!(shown, FORBID.lines().map(|line| format!("+ extra.cedar: {line}")).collect::<Vec<_>>());
    assert!(load(folder.path(), &trusted).problem.is_none());
    let changed = text.replace("== \"TRAIN\"", "== \"HRESCH\"");
    std::fs::write(folder.path().join("policy.toml"), &changed).unwrap();
    assert!(!load(folder.path(), &trusted).state.signature_ok, "a changed rule is not the signed one");
    let change = candidate(folder.path(), &trusted, &changed).unwrap().change;
    assert_eq!(change.differences.len(), 2, "{:?}", change.differences);
}

#[cfg(feature = "cedar")]
#[test]
fn faults_in_rules_of_a_site_name_their_line() {
    let first = DEFAULT.lines().count() + 4;
    let wrong = [
        ("permit (principal, action, resource);\n".to_owned(), first),
        (format!("{FORBID}@id(\"x\") permit (principal, action, resource);\n"), first + 2),
        (format!("{FORBID}\n\nforbid (principal action, resource);\n"), first + 4),
    ];
    for (rules, line) in wrong {
        let error = parse(&with_rules(&rules)).unwrap_err();
        assert_eq!((error.line, error.path.as_str()), (line, "extra.cedar"), "{error}");
    }
}

#[cfg(not(feature = "cedar"))]
#[test]
fn a_signed_policy_with_rules_of_a_site_allows_nothing_where_they_cannot_be_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::read_or_make(&folder.path().join("key")).unwrap();
    let text = with_rules(FORBID);
    // As a program with Cedar signed it.
    signed::signed_elsewhere(folder.path(), &text, &signer).unwrap();
    let policy = load(folder.path(), &[signer.public()]);
    assert_eq!(policy.state, PolicyState { loaded: true, signature_ok: true });
    assert!(policy.problem.as_ref().unwrap().contains("built without Cedar"));
    let base = include_str!("../../fixtures/base.yaml");
    let facts = crate::sheet::yaml::from_str(base, base.len()).unwrap();
    assert_eq!(policy.decide(&facts).rule_ids(), ["X-UNAVAILABLE"]);
}
