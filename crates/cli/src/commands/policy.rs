//! `obscura policy`: pure decisions over a file of cases, and the policy file of a site.

use std::path::Path;

use obscura_policy::Installed;
use obscura_policy::sheet::{eval_json, judge_cases, parse_cases};

use crate::args::{PolicyArgs, PolicyCommand};
use crate::clock;
use crate::commands::{open_state, read_text};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(crate) fn run(args: &PolicyArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    match &args.command {
        PolicyCommand::Eval { cases, .. } => eval(cases, printer),
        PolicyCommand::Check { file, dry_run, .. } => check(file, *dry_run, state, printer),
    }
}

fn eval(cases: &Path, printer: &Printer) -> Result<(), Failure> {
    let text = read_text(cases, "the file of cases")?;
    let file = parse_cases(&text)
        .map_err(|e| Failure::new(Exit::Usage, format!("the file of cases cannot be read: {e}")))?;
    if !printer.wants_json() {
        return judge_cases(&file).iter().try_for_each(|case| printer.data(&format!("{case}\n")));
    }
    let json = eval_json(&file)
        .map_err(|e| Failure::new(Exit::Other, format!("the decisions cannot be written as JSON: {e}")))?;
    printer.data(&format!("{json}\n"))
}

fn check(file: &Path, dry_run: bool, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let text = read_text(file, "the policy file")?;
    let state = open_state(state, printer)?;
    let change = state.install_policy(&text, dry_run, clock::now()?)?;
    show(&change, printer)?;
    let digest = change.sha256;
    printer.say(&if change.was_in_force {
        format!("the policy ({digest}) is in force already; nothing was signed")
    } else if dry_run {
        format!("the policy ({digest}) can be used; nothing was signed")
    } else {
        format!("the policy ({digest}) is signed and in force")
    });
    Ok(())
}

fn show(change: &Installed, printer: &Printer) -> Result<(), Failure> {
    if printer.wants_json() {
        return printer.json(change);
    }
    if change.differences.is_empty() {
        printer.say("no setting differs from the policy that was signed last");
    }
    change.differences.iter().try_for_each(|difference| printer.data(&format!("{difference}\n")))
}
