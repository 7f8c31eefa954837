//! How many bits the encoder may spend: constant quality, but hardly more than the recording itself has.
//!
//! A quality that keeps a clean recording within half a decibel makes a noisy or strongly compressed one twice as
//! large: the encoder then spends its bits on the recording's own artefacts. So the quality is the goal, and the
//! recording's own rate the limit.

use super::sound::SoundSpec;
use crate::model::{Bitrate, DurationNanos, Speed};

/// The output's picture may have so much more than all of the recording, in percent.
const NEAR_PERCENT: u64 = 108;

/// H.265, VP9 and AV1 need about half the bits of H.264.
const NEAR_PERCENT_OF_NEWER: u64 = 200;

/// No picture is squeezed below this, in bits a second.
const LEAST_BITS: u64 = 96_000;

/// Where a limit is near, what may be spent ahead of it: three fifths of the recording's length, up to the most that
/// x264's element takes. A camera at rest needs nearly all of its bits for the first picture.
const AHEAD_PERCENT: u64 = 60;
const MAX_AHEAD_MILLIS: u64 = 10_000;

/// x264 begins with so much of that.
const BEGINS_WITH_PERCENT: u64 = 90;

/// Of what it may spend in the end it leaves nearly a third, so it is allowed so much, in percent of what it is to
/// spend: measured on the scenes, where outputs then have 1.1 to 1.2 times the size of the recording.
const ALLOWED_PERCENT: u64 = 139;

/// What the encoder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Bits a second of the picture.
    pub bits_per_second: u64,
    /// How far the encoder may run ahead of them, in milliseconds; none where they are the goal, and not only the
    /// limit.
    pub ahead_millis: Option<u32>,
}

/// The limit for a recording of `bytes` and `duration`, all streams together, whose picture has a `newer_codec` than
/// H.264 or not; `None` where there is none, or where the length is not known.
pub fn rate_limit(
    bitrate: Bitrate,
    speed: Speed,
    (bytes, duration): (u64, Option<DurationNanos>),
    newer_codec: bool,
    sound: Option<SoundSpec>,
) -> Option<RateLimit> {
    let duration = duration.filter(|duration| duration.0 > 0)?;
    let input = u64::try_from(u128::from(bytes) * 8 * 1_000_000_000 / u128::from(duration.0)).ok()?;
    let percent = match (bitrate, speed) {
        (Bitrate::Keep, _) => 100,
        // The quickest encoder needs several times the bits for the same picture.
        (Bitrate::Free, _) | (Bitrate::Near, Speed::Fastest) => return None,
        (Bitrate::Near, _) if newer_codec => NEAR_PERCENT_OF_NEWER,
        (Bitrate::Near, _) => NEAR_PERCENT,
    };
    let for_sound = sound.map_or(0, SoundSpec::encoded_bits_per_second);
    let all = u64::try_from(u128::from(input) * u128::from(percent) / 100).ok()?;
    let all = all.saturating_sub(for_sound);
    Some(match bitrate {
        Bitrate::Keep => RateLimit { bits_per_second: all.max(LEAST_BITS), ahead_millis: None },
        _ => with_room(all, duration),
    })
}

/// A limit that lets the encoder run ahead, and that much lower for the rest of the recording.
fn with_room(bits_per_second: u64, duration: DurationNanos) -> RateLimit {
    let length_millis = (duration.0 / 1_000_000).max(1);
    let ahead_millis = (length_millis.saturating_mul(AHEAD_PERCENT) / 100).clamp(1, MAX_AHEAD_MILLIS);
    let spent_millis = length_millis.saturating_add(ahead_millis * BEGINS_WITH_PERCENT / 100);
    let bits = u128::from(bits_per_second) * u128::from(ALLOWED_PERCENT) / 100 * u128::from(length_millis);
    let bits = bits / u128::from(spent_millis);
    RateLimit {
        bits_per_second: u64::try_from(bits).unwrap_or(u64::MAX).max(LEAST_BITS),
        ahead_millis: u32::try_from(ahead_millis).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bitrate: Bitrate, speed: Speed, newer: bool) -> Option<u64> {
        let sound = Some(SoundSpec { rate_hz: 48_000, channels: 2 });
        let recording = (1_000_000, Some(DurationNanos::from_millis(8000)));
        rate_limit(bitrate, speed, recording, newer, sound).map(|limit| limit.bits_per_second)
    }

    #[test]
    fn the_recording_sets_the_limit_and_the_sound_counts() {
        // Eight seconds, and nine tenths of 4.8 ahead of them.
        let spread = |bits: u64| Some(bits * 139 / 100 * 8000 / 12_320);
        assert_eq!(limit(Bitrate::Near, Speed::Balanced, false), spread(1_080_000 - 144_000));
        assert_eq!(limit(Bitrate::Near, Speed::Balanced, true), spread(2_000_000 - 144_000));
        assert_eq!(limit(Bitrate::Keep, Speed::Fastest, false), Some(1_000_000 - 144_000));
        assert_eq!(limit(Bitrate::Near, Speed::Fastest, false), None);
        assert_eq!(limit(Bitrate::Free, Speed::Balanced, false), None);
    }

    #[test]
    fn hostile_lengths_neither_overflow_nor_starve_the_encoder() {
        let with = |bytes, nanos| {
            let recording = (bytes, Some(DurationNanos(nanos)));
            rate_limit(Bitrate::Near, Speed::Balanced, recording, false, None)
        };
        assert_eq!(with(u64::MAX, 0), None);
        let short = with(1_000_000, 40_000_000).and_then(|limit| limit.ahead_millis);
        assert_eq!(short, Some(24), "a recording of one picture has a limit, too");
        assert_eq!(with(0, u64::MAX).map(|l| l.bits_per_second), Some(LEAST_BITS));
        assert!(with(u64::MAX, 1).is_none_or(|l| l.bits_per_second > 0));
    }
}
