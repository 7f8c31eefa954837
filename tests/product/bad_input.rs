//! Recordings that cannot be used, each refused with one clear sentence and the right exit code.

use std::path::{Path, PathBuf};

use obscura_tests::run::finish;
use obscura_tests::{Bench, Sheet, media, probe};

/// Refuses `clip` with exit 5, and leaves nothing.
fn unusable(bench: &Bench, clip: &Path, words: &[&str]) {
    bench.redact(clip, &[]).refused(5, words);
    bench.assert_nothing_left();
}

fn short_clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.3 -c:v libx264 -preset ultrafast")
}

/// Keeps the first `share` of a file.
fn cut_short(bench: &Bench, clip: &Path, share: f64) -> PathBuf {
    let bytes = std::fs::read(clip).unwrap();
    let cut = bench.path("cut.mp4");
    std::fs::write(&cut, &bytes[..(bytes.len() as f64 * share) as usize]).unwrap();
    cut
}

#[test]
fn a_missing_file() {
    let bench = Bench::new();
    let sheet = Sheet::permitting(&media::folder().join("carphone.mp4"));
    let missing = bench.path("missing.mp4");
    finish(&mut bench.command(&missing, &sheet, &[])).refused(5, &["recording"]);
    bench.assert_nothing_left();
}

/// An address is no file that somebody forgot.
#[test]
fn addresses_that_are_not_read() {
    let bench = Bench::new();
    let sheet = Sheet::permitting(&media::folder().join("carphone.mp4"));
    let page = Path::new("https://ward.example/resus.mp4");
    finish(&mut bench.command(page, &sheet, &[])).refused(2, &["address", "rtsp://"]);
    finish(bench.obscura().args(["sheet", "new"]).arg(page)).refused(2, &["address", "rtsp://"]);
    for nowhere in ["rtsp://", "udp://127.0.0.1", "udp://127.0.0.1:99999", "v4l2:/dev/null"] {
        finish(&mut bench.command(Path::new(nowhere), &sheet, &[]))
            .refused(2, &["address", "udp://HOST:PORT"]);
        finish(bench.obscura().args(["sheet", "new", nowhere])).refused(2, &["address"]);
    }
    let tracks = bench.path("x.json");
    for live in ["udp://127.0.0.1:9", "rtsp://127.0.0.1/ward", "v4l2:/dev/video0"] {
        let run = finish(bench.obscura().args(["analyze", live, "-o"]).arg(&tracks));
        run.refused(2, &["live source", "obscura redact"]);
    }
    bench.assert_nothing_left();
}

#[test]
fn an_empty_file() {
    let bench = Bench::new();
    let clip = bench.path("empty.mp4");
    std::fs::write(&clip, []).unwrap();
    unusable(&bench, &clip, &["empty"]);
}

#[test]
fn text_under_the_name_of_a_recording() {
    let bench = Bench::new();
    let clip = bench.path("notes.mp4");
    std::fs::write(&clip, "These are the notes of Tuesday.\n".repeat(200)).unwrap();
    unusable(&bench, &clip, &["text"]);
}

