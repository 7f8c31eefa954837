//! The leak: how many faces of a scene whose truth is known can still be read after redaction, and how much of the
//! background was hidden with them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::pixels::{Area, LumaFrames, cut, detail, leaks, spread};

/// Faces smaller than this or covered by more than 40 % are not counted (pixels, share).
const MIN_SIDE_PX: f64 = 24.0;
const MIN_VISIBLE: f64 = 0.6;

/// Detail below this in the original is no face that could be read (steps of 255).
const MIN_SPREAD: f32 = 1.5;

/// Every so many pictures the background is looked at; its pixels with more detail than this are compared.
const BACKGROUND_EVERY: usize = 5;
const BACKGROUND_DETAIL: f32 = 6.0;
const BACKGROUND_KEPT: f32 = 0.35;

/// What was counted over a scene.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leak {
    /// Pictures compared.
    pub pictures: usize,
    /// Appearances of faces that could be read in the original.
    pub faces: usize,
    /// Of those, still readable.
    pub leaked: usize,
    /// The longest unbroken leak of one face (pictures).
    pub longest: usize,
    /// Share of the background's detail that is gone, 0 to 1.
    pub background_hidden: f64,
}

impl Leak {
    /// Share of the faces that leaked, 0 to 1.
    pub fn rate(&self) -> f64 {
        self.leaked as f64 / self.faces.max(1) as f64
    }
}

/// One face of the ground truth of one picture.
struct Appearance {
    id: u64,
    bbox_px: [f64; 4],
    visible: f64,
}

/// Compares a redacted scene with the original, given the file of its ground truth.
///
/// # Panics
/// Where the pictures differ in number, or the truth cannot be read.
pub fn measure(original: &Path, truth: &Path, redacted: &Path) -> Leak {
    let truth: Value = serde_json::from_str(&std::fs::read_to_string(truth).unwrap()).unwrap();
    let side = |name: &str| truth[name].as_u64().unwrap() as usize;
    let size = Area::new(0, 0, side("width"), side("height"));
    let (mut before, mut after) = (LumaFrames::open(original, size), LumaFrames::open(redacted, size));
    let (mut leak, mut runs) = (Leak::default(), BTreeMap::<u64, usize>::new());
    let (mut hidden, mut looks) = (0.0, 0);
    for faces in truth["frames"].as_array().unwrap() {
        let (Some(before), Some(after)) = (before.next(), after.next()) else { break };
        let faces = appearances(faces);
        for face in &faces {
            let Some(area) = middle(face, size) else { continue };
            let Some(readable) = leaked(&before, &after, size, area) else { continue };
            let run = runs.entry(face.id).or_default();
            *run = if readable { *run + 1 } else { 0 };
            leak.longest = leak.longest.max(*run);
            leak.faces += 1;
            leak.leaked += usize::from(readable);
        }
        if leak.pictures % BACKGROUND_EVERY == 0
            && let Some(share) = background_hidden(&before, &after, size, &faces)
        {
            hidden += share;
            looks += 1;
        }
        leak.pictures += 1;
    }
    assert_eq!(before.count(), after.count(), "as many pictures in both");
    leak.background_hidden = hidden / f64::from(looks.max(1));
    leak
}

fn appearances(frame: &Value) -> Vec<Appearance> {
    let read = |face: &Value| Appearance {
        id: face["id"].as_u64().unwrap(),
        bbox_px: [0, 1, 2, 3].map(|side| face["box"][side].as_f64().unwrap()),
        visible: face["visible"].as_f64().unwrap(),
    };
    frame.as_array().unwrap().iter().map(read).collect()
}

/// The middle 60 % of a box inside the picture, as the leak is counted; `None` where the face is not counted.
fn middle(face: &Appearance, size: Area) -> Option<Area> {
    let [left, top, right, bottom] = face.bbox_px;
    if face.visible < MIN_VISIBLE || (right - left).min(bottom - top) < MIN_SIDE_PX {
        return None;
    }
    let (cx, cy) = (f64::midpoint(left, right), f64::midpoint(top, bottom));
    let (rw, rh) = ((right - left) * 0.3, (bottom - top) * 0.3);
    let (x1, y1) = ((cx - rw).max(0.0), (cy - rh).max(0.0));
    let (x2, y2) = ((cx + rw).min(size.width as f64), (cy + rh).min(size.height as f64));
    (x2 - x1 >= 8.0 && y2 - y1 >= 8.0)
        .then(|| Area::new(x1 as usize, y1 as usize, (x2 - x1) as usize, (y2 - y1) as usize))
}

/// A window around an area, wide enough for the blurs of the measure, and the area within it.
fn window(area: Area, size: Area) -> (Area, Area) {
    let (x, y) = (area.x.saturating_sub(16), area.y.saturating_sub(16));
    let (right, bottom) =
        ((area.x + area.width + 16).min(size.width), (area.y + area.height + 16).min(size.height));
    let inner = Area::new(area.x - x, area.y - y, area.width, area.height);
    (Area::new(x, y, right - x, bottom - y), inner)
}

/// Whether the face leaks; `None` where the original itself shows no detail there.
fn leaked(before: &[f32], after: &[f32], size: Area, face: Area) -> Option<bool> {
    let (outer, inner) = window(face, size);
    let [before, after] = [before, after].map(|picture| {
        let picture = cut(picture, size.width, outer);
        cut(&detail(&picture, outer.width), outer.width, inner)
    });
    (spread(&before) >= MIN_SPREAD).then(|| leaks(&before, &after))
}

/// Share of the detailed pixels, away from every face by half its size, whose detail is gone.
fn background_hidden(before: &[f32], after: &[f32], size: Area, faces: &[Appearance]) -> Option<f64> {
    let [before, after] = [before, after].map(|picture| detail(picture, size.width));
    let near_face = |x: f64, y: f64| {
        faces.iter().any(|face| {
            let [left, top, right, bottom] = face.bbox_px;
            let (half_w, half_h) = ((right - left) / 2.0, (bottom - top) / 2.0);
            x >= left - half_w && x < right + half_w && y >= top - half_h && y < bottom + half_h
        })
    };
    let (mut looked, mut gone) = (0usize, 0usize);
    for (place, (before, after)) in before.iter().zip(&after).enumerate() {
        let (x, y) = ((place % size.width) as f64, (place / size.width) as f64);
        if before.abs() > BACKGROUND_DETAIL && !near_face(x, y) {
            looked += 1;
            gone += usize::from(after.abs() < BACKGROUND_KEPT * before.abs());
        }
    }
    (looked > 500).then(|| gone as f64 / looked as f64)
}
