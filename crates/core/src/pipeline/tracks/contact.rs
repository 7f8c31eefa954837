//! A contact sheet: one small picture a track, with every face hidden, so that people can tell whom a track belongs to.

use std::collections::BTreeMap;

use font8x8::legacy::BASIC_LEGACY;
use image::{ImageFormat, Rgb, RgbImage, imageops};

use crate::model::{
    BoxPx, Device, FaceStyle, Frame, FrameMasks, FrameSize, Mask, MaskArea, MaskSource, PlaneRef, PtsNanos,
    TrackId, TrackKind,
};
use crate::pipeline::error::EngineError;
use crate::redact::Redactor;

/// Sides of one small picture in pixels.
const CELL_WIDTH: u32 = 192;
const CELL_HEIGHT: u32 = 160;
/// Height of the line of text below it.
const LABEL_HEIGHT: u32 = 20;
/// Small pictures in a row.
const COLUMNS: u32 = 6;
/// Tracks that are shown; further ones are only in the file.
const MAX_CELLS: usize = 300;
/// How much of the surroundings is shown: clothes and place tell who somebody is in a team, not only a face.
const SURROUNDINGS: f32 = 4.0;
/// A later picture of a track is taken only where it is better by this factor.
const BETTER: f32 = 1.15;
/// Width of the frame around whom a small picture is about.
const OUTLINE: f32 = 2.0;
const GREY: Rgb<u8> = Rgb([40, 40, 40]);
const WHITE: Rgb<u8> = Rgb([235, 235, 235]);

/// The best view of a track so far.
#[derive(Clone, Debug)]
struct Cell {
    merit: f32,
    pts: PtsNanos,
    picture: RgbImage,
}

/// Collects one view a track.
#[derive(Debug)]
pub(in crate::pipeline) struct ContactSheet {
    redactor: Redactor,
    cells: BTreeMap<TrackId, Cell>,
}

impl ContactSheet {
    /// A sheet for pictures of one size.
    ///
    /// # Errors
    /// Where pictures of this size cannot be redacted.
    pub(in crate::pipeline) fn new(size: FrameSize) -> Result<Self, EngineError> {
        // Solid: nothing of a face is left in a picture that people pass around to find out who it is.
        Ok(Self { redactor: Redactor::new(Device::Cpu, size, FaceStyle::Solid)?, cells: BTreeMap::new() })
    }

    /// Takes the views of this picture that are better than those before.
    ///
    /// # Errors
    /// Where hiding fails.
    pub(in crate::pipeline) fn look(
        &mut self,
        mut frame: Frame,
        masks: &FrameMasks,
    ) -> Result<(), EngineError> {
        let better: Vec<(TrackId, f32, BoxPx)> =
            masks.masks.iter().filter_map(|mask| self.merit_of(mask)).collect();
        if better.is_empty() || masks.hide_all() {
            return Ok(());
        }
        self.redactor.redact(&mut frame, masks)?;
        for (track, merit, bbox_px) in better {
            let picture = view_of(&frame, &bbox_px);
            self.cells.insert(track, Cell { merit, pts: frame.pts, picture });
        }
        Ok(())
    }

    fn merit_of(&self, mask: &Mask) -> Option<(TrackId, f32, BoxPx)> {
        // Text tells nobody apart.
        let (MaskArea::Ellipse(ellipse) | MaskArea::Rectangle(ellipse)) = mask.area else { return None };
        if mask.track.kind() == TrackKind::Text {
            return None;
        }
        let weight = if mask.source == MaskSource::Detected { 1.0 } else { 0.1 };
        let merit = weight * mask.score.unwrap_or(0.1) * (ellipse.rx * ellipse.ry).sqrt();
        let known = self.cells.get(&mask.track);
        let is_better = known.map_or(self.cells.len() < MAX_CELLS, |cell| merit > cell.merit * BETTER);
        is_better.then(|| (mask.track, merit, ellipse.bounding_box()))
    }