#[test]
fn noise_under_the_name_of_a_recording() {
    let bench = Bench::new();
    let clip = bench.path("noise.mkv");
    let noise = (0_u32..20_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>();
    std::fs::write(&clip, noise).unwrap();
    unusable(&bench, &clip, &["recording"]);
}

#[test]
fn a_folder_instead_of_a_file() {
    let bench = Bench::new();
    let clip = bench.path("folder.mp4");
    std::fs::create_dir(&clip).unwrap();
    let sheet = Sheet::permitting(&media::folder().join("carphone.mp4"));
    finish(&mut bench.command(&clip, &sheet, &[])).refused(5, &["recording"]);
    bench.assert_nothing_left();
}

#[test]
fn sound_without_a_picture() {
    let bench = Bench::new();
    let clip = bench.make("sound.mp4", "-f lavfi -i sine=440:d=0.5 -c:a aac");
    unusable(&bench, &clip, &["picture"]);
}

#[test]
fn an_mp4_without_its_index() {
    let bench = Bench::new();
    let whole = short_clip(&bench);
    let clip = cut_short(&bench, &whole, 0.5);
    unusable(&bench, &clip, &["recording"]);
}

/// A clip with its index in front, so that it can be cut in the data.
fn cut_in_the_data(bench: &Bench) -> (PathBuf, PathBuf) {
    let args = "-i {media}/carphone.mp4 -t 2 -c:v libx264 -preset ultrafast -g 15 -movflags +faststart";
    let whole = bench.make("whole.mp4", args);
    let clip = cut_short(bench, &whole, 0.6);
    (whole, clip)
}

#[test]
fn a_recording_that_was_cut_off_says_where_the_picture_ends() {
    let bench = Bench::new();
    let (_, clip) = cut_in_the_data(&bench);
    let run = bench.redact(&clip, &[]).refused(5, &["--allow-truncated"]);
    bench.assert_nothing_left();
    // The picture ends after a second and a bit: 0.6 of the bytes of two seconds.
    let said =
        run.stderr.split(|c: char| !(c.is_ascii_digit() || c == '.')).filter_map(|word| word.parse().ok());
    assert!(
        said.into_iter().any(|time: f64| (0.8..1.6).contains(&time)),
        "no time is named:\n{}",
        run.stderr
    );
}

#[test]
fn a_recording_that_was_cut_off_is_taken_up_to_the_cut_where_that_is_asked_for() {
    let bench = Bench::new();
    let (whole, clip) = cut_in_the_data(&bench);
    let run = bench.redact(&clip, &["--allow-truncated"]).expect(0);
    assert!(run.stderr.contains("the recording was cut off"), "{}", run.stderr);
    let verified = finish(bench.obscura().arg("verify").arg(bench.output())).expect(0);
    assert!(verified.stdout.contains("what followed is not in this file"), "{}", verified.stdout);
    let (wanted, got) = (probe::times(&whole), probe::times(&bench.output()));
    assert!(got.len() > wanted.len() / 3 && got.len() < wanted.len(), "{} of {}", got.len(), wanted.len());
    probe::assert_same_times(wanted.get(..got.len()).unwrap(), &got);
    assert_eq!(bench.receipt()["render"]["truncated"], true);
}

#[cfg(unix)]
#[test]
fn a_recording_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = Sheet::permitting(&clip);
    std::fs::set_permissions(&clip, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&clip).is_ok() {
        println!("a_recording_that_may_not_be_read: skipped, this account may read everything");
        return;
    }
    finish(&mut bench.command(&clip, &sheet, &[])).refused(5, &["read"]);
    bench.assert_nothing_left();
}

/// What stands behind a change of streams would be left out without a word.
#[test]
fn two_transport_streams_in_one_file() {
    let bench = Bench::new();
    let part = |name: &str, pids: &str| {
        let made = bench.make(
            name,
            &format!("-i {{media}}/carphone.mp4 -t 0.6 -an -c:v libx264 -preset ultrafast {pids}"),
        );
        std::fs::read(made).unwrap()
    };
    let others = "-mpegts_start_pid 0x200 -mpegts_pmt_start_pid 0x1200";
    let joined = bench.path("joined.ts");
    std::fs::write(&joined, [part("a.ts", ""), part("b.ts", others)].concat()).unwrap();
    unusable(&bench, &joined, &["streams change in the middle", "split it there"]);
}

/// The demultiplexer takes so short a track for a preview, and passes over it.
#[test]
fn a_picture_that_ends_long_before_its_sound() {
    let bench = Bench::new();
    let clip = bench.make(
        "long.mp4",
        "-t 0.5 -i {media}/carphone.mp4 -f lavfi -i sine=500:d=4 -map 0:v -map 1:a -c:v libx264 -preset ultrafast -c:a aac",
    );
    unusable(&bench, &clip, &["less than a fifth"]);
}

/// The same track is counted and decoded.
#[test]
fn a_preview_in_front_of_the_picture() {
    let bench = Bench::new();
    let clip = bench.make(
        "preview.mp4",
        "-t 0.2 -i {media}/carphone.mp4 -t 2.5 -i {media}/carphone.mp4 -map 0:v -map 1:v -c:v libx264 -preset ultrafast",
    );
    bench.redact(&clip, &[]).expect(0);
    let render = &bench.receipt()["render"];
    assert_eq!(render["frames_in"], render["frames_promised"], "{render}");
    assert!(render["frames_in"].as_u64().unwrap() > 50);
}
