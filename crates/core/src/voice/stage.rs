//! The stage as the pipeline sees it: checks the format, picks the engine, keeps length and alignment exact.

use std::fmt;

use crate::model::VoiceMode;

use super::VoiceError;
use super::disguise::Disguise;
use super::pitch::Pitch;
use super::random::Draws;

/// Lowest sampling rate, in Hz.
const LOWEST_RATE_HZ: u32 = 8_000;
/// Highest sampling rate, in Hz.
const HIGHEST_RATE_HZ: u32 = 192_000;
/// Most channels.
const MAX_CHANNELS: u16 = 8;
/// Sound is handled in pieces of at most this many frames, so that memory does not grow with the chunk.
const PIECE_FRAMES: usize = 4_096;
/// Silence that is pushed after the end to get the rest out, in seconds; every engine's latency is far below.
const LONGEST_LATENCY_SECONDS: u32 = 2;
/// Input beyond this magnitude is cut (12 dB above full scale).
const INPUT_LIMIT: f32 = 4.0;
/// Above this magnitude the output is bent, so that it never reaches full scale.
const KNEE: f32 = 0.9;
/// Room between the knee and the largest output.
const HEADROOM: f32 = 0.09;

/// Rate and channel count of interleaved sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SoundFormat {
    /// Samples per second and channel, 8000..=192000.
    pub rate_hz: u32,
    /// Channels, 1..=8.
    pub channels: u16,
}

impl SoundFormat {
    fn check(self) -> Result<(), VoiceError> {
        if !(LOWEST_RATE_HZ..=HIGHEST_RATE_HZ).contains(&self.rate_hz) {
            return Err(VoiceError::Rate { rate_hz: self.rate_hz });
        }
        if !(1..=MAX_CHANNELS).contains(&self.channels) {
            return Err(VoiceError::Channels { channels: self.channels });
        }
        Ok(())
    }
}

/// What makes the output.
enum Engine {
    Original,
    Mute,
    Pitch(Box<Pitch>),
    Disguise(Box<Disguise>),
}

/// Processes the sound of one recording in one mode.
///
/// Make one stage per recording and keep it to the end: the parameters are drawn once, since draws for each sentence
/// would average out. Two stages have nothing in common.
pub struct VoiceStage {
    mode: VoiceMode,
    format: SoundFormat,
    engine: Engine,
    /// Frames (one sample per channel) taken and given.
    frames_in: u64,
    frames_out: u64,
    /// Output that waits to be given: one channel from the disguise, interleaved from the pitch shift.
    ready: Vec<f32>,
    finished: bool,
}

impl VoiceStage {
    /// Makes a stage, with parameters drawn from the operating system's generator. They are not stored or logged.
    ///
    /// # Errors
    ///
    /// [`VoiceError::Rate`] and [`VoiceError::Channels`] for a format out of range, [`VoiceError::Removed`] for
    /// [`VoiceMode::Remove`], [`VoiceError::Random`] without random numbers, [`VoiceError::Codebook`] for a damaged
    /// build.
    pub fn new(mode: VoiceMode, format: SoundFormat) -> Result<Self, VoiceError> {
        Self::with_draws(mode, format, Draws::from_os)
    }

    /// A stage with repeatable parameters.
    #[cfg(test)]
    pub(super) fn with_seed(mode: VoiceMode, format: SoundFormat, seed: u64) -> Result<Self, VoiceError> {
        Self::with_draws(mode, format, || Ok(Draws::from_seed(seed)))
    }

    fn with_draws(
        mode: VoiceMode,
        format: SoundFormat,
        draws: impl FnOnce() -> Result<Draws, VoiceError>,
    ) -> Result<Self, VoiceError> {
        format.check()?;
        let engine = match mode {
            VoiceMode::Original => Engine::Original,
            VoiceMode::Mute => Engine::Mute,
            VoiceMode::Remove => return Err(VoiceError::Removed),
            VoiceMode::Pitch => Engine::Pitch(Box::new(Pitch::new(&mut draws()?, format)?)),
            VoiceMode::Disguise => {
                Engine::Disguise(Box::new(Disguise::new(draws()?, format.rate_hz, format.channels)?))
            }
        };
        Ok(Self { mode, format, engine, frames_in: 0, frames_out: 0, ready: Vec::new(), finished: false })
    }

