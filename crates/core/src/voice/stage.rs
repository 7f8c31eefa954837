//! The stage as the pipeline sees it: checks the format, picks the engine, keeps length and alignment exact.

use std::fmt;

use crate::model::{Alarms, MuteWith, VoiceMode};

use super::VoiceError;
use super::disguise::Disguise;
use super::gate::Gate;
use super::pitch::Pitch;
use super::tones::{ToneReport, Tones};
use crate::draws::Draws;

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
    Mute(Box<Gate>),
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
    /// Output that waits to be given, interleaved.
    ready: Vec<f32>,
    /// One channel from the disguise, on its way to all channels.
    spoken: Vec<f32>,
    tones: Option<Tones>,
    /// Clean tones that wait to be mixed in, one channel; unused where none are played.
    clean: Vec<f32>,
    plays_tones: bool,
    finished: bool,
}

/// What the stage found out about the sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Alarms and monitor tones, with times from the first sample; `None` where they were not looked for.
    pub tones: Option<ToneReport>,
    /// Share of the sound that was made silent, 0..=1; only with `mute`.
    pub muted_share: Option<f64>,
}

impl VoiceStage {
    /// Makes a stage, with parameters drawn from the operating system's generator. They are not stored or logged.
    ///
    /// # Errors
    ///
    /// [`VoiceError::Rate`] and [`VoiceError::Channels`] for a format out of range, [`VoiceError::Removed`] for
    /// [`VoiceMode::Remove`], [`VoiceError::Random`] without random numbers, [`VoiceError::Codebook`] for a damaged
    /// build.
    pub fn new(mode: VoiceMode, alarms: Alarms, format: SoundFormat) -> Result<Self, VoiceError> {
        let random = || Draws::from_os().map_err(|error| VoiceError::Random { detail: error.to_string() });
        Self::with_draws(mode, alarms, format, random)
    }

    /// Sets what stands where `mute` takes speech out; the other modes have no use for it.
    #[must_use]
    pub fn muting_with(mut self, what: MuteWith) -> Self {
        if let Engine::Mute(gate) = &mut self.engine {
            gate.set_beep(what == MuteWith::Beep);
        }
        self
    }

    /// A stage with repeatable parameters.
    #[cfg(test)]
    pub(super) fn with_seed(
        mode: VoiceMode,
        alarms: Alarms,
        format: SoundFormat,
        seed: u64,
    ) -> Result<Self, VoiceError> {
        Self::with_draws(mode, alarms, format, || Ok(Draws::from_seed(seed)))
    }

    fn with_draws(
        mode: VoiceMode,
        alarms: Alarms,
        format: SoundFormat,
        draws: impl FnOnce() -> Result<Draws, VoiceError>,
    ) -> Result<Self, VoiceError> {
        format.check()?;
        let engine = match mode {
            VoiceMode::Original => Engine::Original,
            VoiceMode::Mute => Engine::Mute(Box::new(Gate::new(format))),
            VoiceMode::Remove => return Err(VoiceError::Removed),
            VoiceMode::Pitch => Engine::Pitch(Box::new(Pitch::new(&mut draws()?, format)?)),
            VoiceMode::Disguise => {
                Engine::Disguise(Box::new(Disguise::new(draws()?, format.rate_hz, format.channels)?))
            }
        };
        Ok(Self::of(mode, alarms, format, engine))
    }

    fn of(mode: VoiceMode, alarms: Alarms, format: SoundFormat, engine: Engine) -> Self {
        // The original carries its alarms itself.
        let plays_tones = alarms == Alarms::Resynth && mode != VoiceMode::Original;
        Self {
            mode,
            format,
            engine,
            frames_in: 0,
            frames_out: 0,
            ready: Vec::new(),
            spoken: Vec::new(),
            tones: (alarms != Alarms::Drop).then(|| Tones::new(format, plays_tones)),
            clean: Vec::new(),
            plays_tones,
            finished: false,
        }
    }

    /// What is done to the sound.
    pub fn mode(&self) -> VoiceMode {
        self.mode
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

    /// Appends the rest, so that in total as many samples came out as went in, and says what was heard.
    ///
    /// # Errors
    ///
    /// [`VoiceError::Finished`] the second time, [`VoiceError::Internal`] if sound is missing at the end.
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<Heard, VoiceError> {
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
        let length_nanos =
            u128::from(self.frames_in) * 1_000_000_000 / u128::from(self.format.rate_hz.max(1));
        let length_nanos = u64::try_from(length_nanos).unwrap_or(u64::MAX);
        Ok(Heard {
            tones: self.tones.as_mut().map(|tones| tones.finish(length_nanos)),
            muted_share: match &self.engine {
                Engine::Mute(gate) => Some(gate.muted_share()),
                _ => None,
            },
        })
    }

    fn run(&mut self, piece: &[f32], out: &mut Vec<f32>) -> Result<(), VoiceError> {
        let channels = usize::from(self.format.channels);
        if let Some(tones) = &mut self.tones {
            tones.push(piece, &mut self.clean)?;
        }
        match &mut self.engine {
            Engine::Original => self.ready.extend_from_slice(piece),
            Engine::Mute(gate) => gate.push(piece, &mut self.ready),
            Engine::Pitch(pitch) => pitch.push(piece, &mut self.ready)?,
            Engine::Disguise(disguise) => {
                disguise.push(piece, &mut self.spoken)?;
                let to_all_channels = |sample| std::iter::repeat_n(sample, channels);
                self.ready.extend(self.spoken.drain(..).flat_map(to_all_channels));
            }
        }
        self.give(channels, out);
        Ok(())
    }

    /// Appends what is ready, with the clean tones, and no more than came in.
    fn give(&mut self, channels: usize, out: &mut Vec<f32>) {
        let room = usize::try_from(self.frames_in - self.frames_out).unwrap_or(usize::MAX / channels);
        let mut frames = (self.ready.len() / channels).min(room);
        if self.plays_tones {
            frames = frames.min(self.clean.len());
        }
        let makes_new_sound = matches!(self.mode, VoiceMode::Pitch | VoiceMode::Disguise);
        let mut ready = self.ready.drain(..frames * channels);
        if self.plays_tones {
            for tone in self.clean.drain(..frames) {
                out.extend(ready.by_ref().take(channels).map(|sample| limit(sample + tone)));
            }
        } else if makes_new_sound {
            out.extend(ready.map(limit));
        } else {
            out.extend(ready);
        }
        self.frames_out += frames as u64;
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
