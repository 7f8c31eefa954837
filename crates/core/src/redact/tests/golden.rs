//! Golden pictures: what the styles look like on a picture made for the purpose.
//!
//! `OBSCURA_BLESS=1` writes them anew. Look at them before they are committed.

use std::path::PathBuf;

use super::*;

/// Gradients in all planes under a fine chessboard: edges at which faults would show.
fn subject(size: FrameSize, seq: u64) -> Frame {
    let mut frame = frame_of(size, seq, |_| 128);
    for (plane_nr, plane) in frame.planes_mut().into_iter().enumerate() {
        let (width, height) = (plane.width, plane.height);
        for (y, row) in plane.data.chunks_mut(plane.stride).enumerate() {
            for (x, sample) in row.iter_mut().take(width).enumerate() {
                let board = if (x / 6 + y / 6) % 2 == 0 { 0 } else { 40 };
                let value = match plane_nr {
                    0 => 30 + x * 150 / width + board,
                    1 => 90 + y * 70 / height,
                    _ => 160 - x * 70 / width,
                };
                *sample = u8::try_from(value).unwrap();
            }
        }
    }
    frame
}

/// The masks of the golden pictures: plain, turned, overlapping, across an edge, tiny.
fn areas() -> Vec<MaskArea> {
    vec![
        ellipse(70.0, 75.0, 40.0, 52.0, 0.0),
        ellipse(190.0, 70.0, 60.0, 30.0, 0.6),
        ellipse(225.0, 95.0, 30.0, 40.0, -0.4),
        ellipse(310.0, 20.0, 40.0, 45.0, 0.0),
        ellipse(150.0, 160.0, 7.0, 9.0, 0.0),
    ]
}

/// The three planes as one grey picture: luma on top, U and V side by side underneath.
fn flattened(frame: &Frame) -> image::GrayImage {
    let [y, u, v] = frame.planes();
    let luma = (0..y.height).flat_map(|row| y.row(row).iter().copied());
    let chroma = (0..u.height).flat_map(|row| u.row(row).iter().chain(v.row(row)).copied());
    let (width, height) = (u32::try_from(y.width).unwrap(), u32::try_from(y.height * 3 / 2).unwrap());
    image::GrayImage::from_raw(width, height, luma.chain(chroma).collect()).unwrap()
}

fn check_against_golden(style: FaceStyle, redactor: &mut Redactor) {
    let size = FrameSize::rounded_up(320, 180);
    let mut frame = subject(size, 0);
    redactor.redact(&mut frame, &masks_of(0, &areas())).unwrap();
    let drawn = flattened(&frame);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/redact/golden/{style}.png"));
    if std::env::var_os("OBSCURA_BLESS").is_some_and(|v| v == "1") {
        drawn.save(&path).unwrap();
    }
    let golden = image::open(&path).map(image::DynamicImage::into_luma8);
    let golden = golden.unwrap_or_else(|e| panic!("the golden picture of `{style}` cannot be read: {e}"));
    assert_eq!(golden.dimensions(), drawn.dimensions());
    let furthest = golden.iter().zip(drawn.iter()).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(furthest <= Some(1), "`{style}` is off by {furthest:?}");
}

#[test]
fn the_styles_look_as_they_did() {
    let size = FrameSize::rounded_up(320, 180);
    for style in FaceStyle::ALL {
        check_against_golden(*style, &mut on_cpu(size, *style));
        check_against_golden(*style, &mut on_gpu(size, *style));
    }
}