    /// Format of the output: that of the input.
    #[cfg(test)]
    pub fn output_format(&self) -> SoundFormat {
        self.format
    }

    /// Takes a chunk of interleaved samples, of any length that divides into the channels, and appends what is ready.
    ///
    /// Samples have full scale at 1.0. A sample that is not a number counts as silence in the modes that make a new
    /// signal. The output of those is finite and within -1.0..1.0.
    ///
    /// # Errors
    ///
    /// [`VoiceError::RaggedChunk`] for another length, [`VoiceError::Finished`] after [`finish`](Self::finish).
    pub fn process(&mut self, interleaved: &[f32], out: &mut Vec<f32>) -> Result<(), VoiceError> {
        if self.finished {
            return Err(VoiceError::Finished);
        }
        let channels = usize::from(self.format.channels);
        if !interleaved.len().is_multiple_of(channels) {
            return Err(VoiceError::RaggedChunk {
                samples: interleaved.len(),
                channels: self.format.channels,
            });
        }
        for piece in interleaved.chunks(PIECE_FRAMES * channels) {
            self.frames_in += (piece.len() / channels) as u64;
            self.run(piece, out)?;
        }
        Ok(())
    }

    /// Appends the rest, so that in total as many samples came out as went in.
    ///
    /// # Errors
    ///
    /// [`VoiceError::Finished`] the second time, [`VoiceError::Internal`] if sound is missing at the end.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), VoiceError> {
        if self.finished {
            return Err(VoiceError::Finished);
        }
        self.finished = true;
        let silence = vec![0.0; PIECE_FRAMES * usize::from(self.format.channels)];
        let mut left = u64::from(self.format.rate_hz) * u64::from(LONGEST_LATENCY_SECONDS);
        while self.frames_out < self.frames_in {
            if left == 0 {
                let missing = self.frames_in - self.frames_out;
                return Err(VoiceError::Internal {
                    detail: format!("{missing} frames of sound are missing"),
                });
            }
            left = left.saturating_sub(PIECE_FRAMES as u64);
            self.run(&silence, out)?;
        }
        Ok(())
    }

    fn run(&mut self, piece: &[f32], out: &mut Vec<f32>) -> Result<(), VoiceError> {
        let channels = usize::from(self.format.channels);
        let room = usize::try_from(self.frames_in - self.frames_out).unwrap_or(usize::MAX / channels);
        let before = out.len();
        match &mut self.engine {
            Engine::Original => out.extend_from_slice(piece),
            Engine::Mute => out.extend(std::iter::repeat_n(0.0, piece.len())),
            Engine::Pitch(pitch) => {
                pitch.push(piece, &mut self.ready)?;
                self.ready.truncate(room * channels);
                out.extend(self.ready.drain(..).map(limit));
            }
            Engine::Disguise(disguise) => {
                disguise.push(piece, &mut self.ready)?;
                self.ready.truncate(room);
                let to_all_channels = |sample| std::iter::repeat_n(limit(sample), channels);
                out.extend(self.ready.drain(..).flat_map(to_all_channels));
            }
        }
        self.frames_out += ((out.len() - before) / channels) as u64;
        Ok(())
    }
}

impl fmt::Debug for VoiceStage {
    /// Leaves the drawn parameters out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoiceStage")
            .field("mode", &self.mode)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// Not a number becomes silence, and no sample is beyond [`INPUT_LIMIT`].
pub(super) fn tame(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-INPUT_LIMIT, INPUT_LIMIT) }
}

/// Bends peaks above [`KNEE`], so that the output stays below full scale.
fn limit(sample: f32) -> f32 {
    let excess = sample.abs() - KNEE;
    if excess <= 0.0 { sample } else { (KNEE + HEADROOM * (excess / HEADROOM).tanh()).copysign(sample) }
}
