//! The sound: in time, without a sample of the original voice, with its alarms listed, and with a warning where it is
//! weak.

use std::path::PathBuf;

use obscura_tests::sound::{self, babble};
use obscura_tests::{Bench, Sheet, media, probe, run};

/// A black clip of `seconds` with this interleaved sound, as it is where the name says `wave`; `before` stands before
/// the sound's input.
fn clip(
    bench: &Bench,
    name: &str,
    format: (u32, usize),
    seconds: f32,
    interleaved: &[f32],
    before: &str,
) -> PathBuf {
    let raw = bench.path("sound.raw");
    sound::write_raw(&raw, interleaved);
    let (rate, channels) = format;
    let raw = raw.display();
    let codec = if name.contains("wave") { "pcm_s16le" } else { "aac -b:a 192k" };
    bench.make(
        name,
        &format!(
            "-f lavfi -i color=black:s=64x64:r=5:d={seconds} {before} -f f32le -ar {rate} -ac {channels} -i {raw} -map 0:v \
             -map 1:a -c:v libx264 -preset ultrafast -c:a {codec}"
        ),
    )
}

fn interleave(channels: &[Vec<f32>]) -> Vec<f32> {
    (0..channels[0].len()).flat_map(|i| channels.iter().map(move |channel| channel[i])).collect()
}

/// The disguise of a clip is where the clip's sound is.
fn stays_in_time(name: &str, format: (u32, usize), seconds: f32, interleaved: &[f32], before: &str) {
    let bench = Bench::new();
    let clip = clip(&bench, name, format, seconds, interleaved, before);
    bench.redact(&clip, &["--speed", "fastest"]).expect(0);
    let (before, after) = (sound::decode(&clip), sound::decode(&bench.output()));
    let (lag_ms, agreement) = sound::lag_ms(&before, &after);
    // Made speech agrees by 0.59 to 0.99 and lies within 4.5 ms, by the draw of the disguise (60 of each clip).
    assert!(agreement > 0.35, "{name}: the loudness agrees by {agreement} only");
    assert!(lag_ms.abs() <= 10.0, "{name}: the sound is {lag_ms} ms late");
    let (start, end) = (before.len() as f32, after.len() as f32);
    assert!((start - end).abs() <= 0.03 * sound::RATE as f32, "{name}: {start} samples became {end}");
    let report = &bench.receipt()["render"]["sound"];
    assert_eq!(report["frames_in"], report["frames_out"], "{name}");
}

#[test]
fn telephone_sound_stays_in_time() {
    stays_in_time("mono.mov", (8_000, 1), 3.0, &babble(8_000, 3, 1), "");
}

#[test]
fn stereo_at_44100_stays_in_time() {
    let pair = interleave(&[babble(44_100, 3, 2), babble(44_100, 3, 2)]);
    stays_in_time("stereo.mp4", (44_100, 2), 3.0, &pair, "");
}

/// Six channels of which one speaks.
fn surround_stays_in_time(name: &str, speaker: usize) {
    let mut channels = vec![vec![0.0; 48_000 * 3]; 6];
    channels[speaker] = babble(48_000, 3, 3);
    stays_in_time(name, (48_000, 6), 3.0, &interleave(&channels), "");
}

#[test]
fn surround_sound_of_one_rear_speaker_stays_in_time() {
    surround_stays_in_time("surround.mkv", 4);
}

#[test]
fn wave_sound_of_six_channels_without_places_stays_in_time() {
    surround_stays_in_time("wave.mov", 2);
}

#[test]
fn sound_that_starts_late_and_ends_early_stays_in_time() {
    stays_in_time("late.mp4", (48_000, 1), 5.0, &babble(48_000, 3, 4), "-itsoffset 1.23");
}

#[test]
fn a_clip_without_sound_stays_without() {
    let bench = Bench::new();
    let clip = bench.make("still.mp4", "-t 0.4 -i {media}/carphone.mp4 -c copy");
    bench.redact(&clip, &[]).expect(0);
    assert_eq!(probe::streams(&probe::file(&bench.output()), "audio").len(), 0);
    assert!(bench.receipt()["render"]["sound"].is_null());
}

