//! Speed: rounds in which every contender runs once, one after the other, so that a busy machine is fair to all.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::contenders::{self, Run};
use crate::results::Section;

/// A row of the table: what ran, and its time in each round.
struct Row {
    name: &'static str,
    seconds: Vec<f64>,
}

/// Measures on the upright and the lying scene.
pub(crate) fn section(scenes: &Path, rounds: usize) -> Result<Section, String> {
    let peer = contenders::peer();
    let mut body = String::new();
    for scene in ["upright", "lying"] {
        let clip = scenes.join(format!("{scene}.mp4"));
        let rows = measure(&clip, peer.as_deref(), rounds)?;
        table(&mut body, scene, rounds, &rows);
    }
    body.push_str(
        "Start-up, digests, gate and receipt are counted. Ratios are taken within a round; the median stands first, the \
         smallest and the largest in brackets.\n",
    );
    if peer.is_none() {
        body.push_str("deface could not be installed here: its rows are missing.\n");
    }
    Ok(Section { name: "speed", title: "Speed", body })
}

fn measure(clip: &Path, peer: Option<&Path>, rounds: usize) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let folder = folder.path();
    let mut rows = vec![
        Row {
            name: "obscura at its defaults (detector 640 wide, self-check of every picture)",
            seconds: vec![],
        },
        Row { name: "floor: ffmpeg decodes, x264 veryfast encodes", seconds: vec![] },
    ];
    if peer.is_some() {
        rows.push(Row { name: "deface --scale 640x360", seconds: vec![] });
        rows.push(Row { name: "deface at its defaults", seconds: vec![] });
    }
    for round in 1..=rounds {
        crate::talk(&format!("speed: round {round} of {rounds}"));
        let mut runs = vec![
            contenders::time(&mut contenders::obscura(clip, folder, &[])?)?,
            contenders::time(&mut contenders::floor(clip, folder))?,
        ];
        if let Some(peer) = peer {
            let scaled = ["--scale", "640x360"];
            runs.push(contenders::time(&mut contenders::deface(peer, clip, folder, &scaled))?);
            runs.push(contenders::time(&mut contenders::deface(peer, clip, folder, &[]))?);
        }
        for (row, run) in rows.iter_mut().zip(runs) {
            row.seconds.push(seconds(run));
        }
    }
    Ok(rows)
}

fn seconds(run: Run) -> f64 {
    run.wall.as_secs_f64()
}

fn table(body: &mut String, scene: &str, rounds: usize, rows: &[Row]) {
    let name = PathBuf::from("scenes").join(format!("{scene}.mp4"));
    let _ = writeln!(
        body,
        "| {} (1280x720, 25 fps, 8 s), {rounds} rounds | seconds | times as long as obscura |",
        name.display()
    );
    body.push_str("|---|---|---|\n");
    let Some(ours) = rows.first() else { return };
    for row in rows {
        let ratios: Vec<f64> =
            row.seconds.iter().zip(&ours.seconds).map(|(theirs, ours)| theirs / ours).collect();
        let _ = writeln!(body, "| {} | {} | {} |", row.name, spread(&row.seconds), spread(&ratios));
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
