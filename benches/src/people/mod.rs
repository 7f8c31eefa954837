//! People without a visible face, and pictures without anybody: what is hidden of the first, and how much of the
//! second.

use std::path::{Path, PathBuf};
use std::process::Command;

use obscura_tests::{media, run};
use serde_json::Value;

use crate::Failure;
use crate::python;
use crate::results::Section;

/// Where the cartoon begins in `face_noface.mov`, in seconds.
const CARTOON_FROM: &str = "2.7";

/// Measures the two clips of the test data.
pub(crate) fn section(data: &Path) -> Result<Section, String> {
    let body = measure(data).map_err(|failure| failure.to_string())?;
    Ok(Section { name: "people", title: "People without a visible face", body })
}

fn measure(data: &Path) -> Result<String, Failure> {
    let (python, folder) = (python::NETWORKS.python()?, tempfile::tempdir()?);
    let network = folder.path().join("nanodet.onnx");
    let shipped = media::home().join("models/nanodet.json");
    python::said(
        Command::new(&python).arg(data.join("media/nanodet_to_onnx.py")).args([&shipped, &network]),
    )?;
    let behind = data.join("media/clips/from_behind.mp4");
    let cartoon = data.join("media/clips/face_noface.mov");
    crate::talk("people: three analyses");
    let flagged = analyse(&behind, folder.path(), "flag")?;
    let hidden = analyse(&behind, folder.path(), "hide")?;
    let drawn = analyse(&cartoon, folder.path(), "flag")?;
    let heads = counts(&python, &["heads".as_ref(), &behind, &network, &flagged, &hidden])?;
    let share = counts(&python, &["share".as_ref(), &cartoon, CARTOON_FROM.as_ref(), &drawn])?;
    Ok(table(&heads, &share))
}

fn analyse(clip: &Path, folder: &Path, heads: &str) -> Result<PathBuf, Failure> {
    let stem = clip.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let tracks = folder.join(format!("{stem}-{heads}.json"));
    let mut command = run::obscura();
    command.arg("analyze").arg(clip).args(["--heads", heads, "-o"]).arg(&tracks);
    let run = run::finish(&mut command);
    if run.code == Some(0) { Ok(tracks) } else { Err(run.stderr.into()) }
}

fn counts(python: &Path, args: &[&Path]) -> Result<Value, Failure> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/people/people.py");
    Ok(serde_json::from_str(&python::said(Command::new(python).arg(script).args(args))?)?)
}

fn table(heads: &Value, share: &Value) -> String {
    let of = |counts: &Value, key: &str| counts.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let head = |key: &str| of(heads, key);
    format!(
        "| clip, setting | measured | result |\n|---|---|---|\n\
         | from_behind.mp4, `--heads hide` | looked-at pictures with a person in which the head is hidden for 90 % or more | {} of {} = \
         {:.3} |\n\
         | the same | pictures that show nobody, and have a mask | {} of {} |\n\
         | the same | hidden share of the picture | {:.1} % |\n\
         | from_behind.mp4, defaults | hidden share of the picture | {:.1} % |\n\
         | the same | pictures that show nobody, and are listed as showing a person | {} of {} |\n\
         | face_noface.mov from the cartoon on ({} pictures), defaults | hidden share of the picture | {:.2} % |\n\
         | the same | pictures that are listed as showing a person | {} |\n\n\
         Every eighth picture is looked at: with NanoDet in another program, upright, from a score of 0.5. The head is the upper part of \
         such a box: 5 % wider on either side, from 8 % above it, 22 % of its height or 75 % of its width deep. A picture shows nobody \
         where no cell of 24 x 24 pixels differs by 30 levels or more from the median of those in which nobody is found.\n",
        head("pictures_hidden"),
        head("with_people"),
        head("pictures_hidden") / head("with_people"),
        head("empty_masked"),
        head("empty"),
        head("share_hide") * 100.0,
        head("share") * 100.0,
        head("empty_flagged"),
        head("empty"),
        of(share, "pictures"),
        of(share, "share") * 100.0,
        of(share, "flagged"),
    )
}
