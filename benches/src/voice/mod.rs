//! The voice table: what the attacker still recognises, what stays of words and timing, what it costs.

#![allow(
    clippy::indexing_slicing,
    reason = "matrices and windows of known sizes; a measurement that fails has no result to protect"
)]

mod attacker;
mod backend;
pub(crate) mod cost;
mod measures;
mod speakers;
mod speech;
mod treat;
mod trials;
mod words;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use obscura_tests::media;

use crate::results::Section;
use crate::side_by_side::side_by_side;
use crate::{Failure, talk};
use attacker::{Attacker, Print};
use speakers::Rates;
use speech::{Item, Speech};

/// Words are counted over so many draws of each sentence: by chance some stretch of the voice costs many more than
/// another.
const DRAWS: usize = 3;

const HEAD: &str = "\
**Attacker for every recognition figure: GE2E speaker encoder (Resemblyzer 0.1.4, 2020), cosine scores; a modern attacker \
retrained on disguised speech would do better.** Speech: LibriSpeech (CC BY 4.0), read, 16 kHz; 60 speakers, 2 test segments \
of 3 s each; the disguise was tuned on these speakers. Every segment goes through the whole program as a recording of its own. \
Figures are equal error rates in percent over same-sex trials: 50 is a guess, 0 is certainty. *Ignorant*: clear enrolment, \
treated test. *Lazy*: both treated, with parameters of their own. *Semi*: lazy, with a back-end (PCA, LDA) trained on treated \
speech of other speakers. *Pooled*: both test segments averaged.

| sound (attacker: GE2E) | ignorant | ignorant, best of 9 shifts back | lazy | semi | lazy, pooled | semi, pooled | cosine with the \
untouched | 
|---|---|---|---|---|---|---|---|
";

/// Measures what is left of a speaker and of the words; takes some twenty minutes on two free processors.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "voice", title: "Voices", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let speech = speech::load(data)?;
    let mut attacker = Attacker::load(&library()?, data)?;
    let (mut whole, mut part) = (String::new(), String::from(HEAD));
    // Each part is shown as soon as it stands: what comes after it takes long, and may fail.
    let mut show = |part: &mut String| {
        talk(part);
        whole.push_str(&std::mem::take(part));
    };
    let disguised = recognition(&speech.speakers, &mut attacker, &mut part)?;
    show(&mut part);
    kept(&speech, &disguised, &mut part)?;
    show(&mut part);
    word_errors(&speech.sentences, &mut part)?;
    show(&mut part);
    Ok(whole)
}

/// ONNX Runtime as set-up put it.
fn library() -> Result<PathBuf, Failure> {
    let files = std::fs::read_dir(media::home().join("lib"))?;
    let is_it = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime.so"))
    };
    let found = files.filter_map(Result::ok).map(|file| file.path()).find(is_it);
    found.ok_or_else(|| "ONNX Runtime is not installed: run `cargo xtask setup`".into())
}

/// The rows of recognition; returns the disguised segments.
fn recognition(items: &[Item], attacker: &mut Attacker, text: &mut String) -> Result<Vec<Vec<f32>>, Failure> {
    let folder = tempfile::tempdir()?;
    let sounds: Vec<Vec<f32>> = items.iter().map(|item| item.sound.clone()).collect();
    talk("voice: untouched");
    let clear = speakers::prints(attacker, &sounds)?;
    row(text, "untouched", &speakers::rates(items, &clear, &clear), None, 1.0)?;
    talk("voice: shifted by 4 semitones, as others ship it");
    let shifted = side_by_side(items, |item| Ok(treat::shifted(&item.sound, 4.0, folder.path())))?;
    let found = speakers::prints(attacker, &shifted)?;
    let exact = speakers::after(items, attacker, &clear, &shifted, folder.path(), &[-4.0])?;
    let rates = speakers::rates(items, &clear, &found);
    row(text, "pitch +4 by ffmpeg", &rates, Some(exact), speakers::cosine(&clear, &found))?;
    for voice in ["pitch", "disguise"] {
        talk(&format!("voice: {voice}, {} recordings", items.len()));
        let treated = treat::all(items, voice)?;
        let found: Vec<Print> = speakers::prints(attacker, &treated)?;
        talk(&format!("voice: {voice}, searched for the shift"));
        let searched = speakers::after_blind_search(items, attacker, &clear, &treated, folder.path())?;
        let rates = speakers::rates(items, &clear, &found);
        row(text, voice, &rates, Some(searched), speakers::cosine(&clear, &found))?;
        if voice == "disguise" {
            text.push_str(
                "\n`pitch +4 by ffmpeg` was shifted back by exactly 4 semitones instead of by a search.\n",
            );
            return Ok(treated);
        }
    }
    Ok(Vec::new())
}

fn row(text: &mut String, name: &str, rates: &Rates, back: Option<f32>, cosine: f32) -> std::fmt::Result {
    let back = back.map_or_else(String::new, |back| format!("{back:.1}"));
    let Rates { ignorant, lazy, lazy_pooled, semi, semi_pooled } = rates;
    writeln!(
        text,
        "| {name} | {ignorant:.1} | {back} | {lazy:.1} | {semi:.1} | {lazy_pooled:.1} | {semi_pooled:.1} | {cosine:.2} |"
    )
}

/// Loudness and pitch of the disguise against the input's.
fn kept(speech: &Speech, disguised: &[Vec<f32>], text: &mut String) -> Result<(), Failure> {
    talk("voice: loudness and pitch");
    let pairs = || speech.speakers.iter().map(|item| &item.sound).zip(disguised);
    let agreements: Vec<f32> = pairs().map(|(before, after)| measures::envelope(before, after)).collect();
    let (mut within, mut means) = (Vec::new(), (Vec::new(), Vec::new()));
    for (before, after) in pairs().step_by(2) {
        let (before, after) = measures::paired_log_pitch(before, after);
        if before.len() >= 10 {
            within.push(obscura_tests::sound::correlation(&before, &after));
            means.0.push(measures::median(&before));
            means.1.push(measures::median(&after));
        }
    }
    writeln!(
        text,
        "\n| `disguise` against its input | correlation |\n|---|---|\n| loudness, RMS over 20 ms | {:.3} |\n\
         | pitch contour within a segment | {:.2} |\n| mean pitch between segments | {:.2} |",
        measures::mean(&agreements),
        measures::mean(&within),
        obscura_tests::sound::correlation(&means.0, &means.1)
    )?;
    Ok(())
}

fn word_errors(sentences: &[Item], text: &mut String) -> Result<(), Failure> {
    let python = match words::RECOGNISER.python() {
        Ok(python) => python,
        Err(failure) => return Ok(writeln!(text, "\nWords: not measured: {failure}")?),
    };
    text.push_str("\n| recogniser: Whisper tiny.en (faster-whisper 1.2.1, int8) | words wrong % | more than untouched |\n|---|---|---|\n");
    let untouched: Vec<Vec<f32>> = sentences.iter().map(|item| item.sound.clone()).collect();
    let base = words::error_percent(&python, sentences, &untouched)?;
    writeln!(text, "| untouched | {base:.1} | |")?;
    for voice in ["pitch", "disguise"] {
        talk(&format!("voice: words of {voice}"));
        let mut percents = Vec::new();
        for _ in 0..DRAWS {
            percents.push(words::error_percent(&python, sentences, &treat::all(sentences, voice)?)?);
        }
        let percent = measures::mean(&percents);
        writeln!(
            text,
            "| {voice}, mean of {DRAWS} draws for each sentence | {percent:.1} | {:+.1} |",
            percent - base
        )?;
    }
    Ok(())
}
