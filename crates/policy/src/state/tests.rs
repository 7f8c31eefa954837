//! The first use of a state folder, what is never made again, and forgetting a person.

use super::*;

fn now() -> Instant {
    Instant::parse("2026-11-22T12:00:00Z").unwrap()
}

#[test]
fn the_first_use_makes_everything_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("deep/state");
    assert!(matches!(State::existing(&folder), Err(StateError::Unused)));
    let (state, is_new) = State::open(&folder, now()).unwrap();
    assert!(is_new && state.policy().problem.is_none());
    let (again, is_new) = State::open(&folder, now()).unwrap();
    assert!(!is_new);
    assert_eq!(again.public_key(), state.public_key());
    assert_eq!(state.audit(None).unwrap().entries, 1);
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.clone()), 0o700);
    for file in [KEY, "policy.toml", "audit/log.jsonl", "audit/checkpoint", "subjects/index.key"] {
        assert_eq!(mode(folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_first_use_that_was_killed_is_finished() {
    for missing in [vec![AUDIT], vec![AUDIT, "policy.toml"], vec![AUDIT, "policy.toml", SUBJECTS, PUBLIC_KEY]]
    {
        let folder = tempfile::tempdir().unwrap();
        let key = State::open(folder.path(), now()).unwrap().0.public_key();
        for name in [READY].iter().chain(&missing) {
            let path = folder.path().join(name);
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
        }
        let (state, is_new) = State::open(folder.path(), now()).unwrap();
        assert!(is_new && state.public_key() == key, "the key is never made anew");
        assert!(state.policy().problem.is_none() && state.audit(None).is_ok());
    }
}

#[test]
fn what_is_taken_away_later_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    State::open(folder.path(), now()).unwrap();
    std::fs::remove_dir_all(folder.path().join(AUDIT)).unwrap();
    std::fs::remove_file(folder.path().join("policy.toml")).unwrap();
    let (state, _) = State::open(folder.path(), now()).unwrap();
    assert!(matches!(state.log(), Err(LogError::Missing)));
    assert!(!state.policy().state.loaded);
    std::fs::remove_file(folder.path().join(KEY)).unwrap();
    assert!(matches!(State::open(folder.path(), now()), Err(StateError::Key { .. })));
}

#[test]
fn erasing_a_person_leaves_a_log_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path(), now()).unwrap();
    state.subjects().person("p1", Sha256Digest::of(b"facts")).unwrap();
    assert!(state.forget_subject("p1", now()).unwrap());
    assert!(!state.forget_subject("p1", now()).unwrap());
    assert_eq!(state.audit(None).unwrap().entries, 2);
    // With its quotation marks: two letters alone can turn up in a signature.
    assert!(!state.export_log().unwrap().to_string().contains("\"p1\""));
}

#[test]
fn a_folder_that_others_may_enter_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    State::open(folder.path(), now()).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(matches!(State::existing(folder.path()), Err(StateError::Exposed)));
}

#[test]
fn an_empty_folder_is_closed_and_a_policy_that_waits_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let open_folder = |name: &str| {
        let folder = home.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    };
    let empty = open_folder("empty");
    State::open(&empty, now()).unwrap();
    assert_eq!(std::fs::metadata(&empty).unwrap().permissions().mode() & 0o777, 0o700);

    let used = open_folder("used");
    std::fs::write(used.join("policy.toml"), policy_file::DEFAULT).unwrap();
    assert!(matches!(State::open(&used, now()), Err(StateError::Exposed)));
    std::fs::set_permissions(&used, std::fs::Permissions::from_mode(0o700)).unwrap();
    let (state, _) = State::open(&used, now()).unwrap();
    assert!(!state.policy().state.signature_ok, "nobody signed what was put there");
    state.install_policy(policy_file::DEFAULT, false, now()).unwrap();
    assert!(state.policy().problem.is_none());
}

#[test]
fn a_clock_that_was_ahead_is_accepted_only_when_asked_and_for_all_to_see() {
    let folder = tempfile::tempdir().unwrap();
    let (wrong, later) = (now().plus_seconds(365 * 24 * 60 * 60), now().plus_seconds(1000));
    let (state, _) = State::open(folder.path(), now()).unwrap();
    let accept = |latest, at| state.accept_clock(latest, "u-1", at).unwrap();
    assert_eq!(accept(Some(now()), now()), ClockAnswer::NotAhead);
    state.log().unwrap().append(&Event::SheetRefused { rules: Vec::new() }, wrong).unwrap();
    assert_eq!(accept(None, now()), ClockAnswer::Ahead(wrong));
    assert_eq!(accept(Some(later), now()), ClockAnswer::Ahead(wrong), "the time must be the one of the log");
    assert_eq!(state.log().unwrap().latest_at(), Some(wrong), "asking alone changes nothing");
    assert_eq!(accept(Some(wrong), now()), ClockAnswer::Accepted);
    assert_eq!(state.log().unwrap().latest_at(), Some(now()));
    assert_eq!(accept(Some(wrong), now()), ClockAnswer::NotAhead);
    let audit = state.audit(None).unwrap();
    assert_eq!((audit.entries, audit.clocks_accepted), (3, 1));
    let export = state.export_log().unwrap();
    assert_eq!(export["entries"][2]["event"], "clock_accepted");
    assert!(!export.to_string().contains("u-1"));
    // What comes after counts again.
    state.log().unwrap().append(&Event::SheetRefused { rules: Vec::new() }, later).unwrap();
    assert_eq!(state.log().unwrap().latest_at(), Some(later));
}

#[test]
fn a_policy_that_is_in_force_already_leaves_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    let (state, _) = State::open(folder.path(), now()).unwrap();
    let installed = state.install_policy(policy_file::DEFAULT, false, now()).unwrap();
    assert!(installed.was_in_force && state.audit(None).unwrap().entries == 1);
    // The signed text, but another file in its place: it is put back, and that is written down.
    std::fs::write(folder.path().join("policy.toml"), "purposes = 3").unwrap();
    let installed = state.install_policy(policy_file::DEFAULT, false, now()).unwrap();
    assert!(!installed.was_in_force && state.audit(None).unwrap().entries == 2);
    assert!(state.policy().problem.is_none());
}
