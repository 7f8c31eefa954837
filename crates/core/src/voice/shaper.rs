//! From what was heard to what shall be spoken: takes the speaker out of the spectral shape and keeps the sound spoken.

use std::collections::VecDeque;
use std::f32::consts::PI;

use super::VoiceError;
use super::bands::{BANDS, Bands, Shape, mean};
use super::carrier::sigmoid;
use super::codebook::Codebook;
use crate::draws::Draws;

/// Weight of the codebook's shape. More hides the speaker better and costs words. With the stretch that
/// [`super::disguise`] draws, an attacker with both sides disguised (GE2E, 60 speakers) has an equal error rate of 35.4
/// %, and 25.7 % of the words are wrong (Whisper tiny.en, 13.2 % untouched). 0.5 with 0.5 of the own shape, and a wider
/// stretch: 41.5 and 34.2 %.
const REPLACED: f32 = 0.35;
/// Weight of the speaker's own levelled shape. Both weights add up to more than 1: the contrast between sounds that the
/// blend and the smoothing take away is given back.
const OWN: f32 = 0.8;
/// Frames that the mean over many speakers counts as at the start (0.32 s).
const PRIOR_FRAMES: f32 = 40.0;
/// Frames after which the running mean forgets (3.2 s).
const MEMORY_FRAMES: f32 = 400.0;
/// A frame counts as speech when its level is within this of the loudest, natural log of power (35 dB).
const ACTIVE_RANGE: f32 = 8.0;
/// How fast the loudest level is forgotten, per frame (2.7 dB per second).
const PEAK_DECAY: f32 = 0.005;
/// Below this level nothing counts as speech: about -80 dBFS, natural log of power in a window.
const LOWEST_ACTIVE_LEVEL: f32 = -13.0;
/// Weights that smooth the shapes over five frames.
const SMOOTHING: [f32; 5] = [0.15, 0.2, 0.3, 0.2, 0.15];
/// Frames on either side of the middle of [`SMOOTHING`].
const SMOOTHING_REACH: usize = 2;

/// Range of the first random component of the long-term spectrum, natural log of power (8.7 dB).
const COLOUR: f32 = 2.0;
/// Random components of the long-term spectrum.
const COLOUR_TERMS: u8 = 4;

/// What one frame shall sound like.
pub(super) struct Target {
    /// Natural log of power in each band.
    pub(super) shape: Shape,
    /// 0 (noise) to 1 (voiced).
    pub(super) voicing: f32,
    /// Power of the frame that was heard, in the bins that can hold speech.
    pub(super) power: f32,
}

/// A frame between the steps.
#[derive(Clone, Copy)]
struct Frame {
    level: f32,
    power: f32,
    /// The speaker's shape, less its level and the running mean.
    own: Shape,
    replacement: Shape,
    voicing: f32,
}

/// The chain from heard frames to targets; a target follows its frame by a fixed number of frames.
pub(super) struct Shaper {
    codebook: Codebook,
    /// Long-term spectrum of the voice.
    slope: Shape,
    mean: Shape,
    mean_frames: f32,
    loudest: f32,
    smoothing: VecDeque<Frame>,
}

impl Shaper {
    /// A chain whose long-term spectrum is drawn from `draws`.
    pub(super) fn new(bands: &Bands, draws: &mut Draws) -> Result<Self, VoiceError> {
        let codebook = Codebook::built_in()?;
        Ok(Self {
            slope: drawn_slope(bands, draws),
            mean: codebook.mean_speech,
            codebook,
            mean_frames: PRIOR_FRAMES,
            loudest: LOWEST_ACTIVE_LEVEL,
            smoothing: VecDeque::with_capacity(SMOOTHING.len()),
        })
    }

    /// Takes the next frame's log power by band; gives the target of an earlier frame once enough was heard.
    pub(super) fn push(&mut self, bands: &Bands, log_power: &Shape, power: f32) -> Option<Target> {
        let level = mean(log_power);
        let own = log_power.map(|value| value - level);
        self.listen(level, &own);
        let frame = self.replace(bands, level, power, own);
        if self.smoothing.is_empty() {
            // The first frame stands in for those before it.
            self.smoothing.extend([frame; SMOOTHING_REACH]);
        }
        self.smoothing.push_back(frame);
        if self.smoothing.len() < SMOOTHING.len() {
            return None;
        }
        let target = self.target();
        self.smoothing.pop_front();
        target
    }

