//! `obscura sheet`: a new consent sheet for a recording, a check of a filled one, and consents from FHIR into one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use obscura_policy::config::Config;
use obscura_policy::fhir::{ImportOptions, import};
use obscura_policy::rules::{Instant, Stage};
use obscura_policy::sheet::{MAX_BLANKS, Sheet, append_consents, blanks, template};

use crate::args::{SheetArgs, SheetCommand};
use crate::commands;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::wording::{counted, did_you_mean};

pub(crate) fn run(args: &SheetArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    match &args.command {
        SheetCommand::New { clip } => {
            let input = commands::open_source(clip)?;
            printer.data(&template(input.digest(), None))
        }
        SheetCommand::Check { sheet } => check(sheet, &commands::config_of(state), printer),
        SheetCommand::Import { consents, into, dry_run, .. } => {
            let config = commands::config_of(state);
            let options = import_options(&args.command, &config)?;
            import_consents(consents, into, &options, &config, *dry_run, printer)
        }
    }
}

fn check(path: &Path, config: &Config, printer: &Printer) -> Result<(), Failure> {
    let text = commands::read_text(path, commands::THE_SHEET)?;
    let sheet = commands::sheet_of(&text, config)?;
    printer.say(&format!(
        "the sheet is well-formed: {}, {}",
        counted(sheet.subjects.len(), "person", "people"),
        counted(sheet.consents.len(), "consent decision", "consent decisions")
    ));
    for (row, purpose) in unknown_purposes(&sheet, config) {
        printer.say(&format!("consents[{row}].purposes: {purpose}"));
    }
    let left = blanks(&text).unwrap_or_default();
    if !left.is_empty() {
        let lines: Vec<String> = left.iter().map(ToString::to_string).collect();
        let more = if left.len() < MAX_BLANKS { "" } else { " or more" };
        printer.say(&format!(
            "{} left blank{more}; `obscura check` says which of them a use needs:\n  {}",
            counted(left.len(), "place is", "places are"),
            lines.join("\n  ")
        ));
    }
    Ok(())
}

/// Purposes that nobody can ask for, with the row that lists them: a slip of the hand would look like a consent that does
/// not go far enough.
fn unknown_purposes(sheet: &Sheet, config: &Config) -> Vec<(usize, String)> {
    let known = commands::purposes_of(config);
    let rows = sheet.consents.iter().enumerate();
    let all = rows.flat_map(|(row, consent)| consent.purposes.iter().map(move |purpose| (row, purpose)));
    all.filter(|(_, purpose)| !known.contains(&purpose.as_str()))
        .map(|(row, purpose)| {
            let guess = did_you_mean(purpose, &known);
            (
                row,
                format!(
                    "the policy does not know the purpose `{}`{guess}, so that nobody can use it",
                    purpose.escape_debug()
                ),
            )
        })
        .collect()
}

fn import_consents(
    files: &[PathBuf],
    into: &Path,
    options: &ImportOptions,
    config: &Config,
    dry_run: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let sheet = commands::read_sheet(into, config)?;
    let texts = files.iter().map(|file| commands::read_text(file, "the consent resource"));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    let rows = import(&texts, &sheet, options).map_err(|(index, e)| {
        let number = index.saturating_add(1);
        Failure::new(Exit::Denied, format!("resource {number} of {} is not imported: {e}", files.len()))
            .with_help("nothing was written; what FHIR cannot say for sure is entered by hand")
    })?;
    let text = append_consents(&commands::read_text(into, "the consent sheet")?, &rows, config)
        .map_err(|e| Failure::new(Exit::Usage, format!("the sheet cannot take the rows: {e}")))?;
    if dry_run {
        return printer.data(&text);
    }
    commands::save(into, text.as_bytes(), "the consent sheet", commands::Keeps::Permissions)?;
    printer.say(&format!("{} consent decisions added; check them against the signed forms", rows.len()));
    Ok(())
}

fn import_options(command: &SheetCommand, config: &Config) -> Result<ImportOptions, Failure> {
    let usage = |what: &str| Failure::new(Exit::Usage, what.to_owned());
    let SheetCommand::Import { subject, stage, max_audience, until, .. } = command else {
        return Err(usage("this is no import"));
    };
    commands::check_audience("--max-audience", max_audience, config)?;
    let mut subjects = BTreeMap::new();
    for pair in subject {
        let parts = pair.split_once('=').filter(|(reference, id)| !reference.is_empty() && !id.is_empty());
        let (reference, id) =
            parts.ok_or_else(|| usage("--subject: write REFERENCE=ID, such as Patient/f001=p1"))?;
        if subjects.insert(reference.to_owned(), id.to_owned()).is_some() {
            return Err(usage("--subject: one reference is given twice"));
        }
    }
    let until =
        until.as_deref().map(Instant::parse).transpose().map_err(|e| usage(&format!("--until: {e}")))?;
    let stage = Stage::ALL
        .into_iter()
        .find(|known| known.as_str() == stage)
        .ok_or_else(|| usage("--stage: unknown stage"))?;
    Ok(ImportOptions { subjects, stage, max_audience: max_audience.clone(), until })
}
