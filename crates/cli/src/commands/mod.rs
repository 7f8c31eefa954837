//! One file per verb.

pub(crate) mod analyze;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod models;
pub(crate) mod policy;
pub(crate) mod redact;
pub(crate) mod report;
pub(crate) mod sheet;
pub(crate) mod verify;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use obscura_policy::media::{Address, InputFile, OutputError};
use obscura_policy::rules::Decision;
use obscura_policy::sheet::{MAX_FAULTS, Sheet, faults};
use obscura_policy::{Order, Policy, State, StateError, config::Config, open_regular};

use crate::args::RequestArgs;
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::wording::did_you_mean;

/// Text files larger than this are not read.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// Reads a text file that the user named; `what` says which in messages.
pub(crate) fn read_text(path: &Path, what: &str) -> Result<String, Failure> {
    let unreadable = |e: std::io::Error| {
        let (why, help) = match e.kind() {
            ErrorKind::InvalidData => ("it is no text file".to_owned(), format!("check the name of {what}")),
            ErrorKind::PermissionDenied => {
                let help = format!("ask for read access to {what}, or run under an account that has it");
                (e.to_string(), help)
            }
            _ => (e.to_string(), format!("check the name of {what}")),
        };
        Failure::new(Exit::Usage, format!("{what} cannot be read: {why}")).with_help(help)
    };
    let mut text = String::new();
    let file = open_regular(path).map_err(unreadable)?;
    file.take(MAX_TEXT_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// Refuses a name under which nothing of this kind should be kept, or something is kept already.
pub(crate) fn check_target(output: &Path, ending: &str, overwrite: bool) -> Result<(), Failure> {
    if !output.extension().is_some_and(|e| e.eq_ignore_ascii_case(ending)) {
        let message = format!("a name that ends in .{ending} is needed here");
        return Err(Failure::new(Exit::Usage, message));
    }
    if output.parent().is_some_and(|folder| folder != Path::new("") && !folder.is_dir()) {
        return Err(OutputError::NoFolder.into());
    }
    if output.is_dir() || (!overwrite && std::fs::symlink_metadata(output).is_ok()) {
        return Err(Failure::new(Exit::Usage, "the output exists already")
            .with_help("choose another name, or pass --overwrite to replace it"));
    }
    Ok(())
}

/// The address of a live source, where the user named one in the place of a recording.
pub(crate) fn live_address(clip: &Path) -> Option<Address> {
    clip.to_str().and_then(Address::parse)
}

/// What to do where a live source cannot be used: the framework's own words seldom say it.
pub(crate) fn about_source(failure: Failure, clip: &Path) -> Failure {
    if live_address(clip).is_none() || failure.exit != Exit::Input || failure.help.is_some() {
        return failure;
    }
    failure.with_help(
        "check that the source is switched on and sends, that its address, port and password are right, and that no firewall \
         lies between; `ffprobe ADDRESS` shows whether this machine can read it",
    )
}

/// Opens a recording to look at it, or a live source without looking.
pub(crate) fn open_source(clip: &Path) -> Result<InputFile, Failure> {
    match live_address(clip) {
        Some(address) => Ok(InputFile::live(address, None, Arc::default())),
        None => open_file(clip),
    }
}

/// Opens a recording. An address that is none of a live source is no file that somebody forgot.
pub(crate) fn open_file(clip: &Path) -> Result<InputFile, Failure> {
    let is_address = clip.to_str().is_some_and(|text| text.contains("://") || text.starts_with("v4l2:"));
    if is_address && !clip.exists() {
        return Err(Failure::new(
            Exit::Usage,
            "this is an address, and neither a file nor a live source that can be read",
        )
        .with_help(
            "live sources are written rtsp://HOST/…, udp://HOST:PORT or v4l2:/dev/video0; copy anything else to this machine \
             first",
        ));
    }
    Ok(InputFile::open(clip)?)
}

/// Opens the state folder; a first use makes it, and says so.
pub(crate) fn open_state(asked_for: Option<&Path>, printer: &Printer) -> Result<State, Failure> {
    let (state, is_new) = State::open(&State::place(asked_for)?, clock::now()?)?;
    if is_new {
        printer.say(&format!(
            "first use: the state folder (that of --state or OBSCURA_STATE, else obscura in XDG_STATE_HOME or \
             ~/.local/state) now has a signing key ({}), the default policy, signed, and an empty audit log; back it up",
            state.public_key().id()
        ));
    }
    Ok(state)
}

/// Opens the state folder where it was used before, and changes nothing.
pub(crate) fn existing_state(asked_for: Option<&Path>) -> Result<State, StateError> {
    State::existing(&State::place(asked_for)?)
}

/// What the rules need, for verbs that decide nothing: that of the policy in force, or the built-in one where there is
/// no state folder. None is made.
pub(crate) fn config_of(asked_for: Option<&Path>) -> Config {
    existing_state(asked_for).map_or_else(|_| Config::default(), |state| state.policy().config)
}

/// Every purpose that may be asked for.
pub(crate) fn purposes_of(config: &Config) -> Vec<&str> {
    config.purposes.iter().chain(config.narrower.values().flatten()).map(String::as_str).collect()
}

/// A mistyped purpose is refused by the rules like any unknown one; this says which ones there are.
fn name_purposes(asked_for: &str, policy: &Policy, printer: &Printer) {
    let known = purposes_of(&policy.config);
    if !known.contains(&asked_for) {
        printer.say(&format!(
            "the policy does not know this purpose{}; it lists {}",
            did_you_mean(asked_for, &known),
            known.join(", ")
        ));
    }
}

/// Refuses an audience that the policy does not list: no rule speaks of it, so that nothing could be decided. A policy
/// that allows nothing is left to the rules, which say so.
pub(crate) fn check_audience(option: &str, asked_for: &str, config: &Config) -> Result<(), Failure> {
    let mut known: Vec<(&str, i64)> =
        config.audience_rank.iter().map(|(name, rank)| (name.as_str(), *rank)).collect();
    known.sort_by_key(|(_, rank)| *rank);
    let known: Vec<&str> = known.into_iter().map(|(name, _)| name).collect();
    if known.is_empty() || known.contains(&asked_for) {
        return Ok(());
    }
    let guess = did_you_mean(asked_for, &known);
    Err(Failure::new(Exit::Usage, format!("{option}: the policy does not know this audience{guess}"))
        .with_help(format!("it lists, from the narrowest to the widest: {}", known.join(", "))))
}

/// Says what the rules would not say as well about a request, and refuses what they could not judge.
pub(crate) fn look_at_request(
    request: &RequestArgs,
    policy: &Policy,
    printer: &Printer,
) -> Result<(), Failure> {
    warn_of(policy, printer);
    name_purposes(&request.purpose, policy, printer);
    check_audience("--audience", &request.audience, &policy.config)
}

/// The folders that the policy approves, where it lists any: for whoever sits before this machine.
pub(crate) fn approved_folders(policy: &Policy) -> Option<String> {
    let stores: Vec<String> =
        policy.site.approved_stores.iter().map(|store| store.display().to_string()).collect();
    (!stores.is_empty()).then(|| stores.join(", "))
}

/// Says what is wrong with a policy under which nothing is allowed.
fn warn_of(policy: &Policy, printer: &Printer) {
    if let Some(problem) = &policy.problem {
        printer.say(&format!("the policy allows nothing: {problem}"));
    }
}

/// What a file that is replaced leaves to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Its permissions: it is somebody's own, such as a sheet.
    Permissions,
    /// Nothing: what tells who is where in a recording is for its owner alone, whatever lay there before.
    Nothing,
}

/// Writes a file whole or not at all: beside its name first, then in its place. It is for its owner alone, unless it
/// keeps the permissions of the file that was there.
pub(crate) fn save(path: &Path, bytes: &[u8], what: &str, keeps: Keeps) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        let failure = |exit| Failure::new(exit, format!("{what} cannot be written: {e}"));
        match e.kind() {
            ErrorKind::NotFound => {
                failure(Exit::Usage).with_help("create the folder first, or choose another")
            }
            ErrorKind::PermissionDenied => {
                failure(Exit::Other).with_help("choose a folder that you may write to")
            }
            _ => failure(Exit::Other),
        }
    };
    let name =
        path.file_name().ok_or_else(|| Failure::new(Exit::Usage, format!("{what} needs a file name")))?;
    let aside = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        if keeps == Keeps::Permissions
            && let Ok(old) = std::fs::metadata(path)
        {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&aside, path)
    };
    write().map_err(|e| {
        // What could not be finished has no value; the first error is the one to tell.
        drop(std::fs::remove_file(&aside));
        failed(e)
    })
}

