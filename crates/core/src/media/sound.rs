//! Decoding the sound: interleaved 32-bit float samples on one unbroken clock.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gstreamer as gst;
use gstreamer_audio as gst_audio;

use super::chain::{StreamKind, make};
use super::channels;
use super::demux::Demux;
use super::error::MediaError;
use super::input::InputFile;
use crate::model::PtsNanos;

/// Sampling rates that AAC knows (ISO/IEC 14496-3, table 1.18); other rates are converted to the nearest.
const AAC_RATES_HZ: [i32; 10] = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];

/// More channels than this are mixed down: what remains is one disguised voice in any case.
const MAX_CHANNELS: i32 = 2;

/// Time stamps in whole milliseconds wander by this much without meaning a gap.
const JITTER_NANOS: u64 = 4_000_000;

/// Holes longer than this, alone or together, are a broken clock and no pauses: each is filled with silence, and a file of
/// some kilobytes could ask for days of it.
const MAX_GAP_NANOS: u64 = 6 * 3600 * 1_000_000_000;

/// Of a live source, a hole longer than this ends its sound.
const MAX_LIVE_GAP_NANOS: u64 = 600 * 1_000_000_000;

/// Decoders may keep back their last block; up to this much is made up for with silence, so that the length stays.
const MAX_TAIL_NANOS: u64 = 200_000_000;

/// Silence is written in pieces of this many sample frames, so that a long gap needs no memory.
const SILENCE_PIECE_FRAMES: u64 = 1 << 15;

/// Rate and channels of the decoded sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoundSpec {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Interleaved channels, 1 or 2.
    pub channels: u16,
}

impl SoundSpec {
    /// Bits a second of the sound in the output.
    pub(super) fn encoded_bits_per_second(self) -> u64 {
        if self.channels == 1 { 80_000 } else { 144_000 }
    }

    /// Length of `frames` sample frames, in nanoseconds.
    fn nanos(self, frames: u64) -> u64 {
        let nanos = u128::from(frames) * 1_000_000_000 / u128::from(self.rate_hz.max(1));
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }

    fn frames(self, nanos: u64) -> u64 {
        let frames = u128::from(nanos) * u128::from(self.rate_hz) / 1_000_000_000;
        u64::try_from(frames).unwrap_or(u64::MAX)
    }
}

/// A stream of decoded sound.
#[derive(Debug)]
pub struct SoundSource {
    demux: Demux,
    spec: SoundSpec,
    start: PtsNanos,
    waiting: Option<gst::Sample>,
    clock: SampleClock,
    promised_end: Option<PtsNanos>,
}

impl SoundSource {
    /// Starts decoding the first sound track and waits for its first samples; `None` where there is no sound.
    ///
    /// # Errors
    /// [`MediaError`] where there is sound that cannot be decoded.
    pub fn start(input: &InputFile, cancel: Arc<AtomicBool>) -> Result<Option<Self>, MediaError> {
        let mut demux = match input.feed() {
            Some(feed) => feed.sound()?,
            None => {
                Demux::start(input, StreamKind::Sound, &tail()?, &float_caps(), channels::refuse, cancel)?
            }
        };
        let first = loop {
            let Some(sample) = demux.pull()? else { return Ok(None) };
            // What a live source says before its first picture is left out.
            if !demux.is_live() || demux.start_of(&sample).is_some() {
                break sample;
            }
        };
        let info = first
            .caps()
            .ok_or_else(|| MediaError::Framework("sound without a format".to_owned()))
            .and_then(|caps| Ok(gst_audio::AudioInfo::from_caps(caps)?))?;
        let channels = u16::try_from(info.channels()).unwrap_or(u16::MAX);
        let spec = SoundSpec { rate_hz: info.rate(), channels };
        let start = demux.start_of(&first).unwrap_or_default();
        let clock = SampleClock { spec, start, frames: 0, silent: 0 };
        Ok(Some(Self { demux, spec, start, waiting: Some(first), clock, promised_end: None }))
    }

    /// Rate and channels.
    pub fn spec(&self) -> SoundSpec {
        self.spec
    }

    /// Presentation time of the first sample.
    pub fn start_pts(&self) -> PtsNanos {
        self.start
    }

