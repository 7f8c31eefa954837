//! A log that was cut off, edited, reordered, forked or torn is told apart from one that is in order.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

struct Bench {
    home: TempDir,
    signer: Signer,
}

fn at(second: u32) -> Instant {
    Instant::parse(&format!("2026-11-22T12:00:{second:02}Z")).unwrap()
}

fn event(number: u8) -> Event {
    Event::Failed { permit: 0, decision: Sha256Digest::of(&[number]), because: "interrupted" }
}

impl Bench {
    /// A log of `entries` entries, the first of which says that it begins.
    fn new(entries: u8) -> Self {
        let home = tempfile::tempdir().unwrap();
        let signer = Signer::read_or_make(&home.path().join("key")).unwrap();
        let bench = Self { home, signer };
        Log::begin(&bench.folder(), &bench.signer, at(0)).unwrap();
        for number in 1..entries {
            bench.append(number);
        }
        bench
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("audit")
    }

    fn append(&self, number: u8) {
        let mut log = Log::open(&self.folder(), &self.signer, &[self.signer.public()]).unwrap();
        log.append(&event(number), at(u32::from(number))).unwrap();
    }

    fn audit(&self, older: Option<&str>) -> Result<Audit, LogError> {
        audit(&self.folder(), &[self.signer.public()], older, &mut |_| ())
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.folder().join(ENTRIES)).unwrap().lines().map(str::to_owned).collect()
    }

    fn write_lines(&self, lines: &[String]) {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        fs::write(self.folder().join(ENTRIES), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder().join(name)).unwrap()
    }

    fn copy_to(&self, target: &Path) {
        fs::create_dir(target).unwrap();
        for name in [ENTRIES, CHECKPOINT, LOCK] {
            fs::copy(self.folder().join(name), target.join(name)).unwrap();
        }
    }

    #[track_caller]
    fn refuses(&self, words: &[&str]) {
        let said = self.audit(None).unwrap_err().to_string();
        for word in words {
            assert!(said.contains(word), "{word:?} is not said: {said}");
        }
        let opened = Log::open(&self.folder(), &self.signer, &[self.signer.public()]);
        assert!(matches!(opened, Err(LogError::Tampered(_))), "a log that is not in order takes no entry");
    }
}

#[test]
fn a_log_in_order_verifies_and_knows_its_latest_time() {
    let bench = Bench::new(5);
    let audit = bench.audit(None).unwrap();
    assert_eq!((audit.entries, audit.unfinished, audit.last_at), (5, false, Some(at(4))));
    let mut log = Log::open(&bench.folder(), &bench.signer, &[bench.signer.public()]).unwrap();
    log.append(&event(9), at(1)).unwrap();
    drop(log);
    let log = Log::open(&bench.folder(), &bench.signer, &[bench.signer.public()]).unwrap();
    assert_eq!(log.latest_at(), Some(at(4)), "a clock that was set back is not forgotten");
}

#[test]
fn a_cut_off_log_is_found_by_its_own_checkpoint() {
    let bench = Bench::new(5);
    bench.write_lines(&bench.lines()[..4]);
    bench.refuses(&["cut off", "entry 4"]);
    fs::write(bench.folder().join(ENTRIES), "").unwrap();
    bench.refuses(&["cut off", "entry 0"]);
    fs::remove_file(bench.folder().join(ENTRIES)).unwrap();
    bench.refuses(&["cut off", "entry 0"]);
}

#[test]
fn a_log_rolled_back_with_its_checkpoint_is_found_by_a_later_one() {
    let bench = Bench::new(3);
    let (lines, note) = (bench.lines(), bench.read(CHECKPOINT));
    bench.append(3);
    let later = bench.read(CHECKPOINT);
    assert_eq!(bench.audit(Some(&note)).unwrap().consistent_with, Some(3));
    bench.write_lines(&lines);
    fs::write(bench.folder().join(CHECKPOINT), note).unwrap();
    assert!(bench.audit(None).is_ok(), "alone, it is in order");
    let said = bench.audit(Some(&later)).unwrap_err().to_string();
    assert!(said.contains("cut off") && said.contains("entry 3"), "{said}");
}

#[test]
fn an_edited_entry_is_named() {
    for number in 0..5 {
        let bench = Bench::new(5);
        let mut lines = bench.lines();
        lines[number] = lines[number].replace("2026", "2025");
        bench.write_lines(&lines);
        bench.refuses(&[&format!("entry {number} was changed")]);
    }
}

