//! Tests of the way between frame and model, there and back.

use proptest::prelude::*;

use super::*;

fn layout(width: usize, height: usize, eighths: u8) -> InputLayout {
    InputLayout::new(FrameSize::rounded_up(width, height), 640, Turn::eighths(eighths))
}

#[test]
fn usual_sizes_land_where_the_networks_are_fast() {
    let size = |width, height, turn| {
        let layout = layout(width, height, turn);
        [layout.width, layout.height, layout.content_width, layout.content_height]
    };
    assert_eq!(size(1280, 720, 0), [640, 352, 640, 352]);
    assert_eq!(size(1920, 1080, 4), [640, 352, 640, 352]);
    assert_eq!(size(1080, 1920, 0), [352, 640, 352, 640]);
    assert_eq!(size(1280, 720, 2), [352, 640, 640, 352]);
    assert_eq!(size(1280, 720, 1), [640, 640, 579, 326]);
    assert_eq!(size(640, 400, 0), [640, 416, 640, 400]);
    assert_eq!(size(176, 144, 0), [352, 288, 352, 288]);
    assert_eq!(size(2, 2, 0), [32, 32, 4, 4]);
    assert_eq!(size(16384, 2, 0), [640, 32, 640, 1]);
}

#[test]
fn the_turn_of_a_pass_stands_its_ellipses_upright() {
    for eighths in 0..8 {
        let turn = Turn::eighths(eighths);
        for layout in
            [layout(1280, 720, eighths), layout(1280, 720, 0).around((300.0, 200.0), turn, 128, 2.0)]
        {
            let ellipse = layout.frame_from_model.ellipse(&BoxPx::from_centre(64.0, 64.0, 30.0, 40.0));
            assert_eq!(Turn::upright_for(ellipse.angle_rad), turn, "{ellipse:?}");
        }
    }
}

#[test]
fn a_crop_lies_around_its_place_in_frame_and_scaled_picture_alike() {
    let whole = layout(1280, 720, 0);
    for eighths in 0..8 {
        let crop = whole.around((300.0, 200.0), Turn::eighths(eighths), 128, 2.5);
        let (x, y) = crop.frame_from_model.point(64.0, 64.0);
        assert!((x - 300.0).abs() < 1e-3 && (y - 200.0).abs() < 1e-3, "{x} {y}");
        let (x, y) = crop.frame_from_model.point(10.0, 100.0);
        let (u, v) = crop.content_from_model.point(10.0, 100.0);
        let (scaled_x, scaled_y) = whole.frame_from_model.point(u, v);
        assert!((scaled_x - x).abs() < 1e-2 && (scaled_y - y).abs() < 1e-2, "{eighths}");
    }
}

#[test]
fn a_box_of_a_turned_input_becomes_a_turned_ellipse() {
    let ellipse = |eighths, bbox: BoxPx| layout(1280, 1280, eighths).frame_from_model.ellipse(&bbox);
    let bbox = BoxPx::from_centre(320.0, 100.0, 40.0, 60.0);
    let upright = ellipse(0, bbox);
    assert_eq!(upright, EllipsePx { cx: 640.0, cy: 200.0, rx: 40.0, ry: 60.0, angle_rad: 0.0 });
    // Turned clockwise by a quarter, what is at the top now was at the left: the face's up points left in
    // the frame.
    let quarter = ellipse(2, bbox);
    assert!((quarter.cx - 200.0).abs() < 1e-2 && (quarter.cy - 640.0).abs() < 1e-2, "{quarter:?}");
    assert!((quarter.rx - 40.0).abs() < 1e-2 && (quarter.ry - 60.0).abs() < 1e-2);
    assert!((quarter.angle_rad + FRAC_PI_2).abs() < 1e-4, "{quarter:?}");
    let eighth = ellipse(1, bbox);
    assert!((eighth.angle_rad + FRAC_PI_2 / 2.0).abs() < 1e-3 && eighth.ry > eighth.rx, "{eighth:?}");
}

proptest! {
    /// The rim of the mapped ellipse is the map of the rim, for any size, shape and turn.
    #[test]
    fn the_ellipse_is_the_image_of_the_inscribed_one(
        width in 2usize..4000, height in 2usize..4000, eighths in 0u8..8,
        x in 0.0f32..640.0, y in 0.0f32..640.0, w in 4.0f32..300.0, h in 4.0f32..300.0,
        around in 0.0f32..6.3,
    ) {
        let map = layout(width, height, eighths).frame_from_model;
        let bbox = BoxPx::from_centre(x, y, w, h);
        let ellipse = map.ellipse(&bbox);
        prop_assert!(ellipse.is_sound());
        let (sin, cos) = around.sin_cos();
        let at = |scale: f32| map.point(x + scale * cos * w / 2.0, y + scale * sin * h / 2.0);
        let (inner, outer) = (at(0.98), at(1.02));
        prop_assert!(ellipse.contains(inner.0, inner.1), "{ellipse:?} without {inner:?}");
        prop_assert!(!ellipse.contains(outer.0, outer.1), "{ellipse:?} with {outer:?}");
    }

    #[test]
    fn every_frame_point_lies_on_the_input(
        width in 2usize..17000, height in 2usize..17000, eighths in 0u8..8,
        u in 0.0f32..1.0, v in 0.0f32..1.0,
    ) {
        let layout = layout(width, height, eighths);
        prop_assert!(layout.width <= 640 && layout.height <= 640);
        let [[a, b], [c, d]] = layout.frame_from_model.matrix;
        let [x0, y0] = layout.frame_from_model.origin;
        let (x, y) = (u * width as f32 - x0, v * height as f32 - y0);
        let determinant = a * d - b * c;
        let (mx, my) = ((d * x - b * y) / determinant, (a * y - c * x) / determinant);
        prop_assert!(mx > -1.0 && mx < layout.width as f32 + 1.0, "x {mx}");
        prop_assert!(my > -1.0 && my < layout.height as f32 + 1.0, "y {my}");
    }
}
