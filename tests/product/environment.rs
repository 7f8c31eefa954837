//! What is missing on the machine is named, with exit 7, and never worked around in silence.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use obscura_tests::run::finish;
use obscura_tests::{Bench, Sheet, media};

fn short_clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.3 -c:v libx264 -preset ultrafast")
}

/// A home like the real one, whose models are copies that a test may spoil.
fn copied_home(bench: &Bench) -> PathBuf {
    let (home, copy) = (media::home(), bench.path("home"));
    std::fs::create_dir_all(copy.join("models")).unwrap();
    symlink(home.join("lib"), copy.join("lib")).unwrap();
    for model in std::fs::read_dir(home.join("models")).unwrap() {
        let model = model.unwrap();
        std::fs::copy(model.path(), copy.join("models").join(model.file_name())).unwrap();
    }
    copy
}

/// Redacts with `home` and wants exit 7.
fn refused_in(bench: &Bench, home: &Path, words: &[&str]) {
    let clip = short_clip(bench);
    let mut command = bench.command(&clip, &Sheet::permitting(&clip), &[]);
    finish(command.env("OBSCURA_HOME", home)).refused(7, words);
    bench.assert_nothing_left();
}

#[test]
fn a_copied_home_works() {
    let bench = Bench::new();
    let home = copied_home(&bench);
    let clip = short_clip(&bench);
    finish(bench.command(&clip, &Sheet::permitting(&clip), &[]).env("OBSCURA_HOME", home)).expect(0);
}

/// Whatever a library remembers about the machine, or keeps to report later, would lie there.
#[test]
fn nothing_is_written_to_the_folders_of_the_user() {
    let bench = Bench::new();
    let (clip, user) = (short_clip(&bench), bench.path("user"));
    std::fs::create_dir(&user).unwrap();
    let mut command = bench.command(&clip, &Sheet::permitting(&clip), &[]);
    command.env("HOME", &user).env("OBSCURA_HOME", media::home()).env("TMPDIR", &user);
    for variable in ["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env_remove(variable);
    }
    // GStreamer's list of plugins.
    finish(command.env("GST_REGISTRY", bench.path("plugins.bin"))).expect(0);
    let left: Vec<_> = std::fs::read_dir(&user).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_gpu_that_is_not_there() {
    let bench = Bench::new();
    let clip = short_clip(&bench);
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let mut command = obscura_tests::run::obscura();
    command.arg("redact").arg(&clip).arg("--sheet").arg(sheet).args(["--purpose", "HQUALIMP"]);
    finish(command.args(["--device", "gpu:7", "-o"]).arg(bench.output()))
        .refused(7, &["GPU", "7", "--device cpu"]);
    bench.assert_nothing_left();
}

/// What is there and closed to this account is not called missing. Root reads whatever it likes, but not a folder.
#[test]
fn a_model_that_cannot_be_read() {
    let bench = Bench::new();
    let home = copied_home(&bench);
    let model = home.join("models/centerface.onnx");
    std::fs::remove_file(&model).unwrap();
    std::fs::create_dir(&model).unwrap();
    refused_in(&bench, &home, &["model", "centerface", "cannot be read", "read access"]);
}

#[test]
fn the_doctor_says_what_is_here_and_nothing_else() {
    let run = finish(obscura_tests::run::obscura().arg("doctor")).expect(0);
    assert_eq!(run.stderr, "", "no library complains, also where there is no display");
    for part in ["centerface", "yunet", "onnxruntime", "x264enc"] {
        assert!(
            run.stdout.lines().any(|line| line.starts_with("ok") && line.contains(part)),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn a_model_with_another_digest() {
    for model in ["centerface", "yunet"] {
        let bench = Bench::new();
        let home = copied_home(&bench);
        let file = std::fs::read_dir(home.join("models"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| path.to_string_lossy().contains(model))
            .unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        *bytes.get_mut(middle).unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
        refused_in(&bench, &home, &[model]);
    }
}

#[test]
fn a_model_that_is_missing() {
    let bench = Bench::new();
    let home = copied_home(&bench);
    std::fs::remove_file(home.join("models/centerface.onnx")).unwrap();
    refused_in(&bench, &home, &["centerface", "setup"]);
}

#[test]
fn a_home_without_anything() {
    let bench = Bench::new();
    let home = bench.path("bare");
    std::fs::create_dir(&home).unwrap();
    refused_in(&bench, &home, &["setup"]);
}

/// Mesa's software GPU stands in for a real one: slow, and with the same numbers.
#[test]
fn a_gpu_finds_and_hides_what_the_processor_does() {
    let bench = Bench::new();
    let clip = bench.make(
        "small.mp4",
        "-loop 1 -framerate 5 -t 1 -i {media}/astronaut.png -vf scale=160:160 -c:v libx264 -preset veryfast -crf 10 \
         -pix_fmt yuv420p",
    );
    let sheet = bench.write_sheet(&Sheet::permitting(&clip));
    let found = ["cpu", "gpu"].map(|device| {
        let output = bench.out_folder().join(format!("{device}.mp4"));
        let mut command = bench.obscura();
        command.arg("redact").arg(&clip).arg("--sheet").arg(&sheet).args(["--purpose", "HQUALIMP"]);
        command.args(["--device", device, "--arithmetic", "float", "--json", "-o"]).arg(&output);
        finish(command.env("OBSCURA_ALLOW_SOFTWARE_GPU", "1")).expect(0).json()
    });
    let [cpu, gpu] = found.each_ref().map(|report| &report["render"]);
    for part in ["detection_device", "redaction_device"] {
        assert_eq!(cpu[part], "cpu");
        assert!(gpu[part].as_str().is_some_and(|name| name != "cpu"), "{gpu}");
    }
    assert_eq!(gpu["tracks"]["tracks"], 1);
    assert_eq!(gpu["detector_arithmetic"], "float32");
    let shares = [cpu, gpu].map(|render| render["hidden_share"].as_f64().unwrap());
    assert!(shares[0] > 0.05 && (shares[0] - shares[1]).abs() < 0.005, "{shares:?}");
}

#[test]
fn mistyped_options_are_answered_with_what_was_meant() {
    for (args, words) in [
        ("redact a.mp4 --sheet s --purpose TRAIN -o b.mp4 --voice disguize", ["'disguize'", "'disguise'"]),
        ("redact a.mp4 --sheet s --purpose TRAIN -o b.mp4 --margin 300%", ["percent", "0 to 200"]),
        ("analyze a.mp4 -o b.json --region 1,1,9,9", ["--region", "`obscura redact` takes it"]),
    ] {
        let run = finish(obscura_tests::run::obscura().args(args.split(' ')));
        assert!(!run.stderr.contains("invalid digit"), "{}", run.stderr);
        run.refused(2, &words);
    }
}
