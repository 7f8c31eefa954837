//! `obscura check`: the decision alone, explained to a coordinator.

use std::fmt::Write;
use std::path::Path;

use obscura_policy::consider;
use obscura_policy::media::InputFile;
use obscura_policy::media::model::Plan;
use obscura_policy::rules::{Decision, Outcome};
use serde_json::json;

use crate::args::CheckArgs;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::{clock, commands};

pub(crate) fn run(args: &CheckArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let state = commands::open_state(state, printer)?;
    let policy = state.policy();
    commands::warn_of(&policy, printer);
    let sheet = commands::read_sheet(&args.request.sheet, &policy.config)?;
    let input = InputFile::open(&args.request.clip)?;
    let plan = Plan { voice: args.voice, ..Plan::default() };
    let order = commands::order(&args.request);
    let decision = consider(&sheet, &input, &plan, &order, &state, clock::now()?)?;
    if !decision.is_permit() {
        return refuse(&decision, printer);
    }
    if printer.wants_json() {
        return printer.json(&json!({ "outcome": "permit", "obligations": decision.obligations }));
    }
    printer.data(&format!("permitted, under these obligations: {}\n", decision.obligations.join(", ")))
}

/// Prints every reason and ends with the exit code of the decision.
pub(crate) fn refuse(decision: &Decision, printer: &Printer) -> Result<(), Failure> {
    if printer.wants_json() {
        printer.json(decision)?;
    } else {
        printer.say(&explain(decision));
    }
    Err(match decision.outcome {
        Outcome::NeedsApproval => {
            Failure::new(Exit::NeedsApproval, "not yet: the approvals above are needed")
        }
        _ => Failure::new(Exit::Denied, "denied; nothing was written"),
    })
}

fn explain(decision: &Decision) -> String {
    let mut text = String::new();
    for reason in &decision.reasons {
        let who = reason.subject.as_deref().unwrap_or("the recording");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{} ({who}): {}", reason.rule.id(), reason.why);
        let _ = writeln!(text, "    what would cure it: {}", reason.cure);
        if !reason.cured_by.is_empty() {
            let _ = writeln!(text, "    who may approve it: {}", reason.cured_by.join(", "));
        }
        let _ = writeln!(text, "    rests on: {}", reason.source);
    }
    text.trim_end().to_owned()
}
