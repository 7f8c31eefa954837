//! kill -9 at random moments: never an output without a receipt, never a log that does not verify.
#![cfg(target_os = "linux")]

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use obscura_tests::run::finish;
use obscura_tests::{Bench, Sheet};

/// Runs that are killed with a log that exists already, and at their first use.
const KILLS: [(u32, bool); 2] = [(15, false), (5, true)];

/// A small generator is enough to spread moments (splitmix64).
struct Random(u64);

impl Random {
    /// Between 0 and 1.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.2 -an -c:v libx264 -preset ultrafast")
}

/// Starts a run and kills it where it has not ended after `moment`; gives how long it took where it has.
fn kill_after(bench: &Bench, clip: &Path, moment: Duration) -> Option<Duration> {
    let started = Instant::now();
    let mut command = bench.command(clip, &Sheet::permitting(clip), &["--overwrite"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = child.stderr.take().unwrap();
    let (end, ended) = sync_channel(1);
    // Standard error closes when the run ends.
    let listener = std::thread::Builder::new().name("listener".to_owned()).spawn(move || {
        std::io::copy(&mut said, &mut std::io::sink()).unwrap();
        end.send(()).unwrap();
    });
    let took = ended.recv_timeout(moment).ok().map(|()| started.elapsed());
    if took.is_none() {
        child.kill().unwrap();
    }
    child.wait().unwrap();
    listener.unwrap().join().unwrap();
    took
}

fn assert_in_order(bench: &Bench, case: &str) {
    let results: Vec<String> = bench.results().into_iter().filter(|name| !name.starts_with('.')).collect();
    if results.iter().any(|name| name == "result.mp4") {
        let verified = finish(bench.obscura().arg("verify").arg(bench.output()));
        assert_eq!(verified.code, Some(0), "{case}: {results:?}\n{}", verified.stderr);
    }
    if bench.state().join("ready").exists() {
        let audited = finish(bench.obscura().args(["audit", "verify"]));
        assert_eq!(audited.code, Some(0), "{case}\n{}", audited.stderr);
    } else {
        assert!(!bench.output().exists(), "{case}: an output before the state folder was whole");
    }
}

#[test]
fn twenty_hard_kills_leave_nothing_half_done() {
    let fresh = || RandomState::new().build_hasher().finish();
    let seed = std::env::var("OBSCURA_KILL_SEED").map_or_else(|_| fresh(), |seed| seed.parse().unwrap());
    println!("OBSCURA_KILL_SEED={seed}");
    let mut random = Random(seed);
    let mut killed = 0;
    for (kills, is_first_use) in KILLS {
        let mut bench = Bench::new();
        let mut clip_file = clip(&bench);
        let started = Instant::now();
        bench.redact(&clip_file, &[]).expect(0);
        let mut whole = started.elapsed();
        for number in 0..kills {
            if is_first_use {
                bench = Bench::new();
                clip_file = clip(&bench);
            }
            // Every second kill falls into the end, where log, receipt and output are written.
            let share = if number % 2 == 0 { random.share() } else { 0.75 + 0.3 * random.share() };
            let moment = whole.mul_f64(if is_first_use { share * 0.3 } else { share });
            let case = format!("seed {seed}, kill {number} after {moment:?} of {whole:?}");
            match kill_after(&bench, &clip_file, moment) {
                // The machine is less busy than when the first run was timed.
                Some(took) => whole = whole.min(took),
                None => killed += 1,
            }
            assert_in_order(&bench, &case);
        }
        // Whatever was left behind, the next run goes through.
        bench.redact(&clip_file, &["--overwrite"]).expect(0);
        assert_in_order(&bench, "after all");
    }
    assert!(killed >= 10, "only {killed} of 20 runs were still going when they were to be killed");
}
