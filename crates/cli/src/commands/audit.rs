//! `obscura audit`: whether the audit log is whole, what is in it, and cutting it loose from a person.

use std::io::{BufRead, IsTerminal, Read};
use std::path::Path;

use obscura_policy::rules::Instant;
use obscura_policy::{ClockAnswer, State};
use serde_json::Value;

use crate::args::{AuditArgs, AuditCommand};
use crate::clock;
use crate::commands::{account_pseudonym, existing_state, read_text};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::wording::counted;

/// Longer answers are none; a pseudonym is shorter.
const MAX_ANSWER_BYTES: u64 = 4096;

pub(crate) fn run(args: &AuditArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let state = existing_state(state)?;
    match &args.command {
        AuditCommand::Verify { checkpoint, .. } => verify(checkpoint.as_deref(), &state, printer),
        AuditCommand::Export => {
            let export = state.export_log().map_err(Failure::of_audit)?;
            printer.json(&export)
        }
        AuditCommand::Forget { subject } => forget(subject, &state, printer),
        AuditCommand::AcceptClock { latest, actor } => {
            accept_clock(latest.as_deref(), actor.as_deref(), &state, printer)
        }
    }
}

fn verify(checkpoint: Option<&Path>, state: &State, printer: &Printer) -> Result<(), Failure> {
    let older = checkpoint.map(|path| read_text(path, "the checkpoint")).transpose()?.map(note_of);
    let audit = state.audit(older.as_deref()).map_err(Failure::of_audit)?;
    if printer.wants_json() {
        return printer.json(&audit);
    }
    let last = audit.last_at.map_or_else(String::new, |at| format!(", the last of {at}"));
    let agrees = audit.consistent_with.map_or_else(String::new, |older| {
        format!("; the given checkpoint of {} agrees with it", counted(older, "entry", "entries"))
    });
    let unfinished = if audit.unfinished {
        "; a run was stopped while it wrote the last entry, the next run finishes that"
    } else {
        ""
    };
    let clocks = match audit.clocks_accepted {
        0 => String::new(),
        times => format!(
            "; a person accepted the clock {} although the log was ahead of it",
            counted(times, "time", "times")
        ),
    };
    printer.data(&format!(
        "the audit log is in order: {}{last}, root {}{agrees}{clocks}{unfinished}\n",
        counted(audit.entries, "entry", "entries"),
        audit.root
    ))
}

/// The checkpoint itself, also out of an export.
fn note_of(text: String) -> String {
    let export: Option<Value> = serde_json::from_str(&text).ok();
    export.and_then(|export| Some(export.get("checkpoint")?.as_str()?.to_owned())).unwrap_or(text)
}

fn accept_clock(
    latest: Option<&str>,
    actor: Option<&str>,
    state: &State,
    printer: &Printer,
) -> Result<(), Failure> {
    let latest = latest.map(Instant::parse).transpose();
    let latest = latest.map_err(|e| Failure::new(Exit::Usage, format!("--latest: {e}")))?;
    let actor = actor.map_or_else(account_pseudonym, str::to_owned);
    let now = clock::now()?;
    match state.accept_clock(latest, &actor, now)? {
        ClockAnswer::NotAhead => {
            printer.say("the audit log is not ahead of the clock: there is nothing to accept");
        }
        ClockAnswer::Accepted => printer.say("the clock is accepted; the audit log says so"),
        ClockAnswer::Ahead(found) => {
            let what = format!(
                "the audit log has an entry of {found}, and the clock says {now}: until then every use is denied"
            );
            return Err(Failure::new(Exit::Usage, what).with_help(format!(
                "set the clock right first; if it was wrong when that entry was written, run `obscura audit accept-clock \
                 --latest {found}`, which the log keeps for good"
            )));
        }
    }
    Ok(())
}

/// Destroys the key of a person, once somebody at a terminal has written the pseudonym again.
fn forget(subject: &str, state: &State, printer: &Printer) -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        printer.say("this cannot be undone; to go on, write the pseudonym again:");
        let mut again = String::new();
        let read = std::io::stdin().lock().take(MAX_ANSWER_BYTES).read_line(&mut again);
        if read.is_err() || again.trim_end_matches(['\r', '\n']) != subject {
            return Err(Failure::new(Exit::Usage, "that is another pseudonym; nothing was destroyed"));
        }
    }
    if state.forget_subject(subject, clock::now()?)? {
        printer.say("the key is destroyed: nothing in the audit log leads to this person any more");
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "the audit log has no key for a person of this pseudonym")
        .with_help("write it exactly as it stood in the consent sheets"))
}