#[test]
fn no_sample_of_the_original_is_in_any_band_of_any_channel() {
    let voices = [babble(16_000, 3, 5), babble(16_000, 3, 6)];
    let bench = Bench::new();
    let clip = clip(&bench, "two.mp4", (16_000, 2), 3.0, &interleave(&voices), "");
    let mix =
        |sign: f32| -> Vec<f32> { voices[0].iter().zip(&voices[1]).map(|(a, b)| a + sign * b).collect() };
    let originals = [voices[0].clone(), voices[1].clone(), mix(1.0), mix(-1.0)];
    let worst = |sheet: &Sheet, mode: &str| -> f32 {
        run::finish(&mut bench.command(
            &clip,
            sheet,
            &["--voice", mode, "--overwrite", "--speed", "fastest"],
        ))
        .expect(0);
        let mut outs = sound::decode_channels(&bench.output(), 2);
        let side: Vec<f32> = outs[0].iter().zip(&outs[1]).map(|(a, b)| a - b).collect();
        // The difference of two equal channels is nothing but rounding.
        if side.iter().any(|v| v.abs() > 0.01) {
            outs.push(side);
        }
        let pairs = originals.iter().flat_map(|original| outs.iter().map(move |out| (original, out)));
        pairs.map(|(original, out)| sound::worst_band_correlation(original, out)).fold(0.0, f32::max)
    };
    let sheet = Sheet::permitting(&clip);
    assert!(worst(&sheet, "disguise") < 0.3, "disguise");
    assert!(worst(&sheet, "pitch") < 0.3, "pitch");
    // The measure finds a voice that is there.
    assert!(worst(&Sheet::permitting(&clip).voice_ok(), "original") > 0.9, "original");
}

/// Pulses of 960 Hz, 200 ms on and 300 ms off, from 0.5 s on, in a soft babble.
fn alarm() -> Vec<f32> {
    let voice = babble(48_000, 4, 7);
    let tone = |i: usize| {
        let into = (i as f32 / 48_000.0 - 0.5).rem_euclid(0.5);
        let is_on = i >= 24_000 && into < 0.2;
        if is_on { 0.2 * (std::f32::consts::TAU * 960.0 * into).sin() } else { 0.0 }
    };
    // Soft, since a harmonic of the drawn pitch may lie on the tone.
    voice.iter().enumerate().map(|(i, v)| 0.1 * v + tone(i)).collect()
}

/// Amplitude of one frequency in a piece of sound at [`sound::RATE`].
fn amplitude(piece: &[f32], hz: f32) -> f32 {
    let angle = |i: usize| std::f32::consts::TAU * hz * i as f32 / sound::RATE as f32;
    let (re, im) = piece
        .iter()
        .enumerate()
        .fold((0.0_f32, 0.0_f32), |(re, im), (i, v)| (re + v * angle(i).cos(), im + v * angle(i).sin()));
    2.0 * re.hypot(im) / piece.len() as f32
}

#[test]
fn alarms_are_listed_and_played_anew_on_request() {
    let bench = Bench::new();
    let clip = clip(&bench, "alarm.mp4", (48_000, 1), 4.0, &alarm(), "");
    let play = |way: &str| {
        bench.redact(&clip, &["--alarms", way, "--overwrite", "--speed", "fastest"]).expect(0);
        (bench.receipt()["render"]["sound"]["alarms"].clone(), sound::decode(&bench.output()))
    };
    let (listed, _) = play("list");
    let event = &listed["events"][0];
    let near = |value: &serde_json::Value, wanted: f64, reach: f64| {
        (value.as_f64().unwrap() - wanted).abs() <= reach
    };
    assert_eq!(listed["events"].as_array().unwrap().len(), 1, "{listed}");
    assert!(near(&event["frequency_hz"], 960.0, 2.0) && near(&event["pulses"], 7.0, 1.0), "{event}");
    assert!(near(&event["from"], 0.5e9, 0.05e9) && near(&event["on_ms"], 200.0, 40.0), "{event}");
    assert!(near(&event["off_ms"], 300.0, 40.0), "{event}");
    let (_, with) = play("resynth");
    // Over five pulses, since the disguised voice may lie on the tone and weaken one of them: of 150 draws, the least
    // was 0.087 with the tone and the median 0.014 without.
    let level = |from_seconds: f32| {
        let piece = |pulse: u8| {
            let at = ((from_seconds + 0.5 * f32::from(pulse)) * sound::RATE as f32) as usize;
            amplitude(&with[at..at + 4_800], 960.0)
        };
        ((0..5).map(|pulse| piece(pulse).powi(2)).sum::<f32>() / 5.0).sqrt()
    };
    let (in_pulses, in_pauses) = (level(1.05), level(1.3));
    assert!(in_pulses > 0.07, "the clean tone is there: {in_pulses}");
    assert!(in_pauses < 0.03, "and only there: {in_pauses}");
    assert!(play("drop").0.is_null());
}

