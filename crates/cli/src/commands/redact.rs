//! `obscura redact`: gate, pipeline, self-check, receipt.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use obscura_policy::media::model::{Alarms, Hide, MuteWith, Plan, UncertainReason, VoiceMode};
use obscura_policy::media::{
    BesideReport, EngineError, InputFile, Link, OutputError, TrackFile, TrackReport, TracksError,
    home_folder, prepare,
};
use obscura_policy::rules::{Decision, Rule};
use obscura_policy::sheet::Sheet;
use obscura_policy::{
    Permit, Policy, Receipt, Source, State, Verdict, judge, note_unusable_sheet, open_regular, receipt_path,
    render,
};

use crate::args::{MAX_LIVE_SECONDS, RedactArgs};
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::progress::Watcher;
use crate::wording::{counted, did_you_mean};
use crate::{clock, commands, interrupt, stages};

pub(crate) fn run(args: &RedactArgs, state: Option<&Path>, printer: &Printer) -> Result<(), Failure> {
    let began = Instant::now();
    check_target(&args.request.clip, &args.output, args.overwrite)?;
    let plan = args.plan();
    check_use(&plan)?;
    check_strength(&plan)?;
    let state = commands::open_state(state, printer)?;
    let policy = state.policy();
    commands::look_at_request(&args.request, &policy, printer)?;
    let sheet = match commands::read_sheet_to_decide(&args.request.sheet, &policy.config, printer) {
        Err(denied) if denied.exit == Exit::Denied => {
            note_unusable_sheet(&state, clock::now()?)?;
            return Err(denied);
        }
        other => other?,
    };
    let stop = interrupt::stop_flag()?;
    let input = open(args, &stop)?;
    if input.is_same_file(&args.output) || input.is_same_file(&receipt_path(&args.output)) {
        return Err(overwrites_the_recording());
    }
    check_replaceable(&args.output)?;
    let tracks = read_tracks(args, &input)?;
    let plan = tracks.iter().fold(plan, |plan, tracks| tracks.settings.put_into(plan));
    let order = commands::order(&args.request);
    check_strength(&plan)?;
    let permit = match judge(&sheet, &input, &plan, &order, &state, &args.output, clock::now()?)? {
        Verdict::Permitted(permit) => *permit,
        Verdict::Refused(decision) => return refuse(&decision, &policy, printer),
    };
    if let Some(warning) = plan.voice.warning() {
        printer.say(&format!("warning: --voice {}: {warning}", plan.voice));
    }
    name_unknown_people(tracks.as_ref(), &sheet, printer);
    let source = Source { input: &input, tracks: tracks.as_ref() };
    let receipt = rendered(args, printer, source, permit, &plan, &state, stop)?;
    if printer.wants_json() {
        printer.json(&receipt)?;
    }
    summarise(printer, &receipt, began);
    if args.stages {
        printer.say(&stages::table("rendering", &receipt.render.stages));
        printer.say(&stages::table("self-check", &receipt.self_check.stages));
    }
    Ok(())
}

/// Prints every reason, and where results may go if that is one.
fn refuse(decision: &Decision, policy: &Policy, printer: &Printer) -> Result<(), Failure> {
    let is_about_folder = decision.reasons.iter().any(|reason| reason.rule == Rule::Storage);
    if let Some(folders) = commands::approved_folders(policy).filter(|_| is_about_folder) {
        printer.say(&format!("results may be written to {folders}, and folders in there"));
    }
    commands::check::refuse(decision, printer, false)
}

/// Opens the recording, or prepares the live source.
fn open(args: &RedactArgs, stop: &Arc<AtomicBool>) -> Result<InputFile, Failure> {
    let Some(address) = commands::live_address(&args.request.clip) else {
        if args.length_seconds.is_some() {
            return Err(Failure::new(Exit::Usage, "--for is for live sources; this is a recording"));
        }
        return commands::open_file(&args.request.clip);
    };
    // Long enough for any operation, and short enough to end by itself one day.
    let seconds = args.length_seconds.unwrap_or(MAX_LIVE_SECONDS);
    Ok(InputFile::live(address, Some(Duration::from_secs(seconds)), Arc::clone(stop)))
}

