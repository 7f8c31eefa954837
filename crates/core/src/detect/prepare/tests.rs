//! The fast preparation against a slow one that follows the definitions word by word.

use proptest::prelude::*;

use super::super::testing::{FULL_601, frame, noise};
use super::*;
use crate::model::{ColorMatrix, Colorimetry, EllipsePx, Frame, FrameSize, PlaneRef};

/// The weight of each source sample in target sample `at`, from the definition: shared length where the axis
/// shrinks, distance to the neighbours' centres where it grows.
fn weight(source: usize, target: usize, at: usize, sample: usize) -> f64 {
    let ratio = source as f64 / target as f64;
    if ratio > 1.0 {
        let (start, end) = (at as f64 * ratio, (at + 1) as f64 * ratio);
        return ((end.min(sample as f64 + 1.0) - start.max(sample as f64)).max(0.0)) / ratio;
    }
    let centre = ((at as f64 + 0.5) * ratio - 0.5).clamp(0.0, source as f64 - 1.0);
    (1.0 - (centre - sample as f64).abs()).max(0.0)
}

/// One resampled value of a plane.
fn resampled(plane: &PlaneRef<'_>, target: (usize, usize), x: usize, y: usize) -> f64 {
    let mut sum = 0.0;
    for row in 0..plane.height {
        let vertical = weight(plane.height, target.1, y, row);
        if vertical > 0.0 {
            let samples = plane.row(row).iter().enumerate();
            let line =
                samples.map(|(column, value)| weight(plane.width, target.0, x, column) * f64::from(*value));
            sum += vertical * line.sum::<f64>();
        }
    }
    sum
}

/// R, G and B of the standards' equations.
fn rgb(colour: Colorimetry, [y, cb, cr]: [f64; 3]) -> [f64; 3] {
    let (kr, kb) = colour.matrix.kr_kb();
    let (kr, kb) = (f64::from(kr), f64::from(kb));
    let (y, cb, cr) = if colour.full_range {
        (y / 255.0, (cb - 128.0) / 255.0, (cr - 128.0) / 255.0)
    } else {
        ((y - 16.0) / 219.0, (cb - 128.0) / 224.0, (cr - 128.0) / 224.0)
    };
    let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
    let g = (y - kr * r - kb * b) / (1.0 - kr - kb);
    [r, g, b].map(|value| (value * 255.0).clamp(0.0, 255.0))
}

/// The largest difference between the fast and the slow way over a sample of pixels, and the largest value in
/// the padding.
fn compare(frame: &Frame, side_px: u16, order: ChannelOrder) -> (f64, u8) {
    let layout = InputLayout::new(frame.size(), side_px, Turn::NONE);
    let target = (layout.content_width, layout.content_height);
    let mut preparer = Preparer::new(Sides::new(side_px), order);
    let mut loaded = preparer.load(frame);
    let found = loaded.whole(Turn::NONE);
    let [y_plane, u, v] = frame.planes();
    let (mut worst, mut padding) = (0.0f64, 0);
    for (at, pixel) in found.pixels.iter().enumerate() {
        let (x, y) = (at % found.width, at / found.width);
        if x >= target.0 || y >= target.1 {
            padding = padding.max(pixel.iter().copied().max().unwrap());
        } else if at % 13 == 0 {
            let yuv = [&y_plane, &u, &v].map(|plane| resampled(plane, target, x, y));
            let [first, second, third, _] = pixel.map(f64::from);
            let found =
                if order == ChannelOrder::Rgb { [first, second, third] } else { [third, second, first] };
            let off = rgb(frame.colour, yuv).into_iter().zip(found).map(|(a, b)| (a - b).abs());
            worst = off.fold(worst, f64::max);
        }
    }
    (worst, padding)
}

fn colours() -> impl Strategy<Value = Colorimetry> {
    let matrix = prop_oneof![Just(ColorMatrix::Bt601), Just(ColorMatrix::Bt709), Just(ColorMatrix::Bt2020)];
    (any::<bool>(), matrix).prop_map(|(full_range, matrix)| Colorimetry { full_range, matrix })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn it_agrees_with_the_definitions(
        width in 1usize..200, height in 1usize..200, side in 2u16..6,
        colour in colours(), rgb in any::<bool>(), seed in any::<u32>(),
    ) {
        let order = if rgb { ChannelOrder::Rgb } else { ChannelOrder::Bgr };
        let (worst, padding) = compare(&noise(width, height, colour, seed), side * 32, order);
        // Rows are weighted in 256ths: each of up to a few rows is off by 1/512 of its value at most, in luma
        // and in chroma; and the result is rounded.
        prop_assert!(worst < 3.5, "off by {}", worst);
        prop_assert!(padding == 0, "padding {}", padding);
    }

    #[test]
    fn flat_grey_stays_flat(width in 1usize..300, height in 1usize..300, grey in any::<u8>()) {
        let mut flat = frame(width, height, FULL_601);
        flat.bytes_mut().fill(128);
        let [luma, ..] = flat.planes_mut();
        luma.data.fill(grey);
        let layout = InputLayout::new(flat.size(), 96, Turn::NONE);
        let mut preparer = Preparer::new(Sides::new(96), ChannelOrder::Rgb);
        let mut loaded = preparer.load(&flat);
        let found = loaded.whole(Turn::NONE);
        for row in found.pixels.chunks_exact(found.width).take(layout.content_height) {
            let content = &row[..layout.content_width];
            prop_assert!(content.iter().all(|pixel| *pixel == [grey, grey, grey, 0]));
        }
    }
}

