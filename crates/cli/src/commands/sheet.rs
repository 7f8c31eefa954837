//! `obscura sheet`: a new consent sheet for a recording, and a check of a filled one.

use std::path::Path;

use obscura_policy::config::Config;
use obscura_policy::media::InputFile;
use obscura_policy::sheet::{Digest, template};

use crate::args::{SheetArgs, SheetCommand};
use crate::commands;
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) fn run(args: &SheetArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    match &args.command {
        SheetCommand::New { clip } => {
            let input = InputFile::open(clip)?;
            printer.data(&template(Digest(*input.digest().as_bytes()), None))
        }
        SheetCommand::Check { sheet } => {
            // A check alone makes no state folder: without one, the default policy's audiences count.
            let config =
                commands::existing_state(state).map_or_else(|_| Config::default(), |s| s.policy().config);
            let sheet = commands::read_sheet(sheet, &config)?;
            printer.say(&format!(
                "the sheet is well-formed: {} people, {} consent decisions",
                sheet.subjects.len(),
                sheet.consents.len()
            ));
            Ok(())
        }
    }
}
