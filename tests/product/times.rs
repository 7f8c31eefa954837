//! Every picture keeps its moment, and the sound stays with it.

use std::path::Path;

use obscura_tests::{Bench, Sheet, media, probe, run, sound};

/// How far the sound may move against the clock of the file.
const SOUND_SECONDS: f64 = 0.010;

/// Redacts and compares every time; the receipt must count as the witness does.
fn same_times(bench: &Bench, clip: &Path) {
    bench.redact(clip, &[]).expect(0);
    let wanted = probe::times(clip);
    probe::assert_same_times(&wanted, &probe::times(&bench.output()));
    let render = &bench.receipt()["render"];
    assert_eq!(render["frames_in"], wanted.len());
    assert_eq!(render["frames_out"], wanted.len());
}

/// Start and length of the sound in the input and in the output.
fn same_sound(bench: &Bench, clip: &Path) {
    let (before, after) = (probe::file(clip), probe::file(&bench.output()));
    let (before, after) = (probe::streams(&before, "audio")[0], probe::streams(&after, "audio")[0]);
    for what in ["start_time", "duration"] {
        let (wanted, got) = (probe::number(&before[what]), probe::number(&after[what]));
        assert!((wanted - got).abs() <= SOUND_SECONDS, "{what} of the sound was {wanted} s and is {got} s");
    }
}

#[test]
fn constant_rate_with_reordered_pictures() {
    let bench = Bench::new();
    let args = "-t 0.7 -i {media}/carphone.mp4 -c:v libx264 -preset medium -bf 3 -g 12";
    let clip = bench.make("reordered.mp4", args);
    same_times(&bench, &clip);
}

#[test]
fn ntsc_rate_untouched() {
    let bench = Bench::new();
    let clip = bench.make("ntsc.mp4", "-i {media}/carphone.mp4 -c copy -t 1");
    same_times(&bench, &clip);
}

#[test]
fn variable_rate_of_a_telephone_with_late_sound() {
    let bench = Bench::new();
    let clip = obscura_tests::media::folder().join("face_noface.mov");
    same_times(&bench, &clip);
    // Its edit list ends the sound within the last block. ffprobe counts that block whole, so the list itself is read.
    let start = |path: &Path| probe::number(&probe::streams(&probe::file(path), "audio")[0]["start_time"]);
    let (wanted, got) = (start(&clip), start(&bench.output()));
    assert!((wanted - got).abs() <= SOUND_SECONDS, "the sound began at {wanted} s and begins at {got} s");
    let wanted = wanted + probe::sound_edit_seconds(&clip);
    let got = sound::decode(&bench.output()).len() as f64 / f64::from(sound::RATE);
    assert!((wanted - got).abs() <= SOUND_SECONDS, "the sound ended at {wanted} s and ends at {got} s");
}

/// Whoever cuts the beginning off without encoding anew leaves pictures in the file that no player shows.
#[test]
fn a_recording_that_was_trimmed_without_encoding_it_anew() {
    let bench = Bench::new();
    let whole =
        bench.make("whole.mp4", "-t 2 -i {media}/carphone.mp4 -c:v libx264 -preset veryfast -bf 2 -g 250");
    let trimmed = whole.with_file_name("trimmed.mp4");
    let name = whole.to_str().unwrap();
    media::ffmpeg(
        media::words("-ss 0.9 -i")
            .into_iter()
            .chain([name.into()])
            .chain(media::words("-c copy"))
            .chain([trimmed.clone().into_os_string()]),
    );
    bench.redact(&trimmed, &[]).expect(0);
    let render = &bench.receipt()["render"];
    let shown = probe::times(&trimmed).iter().filter(|time| **time >= 0.0).count() as u64;
    let [promised, decoded] = ["frames_promised", "frames_in"].map(|count| render[count].as_u64().unwrap());
    assert!((30..40).contains(&shown) && promised == shown, "{render}");
    // The picture in which the cut lies is shown from there on.
    assert!(decoded == shown || decoded == shown + 1, "{render}");
}

