//! Progress for whoever watches: a bar with the time left on a terminal, a line now and then elsewhere.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use indicatif::{ProgressBar, ProgressStyle};

use obscura_policy::media::{Phase, Progress};

use crate::failure::{Exit, Failure};
use crate::wording::counted;

/// News that may wait; older news is lost when nobody reads it.
const QUEUED_NEWS: usize = 8;

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The reader of a rendering's news.
#[derive(Debug)]
pub(crate) struct Watcher {
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Starts reading; the sender goes into the rendering, and the watcher ends when it is dropped.
    pub(crate) fn start(is_terminal: bool) -> Result<(Sender<Progress>, Self), Failure> {
        let (sender, news) = bounded(QUEUED_NEWS);
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || if is_terminal { draw_bar(&news) } else { print_lines(&news) })
            .map_err(|e| Failure::new(Exit::Other, format!("no thread could be started: {e}")))?;
        Ok((sender, Self { thread }))
    }

    /// Waits until everything was shown.
    pub(crate) fn finish(self) {
        // A watcher that died shows nothing more; the work itself is not touched by it.
        drop(self.thread.join());
    }
}

/// What a second round is for.
const REPAIR: &str =
    "the self-check found what may be a readable face: it is hidden as well, and all is searched again";

fn is_repair(news: &Progress) -> bool {
    news.round > 1 && news.phase == Phase::Rendering
}

fn label(news: &Progress) -> String {
    let what = match news.phase {
        Phase::Analysing => "looking",
        Phase::Rendering => "hiding",
        Phase::Checking => "checking",
    };
    if news.round > 1 { format!("{what}, round {}", news.round) } else { what.to_owned() }
}

/// Share of the phase that is done, where it can be told.
fn share(news: &Progress) -> Option<f64> {
    let by_frames = news.frames_expected.filter(|n| *n > 0).map(|n| news.frames as f64 / n as f64);
    let by_time = news.duration.filter(|d| d.0 > 0).map(|d| news.reached.as_seconds() / d.as_seconds());
    by_frames.or(by_time).map(|share| share.clamp(0.0, 1.0))
}

fn draw_bar(news: &Receiver<Progress>) {
    const STEPS: u64 = 1000;
    let bar = ProgressBar::new(STEPS);
    if let Ok(style) = ProgressStyle::with_template("{msg:>10} {bar:32} {percent:>3} %  {eta} left") {
        bar.set_style(style);
    }
    let mut phase = None;
    for item in news {
        if phase.replace((item.phase, item.round)) != Some((item.phase, item.round)) {
            bar.reset();
            bar.set_message(label(&item));
            if is_repair(&item) {
                bar.println(REPAIR);
            }
        }
        if let Some(share) = share(&item) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 1000"
            )]
            bar.set_position((share * STEPS as f64) as u64);
        }
    }
    bar.finish_and_clear();
}

fn print_lines(news: &Receiver<Progress>) {
    let printer = crate::printer::Printer::new(false);
    let (mut began, mut last, mut phase) = (Instant::now(), Instant::now(), None);
    for item in news {
        if phase.replace((item.phase, item.round)) != Some((item.phase, item.round)) {
            began = Instant::now();
            if is_repair(&item) {
                printer.say(REPAIR);
            }
        }
        if last.elapsed() >= LINE_EVERY {
            last = Instant::now();
            printer.say(&line(&item, began.elapsed()));
        }
    }
}

fn line(news: &Progress, elapsed: Duration) -> String {
    let done =
        format!("{}: {}, at {}", label(news), counted(news.frames, "picture", "pictures"), news.reached);
    // Too early, an estimate would only frighten.
    let Some(share) = share(news).filter(|share| *share > 0.02) else { return done };
    let left = elapsed.as_secs_f64() * (1.0 - share) / share;
    format!("{done}, {:.0} %, about {left:.0} s left", share * 100.0)
}
