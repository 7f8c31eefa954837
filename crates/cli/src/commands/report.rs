//! `obscura report`: what the evidence on file shows.

use std::path::{Path, PathBuf};

use obscura_policy::checklist::{Evidence, Line, ReceiptOnFile, answer, parse_attestations, to_html};
use obscura_policy::config::Config;
use obscura_policy::{PublicKey, State};
use serde_json::json;

use crate::args::{ReportCommand, ReportVerbArgs};
use crate::clock;
use crate::commands::{Keeps, check_target, config_of, read_sheet, read_text, save, verify};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

/// Most files that are looked at in one folder.
const MAX_FILES: usize = 100_000;

pub(crate) fn run(args: &ReportVerbArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let ReportCommand::Checklist { files, attested, html, overwrite, key, json: _ } = &args.command;
    if let Some(path) = html {
        check_target(path, "html", *overwrite)?;
    }
    let config = config_of(state);
    let now = clock::now()?;
    let verify::Believed { keys, state } = verify::believed(key.as_deref(), state)?;
    let believed = (keys.as_slice(), state.as_ref());
    let mut evidence = Evidence::default();
    for file in files.iter().map(|file| expand(file)).collect::<Result<Vec<_>, _>>()?.concat() {
        take(&file, &config, believed, printer, &mut evidence)?;
    }
    for file in attested {
        let text = read_text(file, "the file of attestations")?;
        let all = parse_attestations(&text).map_err(|e| {
            Failure::new(Exit::Usage, format!("the file of attestations cannot be read: {e}"))
        })?;
        evidence.attestations.extend(all);
    }
    let lines = answer(&evidence, &config, now);
    if let Some(path) = html {
        save(path, to_html(&lines, now).as_bytes(), "the page", Keeps::Permissions)?;
    }
    if printer.wants_json() {
        printer.json(&json!({
            "as_of": now, "sheets": evidence.sheets.len(), "receipts": evidence.receipts.len(),
            "unverified_receipts": evidence.unverified_receipts, "lines": lines,
        }))
    } else {
        printer.data(&as_text(&lines))
    }
}

/// A file is itself; a folder stands for the sheets and receipts directly inside, in order of their names.
fn expand(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |e: std::io::Error| Failure::new(Exit::Usage, format!("the folder cannot be read: {e}"));
    let mut all = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)?.take(MAX_FILES) {
        let path = entry.map_err(unreadable)?.path();
        if is_receipt(&path) || is_sheet(&path) {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

fn is_receipt(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".receipt.json")
}

fn is_sheet(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn unusable(path: &Path, why: &str) -> Failure {
    let help = if path.exists() { "move it away, or name the files one by one" } else { "check the name" };
    Failure::new(Exit::Usage, format!("{}: {why}", name(path))).with_help(help)
}

/// Reads one document. One that cannot be judged stops the report: leaving it out would hide a gap.
fn take(
    path: &Path,
    config: &Config,
    (keys, state): (&[PublicKey], Option<&State>),
    printer: &Printer,
    evidence: &mut Evidence,
) -> Result<(), Failure> {
    if path.extension().is_some_and(|extension| extension == "json") {
        let receipt = ReceiptOnFile::read(path, keys, state).map_err(|e| unusable(path, &e.to_string()))?;
        match receipt {
            ReceiptOnFile::Verified(facts) => evidence.receipts.push(facts),
            ReceiptOnFile::Unverified(why) => {
                printer.say(&format!("{} shows nothing: {why}", name(path)));
                evidence.unverified_receipts.push(why);
            }
        }
    } else {
        let sheet = read_sheet(path, config).map_err(|failure| unusable(path, &failure.message))?;
        evidence.sheets.push(sheet);
    }
    Ok(())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn as_text(lines: &[Line]) -> String {
    let row = |line: &Line| {
        format!("{:13}  {}\n               {}\n", line.status.as_str(), line.requirement, line.evidence)
    };
    lines.iter().map(row).collect()
}
