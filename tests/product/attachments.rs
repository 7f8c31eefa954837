//! What Matroska files carry beside their streams stays behind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at the first surprise")]

use obscura_tests::{Bench, probe};

const MARK: &str = "OBSCURALEAKMARK";

#[test]
fn an_attachment_and_a_cover_do_not_come_along() {
    let bench = Bench::new();
    let note = bench.path("note.txt");
    std::fs::write(&note, MARK).unwrap();
    let args = format!(
        "-t 0.4 -i {{media}}/carphone.mp4 -i {{media}}/astronaut.png -map 0:v -map 1:v -c:v:0 libx264 -preset:v:0 \
         ultrafast -c:v:1 png -disposition:v:1 attached_pic -metadata title={MARK} -attach {} -metadata:s:t:0 \
         mimetype=text/plain",
        note.display()
    );
    let clip = bench.make("attached.mkv", &args);
    let carried = probe::file(&clip)["streams"].as_array().unwrap().len();
    assert_eq!(carried, 3, "picture, cover and attachment");
    bench.redact(&clip, &[]).expect(0);
    let out = probe::file(&bench.output());
    assert_eq!(out["streams"].as_array().unwrap().len(), 1, "{out:#}");
    assert_eq!(out["streams"][0]["width"], 176);
    let tags = out["format"]["tags"].as_object().unwrap();
    let plain = ["major_brand", "minor_version", "compatible_brands"];
    assert!(tags.keys().all(|name| plain.contains(&name.as_str())), "{tags:?}");
    let bytes = std::fs::read(bench.output()).unwrap();
    assert!(!bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes()));
}