#[test]
fn jittered_times_in_matroska() {
    let bench = Bench::new();
    let args = "-t 0.6 -i {media}/carphone.mp4 -vf settb=1/1000,setpts=N*40+mod(N*7\\,5)*6 -fps_mode passthrough \
                -enc_time_base 1/1000 -c:v libx264 -preset ultrafast";
    let clip = bench.make("jitter.mkv", args);
    let times = probe::times(&clip);
    let steps: Vec<i64> = times.windows(2).map(|w| ((w[1] - w[0]) * 1e3).round() as i64).collect();
    assert!(steps.iter().any(|step| *step != steps[0]), "the input has uneven steps: {steps:?}");
    same_times(&bench, &clip);
}

#[test]
fn sound_keeps_its_start_and_length() {
    let bench = Bench::new();
    let clip =
        bench.make("sound.mp4", "-t 1 -i {media}/single_face.mp4 -vf scale=320:-2 -c:v libx264 -c:a aac");
    same_times(&bench, &clip);
    same_sound(&bench, &clip);
}

/// A tone that begins at exactly 0.5 s, as AAC (with priming), MP3, or PCM.
fn burst(bench: &Bench, name: &str, codec: &str, picture_delay: &str) -> std::path::PathBuf {
    let args = format!(
        "-f lavfi -i aevalsrc=if(between(t\\,0.5\\,0.7)\\,0.8*sin(2*PI*1000*t)\\,0):s=44100:d=1 {picture_delay} -t 0.8 \
         -i {{media}}/carphone.mp4 -map 1:v -map 0:a -c:v libx264 -preset ultrafast -c:a {codec}"
    );
    bench.make(name, &args)
}

fn same_onset(name: &str, codec: &str, picture_delay: &str) {
    let bench = Bench::new();
    let clip = burst(&bench, name, codec, picture_delay);
    let sheet = Sheet::permitting(&clip).voice_ok();
    run::finish(&mut bench.command(&clip, &sheet, &["--voice", "original"])).expect(0);
    // Against the first picture, since a transport stream counts from anywhere; the decoder counts from the file's
    // start.
    let from_picture = |path: &Path| {
        let start = probe::number(&probe::file(path)["format"]["start_time"]);
        sound::onset(&sound::decode(path)) - (probe::times(path)[0] - start)
    };
    let (wanted, got) = (from_picture(&clip), from_picture(&bench.output()));
    assert!((0.35..0.60).contains(&wanted), "the burst of the input is where it was put: {wanted} s");
    assert!((wanted - got).abs() <= SOUND_SECONDS, "the burst was at {wanted:.4} s and is at {got:.4} s");
}

#[test]
fn a_burst_stays_in_place_from_aac() {
    same_onset("burst.mp4", "aac", "");
}

#[test]
fn a_burst_stays_in_place_from_mp3() {
    same_onset("burst.mkv", "libmp3lame", "");
}

#[test]
fn a_burst_stays_in_place_from_pcm() {
    same_onset("burst.mov", "pcm_s16le", "");
}

#[test]
fn a_burst_stays_in_place_in_a_transport_stream() {
    same_onset("burst.ts", "aac", "");
}

#[test]
fn a_burst_stays_in_place_from_opus() {
    same_onset("opus.mkv", "libopus", "");
}

#[test]
fn a_burst_stays_in_place_where_the_picture_starts_late() {
    same_onset("late.mp4", "aac", "-itsoffset 0.12");
}

#[test]
fn a_disguised_burst_stays_in_place() {
    let bench = Bench::new();
    let clip = burst(&bench, "disguised.mp4", "aac", "");
    bench.redact(&clip, &["--voice", "disguise"]).expect(0);
    let got = sound::onset(&sound::decode(&bench.output()));
    let wanted = sound::onset(&sound::decode(&clip));
    // The bands of the disguise answer over some 20 ms, so that its onset is softer than the burst's.
    assert!((wanted - got).abs() <= 0.030, "the burst was at {wanted:.4} s and is at {got:.4} s");
}
