//! The disguised voice: a 28-band resynthesis vocoder that streams.
//!
//! Of the input only the power in each band every 8 ms goes on; waveform, pitch and phase do not. The channels meet as
//! powers: their mean is shaped and synthesised once, and the result goes to every channel. So a pair in anti-phase
//! cannot cancel, a speaker on one channel alone is disguised like any other, the total energy stays, and no channel
//! can pass untouched.

use realfft::num_complex::Complex32;

use super::VoiceError;
use super::bands::{Bands, speech_power};
use super::carrier::Carrier;
use super::curve::SlowCurve;
use super::loudness::{BlockPower, Loudness};
use super::resample::{Kernel, Resampler};
use super::shaper::{Shaper, Target};
use super::stage::tame;
use super::stft::{BINS, Framer, OverlapAdd, RATE_HZ, Transform, WINDOW};
use crate::draws::Draws;

/// Range of the drawn pitch.
const PITCH_HZ: (f32, f32) = (95.0, 150.0);
/// Range of the drawn stretch of the frequency axis. Words get lost at its ends: at 0.76 36.6 % of them are wrong, at
/// 0.82 27.4, between 0.9 and 1.1 25 to 27, at 1.16 31.7, at 1.22 39.4 (Whisper tiny.en). 0.82 to 1.12 hides less:
/// where both sides are disguised, the attacker's equal error rate falls to 30.8 %.
const WARP: (f32, f32) = (0.79, 1.13);
/// How far the stretch moves around its draw. Twice as much costs 1.6 more words in a hundred and hides no speaker
/// better.
const WARP_SWAY: f32 = 0.03;
/// Share of the past that counts for the running level, per frame (memory of about 0.8 s).
const LEVEL_MEMORY: f32 = 0.99;
/// Power below which a frame fades out: about -100 dBFS in a window.
const SILENCE_POWER: f32 = 2.5e-8;
/// Power that the running levels start from, so that silence has no undefined gain.
const LEVEL_FLOOR: f32 = 1e-12;
/// Largest magnitude in a synthesised frame.
const PEAK_LIMIT: f32 = 0.8;

/// The vocoder from any number of channels at any rate to one channel at that rate.
pub(super) struct Disguise {
    channels: Vec<Channel>,
    transform: Transform,
    bands: Bands,
    shaper: Shaper,
    voice: Voice,
    power: Vec<f32>,
    bins: Vec<Complex32>,
    spoken: Vec<f32>,
    loudness: Loudness,
    levelled: Vec<f32>,
    output: Resampler,
}

/// One input channel on its way to 16 kHz frames.
struct Channel {
    resampler: Resampler,
    framer: Framer,
    meter: BlockPower,
}

impl Disguise {
    /// A disguise with parameters drawn from `draws`; they are kept nowhere else.
    pub(super) fn new(mut draws: Draws, rate_hz: u32, channels: u16) -> Result<Self, VoiceError> {
        let inward = Kernel::new(rate_hz, RATE_HZ);
        let outward = Kernel::new(RATE_HZ, rate_hz);
        let channel = || Channel {
            resampler: Resampler::new(&inward),
            framer: Framer::new(),
            meter: BlockPower::new(),
        };
        let bands = Bands::new();
        Ok(Self {
            channels: (0..channels).map(|_| channel()).collect(),
            transform: Transform::new(),
            shaper: Shaper::new(&bands, &mut draws)?,
            bands,
            voice: Voice::new(&mut draws),
            power: vec![0.0; BINS],
            bins: vec![Complex32::default(); BINS],
            spoken: Vec::new(),
            loudness: Loudness::new(),
            levelled: Vec::new(),
            output: Resampler::new(&outward),
        })
    }

