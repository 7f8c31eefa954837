//! The table of `--stages`: where the time of a run went, stage by stage.

use std::fmt::Write;

use obscura_policy::media::StageReport;

/// Share of its time from which a stage that waits for the encoder says that the encoder is the slowest.
const MOSTLY: f64 = 0.5;

/// A table of one phase and the name of its slowest stage.
pub(crate) fn table(phase: &str, stages: &[StageReport]) -> String {
    let mut text = format!(
        "{phase:<10} threads   items  processor s    busy s  wait in s  wait out s  queue mean  max  of\n"
    );
    for row in stages {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<10} {:>7} {:>7} {:>12.2} {:>9.2} {:>10.2} {:>11.2} {:>11.1} {:>4} {:>3}",
            row.stage,
            row.threads,
            row.items,
            row.processor.as_seconds(),
            row.busy.as_seconds(),
            row.waiting_for_input.as_seconds(),
            row.waiting_for_output.as_seconds(),
            row.queue_mean,
            row.queue_max,
            row.queue_limit,
        );
    }
    if let Some(name) = slowest(stages) {
        let _ = write!(text, "slowest in {phase}: {name}");
    }
    text
}

/// The stage whose threads worked longest. The encoder has no threads of ours: where the stage in front of it waits for
/// it most of the time, it is the encoder.
fn slowest(stages: &[StageReport]) -> Option<&'static str> {
    let draw = stages.iter().find(|row| row.stage == "draw");
    let waits_for_encoder = |row: &StageReport| {
        let lived = row.busy.0 + row.waiting_for_input.0 + row.waiting_for_output.0;
        row.waiting_for_output.0 as f64 > MOSTLY * lived as f64
    };
    if draw.is_some_and(waits_for_encoder) {
        return Some("encode");
    }
    let each = |row: &&StageReport| row.busy.0 / u64::from(row.threads.max(1));
    stages.iter().filter(|row| row.threads > 0).max_by_key(each).map(|row| row.stage)
}

#[cfg(test)]
mod tests {
    use obscura_policy::media::model::DurationNanos;

    use super::*;

    fn row(stage: &'static str, busy: u64, input: u64, output: u64) -> StageReport {
        let seconds = |n: u64| DurationNanos(n * 1_000_000_000);
        StageReport {
            stage,
            threads: 1,
            busy: seconds(busy),
            waiting_for_input: seconds(input),
            waiting_for_output: seconds(output),
            ..StageReport::default()
        }
    }

    #[test]
    fn the_slowest_stage_is_the_one_that_works_longest() {
        // A short stage that never waited is not the slowest.
        let detects =
            [row("decode", 2, 1, 7), row("detect", 9, 1, 0), row("draw", 1, 9, 0), row("sound", 1, 0, 0)];
        assert!(table("rendering", &detects).ends_with("slowest in rendering: detect"));
        let encodes = [row("decode", 2, 1, 7), row("detect", 4, 0, 6), row("draw", 1, 0, 9)];
        assert!(table("rendering", &encodes).ends_with("slowest in rendering: encode"));
        assert_eq!(slowest(&[]), None);
    }
}
