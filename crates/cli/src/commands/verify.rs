//! `obscura verify`: whether an output is the one that its receipt was signed for.

use std::path::Path;

use obscura_policy::media::model::UncertainSpan;
use obscura_policy::{PublicKey, State, StateError, Verified, receipt_path, verify};

use crate::args::VerifyArgs;
use crate::commands::existing_state;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::wording::counted;

/// How the names of receipts end.
const RECEIPT_ENDING: &str = ".receipt.json";

/// Spans that are listed for people.
const MAX_SPANS: usize = 40;

pub(crate) fn run(args: &VerifyArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    if args.output.to_string_lossy().ends_with(RECEIPT_ENDING) {
        return Err(Failure::new(Exit::Usage, "this is a receipt; name the output that it was made for")
            .with_help("the receipt is found beside the output, or named with --receipt"));
    }
    let Believed { keys, state } = believed(args.key.as_deref(), state)?;
    if keys.is_empty() {
        return Err(Failure::from(StateError::Unused).with_help(
            "where the output was not made, pass --key with the maker's `signing-key.pub.pem`; where it was, name its folder \
             with --state or OBSCURA_STATE",
        ));
    }
    let receipt = args.receipt.clone().unwrap_or_else(|| receipt_path(&args.output));
    let verified = verify(&args.output, &receipt, &keys, state.as_ref())?;
    if printer.wants_json() {
        return printer.json(&verified);
    }
    printer.data(&sentence(&verified, state.is_some()))?;
    to_look_at(&verified.uncertain).map_or(Ok(()), |words| printer.data(&words))
}

/// Whose signatures are believed, and the state folder, where one was used.
pub(crate) struct Believed {
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) state: Option<State>,
}

/// A given key needs no state folder; where one is there, its log is asked all the same.
///
/// # Errors
/// Where a key or the folder cannot be used. That there is no folder is none.
pub(crate) fn believed(key: Option<&str>, place: Option<&Path>) -> Result<Believed, Failure> {
    let state = match existing_state(place) {
        Ok(state) => Some(state),
        Err(StateError::Unused | StateError::NoFolder) => None,
        Err(error) => return Err(error.into()),
    };
    let keys = match (key, &state) {
        (Some(key), _) => vec![read_key(key)?],
        (None, Some(state)) => state.trusted_keys().to_vec(),
        (None, None) => State::place(place)
            .map_or_else(|_| Ok(Vec::new()), |folder| State::trusted_before_use(&folder))?,
    };
    Ok(Believed { keys, state })
}

fn read_key(key: &str) -> Result<PublicKey, Failure> {
    PublicKey::parse(key).or_else(|_| PublicKey::read(Path::new(key))).map_err(|e| {
        Failure::new(Exit::Usage, format!("the key of --key cannot be used: {e}"))
            .with_help("it is the file `signing-key.pub.pem` of the place that made the output")
    })
}

/// The spans that a person should look at first.
fn to_look_at(spans: &[UncertainSpan]) -> Option<String> {
    let line = |span: &UncertainSpan| format!("  {} to {}: {}\n", span.from, span.to, span.reason.in_words());
    let lines: String = spans.iter().take(MAX_SPANS).map(line).collect();
    let rest = match spans.len().checked_sub(MAX_SPANS) {
        Some(more @ 1..) => {
            format!("  and {}; --json lists all\n", counted(more, "other span", "other spans"))
        }
        _ => String::new(),
    };
    (!spans.is_empty()).then(|| format!("to be looked at first:\n{lines}{rest}"))
}

fn sentence(verified: &Verified, has_log: bool) -> String {
    let Verified { output_sha256, signed_by, streams, log_entry, .. } = verified;
    let log = match log_entry {
        Some(entry) => format!("the audit log has it as entry {entry}"),
        None if has_log => "the audit log here does not know it, since another key signed".to_owned(),
        None => "there is no audit log here that could know it".to_owned(),
    };
    let faces = verified.residual_faces_at_self_check.map_or_else(
        || "the receipt does not say what the self-check found".to_owned(),
        |found| {
            let found = counted(found, "readable face", "readable faces");
            let hidden =
                if verified.tracks_left_open > 0 { " among those that had to be hidden" } else { "" };
            format!("the self-check found {found}{hidden} when it was made (not searched again)")
        },
    );
    format!(
        "verified: {output_sha256} is the file that key {signed_by} signed the receipt for; {} and {}, \
         nothing else in it; {log}; {faces}\n{}",
        counted(streams.picture_tracks, "picture track", "picture tracks"),
        counted(streams.sound_tracks, "sound track", "sound tracks"),
        to_know(verified),
    )
}

/// What a recipient has to know of a file that is as it was made.
fn to_know(verified: &Verified) -> String {
    let open = match verified.tracks_left_open {
        0 => String::new(),
        1 => "1 track shows a face that was left open on purpose: its person may be seen\n".to_owned(),
        n => format!("{n} tracks show faces that were left open on purpose: their people may be seen\n"),
    };
    let cut = if verified.source_was_cut {
        "the recording was cut off: what followed is not in this file\n"
    } else {
        ""
    };
    open + cut
}
