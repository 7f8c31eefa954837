//! `obscura verify`: an output is believed only with the receipt that a trusted key signed for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use obscura_tests::run::finish;
use obscura_tests::{Bench, Run, Sheet, receipt, sheet};
use serde_json::Value;

/// A bench with one finished output.
fn finished() -> Bench {
    let bench = Bench::new();
    bench.redact(&clip(&bench), &[]).expect(0);
    bench
}

fn clip(bench: &Bench) -> PathBuf {
    bench.make("clip.mp4", "-i {media}/carphone.mp4 -t 0.2 -an -c:v libx264 -preset ultrafast")
}

fn verify(bench: &Bench, output: &Path, extra: &[&str]) -> Run {
    finish(bench.obscura().arg("verify").arg(output).args(extra))
}

#[test]
fn an_output_is_verified_here_and_elsewhere() {
    let bench = finished();
    let run = verify(&bench, &bench.output(), &["--json"]).expect(0).json();
    assert_eq!(run["output_sha256"], sheet::digest(&bench.output()));
    assert_eq!((&run["log_entry"], &run["streams"]["picture_tracks"]), (&2.into(), &1.into()));
    let statement: Value = serde_json::from_str(&receipt::statement_text(&bench.receipt_file())).unwrap();
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["subject"][0]["digest"]["sha256"], sheet::digest(&bench.output()));
    assert_eq!(statement["subject"].as_array().unwrap().len(), 1);

    // The checklist believes it, as long as the output beside it is the one that was signed for.
    let minimisation = || {
        let mut command = bench.obscura();
        let run = finish(command.args(["report", "checklist", "--json"]).arg(bench.out_folder())).expect(0);
        (run.json()["receipts"].clone(), run.json()["lines"][2]["status"].clone())
    };
    assert_eq!(minimisation(), (1.into(), "pass".into()));
    let whole = fs::read(bench.output()).unwrap();
    fs::write(bench.output(), [&whole[..], &[0; 8]].concat()).unwrap();
    assert_eq!(minimisation(), (0.into(), "not evidenced".into()));
    fs::write(bench.output(), whole).unwrap();
    // Nor a receipt that the log does not have as it is, though its signature holds.
    let signed = fs::read_to_string(bench.receipt_file()).unwrap();
    fs::write(bench.receipt_file(), signed.replacen('{', "{\"note\": \"reviewed and approved\",", 1))
        .unwrap();
    assert_eq!(minimisation(), (0.into(), "not evidenced".into()));
    verify(&bench, &bench.output(), &[]).refused(6, &["no entry for this receipt"]);
    fs::write(bench.receipt_file(), signed).unwrap();
    verify(&bench, &bench.receipt_file(), &[]).refused(2, &["this is a receipt"]);
    let private = bench.state().join("signing-key.pem");
    verify(&bench, &bench.output(), &["--key", private.to_str().unwrap()])
        .refused(2, &["private key", "signing-key.pub.pem"]);

    // Another place: it has the files and the public key, and no state folder at all.
    let key = bench.state().join("signing-key.pub.pem");
    let mut command = obscura_tests::run::obscura();
    let elsewhere = bench.path("elsewhere");
    command.env("OBSCURA_STATE", &elsewhere).arg("verify").arg(bench.output()).arg("--key").arg(&key);
    let told = finish(&mut command).expect(0).stdout;
    assert!(told.contains("verified") && told.contains("no audit log here"), "{told}");
    assert!(!elsewhere.exists(), "looking makes no state folder");
    // Or a folder that holds nothing but the keys that are trusted.
    fs::create_dir_all(elsewhere.join("trusted")).unwrap();
    fs::copy(&key, elsewhere.join("trusted/hospital.pem")).unwrap();
    let trusting = || {
        let mut command = obscura_tests::run::obscura();
        finish(command.env("OBSCURA_STATE", &elsewhere).arg("verify").arg(bench.output()))
    };
    trusting().refused(7, &["other accounts may look"]);
    fs::set_permissions(&elsewhere, fs::Permissions::from_mode(0o700)).unwrap();
    trusting().expect(0);
    // Or one that trusts the key.
    let other = finished();
    verify(&other, &bench.output(), &[]).refused(6, &["not trusted"]);
    fs::copy(&key, other.state().join("trusted/hospital.pem")).unwrap();
    verify(&other, &bench.output(), &[]).expect(0);
    // A receipt of another output, both signed by keys that are believed.
    let swapped = other.receipt_file();
    verify(&other, &bench.output(), &["--receipt", swapped.to_str().unwrap()]).refused(6, &["not the file"]);
}

#[test]
fn a_changed_byte_is_found() {
    let bench = finished();
    let mut bytes = fs::read(bench.output()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(bench.output(), bytes).unwrap();
    verify(&bench, &bench.output(), &[]).refused(6, &["not verified", "changed"]);
}

#[test]
fn the_receipt_of_another_output_is_found() {
    let bench = finished();
    let first = (bench.path("first.mp4"), bench.path("first.json"));
    fs::rename(bench.output(), &first.0).unwrap();
    fs::rename(bench.receipt_file(), &first.1).unwrap();
    finish(&mut bench.command(&bench.path("clip.mp4"), &Sheet::permitting(&bench.path("clip.mp4")), &[]))
        .expect(0);
    let swapped = verify(&bench, &first.0, &["--receipt", bench.receipt_file().to_str().unwrap()]);
    swapped.refused(6, &["not verified", "receipt is that of another output"]);
    verify(&bench, &first.0, &["--receipt", first.1.to_str().unwrap()]).expect(0);
}

#[test]
fn a_receipt_that_nobody_trusted_signed_or_that_is_none_is_refused() {
    let bench = finished();
    let other = Bench::new();
    let clip = clip(&other);
    let sheet = other.write_sheet(&Sheet::permitting(&clip));
    let mut check = other.obscura();
    finish(check.arg("check").arg(&clip).arg("--sheet").arg(sheet).args(["--purpose", "HQUALIMP"])).expect(0);
    let key = other.state().join("signing-key.pub.pem");
    verify(&bench, &bench.output(), &["--key", key.to_str().unwrap()]).refused(6, &["not trusted"]);
    verify(&bench, &bench.output(), &["--key", "zebra"]).refused(2, &["key"]);

    let text = fs::read_to_string(bench.receipt_file()).unwrap();
    let mut envelope: Value = serde_json::from_str(&text).unwrap();
    let last = envelope["signatures"][0]["sig"].as_str().unwrap().replace(['A', 'B', 'C'], "D");
    envelope["signatures"][0]["sig"] = last.into();
    for (content, words) in [
        (envelope.to_string(), ["not verified", "signature"]),
        ("{}".to_owned(), ["not verified", "malformed"]),
        (bench.receipt_text(), ["not verified", "malformed"]),
        (String::new(), ["not verified", "malformed"]),
    ] {
        fs::write(bench.receipt_file(), content).unwrap();
        verify(&bench, &bench.output(), &[]).refused(6, &words);
    }
    fs::remove_file(bench.receipt_file()).unwrap();
    verify(&bench, &bench.output(), &[])
        .refused(6, &["no receipt found", "nothing can be said", "--receipt"]);
    verify(&bench, &bench.path("nothing.mp4"), &[]).refused(2, &["output cannot be read"]);
}
