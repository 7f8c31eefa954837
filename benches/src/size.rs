//! Size and quality: how large the output is beside the recording, and what a second compression costs outside the
//! masks.

use std::fmt::Write;
use std::path::Path;

use obscura_tests::pixels::{Area, LumaFrames};

use crate::results::Section;
use crate::scenes::{self, Composed, usual};
use crate::{Failure, clips, contenders};

/// Blocks of this many pixels a side are looked at.
const BLOCK: usize = 16;

/// A block that differs by more than this from the recording (mean square, steps of 255) lies under a mask or the
/// watermark.
const HIDDEN_MSE: f64 = 150.0;

/// Blocks this near to one under a mask may hold its rim.
const RIM_BLOCKS: usize = 2;

/// Scenes without loss, of which recordings are made.
const SCENES: [Composed; 3] = [
    usual("upright", 4, "1280x720", 6001),
    usual("lying", 4, "1280x720", 6002),
    usual("upright", 7, "1920x1080", 6003),
];

/// Recordings of a scene: what the table calls them, what is done to the scene before, and how they are compressed.
const RECORDINGS: [(&str, &str, &str); 3] = [
    ("x264 veryfast crf 18", "", "-preset veryfast -crf 18"),
    ("x264 medium crf 23", "", "-preset medium -crf 23"),
    (
        "with noise, as a camera with 8 Mbit/s",
        "-vf noise=alls=5:allf=t",
        "-preset superfast -profile:v baseline -g 50 -b:v 8M -maxrate 8M -bufsize 8M",
    ),
];

/// The recording that other options are tried on as well.
const ORDINARY: &str = RECORDINGS[1].0;

/// Other options than the defaults.
const OPTIONS: [&[&str]; 3] = [&["--keep-bitrate"], &["--speed", "fastest"], &["--speed", "smallest"]];

/// Compares recordings made of scenes that are there without loss: what the recording lost against the scene, and what
/// the output lost.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "size", title: "Size and quality", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let python = scenes::COMPOSER.python()?;
    let mut body = String::from(
        "| scene, recorded | options | size of the output | quality lost outside masks |\n|---|---|---|---|\n",
    );
    for scene in &SCENES {
        let lossless = scene.compose_lossless(&python, data, folder)?;
        for (how, before, compressed) in RECORDINGS {
            let truth =
                if before.is_empty() { lossless.clone() } else { clips::lossless(&lossless, folder, before) };
            let clip = clips::recorded(&truth, folder, compressed);
            let others = if how == ORDINARY { &OPTIONS[..] } else { &[] };
            for options in std::iter::once(&&[][..]).chain(others) {
                let row = row(scene, (&truth, &clip), folder, options)?;
                let _ = writeln!(body, "| {}, {how} | {row}", scene.name());
            }
        }
    }
    body.push_str(
        "\nQuality is the PSNR of luma against the scene, over blocks of 16 x 16 pixels, without those that masks \
         changed and two more around each. The composed scenes are there without loss, and no setting was chosen by \
         them.\n",
    );
    Ok(body)
}

/// What options come to for a recording of a scene.
fn row(
    scene: &Composed,
    (truth, clip): (&Path, &Path),
    folder: &Path,
    options: &[&str],
) -> Result<String, Failure> {
    let named = if options.is_empty() { "defaults".to_owned() } else { options.join(" ") };
    crate::talk(&format!("size: {} {named}", scene.name()));
    contenders::time(&mut contenders::obscura(clip, folder, options)?)?;
    let output = contenders::output(folder);
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0.0, |m| m.len() as f64);
    let (width, height) = clips::size_px(clip)?;
    let (before, after) = quality(truth, clip, &output, Area::new(0, 0, width, height));
    Ok(format!(
        "{named} | {:.2} x | {:.2} dB ({before:.2} dB became {after:.2} dB) |",
        bytes(&output) / bytes(clip).max(1.0),
        before - after,
    ))
}