#[test]
fn a_weak_choice_is_called_weak_wherever_it_is_made() {
    let bench = Bench::new();
    let clip = clip(&bench, "weak.mp4", (16_000, 1), 1.0, &babble(16_000, 1, 8), "");
    let said = bench.redact(&clip, &["--voice", "pitch"]).expect(0).stderr;
    assert!(said.contains("shifted back by anyone"), "{said}");
    let warning = bench.receipt()["render"]["sound"]["warning"].clone();
    assert!(warning.as_str().unwrap().contains("shifted back by anyone"), "{warning}");
    for verb in ["redact", "check"] {
        let help = run::finish(run::obscura().args([verb, "--help"])).stdout;
        let words: Vec<&str> = help.split_whitespace().collect();
        assert!(words.join(" ").contains("pitch (weak: anyone can shift it back)"), "{help}");
    }
}

#[test]
fn remove_leaves_no_sound_stream() {
    let bench = Bench::new();
    let clip = clip(&bench, "away.mp4", (16_000, 1), 1.0, &babble(16_000, 1, 9), "");
    bench.redact(&clip, &["--voice", "remove"]).expect(0);
    assert_eq!(probe::streams(&probe::file(&bench.output()), "audio").len(), 0);
}

#[test]
fn mute_silences_speech_and_keeps_the_rest_in_place() {
    let Some(data) = media::test_data("mute_silences_speech") else { return };
    let bench = Bench::new();
    let speech = data.join("voice/speech/setA/1998-15444-0001.flac");
    let speech = speech.display();
    // Six seconds of soft hiss, then speech over it, then hiss again.
    let graph = "[1:a]volume=0.01[r];[2:a]atrim=0:3,adelay=6000|6000,apad=whole_dur=12[s];[r][s]amix=inputs=2:\
                 duration=longest:normalize=0[a]";
    let clip = bench.make(
        "mute.mp4",
        &format!(
            "-f lavfi -i color=black:s=64x64:r=2:d=12 -f lavfi -i anoisesrc=color=white:seed=3:r=16000:d=12 -i {speech} \
             -filter_complex {graph} -map 0:v -map [a] -c:v libx264 -preset ultrafast -c:a aac -t 12"
        ),
    );
    bench.redact(&clip, &["--voice", "mute", "--speed", "fastest"]).expect(0);
    let (before, after) = (sound::decode(&clip), sound::decode(&bench.output()));
    let rms = |sound: &[f32], from: f32, to: f32| {
        let at = |seconds: f32| (seconds * sound::RATE as f32) as usize;
        let piece = &sound[at(from)..at(to)];
        (piece.iter().map(|v| v * v).sum::<f32>() / piece.len() as f32).sqrt()
    };
    assert!(rms(&after, 6.1, 9.0) < 0.001 * rms(&before, 6.1, 9.0).max(0.01), "speech is heard");
    assert!(rms(&after, 2.5, 5.2) > 0.7 * rms(&before, 2.5, 5.2), "the hiss before is gone");
    assert!((before.len() as f32 - after.len() as f32).abs() <= 0.03 * sound::RATE as f32);
    let share = bench.receipt()["render"]["sound"]["muted_share"].as_f64().unwrap();
    assert!((0.3..0.85).contains(&share), "{share} of the sound was made silent");
}