#[test]
fn an_entry_whose_link_was_edited_is_named() {
    let bench = Bench::new(5);
    let mut lines = bench.lines();
    let other = Sha256Digest::of(b"other").to_string();
    let at = lines[2].find("\"prev\":\"").unwrap() + 8;
    lines[2].replace_range(at..at + 64, &other);
    bench.write_lines(&lines);
    bench.refuses(&["entry 2 was changed"]);
}

#[test]
fn reordered_removed_and_added_entries_are_named() {
    let bench = Bench::new(5);
    let lines = bench.lines();
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    bench.write_lines(&swapped);
    bench.refuses(&["entry 1 is not in its place", "entry 2 stands there"]);
    let mut removed = lines.clone();
    removed.remove(3);
    bench.write_lines(&removed);
    bench.refuses(&["entry 3 is not in its place"]);
    let mut added = lines.clone();
    added.push(lines[4].clone());
    bench.write_lines(&added);
    bench.refuses(&["entry 5 was added"]);
    bench.write_lines(&lines);
    assert!(bench.audit(None).is_ok());
}

#[test]
fn a_fork_is_found_by_an_older_checkpoint() {
    let bench = Bench::new(3);
    let fork = bench.home.path().join("fork");
    bench.copy_to(&fork);
    bench.append(3);
    let mut log = Log::open(&fork, &bench.signer, &[bench.signer.public()]).unwrap();
    log.append(&event(77), at(8)).unwrap();
    drop(log);
    let other = fs::read_to_string(fork.join(CHECKPOINT)).unwrap();
    let said = bench.audit(Some(&other)).unwrap_err().to_string();
    assert!(said.contains("forked before entry 4"), "{said}");
    let stranger = Bench::new(2).read(CHECKPOINT);
    assert!(bench.audit(Some(&stranger)).unwrap_err().to_string().contains("no key that is trusted"));
}

#[test]
fn a_checkpoint_that_nobody_signed_or_that_is_gone_is_refused() {
    let bench = Bench::new(3);
    let note = bench.read(CHECKPOINT);
    fs::write(bench.folder().join(CHECKPOINT), note.replace("\n3\n", "\n2\n")).unwrap();
    bench.refuses(&["checkpoint"]);
    fs::remove_file(bench.folder().join(CHECKPOINT)).unwrap();
    bench.refuses(&["checkpoint is missing"]);
}

