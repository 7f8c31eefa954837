//! Speed: rounds in which every contender runs once, one after the other, so that a busy machine is fair to all.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::clips;
use crate::contenders::{self, Run};
use crate::results::Section;

/// A row of the table: what ran, and its runs, one a round.
struct Row {
    name: &'static str,
    runs: Vec<Measured>,
}

/// A run, and how much of it was the self-check.
#[derive(Clone, Copy)]
struct Measured {
    seconds: f64,
    processor: f64,
    check: f64,
}

/// What runs in each round, in this order.
const ROWS: [&str; 8] = [
    "obscura at its defaults (detector 736 wide, x264 veryfast, at 1080p with subme 7)",
    "obscura --speed fastest (x264 ultrafast)",
    "obscura --search upright --heads off (no turned passes, nobody without a face)",
    "floor: ffmpeg decodes, x264 encodes as at the defaults",
    "floor: ffmpeg decodes, x264 encodes as with --speed fastest",
    "deface --scale 640x360",
    "deface at its defaults",
    "OpenScrub 1.0.81 with CenterFace, paranoid, threshold 0.3, boxes",
];

/// Measures on the upright scene at 720p and 1080p, and on the lying one.
pub(crate) fn section(scenes: &Path, rounds: usize) -> Result<Section, String> {
    let said = |failure: &crate::Failure| crate::talk(&failure.to_string());
    let peers = [contenders::peer(), contenders::scrubber()].map(|peer| peer.inspect_err(said).ok());
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let large = clips::scaled(&scenes.join("upright.mp4"), folder.path(), (1920, 1080), 8);
    let mut body = String::new();
    let all = [
        ("scenes/upright.mp4 (1280x720, 25 fps, 8 s)", scenes.join("upright.mp4")),
        ("scenes/lying.mp4 (1280x720, 25 fps, 8 s)", scenes.join("lying.mp4")),
        ("scenes/upright.mp4 scaled to 1920x1080", large),
    ];
    for (name, clip) in all {
        let rows = measure(&clip, &peers, rounds)?;
        table(&mut body, name, rounds, &rows);
    }
    body.push_str(
        "Start-up, digests, gate and receipt are counted in the seconds; the self-check is taken off where the column says so. \
         Ratios are taken within a round; the median stands first, the smallest and the largest in brackets.\n",
    );
    if peers.iter().any(Option::is_none) {
        body.push_str("A peer could not be installed here: its rows are missing.\n");
    }
    Ok(Section { name: "speed", title: "Speed", body })
}

fn measure(clip: &Path, peers: &[Option<PathBuf>; 2], rounds: usize) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = folder.path();
    let mut rows: Vec<Row> = ROWS.iter().map(|name| Row { name, runs: Vec::new() }).collect();
    for round in 1..=rounds {
        crate::talk(&format!("speed: round {round} of {rounds}"));
        let mut runs = Vec::new();
        let upright = ["--search", "upright", "--heads", "off"];
        for options in [&[][..], &["--speed", "fastest"][..], &upright[..]] {
            runs.push(Some(ours(clip, folder, options)?));
        }
        for fastest in [false, true] {
            runs.push(Some(theirs(contenders::time(&mut contenders::floor(clip, folder, fastest)?)?)));
        }
        let [peer, scrubber] = peers;
        for options in [&["--scale", "640x360"][..], &[]] {
            let run = |peer: &PathBuf| contenders::time(&mut contenders::deface(peer, clip, folder, options));
            runs.push(peer.as_ref().map(run).transpose()?.map(theirs));
        }
        let run = |peer: &PathBuf| contenders::time(&mut contenders::openscrub(peer, clip, folder)?);
        runs.push(scrubber.as_ref().map(run).transpose()?.map(theirs));
        for (row, run) in rows.iter_mut().zip(runs) {
            row.runs.extend(run);
        }
    }
    rows.retain(|row| !row.runs.is_empty());
    Ok(rows)
}

fn ours(clip: &Path, folder: &Path, extra: &[&str]) -> Result<Measured, String> {
    let run = contenders::time(&mut contenders::obscura(clip, folder, extra)?)?;
    Ok(Measured { check: contenders::self_check_seconds(folder)?, ..theirs(run) })
}

fn theirs(run: Run) -> Measured {
    Measured { seconds: run.wall.as_secs_f64(), processor: run.processor.as_secs_f64(), check: 0.0 }
}

fn table(body: &mut String, clip: &str, rounds: usize, rows: &[Row]) {
    let _ = writeln!(
        body,
        "| {clip}, {rounds} rounds | seconds | of that self-check | processor seconds | seconds, as a multiple of obscura's | \
         the same, self-check off |"
    );
    body.push_str("|---|---|---|---|---|---|\n");
    let Some(ours) = rows.first() else { return };
    for row in rows {
        let each = |what: fn(&Measured) -> f64| row.runs.iter().map(what).collect::<Vec<f64>>();
        let against = |what: fn(&Measured) -> f64| {
            row.runs.iter().zip(&ours.runs).map(|(run, ours)| what(run) / what(ours)).collect::<Vec<f64>>()
        };
        let _ = writeln!(
            body,
            "| {} | {} | {} | {} | {} | {} |",
            row.name,
            spread(&each(|run| run.seconds)),
            spread(&each(|run| run.check)),
            spread(&each(|run| run.processor)),
            spread(&against(|run| run.seconds)),
            spread(&against(|run| run.seconds - run.check)),
        );
    }
    body.push('\n');
}

/// Median, smallest and largest.
pub(crate) fn spread(values: &[f64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |place: usize| sorted.get(place).copied().unwrap_or(f64::NAN);
    format!("{:.2} ({:.2} to {:.2})", at(sorted.len() / 2), at(0), at(sorted.len().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_names_median_smallest_and_largest() {
        assert_eq!(spread(&[3.0, 1.0, 2.0]), "2.00 (1.00 to 3.00)");
    }
}
