//! The size of the output follows from that of the recording, unless a quality is asked for.

use obscura_tests::Bench;

/// A strongly compressed recording: at constant quality the encoder would spend its bits on what the first one left
/// behind.
const MAKE: &str = "-i {media}/carphone.mp4 -vf scale=704:576 -an -c:v libx264 -preset medium -crf 33";

#[test]
fn the_output_is_hardly_larger_than_the_recording_unless_a_quality_is_named() {
    let bench = Bench::new();
    let clip = bench.make("clip.mp4", MAKE);
    let bytes = |path: &std::path::Path| std::fs::metadata(path).unwrap().len() as f64;
    let size = |extra: &[&str]| {
        let arguments = [&["--search", "upright", "--overwrite"], extra].concat();
        bench.redact(&clip, &arguments).expect(0);
        bytes(&bench.output()) / bytes(&clip)
    };
    let (free, near, kept) = (size(&["--quality", "16"]), size(&[]), size(&["--keep-bitrate"]));
    assert!(near < 1.3 && free > 1.5 * near, "free {free:.2}, near {near:.2}, kept {kept:.2}");
    assert!((0.6..1.25).contains(&kept), "free {free:.2}, near {near:.2}, kept {kept:.2}");
}
