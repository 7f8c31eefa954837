//! How many bits the encoder may spend: constant quality, but hardly more than the recording itself has.
//!
//! A quality that keeps any recording within half a decibel makes a strongly compressed one twice as large: the encoder
//! then spends its bits on the recording's own artefacts. So such a quality is the goal, and the recording's own rate
//! the limit.

use super::sound::SoundSpec;
use crate::model::{Bitrate, DurationNanos, Speed, VideoCodec};

/// The output may have so much of the recording's size, in percent: hardly a fifth more.
const NEAR_PERCENT: u64 = 119;

/// H.265, VP9 and AV1 need about half the bits of H.264.
const NEAR_PERCENT_OF_NEWER: u64 = 206;

/// The quality to reach for where the recording's own rate in H.264 is the limit. Outside the masks, recordings of a
/// noisy camera and of one with twice the bits that its picture needs lose 0.2 and 0.4 dB, instead of 2.1 and 3.5 at
/// [`USUAL_QUALITY`]; finer than this, they only take more bits.
const NEAREST_QUALITY: u8 = 10;

/// The quality where nothing, or only a limit in a newer codec's bits, keeps the size in bounds.
const USUAL_QUALITY: u8 = 20;

/// The quality of the smallest files.
const SMALL_QUALITY: u8 = 23;

/// No picture is squeezed below this, in bits a second.
const LEAST_BITS: u64 = 96_000;

/// Where a limit is near, what may be spent ahead of it: three fifths of the recording's length, up to the most that
/// x264's element takes. A camera at rest needs nearly all of its bits for the first picture.
const AHEAD_PERCENT: u64 = 60;
const MAX_AHEAD_MILLIS: u64 = 10_000;

/// What x264 spends of that in the end, in percent: it begins with nine tenths, and keeps about half. Measured on
/// scenes of 8 s, on one of 64 s and on a clip of 139 s, whose outputs have 1.17 to 1.19 times the recording's size.
const SPENT_AHEAD_PERCENT: u64 = 40;

/// What the encoder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Bits a second of the picture.
    pub bits_per_second: u64,
    /// How far the encoder may run ahead of them, in milliseconds; none where they are the goal, and not only the
    /// limit.
    pub ahead_millis: Option<u32>,
}

/// What is to be encoded, as far as its bits go.
#[derive(Clone, Copy, Debug)]
pub struct Material {
    /// Length in bytes of the recording, all streams together.
    pub bytes: u64,
    /// Duration, where it is known.
    pub duration: Option<DurationNanos>,
    /// Its picture has a codec that needs fewer bits than H.264.
    pub newer_codec: bool,
    /// The sound of the output.
    pub sound: Option<SoundSpec>,
}

/// What the encoder aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The quality where none is asked for, on x264's scale.
    pub quality: u8,
    /// The limit within which that is kept; `None` where there is none, or where the length is not known.
    pub rate: Option<RateLimit>,
}

/// The quality and the limit for a recording.
pub fn goal(codec: VideoCodec, bitrate: Bitrate, speed: Speed, material: &Material) -> Goal {
    let rate = rate_limit(bitrate, speed, material);
    Goal { quality: usual_quality(codec, speed, rate, material.newer_codec), rate }
}

fn usual_quality(codec: VideoCodec, speed: Speed, rate: Option<RateLimit>, newer_codec: bool) -> u8 {
    let heeds_limit = codec == VideoCodec::X264 && rate.is_some_and(|rate| rate.ahead_millis.is_some());
    match speed {
        Speed::Smallest => SMALL_QUALITY,
        Speed::Balanced if heeds_limit && !newer_codec => NEAREST_QUALITY,
        Speed::Balanced | Speed::Fastest => USUAL_QUALITY,
    }
}

fn rate_limit(bitrate: Bitrate, speed: Speed, material: &Material) -> Option<RateLimit> {
    let Material { bytes, newer_codec, sound, .. } = *material;
    let duration = material.duration.filter(|duration| duration.0 > 0)?;
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
    let spent_millis = length_millis.saturating_add(ahead_millis * SPENT_AHEAD_PERCENT / 100);
    let bits = u128::from(bits_per_second) * u128::from(length_millis) / u128::from(spent_millis);
    RateLimit {
        bits_per_second: u64::try_from(bits).unwrap_or(u64::MAX).max(LEAST_BITS),
        ahead_millis: u32::try_from(ahead_millis).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bitrate: Bitrate, speed: Speed, newer: bool) -> Option<u64> {
        let material = Material {
            bytes: 1_000_000,
            duration: Some(DurationNanos::from_millis(8000)),
            newer_codec: newer,
            sound: Some(SoundSpec { rate_hz: 48_000, channels: 2 }),
        };
        rate_limit(bitrate, speed, &material).map(|limit| limit.bits_per_second)
    }

    #[test]
    fn the_recording_sets_the_limit_and_the_sound_counts() {
        // Eight seconds, and two fifths of 4.8 ahead of them.
        let spread = |bits: u64| Some(bits * 8000 / 9920);
        assert_eq!(limit(Bitrate::Near, Speed::Balanced, false), spread(1_190_000 - 144_000));
        assert_eq!(limit(Bitrate::Near, Speed::Balanced, true), spread(2_060_000 - 144_000));
        assert_eq!(limit(Bitrate::Keep, Speed::Fastest, false), Some(1_000_000 - 144_000));
        assert_eq!(limit(Bitrate::Near, Speed::Fastest, false), None);
        assert_eq!(limit(Bitrate::Free, Speed::Balanced, false), None);
    }

    #[test]
    fn only_what_is_limited_reaches_for_the_finest_quality() {
        let limit = |ahead_millis| Some(RateLimit { bits_per_second: 1_000_000, ahead_millis });
        let x264 = |speed, rate, newer| usual_quality(VideoCodec::X264, speed, rate, newer);
        assert_eq!(x264(Speed::Balanced, limit(Some(4800)), false), NEAREST_QUALITY);
        let unlimited = [
            x264(Speed::Balanced, None, false),
            x264(Speed::Balanced, limit(Some(4800)), true),
            x264(Speed::Balanced, limit(None), false),
            x264(Speed::Fastest, None, false),
            usual_quality(VideoCodec::OpenH264, Speed::Balanced, limit(Some(4800)), false),
        ];
        assert_eq!(unlimited, [USUAL_QUALITY; 5]);
        assert_eq!(x264(Speed::Smallest, limit(Some(4800)), false), SMALL_QUALITY);
    }

    #[test]
    fn hostile_lengths_neither_overflow_nor_starve_the_encoder() {
        let with = |bytes, nanos| {
            let duration = Some(DurationNanos(nanos));
            let material = Material { bytes, duration, newer_codec: false, sound: None };
            rate_limit(Bitrate::Near, Speed::Balanced, &material)
        };
        assert_eq!(with(u64::MAX, 0), None);
        let short = with(1_000_000, 40_000_000).and_then(|limit| limit.ahead_millis);
        assert_eq!(short, Some(24), "a recording of one picture has a limit, too");
        assert_eq!(with(0, u64::MAX).map(|l| l.bits_per_second), Some(LEAST_BITS));
        assert!(with(u64::MAX, 1).is_none_or(|l| l.bits_per_second > 0));
    }
}
