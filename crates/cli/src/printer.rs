//! The only place that prints: data on standard output, talk on standard error.

use std::io::{self, IsTerminal, Write};

use miette::{GraphicalReportHandler, GraphicalTheme};
use serde::Serialize;
use serde_json::json;

use crate::failure::{Exit, Failure};

/// Owns both streams.
#[derive(Debug)]
pub(crate) struct Printer {
    json: bool,
    watched: bool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, watched: io::stderr().is_terminal() }
    }

    /// A line of talk.
    #[expect(clippy::unused_self, reason = "whoever prints must hold the printer")]
    pub(crate) fn say(&self, line: &str) {
        // A closed terminal is no reason to stop working.
        drop(writeln!(io::stderr().lock(), "{line}"));
    }

    /// Data.
    #[expect(clippy::unused_self, reason = "whoever prints must hold the printer")]
    pub(crate) fn data(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|e| Failure::new(Exit::Other, format!("standard output cannot be written: {e}")))
    }

    /// Data as JSON with a line end.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|e| Failure::new(Exit::Other, format!("the result cannot be written as JSON: {e}")))?;
        self.data(&format!("{text}\n"))
    }

    /// Whether data goes out as JSON.
    pub(crate) fn wants_json(&self) -> bool {
        self.json
    }

    /// Width of the terminal that shows data (characters); `None` where there is none.
    #[expect(clippy::unused_self, reason = "whoever prints must hold the printer")]
    pub(crate) fn data_width(&self) -> Option<u16> {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0)
    }

    /// Width of the terminal that shows talk (characters); `None` where there is none.
    #[expect(clippy::unused_self, reason = "whoever prints must hold the printer")]
    pub(crate) fn talk_width(&self) -> Option<u16> {
        terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0)
    }

    /// Whether somebody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// The last words of a run that failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json && !matches!(failure.exit, Exit::Denied | Exit::NeedsApproval) {
            let value = json!({ "error": failure.message, "help": failure.help, "exit": failure.exit as u8 });
            drop(self.json(&value));
        }
        // no-color.org: present and not empty means no colours.
        let has_colours = self.is_watched() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty());
        let theme = if has_colours { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let mut text = String::new();
        let drawn = GraphicalReportHandler::new_themed(theme).render_report(&mut text, failure);
        if drawn.is_err() || !self.is_watched() {
            text = format!("error: {}", failure.message);
            if let Some(help) = &failure.help {
                text.push_str("\n help: ");
                text.push_str(help);
            }
        }
        self.say(text.trim_end());
    }
}