    /// The sheet as a PNG file.
    ///
    /// # Errors
    /// Where the picture cannot be encoded.
    pub(in crate::pipeline) fn into_png(self) -> Result<Vec<u8>, EngineError> {
        let rows = u32::try_from(self.cells.len()).unwrap_or(0).div_ceil(COLUMNS).max(1);
        let (step_x, step_y) = (CELL_WIDTH + 8, CELL_HEIGHT + LABEL_HEIGHT + 8);
        let mut sheet = RgbImage::from_pixel(COLUMNS * step_x + 8, rows * step_y + 8, GREY);
        for ((track, cell), n) in self.cells.iter().zip(0u32..) {
            let (x, y) = (8 + n % COLUMNS * step_x, 8 + n / COLUMNS * step_y);
            imageops::replace(&mut sheet, &cell.picture, x.into(), y.into());
            let label = format!("track {} at {}", track.0, cell.pts);
            write_label(&mut sheet, (x, y + CELL_HEIGHT + 6), &label);
        }
        let mut png = std::io::Cursor::new(Vec::new());
        sheet.write_to(&mut png, ImageFormat::Png).map_err(|e| EngineError::ContactSheet(e.to_string()))?;
        Ok(png.into_inner())
    }
}

/// A track's place and its surroundings in RGB, sampled to the size of a cell, with a frame around whom it is about:
/// others may stand beside. What lies outside the picture is grey.
fn view_of(frame: &Frame, bbox_px: &BoxPx) -> RgbImage {
    let part = bbox_px.scaled(SURROUNDINGS);
    let (cx, cy) = part.centre();
    // A face that fills the picture would otherwise be a small spot in much grey.
    let fits = |part: f32, whole: usize, cell: u32| part.min(whole as f32) / cell as f32;
    let size = frame.size();
    let scale =
        fits(part.width(), size.width(), CELL_WIDTH).max(fits(part.height(), size.height(), CELL_HEIGHT));
    // Half of the place's sides, in pixels of the cell.
    let (half_width, half_height) = (bbox_px.width() / scale / 2.0, bbox_px.height() / scale / 2.0);
    RgbImage::from_fn(CELL_WIDTH, CELL_HEIGHT, |column, row| {
        let right = column as f32 + 0.5 - CELL_WIDTH as f32 / 2.0;
        let down = row as f32 + 0.5 - CELL_HEIGHT as f32 / 2.0;
        let beyond = (right.abs() - half_width).max(down.abs() - half_height);
        if (0.0..OUTLINE).contains(&beyond) {
            return WHITE;
        }
        colour_at(frame, cx + right * scale, cy + down * scale).unwrap_or(GREY)
    })
}

/// The colour of the pixel that a point lies in.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie inside the picture, and rounded to a byte"
)]
fn colour_at(frame: &Frame, x: f32, y: f32) -> Option<Rgb<u8>> {
    if x < 0.0 || y < 0.0 {
        return None;
    }
    let (column, row) = (x as usize, y as usize);
    let [luma, cb, cr] = frame.planes();
    let half =
        |plane: PlaneRef<'_>| plane.row(row / 2).get(column / 2).map(|value| f32::from(*value) - 128.0);
    let (luma, cb, cr) = (f32::from(*luma.row(row).get(column)?), half(cb)?, half(cr)?);
    let (luma, span) =
        if frame.colour.full_range { (luma, 255.0) } else { ((luma - 16.0) * 255.0 / 219.0, 224.0) };
    let (kr, kb) = frame.colour.matrix.kr_kb();
    let red = luma + cr / span * 2.0 * (1.0 - kr) * 255.0;
    let blue = luma + cb / span * 2.0 * (1.0 - kb) * 255.0;
    let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
    Some(Rgb([red, green, blue].map(|value| value.round().clamp(0.0, 255.0) as u8)))
}

/// Small white letters; what does not fit into the cell's width is left out.
fn write_label(sheet: &mut RgbImage, (left, top): (u32, u32), text: &str) {
    for (letter, n) in text.bytes().zip(0u32..CELL_WIDTH / 8) {
        let Some(glyph) = BASIC_LEGACY.get(usize::from(letter)) else { continue };
        for (row, bits) in (0u32..).zip(glyph) {
            for column in (0..8u32).filter(|column| bits >> column & 1 == 1) {
                if let Some(pixel) = sheet.get_pixel_mut_checked(left + n * 8 + column, top + row) {
                    *pixel = WHITE;
                }
            }
        }
    }
}
