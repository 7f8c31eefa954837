//! `obscura check`: the decision alone, explained to a coordinator.

use std::path::Path;

use obscura_policy::consider;
use obscura_policy::media::model::Plan;
use obscura_policy::rules::{Decision, Outcome, obligation_in_words};
use serde_json::{Value, json};

use crate::args::CheckArgs;
use crate::commands::explain;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::{clock, commands};

pub(crate) fn run(args: &CheckArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let state = commands::open_state(state, printer)?;
    let policy = state.policy();
    commands::look_at_request(&args.request, &policy, printer)?;
    let sheet = commands::read_sheet_to_decide(&args.request.sheet, &policy.config, printer)?;
    let input = commands::open_source(&args.request.clip)?;
    let plan = Plan { voice: args.voice, hide: args.hide, ..Plan::default() };
    let order = commands::order(&args.request);
    let decision = consider(&sheet, &input, &plan, &order, &state, clock::now()?)?;
    if !decision.is_permit() {
        return refuse(&decision, printer, true);
    }
    if let Some(folders) = commands::approved_folders(&policy) {
        printer.say(&format!("where a result would go was not looked at; the policy approves {folders}"));
    }
    if printer.wants_json() {
        printer.json(&permit_json(&decision))
    } else {
        printer.data(&explain::permit(&decision))
    }
}

/// A permit: the decision, and each obligation in words as well.
fn permit_json(decision: &Decision) -> Value {
    let words =
        |obligation: &String| json!({ "obligation": obligation, "means": obligation_in_words(obligation) });
    json!({
        "outcome": decision.outcome,
        "obligations": decision.obligations,
        "obligations_in_words": decision.obligations.iter().map(words).collect::<Vec<_>>(),
        "valid_until": decision.valid_until,
        "reasons": decision.reasons,
    })
}

/// Prints every reason and ends with the exit code of the decision. `check` was asked for them; to any other verb they
/// are talk.
pub(crate) fn refuse(decision: &Decision, printer: &Printer, asked: bool) -> Result<(), Failure> {
    if printer.wants_json() {
        printer.json(decision)?;
    } else if asked {
        printer.data(&format!("{}\n", explain::refusal(decision, printer.data_width())))?;
    } else {
        printer.say(&explain::refusal(decision, printer.talk_width()));
    }
    Err(match decision.outcome {
        Outcome::NeedsApproval => {
            Failure::new(Exit::NeedsApproval, "not yet: the approvals above are needed")
        }
        _ if asked => Failure::new(Exit::Denied, "denied"),
        _ => Failure::new(Exit::Denied, "denied; nothing was written"),
    })
}