/// What a consent sheet is called where it cannot be read.
pub(crate) const THE_SHEET: &str = "the consent sheet";

/// Reads the consent sheet; see [`sheet_of`].
pub(crate) fn read_sheet(path: &Path, config: &Config) -> Result<Sheet, Failure> {
    sheet_of(&read_text(path, THE_SHEET)?, config)
}

/// The consent sheet in a text. One that cannot be judged denies, with everything that is wrong with it.
pub(crate) fn sheet_of(text: &str, config: &Config) -> Result<Sheet, Failure> {
    Sheet::parse_for(text, config).map_err(|first| {
        let all = faults(text, config);
        let what = match all.as_slice() {
            [] | [_] => format!("denied: the consent sheet cannot be judged: {first}"),
            all => {
                let more = if all.len() < MAX_FAULTS { "" } else { " or more" };
                let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
                format!(
                    "denied: the consent sheet cannot be judged, it has {} faults{more}:\n  {}",
                    all.len(),
                    lines.join("\n  ")
                )
            }
        };
        let faults = all.iter().map(ToString::to_string).collect();
        Failure { faults, ..Failure::new(Exit::Denied, what) }
            .with_help("correct the sheet; `obscura sheet check` looks at it alone")
    })
}

/// The same for a verb that decides: with `--json`, a sheet that cannot be judged is a decision like any other.
pub(crate) fn read_sheet_to_decide(
    path: &Path,
    config: &Config,
    printer: &Printer,
) -> Result<Sheet, Failure> {
    read_sheet(path, config).inspect_err(|failure| {
        if printer.wants_json() && !failure.faults.is_empty() {
            // The exit code says the same where nobody reads this.
            drop(printer.json(&Decision::input_denied(failure.faults.iter().cloned())));
        }
    })
}

/// Who asks for what.
pub(crate) fn order(args: &RequestArgs) -> Order {
    Order {
        actor: args.actor.clone().unwrap_or_else(account_pseudonym),
        role: args.role.clone(),
        purpose: args.purpose.clone(),
        audience: args.audience.clone(),
    }
}

/// A pseudonym that stays the same for this account on this machine and names nobody.
pub(crate) fn account_pseudonym() -> String {
    use std::os::unix::fs::MetadataExt;
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    let uid = std::fs::metadata("/proc/self").map_or(0, |m| m.uid());
    let digest = obscura_policy::media::model::Sha256Digest::of(format!("{machine}:{uid}").as_bytes());
    let short: String = digest.to_string().chars().take(12).collect();
    format!("account-{short}")
}