/// The state after each step of adding an entry, with `torn` bytes of its line written.
fn interrupted(bench: &Bench, step: u8, torn: usize) {
    let (lines, note) = (bench.lines(), bench.read(CHECKPOINT));
    bench.append(3);
    let (new_lines, new_note) = (bench.lines(), bench.read(CHECKPOINT));
    let line = new_lines.last().unwrap();
    fs::write(bench.folder().join(PENDING), format!("{line}\n{new_note}")).unwrap();
    if step < 2 {
        fs::write(bench.folder().join(CHECKPOINT), note).unwrap();
        bench.write_lines(&lines);
        let whole = format!("{line}\n").into_bytes();
        let written = if step == 0 { torn % whole.len() } else { whole.len() };
        let path = bench.folder().join(ENTRIES);
        let mut text = fs::read(&path).unwrap();
        text.extend(&whole[..written]);
        fs::write(path, text).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_torn_entry_verifies_and_is_finished_by_the_next_run(step in 0u8..3, torn in 0usize..400) {
        let bench = Bench::new(3);
        interrupted(&bench, step, torn);
        let audit = bench.audit(None).unwrap();
        prop_assert_eq!((audit.entries, audit.unfinished), (4, step < 2));
        bench.append(4);
        let audit = bench.audit(Some(&audit.checkpoint)).unwrap();
        prop_assert_eq!((audit.entries, audit.unfinished, audit.consistent_with), (5, false, Some(4)));
        prop_assert!(!bench.folder().join(PENDING).exists());
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(place in 0usize..10_000, bit in 0u8..8) {
        let bench = Bench::new(4);
        let path = bench.folder().join(ENTRIES);
        let mut bytes = fs::read(&path).unwrap();
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        prop_assert!(bench.audit(None).is_err());
    }
}

#[test]
fn a_tail_that_nobody_announced_is_refused() {
    let bench = Bench::new(3);
    interrupted(&bench, 0, 20);
    let path = bench.folder().join(ENTRIES);
    let mut text = fs::read_to_string(&path).unwrap();
    text.push('x');
    fs::write(&path, text).unwrap();
    bench.refuses(&["entry 3 was added"]);
}

#[test]
fn a_beginning_that_was_interrupted_is_finished() {
    let bench = Bench::new(1);
    let line = bench.lines().remove(0);
    let note = bench.read(CHECKPOINT);
    fs::write(bench.folder().join(PENDING), format!("{line}\n{note}")).unwrap();
    fs::remove_file(bench.folder().join(CHECKPOINT)).unwrap();
    fs::write(bench.folder().join(ENTRIES), &line.as_bytes()[..10]).unwrap();
    Log::begin(&bench.folder(), &bench.signer, at(1)).unwrap();
    assert_eq!(bench.lines(), [line]);
    assert_eq!(bench.audit(None).unwrap().entries, 1);
}

/// What an entry of a permitted use holds, with the people of a busy room.
fn busy(number: u32) -> Event {
    let digest = |part: u32| Sha256Digest::of(&[number.to_be_bytes(), part.to_be_bytes()].concat());
    Event::Permitted(Decided {
        moment: Moment::Request,
        decision: digest(0),
        source_sha256: digest(1),
        policy_sha256: Some(digest(2)),
        actor: digest(3),
        subjects: (4..12).map(digest).collect(),
        subjects_omitted: 0,
        role: "reviewer".to_owned(),
        purpose: "HQUALIMP".to_owned(),
        audience: "plenary".to_owned(),
        technique: crate::rules::Technique {
            faces: crate::rules::Faces::All,
            voice: crate::rules::Voice::Modulated,
            metadata: crate::rules::Metadata::Stripped,
        },
        rules: Vec::new(),
        obligations: ["audience:plenary", "blur_faces:all", "expires", "human_review", "strip_metadata"]
            .map(str::to_owned)
            .into(),
        valid_until: Some(at(59)),
    })
}

/// A log of that many entries, written in one go.
fn long(entries: u32) -> Bench {
    let bench = Bench::new(1);
    let trusted = [bench.signer.public()];
    let read = scan(&bench.folder(), &trusted, None, &mut |_, _, _| ()).unwrap();
    let (mut tree, mut last, mut text) = (read.tree, read.last, bench.read(ENTRIES));
    for number in 1..entries {
        let line =
            to_canonical(&Line { seq: u64::from(number), prev: last, at: at(1), event: &busy(number) })
                .unwrap();
        let leaf = leaf_hash(line.as_bytes());
        tree.push(leaf);
        last = Some(leaf);
        text.push_str(&line);
        text.push('\n');
    }
    fs::write(bench.folder().join(ENTRIES), text).unwrap();
    let checkpoint = Checkpoint { origin: read.origin.unwrap(), size: tree.size(), root: tree.root() };
    fs::write(bench.folder().join(CHECKPOINT), checkpoint.to_note(&bench.signer)).unwrap();
    bench
}

/// User and system time of this process so far (seconds), as Linux counts it in hundredths.
fn processor_time_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

#[test]
#[ignore = "a measurement: cargo test --release --workspace --lib -- --ignored --nocapture hundred_thousand"]
fn a_hundred_thousand_entries() {
    let bench = long(100_000);
    let bytes = fs::metadata(bench.folder().join(ENTRIES)).unwrap().len();
    let timed = |what: &str, run: &dyn Fn()| {
        let (wall, processor) = (std::time::Instant::now(), processor_time_s());
        run();
        let (wall, processor) = (wall.elapsed().as_secs_f64(), processor_time_s() - processor);
        println!("{what}: {wall:.2} s, {processor:.2} s of processor time");
    };
    println!("100000 entries, {} MB", bytes / 1_000_000);
    for _ in 0..3 {
        timed("append", &|| bench.append(1));
        timed("verify", &|| assert!(bench.audit(None).unwrap().entries > 100_000));
    }
}

#[test]
fn a_log_that_was_written_in_one_go_is_in_order() {
    let bench = long(300);
    bench.append(1);
    assert_eq!(bench.audit(None).unwrap().entries, 301);
}
