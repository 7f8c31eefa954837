//! `obscura analyze`: where faces and tones are in a recording, as a file that people can read and edit.

use std::time::Instant;

use obscura_policy::analyze;
use obscura_policy::media::{Analysis, Link, home_folder, prepare};
use serde_json::json;

use crate::args::AnalyzeArgs;
use crate::commands::Keeps;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;
use crate::progress::Watcher;
use crate::wording::counted;
use crate::{commands, interrupt};

pub(crate) fn run(args: &AnalyzeArgs, printer: &Printer) -> Result<(), Failure> {
    let began = Instant::now();
    commands::check_target(&args.output, "json", args.overwrite)?;
    if let Some(picture) = &args.contact_sheet {
        commands::check_target(picture, "png", args.overwrite)?;
    }
    if commands::live_address(&args.clip).is_some() {
        return Err(Failure::new(Exit::Usage, "`analyze` reads a recording, and this is a live source")
            .with_help(
                "`obscura redact` takes live sources; what it is to hide there cannot be edited first",
            ));
    }
    let input = commands::open_file(&args.clip)?;
    let targets = args.contact_sheet.iter().chain([&args.output]);
    if targets.clone().any(|target| input.is_same_file(target)) {
        return Err(Failure::new(Exit::Usage, "the output is the recording itself; choose another name"));
    }
    let stop = interrupt::stop_flag()?;
    let assets = prepare(&home_folder()?, Some(&args.plan()))?;
    let (news, watcher) = Watcher::start(printer.is_watched())?;
    let link = Link::new(Some(news), stop);
    let outcome = analyze(&args.plan(), &input, &assets, args.contact_sheet.is_some(), &link);
    drop(link);
    watcher.finish();
    let analysis = outcome?;
    let text = analysis
        .tracks
        .to_json()
        .map_err(|e| Failure::new(Exit::Other, format!("the tracks cannot be written: {e}")))?;
    commands::save(&args.output, &text, "the file of tracks", Keeps::Nothing)?;
    if let (Some(path), Some(png)) = (&args.contact_sheet, &analysis.contact_sheet) {
        commands::save(path, png, "the contact sheet", Keeps::Nothing)?;
    }
    summarise(&analysis, began, printer)
}

fn summarise(analysis: &Analysis, began: Instant, printer: &Printer) -> Result<(), Failure> {
    let (tracks, report) = (&analysis.tracks, &analysis.report);
    let uncertain = (report.uncertain.len() as u64).saturating_add(report.uncertain_omitted);
    let alarms = tracks.alarms.as_ref().map_or(0, |alarms| alarms.events.len());
    if printer.wants_json() {
        printer.json(&json!({
            "source_sha256": tracks.source_sha256,
            "frames": tracks.frames(),
            "tracks": tracks.tracks.len(),
            "boxes": { "detected": report.detected, "tracked": report.tracked, "filled": report.filled, "held": report.held },
            "whole_frames": report.whole_frames,
            "uncertain": uncertain,
            "alarms": alarms,
        }))?;
    }
    printer.say(&format!(
        "done in {:.1} s: {}, {}, {}, {}",
        began.elapsed().as_secs_f64(),
        counted(tracks.frames(), "picture", "pictures"),
        counted(tracks.tracks.len(), "track", "tracks"),
        counted(uncertain, "uncertain span", "uncertain spans"),
        counted(alarms, "alarm or tone", "alarms or tones"),
    ));
    printer.say("assign tracks to people and draw regions in the file, or pass it to `obscura redact --tracks` as it is");
    Ok(())
}
