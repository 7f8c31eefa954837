//! Scaling: cores, sizes of the picture, faces, lengths and recordings at once, in pictures a second and processor time
//! a picture.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::results::Section;
use crate::scenes::{self, Composed, usual};
use crate::{Failure, clips, contenders};

/// Frames a second of the scene.
const FPS: f64 = 25.0;

/// People in composed scenes; their faces are 50 to 79 pixels high, so that thirty have room.
const PEOPLE: [u32; 4] = [1, 4, 10, 30];
const FACES: &str = ".07, .11";

/// Recordings that are worked on at the same time.
const AT_ONCE: [usize; 3] = [1, 2, 4];

/// One measured row.
struct Row {
    name: String,
    cores: usize,
    pictures: f64,
    wall: Duration,
    processor: Duration,
    self_check_seconds: f64,
    peak_bytes: u64,
}

impl Row {
    fn text(&self) -> String {
        let wall = self.wall.as_secs_f64();
        format!(
            "| {} | {} | {:.1} | {:.1} | {:.0} % | {:.0} |",
            self.name,
            self.cores,
            self.pictures / wall,
            self.processor.as_secs_f64() * 1000.0 / self.pictures,
            self.self_check_seconds / wall * 100.0,
            self.peak_bytes as f64 / 1024.0 / 1024.0
        )
    }
}

/// Measures the upright scene on one and on all cores, from 360p to 4K, for 10 s to 10 min and several times at once,
/// and scenes of one to thirty people.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "scaling", title: "Scaling", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let (scene, folder) = (data.join("media/scenes/upright.mp4"), folder.path());
    let mut body = String::from(
        "| scenes/upright.mp4 | cores | pictures a second | processor ms a picture | of the time self-check | peak MiB |\n\
         |---|---|---|---|---|---|\n",
    );
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut add = |row: Row| writeln!(body, "{}", row.text());
    for (width, height, seconds) in [(640, 360, 8), (1280, 720, 8), (1920, 1080, 6), (3840, 2160, 4)] {
        let clip = clips::scaled(&scene, folder, (width, height), seconds);
        let name = format!("{width}x{height}, {seconds} s");
        if width == 1280 && cores > 1 {
            add(one(&name, &clip, folder, seconds, 1)?)?;
        }
        add(one(&name, &clip, folder, seconds, cores)?)?;
    }
    let python = scenes::COMPOSER.python()?;
    for people in PEOPLE {
        let composed = Composed { faces: FACES, ..usual("upright", people, "1280x720", 8000 + people) };
        let clip = composed.compose(&python, data, folder)?;
        add(one(&format!("composed: 1280x720, 8 s, people: {people}"), &clip, folder, 8, cores)?)?;
    }
    for seconds in [10, 60, 600] {
        let name = format!("1280x720, repeated to {seconds} s");
        add(one(&name, &clips::repeated(&scene, folder, seconds), folder, seconds, cores)?)?;
    }
    let clip = clips::scaled(&scene, folder, (1280, 720), 8);
    for recordings in AT_ONCE {
        add(at_once(recordings, &clip, folder, cores)?)?;
    }
    body.push_str(
        "\nStart-up and self-check are counted, so short clips look slower than they are. Of recordings at once, pictures and \
         memory are those of all together.\n",
    );
    Ok(body)
}

fn one(name: &str, clip: &Path, folder: &Path, seconds: u32, cores: usize) -> Result<Row, Failure> {
    crate::talk(&format!("scaling: {name} on {cores} cores"));
    let command = contenders::obscura(clip, folder, &["--device", "cpu"])?;
    let run = contenders::time(&mut contenders::on_cores(cores, &command))?;
    Ok(Row {
        name: name.to_owned(),
        cores,
        pictures: f64::from(seconds) * FPS,
        wall: run.wall,
        processor: run.processor,
        self_check_seconds: contenders::self_check_seconds(folder)?,
        peak_bytes: run.peak_bytes,
    })
}

/// The same clip of 8 s in several processes at the same time.
fn at_once(recordings: usize, clip: &Path, folder: &Path, cores: usize) -> Result<Row, Failure> {
    let name = format!("1280x720, 8 s, recordings at once: {recordings}");
    crate::talk(&format!("scaling: {name}"));
    let folders: Vec<PathBuf> =
        (0..recordings).map(|nth| folder.join(format!("{recordings}-{nth}"))).collect();
    let (began, before) = (Instant::now(), contenders::children_processor());
    let runs = thread::scope(|scope| {
        let run = |folder: &Path| -> Result<contenders::Run, Failure> {
            std::fs::create_dir_all(folder)?;
            Ok(contenders::time(&mut contenders::obscura(clip, folder, &["--device", "cpu"])?)?)
        };
        let threads: Vec<_> = folders.iter().map(|folder| scope.spawn(move || run(folder))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_panic| "a part of the measurement failed")?)
            .collect::<Result<Vec<_>, Failure>>()
    })?;
    let wall = began.elapsed();
    let checks =
        folders.iter().map(|folder| contenders::self_check_seconds(folder)).collect::<Result<Vec<_>, _>>()?;
    Ok(Row {
        name,
        cores,
        pictures: 8.0 * FPS * recordings as f64,
        wall,
        processor: contenders::children_processor().saturating_sub(before),
        self_check_seconds: checks.iter().sum::<f64>() / recordings.max(1) as f64,
        peak_bytes: runs.iter().map(|run| run.peak_bytes).sum(),
    })
}