    /// Follows the loudest level and, in speech, the mean shape.
    fn listen(&mut self, level: f32, own: &Shape) {
        self.loudest = (self.loudest - PEAK_DECAY).max(level).max(LOWEST_ACTIVE_LEVEL);
        if level <= (self.loudest - ACTIVE_RANGE).max(LOWEST_ACTIVE_LEVEL) {
            return;
        }
        self.mean_frames = (self.mean_frames + 1.0).min(MEMORY_FRAMES);
        for (mean, value) in self.mean.iter_mut().zip(own) {
            *mean += (value - *mean) / self.mean_frames;
        }
    }

    /// Takes the mean off and finds the codebook entry.
    fn replace(&self, bands: &Bands, level: f32, power: f32, mut own: Shape) -> Frame {
        for (value, mean) in own.iter_mut().zip(&self.mean) {
            *value -= mean;
        }
        let entry = self.codebook.nearest(&bands.cepstrum(&own));
        Frame { level, power, own, replacement: entry.shape, voicing: entry.voicing }
    }

    /// The smoothed target of the middle frame.
    fn target(&self) -> Option<Target> {
        let middle = self.smoothing.get(SMOOTHING_REACH)?;
        let mut replacement = [0.0; BANDS];
        let mut voicing = 0.0;
        for (weight, frame) in SMOOTHING.iter().zip(&self.smoothing) {
            voicing += weight * frame.voicing;
            for (sum, value) in replacement.iter_mut().zip(&frame.replacement) {
                *sum += weight * value;
            }
        }
        let mut shape = self.slope;
        for ((out, replacement), own) in shape.iter_mut().zip(&replacement).zip(&middle.own) {
            *out += REPLACED * replacement + OWN * own + middle.level;
        }
        Some(Target { shape, voicing: sigmoid(10.0 * (voicing - 0.45)), power: middle.power })
    }
}

/// The slope that all voices share, with a random smooth colour on top: cosines over the bands, ever weaker.
///
/// Without the colour, two recordings of a speaker are matched more often.
fn drawn_slope(bands: &Bands, draws: &mut Draws) -> Shape {
    let mut slope = bands.common_slope();
    for term in 0..COLOUR_TERMS {
        let range = COLOUR / (1.0 + 0.5 * f32::from(term));
        let height = draws.uniform(-range, range);
        for (band, value) in slope.iter_mut().enumerate() {
            let angle = PI * (f32::from(term) + 1.0) * (band as f32 + 0.5) / BANDS as f32;
            *value += height * angle.cos();
        }
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(shaper: &mut Shaper, bands: &Bands, colour: impl Fn(usize) -> f32) -> Target {
        let mut last = None;
        for frame in 0..2_000_usize {
            // Two sounds in turn, so that the mean is not the sound itself.
            let sound = if frame / 25 % 2 == 0 { 1.0 } else { -1.0 };
            let log_power: Shape =
                std::array::from_fn(|band| sound * (band as f32 * 0.45).sin() * 3.0 + colour(band) - 2.0);
            last = shaper.push(bands, &log_power, 1.0).or(last);
        }
        last.unwrap()
    }

    #[test]
    fn two_speakers_with_different_spectra_end_up_with_the_same_shape() {
        let bands = Bands::new();
        let plain = settle(&mut Shaper::new(&bands, &mut Draws::from_seed(1)).unwrap(), &bands, |_| 0.0);
        let coloured = settle(&mut Shaper::new(&bands, &mut Draws::from_seed(1)).unwrap(), &bands, |band| {
            (band as f32 * 0.2).cos() * 4.0
        });
        let level = |target: &Target| mean(&target.shape);
        let difference = plain
            .shape
            .iter()
            .zip(&coloured.shape)
            .map(|(a, b)| (a - level(&plain) - b + level(&coloured)).abs())
            .fold(0.0, f32::max);
        // What is left of the speaker grows with the weight of the own shape.
        assert!(difference < 0.8 * OWN, "{difference}");
    }

    #[test]
    fn the_level_is_kept() {
        let bands = Bands::new();
        let target = settle(&mut Shaper::new(&bands, &mut Draws::from_seed(1)).unwrap(), &bands, |_| 0.0);
        assert!((mean(&target.shape) + 2.0).abs() < 3.0, "{}", mean(&target.shape));
    }

    #[test]
    fn silence_does_not_move_the_mean() {
        let bands = Bands::new();
        let mut shaper = Shaper::new(&bands, &mut Draws::from_seed(1)).unwrap();
        let before = shaper.mean;
        for _ in 0..500 {
            shaper.push(&bands, &[-20.7; BANDS], 0.0);
        }
        assert!(shaper.mean.iter().zip(&before).all(|(now, before)| now.to_bits() == before.to_bits()));
    }
}