    /// Hands the next samples to `consume`, in pieces: silence for a hole in the clock, then what was decoded.
    /// Returns false at the end.
    ///
    /// # Errors
    /// Decoding errors, and whatever `consume` reports.
    pub fn next_chunk<E: From<MediaError>>(
        &mut self,
        mut consume: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<bool, E> {
        let sample = match self.waiting.take() {
            Some(sample) => Some(sample),
            None => self.demux.pull()?,
        };
        let Some(sample) = sample else {
            self.fill_tail(&mut consume)?;
            return Ok(false);
        };
        let samples = read_samples(&sample)?;
        let admitted = self.clock.admit(self.demux.start_of(&sample), samples.len());
        let longest = self.clock.spec.frames(MAX_LIVE_GAP_NANOS);
        let (silence, skip) = match admitted {
            // Its clock has jumped: what came before is kept.
            Ok((silence, _)) if self.demux.is_live() && silence > longest => return Ok(false),
            Err(_) if self.demux.is_live() => return Ok(false),
            admitted => admitted?,
        };
        self.silence(silence, &mut consume)?;
        consume(samples.get(skip..).unwrap_or(&[]))?;
        self.promised_end = self.demux.promised_end(&sample).or(self.promised_end);
        self.demux.reached(self.clock.now());
        Ok(true)
    }

    /// Silence from the last sample to the end that the container promises, where that is close.
    fn fill_tail<E>(&mut self, consume: &mut impl FnMut(&[f32]) -> Result<(), E>) -> Result<(), E> {
        let missing = self.promised_end.take().map_or(0, |end| end.since(self.clock.now()).0);
        if missing > MAX_TAIL_NANOS {
            return Ok(());
        }
        let frames = self.spec.frames(missing);
        self.clock.frames += frames;
        self.silence(frames, consume)
    }

    fn silence<E>(
        &self,
        mut frames: u64,
        consume: &mut impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let channels = u64::from(self.spec.channels);
        let zeros = vec![0f32; usize::try_from(frames.min(SILENCE_PIECE_FRAMES) * channels).unwrap_or(0)];
        while frames > 0 {
            let piece = frames.min(SILENCE_PIECE_FRAMES);
            let len = usize::try_from(piece * channels).unwrap_or(0);
            consume(zeros.get(..len).unwrap_or(&zeros))?;
            frames -= piece;
        }
        Ok(())
    }
}

/// Counts samples and compares them with the time stamps, so that the sound stays on one clock.
#[derive(Clone, Copy, Debug)]
struct SampleClock {
    spec: SoundSpec,
    start: PtsNanos,
    frames: u64,
    /// Of these, so many were silence in holes.
    silent: u64,
}

impl SampleClock {
    fn now(&self) -> PtsNanos {
        PtsNanos(self.start.0.saturating_add(self.spec.nanos(self.frames)))
    }

    /// How many frames of silence go before a chunk of `len` samples, and how many of its samples overlap what was
    /// there already.
    fn admit(&mut self, pts: Option<PtsNanos>, len: usize) -> Result<(u64, usize), MediaError> {
        let channels = u64::from(self.spec.channels.max(1));
        let (now, here) = (self.now(), pts.unwrap_or_else(|| self.now()));
        let (gap, overlap) = (here.since(now).0, now.since(here).0);
        let filled = self.spec.nanos(self.silent);
        if filled.saturating_add(gap) > MAX_GAP_NANOS {
            return Err(MediaError::Unusable(format!(
                "its sound has holes of more than six hours up to {now}"
            )));
        }
        let silence = if gap > JITTER_NANOS { self.spec.frames(gap) } else { 0 };
        self.silent += silence;
        let late = if overlap > JITTER_NANOS { self.spec.frames(overlap) } else { 0 };
        let skip = usize::try_from(late.saturating_mul(channels)).unwrap_or(usize::MAX).min(len);
        self.frames += silence + (len - skip) as u64 / channels;
        Ok((silence, skip))
    }
}

fn read_samples(sample: &gst::Sample) -> Result<Vec<f32>, MediaError> {
    let buffer = sample.buffer().ok_or_else(|| MediaError::Framework("an empty sample".to_owned()))?;
    let map = buffer.map_readable()?;
    let mut out = Vec::with_capacity(map.len() / 4);
    out.extend(map.chunks_exact(4).map(|b| match b {
        [a, b, c, d] => f32::from_le_bytes([*a, *b, *c, *d]),
        _ => 0.0,
    }));
    Ok(out)
}

/// Mixes down and converts the rate.
pub(super) fn tail() -> Result<[gst::Element; 2], MediaError> {
    let tail = [make("audioconvert")?, make("audioresample")?];
    tail.iter().take(1).for_each(channels::place);
    Ok(tail)
}

pub(super) fn float_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "F32LE")
        .field("layout", "interleaved")
        .field("rate", gst::List::new(AAC_RATES_HZ))
        .field("channels", gst::IntRange::new(1, MAX_CHANNELS))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> SampleClock {
        SampleClock {
            spec: SoundSpec { rate_hz: 48_000, channels: 2 },
            start: PtsNanos(0),
            frames: 0,
            silent: 0,
        }
    }

    #[test]
    fn a_hole_becomes_silence_and_an_overlap_is_cut() {
        let mut clock = clock();
        assert_eq!(clock.admit(Some(PtsNanos(0)), 96_000).unwrap(), (0, 0));
        assert_eq!(clock.admit(Some(PtsNanos(1_500_000_000)), 960).unwrap(), (24_000, 0));
        let overlap = PtsNanos(clock.now().0 - 10_000_000);
        assert_eq!(clock.admit(Some(overlap), 1920).unwrap(), (0, 960));
    }

    #[test]
    fn millisecond_rounding_is_not_a_hole() {
        let mut clock = clock();
        clock.admit(Some(PtsNanos(0)), 2048).unwrap();
        assert_eq!(clock.admit(Some(PtsNanos(22_000_000)), 2048).unwrap(), (0, 0));
        assert!(clock.admit(Some(PtsNanos(u64::MAX)), 2).is_err());
    }

    #[test]
    fn many_long_holes_are_no_pauses_either() {
        let (mut clock, hour) = (clock(), 3_600_000_000_000);
        for n in 1..=5 {
            assert!(clock.admit(Some(PtsNanos(n * hour)), 2).is_ok(), "{n}");
        }
        assert!(clock.admit(Some(PtsNanos(7 * hour)), 2).is_err());
    }
}
