//! `cargo xtask bench` and `cargo xtask quality`: measure what the product promises, against peers and limits in the same
//! run, and write the tables of `benches/RESULTS.md`.

mod clips;
mod contenders;
mod faces;
mod leaks;
mod machine;
mod memory;
mod results;
mod scaling;
mod size;
mod speed;
mod voice;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use results::Section;

const USAGE: &str = "cargo xtask bench [speed|memory|leak|size|scaling]... [--rounds N]\n  without a name: all but scaling.\n\
                     cargo xtask quality [faces|voice]...\n  without a name: all of them.\n\
                     OBSCURA_TEST_DATA names the folder of scenes and speech.";
/// What `cargo xtask quality` measures.
const QUALITY: [&str; 2] = ["faces", "voice"];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            talk(&format!("error: {what}"));
            ExitCode::from(2)
        }
    }
}

#[expect(clippy::print_stderr, reason = "progress of a measurement, for whoever waits for it")]
fn talk(text: &str) {
    eprintln!("{text}");
}

fn run() -> Result<(), String> {
    let (mut wanted, mut rounds, mut quality) = (Vec::new(), 3, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "speed" | "memory" | "leak" | "size" | "scaling" | "faces" | "voice" => wanted.push(word),
            "quality" => quality = true,
            "--rounds" => {
                rounds = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or(USAGE)?;
            }
            _ => return Err(format!("{word} is not known\n{USAGE}")),
        }
    }
    let all = wanted.is_empty();
    let asked = |name: &str| {
        if all { quality == QUALITY.contains(&name) } else { wanted.iter().any(|word| word == name) }
    };
    let data = test_data()?;
    let scenes = data.join("media/scenes");
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    let mut sections: Vec<Section> = Vec::new();
    if asked("leak") {
        sections.push(leaks::section(&scenes)?);
    }
    if asked("memory") {
        sections.push(memory::section(&scenes)?);
    }
    if asked("size") {
        sections.push(size::section(&scenes)?);
    }
    if wanted.iter().any(|word| word == "scaling") {
        sections.push(scaling::section(&scenes)?);
    }
    if asked("speed") {
        sections.push(speed::section(&scenes, rounds)?);
    }
    if asked("faces") {
        sections.push(faces::section(&data)?);
    }
    if asked("voice") {
        sections.push(voice::section(&data)?);
    }
    for section in &sections {
        talk(&section.text());
    }
    results::write(&results, &sections).map_err(|e| format!("the results cannot be written: {e}"))
}

/// The folder of scenes with their ground truth, and of speech.
fn test_data() -> Result<PathBuf, String> {
    let data = std::env::var_os("OBSCURA_TEST_DATA").filter(|folder| !folder.is_empty());
    let data = data.ok_or(
        "OBSCURA_TEST_DATA is not set: it names the folder that holds media/scenes and voice/speech",
    )?;
    let folder = PathBuf::from(data);
    if folder.join("media/scenes").is_dir() && folder.join("voice/speech/manifest.json").is_file() {
        Ok(folder)
    } else {
        Err("there are no media/scenes and voice/speech under OBSCURA_TEST_DATA".to_owned())
    }
}