/// PSNR in dB of the recording and of the output, both against the truth, over the blocks that are not hidden.
fn quality(truth: &Path, recording: &Path, output: &Path, size: Area) -> (f64, f64) {
    let open = |path: &Path| LumaFrames::open(path, size);
    let (mut truth, mut recording, mut output) = (open(truth), open(recording), open(output));
    let (mut before, mut after, mut pixels) = (0.0, 0.0, 0.0);
    while let (Some(t), Some(r), Some(o)) = (truth.next(), recording.next(), output.next()) {
        let (lost_before, lost_after) = (block_errors(&t, &r, size), block_errors(&t, &o, size));
        let seen = seen(&block_errors(&r, &o, size), size.width.div_ceil(BLOCK));
        for (((sum, count), (sum_after, _)), seen) in lost_before.iter().zip(&lost_after).zip(seen) {
            if seen {
                before += sum;
                after += sum_after;
                pixels += count;
            }
        }
    }
    let psnr = |sum: f64| 10.0 * (255.0 * 255.0 * pixels / sum.max(1e-9)).log10();
    (psnr(before), psnr(after))
}

/// Which blocks, row by row, neither lie under a mask nor at its rim. What is hidden is told by how much it changed;
/// around it, a mask fades out, and within it some blocks changed little by chance.
fn seen(changes: &[(f64, f64)], columns: usize) -> Vec<bool> {
    let hidden: Vec<(usize, usize)> = (0..)
        .zip(changes)
        .filter(|(_, (sum, pixels))| *sum >= HIDDEN_MSE * pixels)
        .map(|(place, _)| (place % columns, place / columns))
        .collect();
    let is_near = |x: usize, y: usize| {
        hidden.iter().any(|(at_x, at_y)| x.abs_diff(*at_x) <= RIM_BLOCKS && y.abs_diff(*at_y) <= RIM_BLOCKS)
    };
    (0..changes.len()).map(|place| !is_near(place % columns, place / columns)).collect()
}

/// Of each block, row by row, the sum of squared differences and its pixels.
fn block_errors(a: &[f32], b: &[f32], size: Area) -> Vec<(f64, f64)> {
    let corners = (0..size.height)
        .step_by(BLOCK)
        .flat_map(|top| (0..size.width).step_by(BLOCK).map(move |left| (left, top)));
    corners.map(|corner| block_error(a, b, size.width, corner, size.height)).collect()
}

/// Sum of squared differences in a block, and its pixels.
fn block_error(a: &[f32], b: &[f32], width: usize, (left, top): (usize, usize), height: usize) -> (f64, f64) {
    let (mut sum, mut pixels) = (0.0f64, 0u32);
    for y in top..(top + BLOCK).min(height) {
        let row = y * width + left..y * width + (left + BLOCK).min(width);
        let (Some(a), Some(b)) = (a.get(row.clone()), b.get(row)) else { continue };
        sum += a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        pixels += u32::try_from(a.len()).unwrap_or(0);
    }
    (sum, f64::from(pixels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_around_a_hidden_one_are_not_seen() {
        // Nine blocks in a row, of which the fourth is hidden.
        let changes: Vec<(f64, f64)> = (0..9).map(|n| (if n == 3 { 1e6 } else { 100.0 }, 256.0)).collect();
        let unseen: Vec<usize> =
            (0..).zip(seen(&changes, 9)).filter(|(_, seen)| !seen).map(|(n, _)| n).collect();
        assert_eq!(unseen, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_block_at_the_edge_counts_its_own_pixels() {
        let (a, b) = (vec![10.0; 20 * 18], vec![13.0; 20 * 18]);
        assert_eq!(block_error(&a, &b, 20, (0, 0), 18), (9.0 * 256.0, 256.0));
        assert_eq!(block_error(&a, &b, 20, (16, 16), 18), (9.0 * 8.0, 8.0));
    }
}
