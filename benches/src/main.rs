//! `cargo xtask bench` and `cargo xtask quality`: measure what the product promises, against peers and limits in the
//! same run, and write the tables of `benches/RESULTS.md`.

mod clips;
mod contenders;
mod faces;
mod gpu;
mod kernels;
mod leaks;
mod machine;
mod memory;
mod people;
mod python;
mod results;
mod scaling;
mod scenes;
mod side_by_side;
mod size;
mod speed;
mod voice;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use results::Section;

/// Whatever stops a measurement, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "cargo xtask bench [speed|memory|leak|size|kernels|gpu|scaling]... [--rounds N]\n  without a name: all but scaling.\n\
                     cargo xtask quality [faces|reid|people|voice|sound]...\n  without a name: all of them.\n\
                     cargo xtask quality calibrate\n  writes models/centerface.int8.toml anew.\n\
                     OBSCURA_TEST_DATA names the folder of scenes and speech.";
/// What `cargo xtask quality` measures.
const QUALITY: [&str; 5] = ["faces", "reid", "people", "voice", "sound"];

/// A measurement: from the folder of test data and the number of rounds to a part of the results.
type Measure = fn(&Path, usize) -> Result<Section, String>;
/// All measurements, in the order in which they run.
const SECTIONS: [(&str, Measure); 12] = [
    ("leak", |data, _| leaks::section(data)),
    ("memory", |data, _| memory::section(&scenes(data))),
    ("size", |data, _| size::section(data)),
    ("kernels", |_, _| kernels::section()),
    ("gpu", |_, _| gpu::section()),
    ("scaling", |data, _| scaling::section(data)),
    ("speed", |data, rounds| speed::section(&scenes(data), rounds)),
    ("faces", |data, _| faces::found(data)),
    ("reid", |data, _| faces::recognised(data)),
    ("people", |data, _| people::section(data)),
    ("voice", |data, _| voice::section(data)),
    ("sound", |data, _| voice::cost::section(data)),
];

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
            name if SECTIONS.iter().any(|(known, _)| *known == name) => wanted.push(word),
            "quality" => quality = true,
            "calibrate" => return faces::calibrate(&test_data()?).map_err(|failure| failure.to_string()),
            "--rounds" => {
                rounds = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0).ok_or(USAGE)?;
            }
            _ => return Err(format!("{word} is not known\n{USAGE}")),
        }
    }
    let data = test_data()?;
    for (name, measure) in SECTIONS {
        // Scaling takes long, and is measured only where it is named.
        let is_asked = if wanted.is_empty() {
            name != "scaling" && quality == QUALITY.contains(&name)
        } else {
            wanted.iter().any(|word| word == name)
        };
        if is_asked {
            let section = measure(&data, rounds)?;
            talk(&section.text());
            results::write(&section).map_err(|e| format!("the results cannot be written: {e}"))?;
        }
    }
    Ok(())
}

fn scenes(data: &Path) -> PathBuf {
    data.join("media/scenes")
}

/// The folder of scenes with their ground truth, and of speech.
fn test_data() -> Result<PathBuf, String> {
    let data = std::env::var_os("OBSCURA_TEST_DATA").filter(|folder| !folder.is_empty());
    let data = data.ok_or(
        "OBSCURA_TEST_DATA is not set: it names the folder that holds media/scenes and voice/speech",
    )?;
    let folder = PathBuf::from(data);
    if scenes(&folder).is_dir() && folder.join("voice/speech/manifest.json").is_file() {
        Ok(folder)
    } else {
        Err("there are no media/scenes and voice/speech under OBSCURA_TEST_DATA".to_owned())
    }
}
