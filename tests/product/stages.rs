//! Where the time went: the rows of the receipt, and the table for people.

use obscura_tests::Bench;
use serde_json::Value;

fn row<'a>(stages: &'a Value, name: &str) -> &'a Value {
    let rows = stages.as_array().unwrap();
    rows.iter().find(|row| row["stage"] == name).unwrap_or_else(|| panic!("no row {name}: {stages}"))
}

fn nanos(row: &Value, what: &str) -> u64 {
    row[what].as_u64().unwrap_or_else(|| panic!("{what}: {row}"))
}

#[test]
fn every_stage_counts_every_picture_and_its_time() {
    let bench = Bench::new();
    let clip = bench.make(
        "clip.mp4",
        "-f lavfi -i testsrc=size=320x240:rate=25:duration=1.2 -f lavfi -i sine=frequency=440:duration=1.2 \
         -c:v libx264 -pix_fmt yuv420p -c:a aac",
    );
    let run = bench.redact(&clip, &["--json", "--stages"]).expect(0);
    let receipt = run.json();
    let (render, check) = (&receipt["render"]["stages"], &receipt["self_check"]["stages"]);
    for name in ["decode", "detect", "follow", "draw"] {
        assert_eq!(nanos(row(render, name), "items"), 30, "{name}");
    }
    for name in ["decode", "search"] {
        assert_eq!(nanos(row(check, name), "items"), 30, "{name}");
    }
    assert!(nanos(row(render, "sound"), "items") > 0);
    // A network ran, an encoder ran, and the decoder's own thread is counted although it is not one of ours.
    for (stages, name) in [(render, "detect"), (render, "encode"), (render, "decode"), (check, "search")] {
        assert!(nanos(row(stages, name), "processor") > 1_000_000, "{name}: {stages}");
    }
    let detect = row(render, "detect");
    let lived: u64 =
        ["busy", "waiting_for_input", "waiting_for_output"].iter().map(|what| nanos(detect, what)).sum();
    assert!(nanos(detect, "processor") <= lived + 10_000_000, "{detect}");
    assert!(nanos(detect, "queue_max") <= nanos(detect, "queue_limit"), "{detect}");
    for words in ["rendering ", "self-check ", "slowest in rendering: ", "slowest in self-check: ", "follow "]
    {
        assert!(run.stderr.contains(words), "{words:?} is not in the table:\n{}", run.stderr);
    }
}
