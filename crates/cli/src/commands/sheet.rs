//! `obscura sheet`: a new consent sheet for a recording, and a check of a filled one.

use obscura_policy::config::Config;
use obscura_policy::media::InputFile;
use obscura_policy::sheet::{Digest, template};

use crate::args::{SheetArgs, SheetCommand};
use crate::commands;
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) fn run(args: &SheetArgs, printer: &Printer) -> Result<(), Failure> {
    match &args.command {
        SheetCommand::New { clip } => {
            let input = InputFile::open(clip)?;
            printer.data(&template(Digest(*input.digest().as_bytes()), None))
        }
        SheetCommand::Check { sheet } => {
            let sheet = commands::read_sheet(sheet, &Config::default())?;
            printer.say(&format!(
                "the sheet is well-formed: {} people, {} consent decisions",
                sheet.subjects.len(),
                sheet.consents.len()
            ));
            Ok(())
        }
    }
}
