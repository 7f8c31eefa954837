//! Pictures that a decoder makes up in part, because their data is damaged: nobody can find a face in them, or be sure
//! that there is none.

use obscura_tests::pixels::{Area, detail, gray, spread};
use obscura_tests::{Bench, probe};

/// A door behind the man, where no mask lies.
const DOOR: Area = Area::new(430, 20, 90, 130);

/// Of 60 pictures, each 20th a key picture, the data of the 30th is damaged.
fn hides_what_follows(encode: &str, name: &str) {
    let bench = Bench::new();
    let clip = bench
        .make(name, &format!("-stream_loop 3 -i {{media}}/single_face.mp4 -frames:v 60 -an {encode} -g 20"));
    let mut bytes = std::fs::read(&clip).unwrap();
    let packet = probe::packets(&clip)[30].clone();
    let middle = packet.start + packet.len() / 2;
    bytes[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(&clip, bytes).unwrap();
    bench.redact(&clip, &[]).expect(0);
    let damaged = bench.receipt()["render"]["frames_damaged"].as_u64().unwrap();
    assert!((8..=14).contains(&damaged), "{damaged} pictures");
    let fine: Vec<f32> =
        gray(&bench.output(), DOOR).iter().map(|picture| spread(&detail(picture, DOOR.width))).collect();
    let whole = fine[0];
    assert!(whole > 1.0, "the door has detail: {whole}");
    for (nth, fine) in fine.iter().enumerate() {
        match nth {
            0..26 | 42.. => assert!(*fine > 0.7 * whole, "picture {nth} is hidden: {fine} of {whole}"),
            31..40 => assert!(*fine < 0.3 * whole, "picture {nth} is seen: {fine} of {whole}"),
            _ => {}
        }
    }
}

#[test]
fn damaged_h264_is_hidden_whole_until_the_next_key_picture() {
    hides_what_follows("-c:v libx264 -preset fast -bf 0 -sc_threshold 0", "damaged.mp4");
}

#[test]
fn damaged_mpeg_4_is_hidden_whole_until_the_next_key_picture() {
    hides_what_follows("-c:v mpeg4 -q:v 4 -sc_threshold 1000000000", "damaged.avi");
}