/// Every ratio that has code of its own, and some that have none, at sizes where the reference is affordable.
#[test]
fn ratios_of_real_recordings_agree_with_the_definitions() {
    for (width, height, limit) in [
        (256, 128, 0.51), // 2 to 1, as 1280x720: exact but for the rounding
        (384, 192, 1.5),  // 3 to 1 with chroma 3 to 2, as 1920x1080
        (768, 256, 1.5),  // 6 to 1, as 3840x2160
        (128, 96, 0.51),  // 1 to 1
        (64, 64, 1.01),   // enlarged twice
        (1600, 64, 2.5),  // 12.5 to 1
        (2, 1200, 3.0),   // a thread
    ] {
        let noise = noise(width, height, FULL_601, 7);
        let (worst, padding) = compare(&noise, 128, ChannelOrder::Rgb);
        assert!(worst < limit && padding == 0, "{width}x{height}: off by {worst}, padding {padding}");
    }
}

#[test]
fn memory_of_another_size_or_turn_does_not_shine_through() {
    let (large, small) = (noise(256, 256, FULL_601, 1), noise(256, 100, FULL_601, 2));
    let mut used = Preparer::new(Sides::new(128), ChannelOrder::Rgb);
    for (frame, turn) in
        [(&large, 0), (&small, 0), (&large, 1), (&small, 2), (&small, 0), (&large, 3), (&small, 1)]
    {
        let turn = Turn::eighths(turn);
        let mut fresh = Preparer::new(Sides::new(128), ChannelOrder::Rgb);
        let (mut found, mut expected) = (used.load(frame), fresh.load(frame));
        let (found, expected) = (found.whole(turn), expected.whole(turn));
        assert!(found.pixels == expected.pixels, "{turn:?} of {:?}", frame.size());
    }
}

#[test]
fn quarter_turns_move_pixels_without_changing_them() {
    let noise = noise(256, 128, FULL_601, 3);
    let mut preparer = Preparer::new(Sides::new(128), ChannelOrder::Rgb);
    let mut loaded = preparer.load(&noise);
    let upright = loaded.whole(Turn::NONE).pixels.to_vec();
    let (width, height) = (128, 64);
    for quarter in 1u8..4 {
        let turned = loaded.whole(Turn::eighths(2 * quarter));
        for (x, y) in [(0, 0), (127, 0), (0, 63), (127, 63), (40, 11), (77, 50)] {
            let (to_x, to_y) = match quarter {
                1 => (height - 1 - y, x),
                2 => (width - 1 - x, height - 1 - y),
                _ => (y, width - 1 - x),
            };
            let moved = turned.pixels[to_y * turned.width + to_x];
            assert_eq!(moved, upright[y * width + x], "quarter {quarter}, pixel {x},{y}");
        }
    }
}

#[test]
fn only_diagonal_turns_become_smaller_where_that_is_asked_for() {
    let frame = noise(640, 360, FULL_601, 3);
    let mut preparer = Preparer::new(Sides::new(736).with_small_diagonals(), ChannelOrder::Rgb);
    let sizes = [0, 1, 2, 3].map(|eighths| {
        let mut loaded = preparer.load(&frame);
        let input = loaded.whole(Turn::eighths(eighths));
        (input.width, input.height)
    });
    assert_eq!(sizes, [(736, 416), (640, 640), (416, 736), (640, 640)]);
}

#[test]
fn a_crop_shows_what_lies_around_its_place() {
    // A picture that grows brighter to the right, darker where it is turned by half.
    let mut frame = frame(640, 360, FULL_601);
    frame.bytes_mut().fill(128);
    for row in frame.planes_mut()[0].data.chunks_mut(frame_stride()) {
        row.iter_mut().zip(0u32..).for_each(|(luma, x)| *luma = u8::try_from(x * 255 / 640).unwrap_or(255));
    }
    let mut preparer = Preparer::new(Sides::new(640), ChannelOrder::Rgb);
    let at = |angle_rad: f32| Place::of(EllipsePx { cx: 300.0, cy: 180.0, rx: 20.0, ry: 20.0, angle_rad });
    let mut loaded = preparer.load(&frame);
    let crops = loaded.crops(&[at(0.0), at(std::f32::consts::PI)]);
    let middle = crops.side / 2;
    for (crop, across) in crops.pixels.chunks(crops.side * crops.side).zip([1.0, -1.0]) {
        let row: Vec<f32> =
            crop[middle * crops.side..][..crops.side].iter().map(|pixel| f32::from(pixel[0])).collect();
        let expected = |x: usize| (300.0 + across * (x as f32 + 0.5 - middle as f32)) * 255.0 / 640.0;
        assert!((row[middle] - expected(middle)).abs() < 1.5, "{} for {}", row[middle], expected(middle));
        assert!((row[10] - expected(10)).abs() < 1.5 && (row[120] - expected(120)).abs() < 1.5);
    }
}

/// Bytes from one row of luma to the next.
fn frame_stride() -> usize {
    FrameSize::rounded_up(640, 360).stride_y()
}
