//! Leaks: faces of the scenes that can still be read after redaction, counted against their ground truth.

use std::fmt::Write;
use std::path::Path;

use obscura_tests::leak;

use crate::contenders;
use crate::results::Section;

/// Measures every scene that has a ground truth.
pub(crate) fn section(scenes: &Path) -> Result<Section, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut body = String::from(
        "| scene, defaults | faces | leaked | longest (pictures) | background hidden | time |\n|---|---|---|---|---|---|\n",
    );
    for scene in ["upright", "lying", "turning"] {
        crate::talk(&format!("leak: {scene}"));
        let clip = scenes.join(format!("{scene}.mp4"));
        let run = contenders::time(&mut contenders::obscura(&clip, folder.path(), &[])?)?;
        let truth = scenes.join(format!("{scene}.gt.json"));
        let leak = leak::measure(&clip, &truth, &contenders::output(folder.path()));
        let _ = writeln!(
            body,
            "| {scene}.mp4 | {} | {} ({:.1} %) | {} | {:.2} % | {:.1} s |",
            leak.faces,
            leak.leaked,
            leak.rate() * 100.0,
            leak.longest,
            leak.background_hidden * 100.0,
            run.wall.as_secs_f64()
        );
    }
    body.push_str(
        "\nA face leaks where the fine detail of its middle still correlates by more than 0.45 with the original's and keeps \
         more than 0.35 of its energy.\n",
    );
    Ok(Section { name: "leak", title: "Leaks", body })
}