fn rendered(
    args: &RedactArgs,
    printer: &Printer,
    source: Source<'_>,
    permit: Permit,
    plan: &Plan,
    state: &State,
    stop: Arc<AtomicBool>,
) -> Result<Receipt, Failure> {
    // Where a file of tracks says what is hidden, everything was found when it was made: only the self-check looks.
    let looked_for = source.tracks.is_none().then_some(plan);
    let assets = prepare(&home_folder()?, looked_for)?;
    let (news, watcher) = Watcher::start(printer.is_watched())?;
    let link = Link::new(Some(news), stop);
    let confirm = || {
        let sheet = commands::read_sheet(&args.request.sheet, &state.policy().config).ok()?;
        Some((sheet, clock::now().ok()?))
    };
    let target = (args.output.as_path(), args.overwrite);
    let order = commands::order(&args.request);
    let outcome = render(permit, plan, source, target, &assets, &order, state, &confirm, &link);
    drop(link);
    watcher.finish();
    outcome.map_err(|error| commands::about_source(error.into(), &args.request.clip))
}

fn overwrites_the_recording() -> Failure {
    Failure::new(Exit::Usage, "the output is the recording itself; choose another name")
        .with_help("a recording is never overwritten, not even through a link")
}

/// A setting that would do nothing was meant for something else.
fn check_use(plan: &Plan) -> Result<(), Failure> {
    let (voice, idle) = (plan.voice, |what: &str| Err(Failure::new(Exit::Usage, what)));
    if plan.mute_with != MuteWith::Silence && voice != VoiceMode::Mute {
        return idle(
            "--mute-with says what --voice mute puts in the place of speech; without that it does nothing",
        );
    }
    if plan.alarms == Alarms::Resynth && voice == VoiceMode::Remove {
        return idle(
            "--alarms resynth plays tones in the result, and --voice remove leaves no sound to play them in",
        );
    }
    Ok(())
}

/// Settings that hide too little need a word.
fn check_strength(plan: &Plan) -> Result<(), Failure> {
    let Some(weak) = plan.unaccepted_weakness() else { return Ok(()) };
    let what = format!("this hides less than what was measured to be enough: {weak}");
    Err(Failure::new(Exit::Usage, what)
        .with_help("leave the setting out, or add --i-accept-weak; the receipt will say so"))
}

/// The tracks that were asked for. They belong to this recording or are refused before anything is decided.
fn read_tracks(args: &RedactArgs, input: &InputFile) -> Result<Option<TrackFile>, Failure> {
    let Some(path) = &args.look.tracks else {
        if args.look.hide == Hide::NotConsented {
            return Err(Failure::new(
                Exit::Usage,
                "--hide not_consented needs --tracks with people assigned",
            )
            .with_help(
                "make it with `obscura analyze`, and write the pseudonym of the sheet behind `subject`",
            ));
        }
        return Ok(None);
    };
    let file = open_regular(path).map_err(|e| {
        Failure::new(Exit::Usage, format!("the file of tracks cannot be read: {e}"))
            .with_help("check the name of the file of tracks")
    })?;
    let tracks = TrackFile::read(file).map_err(EngineError::from)?;
    if tracks.source_sha256 != input.digest() {
        return Err(EngineError::from(TracksError::OtherRecording).into());
    }
    Ok(Some(tracks))
}

/// Whoever is not in the sheet is hidden. Where that is a slip of the hand, nobody would notice until the end.
fn name_unknown_people(tracks: Option<&TrackFile>, sheet: &Sheet, printer: &Printer) {
    let known: Vec<&str> = sheet.subjects.iter().map(|subject| subject.id.as_str()).collect();
    let assigned = tracks.into_iter().flat_map(|file| &file.tracks);
    let unknown: BTreeSet<&str> = assigned
        .filter_map(|track| track.subject.as_deref())
        .filter(|subject| !known.contains(subject))
        .collect();
    for subject in unknown {
        let guess = did_you_mean(subject, &known);
        printer.say(&format!(
            "the sheet lists nobody as `{subject}`{guess}: the tracks of this person are hidden"
        ));
    }
}

