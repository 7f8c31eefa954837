//! The text detector on real pictures and on letters that are drawn into one.

use font8x8::legacy::BASIC_LEGACY;

use super::super::testing::{self, Picture};
use super::*;
use crate::model::BoxPx;

fn detector() -> TextDetector {
    TextDetector::new(&testing::runtime(), &testing::text_bytes()).unwrap()
}

/// Writes white letters on a dark bar; each dot of a letter is `dot` pixels wide. Returns where.
fn write(picture: &mut Picture, text: &str, (left, top): (usize, usize), dot: usize) -> BoxPx {
    let (width, height) = (text.len() * 8 * dot, 8 * dot);
    for y in 0..height + 2 * dot {
        for x in 0..width + 2 * dot {
            let (column, row) = ((x / dot).wrapping_sub(1), (y / dot).wrapping_sub(1));
            let letter = text.as_bytes().get(column / 8).map_or(0, |letter| usize::from(*letter));
            let lit = row < 8 && BASIC_LEGACY[letter][row] >> (column % 8) & 1 == 1;
            let at = (top + y) * picture.width + left + x;
            picture.rgb[at] = if lit { [240; 3] } else { [20; 3] };
        }
    }
    let (x, y) = ((left + dot) as f32, (top + dot) as f32);
    BoxPx { x0: x, y0: y, x1: x + width as f32, y1: y + height as f32 }
}

/// The share of `part` that lies in the boxes.
fn covered(part: &BoxPx, found: &[Detection]) -> f32 {
    found.iter().map(|line| line.ellipse.bounding_box().intersection(part).area()).sum::<f32>() / part.area()
}

#[test]
fn letters_are_found_where_they_were_drawn_and_little_else() {
    let mut picture = Picture::astronaut();
    let clock = write(&mut picture, "12:03:44", (20, 20), 2);
    let sign = write(&mut picture, "BED 4 MEIER", (180, 440), 3);
    let found = detector().detect(&picture.to_frame()).unwrap();
    for line in [clock, sign] {
        assert!(covered(&line, &found) > 0.9, "{line:?} in {found:?}");
    }
    let marked: f32 = found.iter().map(|line| line.ellipse.bounding_box().area()).sum();
    assert!(marked < 2.5 * (clock.area() + sign.area()), "{found:?}");
}

#[test]
fn letters_from_bottom_to_top_are_found_as_well() {
    let mut picture = Picture::astronaut();
    let sign = write(&mut picture, "BED 4 MEIER", (180, 440), 3);
    let found = detector().detect(&picture.turned_left().to_frame()).unwrap();
    // Turned left, x becomes y and y becomes 512 - x.
    let turned = BoxPx { x0: sign.y0, y0: 512.0 - sign.x1, x1: sign.y1, y1: 512.0 - sign.x0 };
    assert!(covered(&turned, &found) > 0.85, "{turned:?} in {found:?}");
}

#[test]
fn nothing_is_found_where_nothing_is_written_and_any_size_passes() {
    let mut detector = detector();
    let mut grey = testing::frame(320, 180, testing::FULL_601);
    grey.bytes_mut().fill(128);
    assert_eq!(detector.detect(&grey).unwrap(), []);
    for (width, height) in [(2, 2), (2, 400), (33, 47)] {
        let noise = testing::noise(width, height, testing::FULL_601, 3);
        assert!(detector.detect(&noise).unwrap().iter().all(|line| line.ellipse.is_sound()));
    }
}
