//! What is said about words and numbers that an option does not take.

use std::error::Error;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Args, Command};
use obscura_policy::media::model::{MAX_MARGIN_PERCENT, UnknownWord};

use super::{MAX_LIVE_SECONDS, RedactArgs};
use crate::wording::nearest;

/// The same error, with what was most likely meant: a choice for a mistyped word, or another verb.
pub(crate) fn with_suggestion(mut error: clap::Error) -> clap::Error {
    if error.get(ContextKind::InvalidArg).is_some_and(is_of_redact) {
        // Some option of this verb that only looks alike.
        error.remove(ContextKind::SuggestedArg);
        let tip = StyledStr::from("`obscura redact` takes it, together with --tracks as well");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    let unknown = error.source().and_then(|source| source.downcast_ref::<UnknownWord>());
    let meant = unknown.and_then(|unknown| nearest(unknown.word(), &unknown.choices()));
    if let Some(meant) = meant {
        error.insert(ContextKind::SuggestedValue, ContextValue::String(meant.to_owned()));
    }
    error
}

/// Whether `redact` takes an option that its verb does not: a recording that is only analysed has nothing hidden yet.
fn is_of_redact(option: &ContextValue) -> bool {
    let ContextValue::String(option) = option else { return false };
    RedactArgs::augment_args(Command::new("redact"))
        .get_arguments()
        .filter_map(Arg::get_long)
        .any(|long| option.strip_prefix("--") == Some(long))
}

/// A margin, with or without a percent sign.
pub(crate) fn margin(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let percent = number.parse().ok().filter(|percent| *percent <= MAX_MARGIN_PERCENT);
    percent.ok_or_else(|| format!("a whole number of percent is needed, from 0 to {MAX_MARGIN_PERCENT}"))
}

/// How long a live source is taken for, in seconds, with or without their sign.
pub(crate) fn live_seconds(text: &str) -> Result<u64, String> {
    let number = text.strip_suffix('s').unwrap_or(text).trim_end();
    let seconds = number.parse().ok().filter(|seconds| (1..=MAX_LIVE_SECONDS).contains(seconds));
    seconds.ok_or_else(|| format!("a whole number of seconds is needed, from 1 to {MAX_LIVE_SECONDS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_a_whole_number_of_seconds() {
        assert_eq!([live_seconds("20"), live_seconds("20 s")], [Ok(20), Ok(20)]);
        for wrong in ["", "abc", "0", "1.5", "43201", "20m"] {
            assert!(live_seconds(wrong).unwrap_err().contains("1 to 43200"), "{wrong}");
        }
    }

    #[test]
    fn a_margin_is_a_whole_number_of_percent() {
        assert_eq!(
            [margin("30"), margin("30%"), margin("30 %"), margin("0")],
            [Ok(30), Ok(30), Ok(30), Ok(0)]
        );
        for wrong in ["", "%", "-1", "201", "30.5", "30%%", "wide"] {
            assert!(margin(wrong).is_err(), "{wrong}");
        }
    }
}
