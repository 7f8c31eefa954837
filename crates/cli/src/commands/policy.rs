//! `obscura policy eval`: pure decisions over a file of cases.

use obscura_policy::sheet::{eval_json, parse_cases};

use crate::args::{PolicyArgs, PolicyCommand};
use crate::commands::read_text;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(crate) fn run(args: &PolicyArgs, printer: &Printer) -> Result<(), Failure> {
    let PolicyCommand::Eval { cases, .. } = &args.command;
    let text = read_text(cases, "the file of cases")?;
    let file = parse_cases(&text)
        .map_err(|e| Failure::new(Exit::Usage, format!("the file of cases cannot be read: {e}")))?;
    let json = eval_json(&file)
        .map_err(|e| Failure::new(Exit::Other, format!("the decisions cannot be written as JSON: {e}")))?;
    printer.data(&format!("{json}\n"))
}
