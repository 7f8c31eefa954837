//! The one place that writes to the terminal: talk goes to standard error, results to standard output.

use std::fmt;
use std::io::Write;
use std::time::Duration;

/// Counts the numbered steps of a task.
#[derive(Debug)]
pub(crate) struct Steps {
    step: usize,
    steps: usize,
}

impl Steps {
    /// For a task of so many steps.
    pub(crate) fn new(steps: usize) -> Self {
        Self { step: 0, steps }
    }

    /// Announces the next step.
    pub(crate) fn next(&mut self, text: impl fmt::Display) {
        self.step += 1;
        talk(format_args!("[{}/{}] {text}", self.step, self.steps));
    }
}

/// A line under the current step.
pub(crate) fn note(text: impl fmt::Display) {
    talk(format_args!("      {text}"));
}

/// A line of talk, on standard error. A closed terminal is no reason to stop, here and in [`data`].
pub(crate) fn talk(text: impl fmt::Display) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A line of result, on standard output.
pub(crate) fn data(text: impl fmt::Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// A size for people: `7.3 MB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => {
            let tenths = (u128::from(bytes) * 10 + u128::from(*unit) / 2) / u128::from(*unit);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} B"),
    }
}

/// A number of things: `1 package`, `6 packages`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A span for people: `0.3 s`, `2 min 5 s`.
pub(crate) fn took(span: Duration) -> String {
    let seconds = span.as_secs();
    if seconds >= 60 {
        format!("{} min {} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_spans_read_well() {
        assert_eq!(size(999), "999 B");
        assert_eq!(size(232_589), "232.6 kB");
        assert_eq!(size(7_304_518), "7.3 MB");
        assert_eq!(size(u64::MAX), "18446744073.7 GB");
        assert_eq!((count(0, "file"), count(1, "file")), ("0 files".to_owned(), "1 file".to_owned()));
        assert_eq!(took(Duration::from_millis(340)), "0.3 s");
        assert_eq!(took(Duration::from_secs(125)), "2 min 5 s");
    }
}