/// Refuses what can be refused before a long recording is read.
fn check_target(clip: &Path, output: &Path, overwrite: bool) -> Result<(), Failure> {
    let is_clip = |path: &Path| {
        path.canonicalize().is_ok_and(|path| clip.canonicalize().is_ok_and(|clip| clip == path))
    };
    if is_clip(output) || is_clip(&receipt_path(output)) {
        return Err(overwrites_the_recording());
    }
    let is_mp4 =
        output.extension().is_some_and(|e| e.eq_ignore_ascii_case("mp4") || e.eq_ignore_ascii_case("m4v"));
    if !is_mp4 {
        return Err(Failure::new(Exit::Usage, "the output is an MP4 file; give it a name that ends in .mp4"));
    }
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(OutputError::NoFolder.into());
    }
    let taken = |path: &Path| std::fs::symlink_metadata(path).is_ok();
    // A link may lead to the recording, which is known later.
    let is_no_file = |path: &Path| std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    if is_no_file(output) || is_no_file(&receipt_path(output)) {
        return Err(OutputError::NotAFile.into());
    }
    if !overwrite && (taken(output) || taken(&receipt_path(output))) {
        return Err(Failure::new(Exit::Usage, "the output or its receipt exists already")
            .with_help("choose another name, or pass --overwrite to replace both"));
    }
    Ok(())
}

/// What is there and no file cannot be replaced by one, whatever was asked for.
fn check_replaceable(output: &Path) -> Result<(), Failure> {
    let is_no_file = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    if is_no_file(output) || is_no_file(&receipt_path(output)) {
        Err(OutputError::NotAFile.into())
    } else {
        Ok(())
    }
}

fn summarise(printer: &Printer, receipt: &Receipt, began: Instant) {
    let (render, check) = (&receipt.render, &receipt.self_check);
    let seconds = began.elapsed().as_secs_f64();
    printer.say(&format!(
        "done in {seconds:.1} s: {} in, {} out; {}{} followed, {:.1} % of the picture hidden; the self-check found no \
         readable face{} in {}",
        counted(render.frames_in, "picture", "pictures"),
        render.frames_out,
        counted(render.tracks.tracks, "face", "faces"),
        beside_faces(&render.tracks.beside),
        render.hidden_share * 100.0,
        if receipt.leaves_faces_open() { " among those that have to be hidden" } else { "" },
        counted(check.frames_searched, "picture", "pictures"),
    ));
    if render.frames_late > 0 {
        printer.say(&format!(
            "{} hidden whole, having come too late to be searched; --speed fastest takes less time",
            counted(render.frames_late, "picture was", "pictures were")
        ));
    }
    // Those that came too late are among them, and were named.
    let others = render.tracks.whole_frames.saturating_sub(render.frames_late);
    if others > 0 {
        let whole = counted(others, "picture was", "pictures were");
        printer.say(&format!("{whole} hidden whole, since a face might be anywhere in them"));
    }
    if render.truncated {
        printer.say("the recording was cut off: the result ends where the recording does");
    }
    if let Some(words) = receipt.tracks_in_words() {
        printer.say(&words);
    }
    tell_uncertain(printer, &render.tracks);
    let first = match render.tracks.uncertain.as_slice() {
        [] => "",
        _ => ": `obscura verify` lists what to look at first",
    };
    printer.say(&format!(
        "the result and its receipt are in place; it may be used once a person has reviewed it{first}"
    ));
}

/// People and text that were followed and hidden beside faces: `, 2 people, 3 lines of text`.
fn beside_faces(beside: &BesideReport) -> String {
    let people =
        (beside.head_masks + beside.body_masks > 0).then(|| counted(beside.people, "person", "people"));
    let text =
        (beside.text_masks > 0).then(|| counted(beside.lines_of_text, "line of text", "lines of text"));
    people.into_iter().chain(text).fold(String::new(), |all, what| all + ", " + &what)
}

/// What a person should look at first.
fn tell_uncertain(printer: &Printer, tracks: &TrackReport) {
    let uncertain = &tracks.uncertain;
    let without_face = uncertain.iter().filter(|s| s.reason == UncertainReason::HeadWithoutFace).count();
    if uncertain.len() > without_face {
        printer.say(&format!(
            "{} hidden more widely, since the place of a face is uncertain; the receipt lists what is to be reviewed",
            counted(uncertain.len() - without_face, "span was", "spans were")
        ));
    }
    if without_face > 0 {
        let unless = if tracks.whole_frames > 0 { " unless the picture was hidden whole" } else { "" };
        printer.say(&format!(
            "{} a person without a visible face, who was NOT hidden{unless}; the receipt lists what is to be reviewed; --heads hide \
             hides such people",
            counted(without_face, "span shows", "spans show")
        ));
    }
}