    /// Takes interleaved sound and appends one channel of disguised sound, as far as it is ready.
    pub(super) fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) -> Result<(), VoiceError> {
        let count = self.channels.len().max(1);
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let samples = interleaved.iter().skip(index).step_by(count).map(|&sample| tame(sample));
            let heard = channel.framer.input();
            let known = heard.len();
            channel.resampler.push(samples, heard);
            heard.iter().skip(known).for_each(|&sample| channel.meter.push(sample));
        }
        self.measure();
        while self.hear()? {
            let log_power = self.bands.log_power(&self.power);
            if let Some(target) = self.shaper.push(&self.bands, &log_power, speech_power(&self.power)) {
                self.voice.speak(&self.bands, &mut self.transform, &target, &mut self.spoken)?;
            }
        }
        self.loudness.speak(self.spoken.drain(..), &mut self.levelled);
        self.output.push(self.levelled.drain(..), out);
        Ok(())
    }

    /// Passes on the mean loudness of every block that all channels have finished; they are in step.
    fn measure(&mut self) {
        let share = 1.0 / self.channels.len() as f32;
        while let Some(power) =
            self.channels.iter_mut().map(|channel| channel.meter.take()).sum::<Option<f32>>()
        {
            self.loudness.hear(power * share);
        }
    }

    /// Mean power of the next frame over all channels; `false` while the frame is not complete.
    fn hear(&mut self) -> Result<bool, VoiceError> {
        if self.channels.iter().any(|channel| channel.framer.frame().is_none()) {
            return Ok(false);
        }
        self.power.fill(0.0);
        let share = 1.0 / self.channels.len() as f32;
        for channel in &mut self.channels {
            self.transform.analyse(channel.framer.frame().unwrap_or_default(), &mut self.bins)?;
            for (sum, bin) in self.power.iter_mut().zip(&self.bins) {
                *sum += bin.norm_sqr() * share;
            }
            channel.framer.advance();
        }
        Ok(true)
    }
}

/// The speaking half.
struct Voice {
    carrier: Carrier,
    warp: SlowCurve,
    heard_power: f32,
    spoken_power: f32,
    spectrum: Vec<f32>,
    bins: Vec<Complex32>,
    sum: OverlapAdd,
}

impl Voice {
    fn new(draws: &mut Draws) -> Self {
        let pitch_hz = draws.uniform(PITCH_HZ.0, PITCH_HZ.1);
        let warp = draws.uniform(WARP.0, WARP.1);
        Self {
            carrier: Carrier::new(draws.fork(), pitch_hz),
            warp: SlowCurve::new(draws.fork(), warp * (1.0 - WARP_SWAY), warp * (1.0 + WARP_SWAY)),
            heard_power: LEVEL_FLOOR,
            spoken_power: LEVEL_FLOOR,
            spectrum: vec![0.0; BINS],
            bins: vec![Complex32::default(); BINS],
            sum: OverlapAdd::new(),
        }
    }

    /// Synthesises one frame and appends the samples that it finishes.
    fn speak(
        &mut self,
        bands: &Bands,
        transform: &mut Transform,
        target: &Target,
        out: &mut Vec<f32>,
    ) -> Result<(), VoiceError> {
        self.carrier.next(transform, target.voicing, &mut self.bins)?;
        bands.spread(&target.shape, self.warp.next(), &mut self.spectrum);
        // A window's squares add up to half its length: that much louder is a spectrum than its signal.
        let unit = (2.0 / WINDOW as f32).sqrt();
        let mut power = 0.0;
        for (bin, log_power) in self.bins.iter_mut().zip(&self.spectrum) {
            *bin *= unit * (log_power / 2.0).exp();
            power += bin.norm_sqr() / BINS as f32;
        }
        self.heard_power = LEVEL_MEMORY * self.heard_power + target.power;
        self.spoken_power = LEVEL_MEMORY * self.spoken_power + power;
        let level = (self.heard_power + LEVEL_FLOOR) / (self.spoken_power + LEVEL_FLOOR);
        let fade = target.power / (target.power + SILENCE_POWER);
        let gain = level.sqrt() * fade;
        for bin in &mut self.bins {
            *bin *= gain;
        }
        self.sum.push(transform, &mut self.bins, PEAK_LIMIT, out)
    }
}
