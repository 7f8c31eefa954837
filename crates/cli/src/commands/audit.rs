//! `obscura audit`: whether the audit log is whole, what is in it, and cutting it loose from a person.

use std::path::Path;

use obscura_policy::State;
use serde_json::Value;

use crate::args::{AuditArgs, AuditCommand};
use crate::clock;
use crate::commands::{existing_state, read_text};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

pub(crate) fn run(args: &AuditArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let state = existing_state(state)?;
    match &args.command {
        AuditCommand::Verify { checkpoint, .. } => verify(checkpoint.as_deref(), &state, printer),
        AuditCommand::Export => {
            let export = state.export_log().map_err(Failure::of_audit)?;
            printer.json(&export)
        }
        AuditCommand::Forget { subject } => forget(subject, &state, printer),
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
        format!("; the given checkpoint of {older} entries agrees with it")
    });
    let unfinished = if audit.unfinished {
        "; a run was stopped while it wrote the last entry, the next run finishes that"
    } else {
        ""
    };
    printer.data(&format!(
        "the audit log is in order: {} entries{last}, root {}{agrees}{unfinished}\n",
        audit.entries, audit.root
    ))
}

/// The checkpoint itself, also out of an export.
fn note_of(text: String) -> String {
    let export: Option<Value> = serde_json::from_str(&text).ok();
    export.and_then(|export| Some(export.get("checkpoint")?.as_str()?.to_owned())).unwrap_or(text)
}

fn forget(subject: &str, state: &State, printer: &Printer) -> Result<(), Failure> {
    if state.forget_subject(subject, clock::now()?)? {
        printer.say("the key is destroyed: nothing in the audit log leads to this person any more");
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "the audit log has no key for a person of this pseudonym")
        .with_help("write it exactly as it stood in the consent sheets"))
}
