//! Whether anybody speaks, block by block, decided on the safe side: unsure means speech.
//!
//! The network is Earshot's (a small recurrent one, in Rust). It hears every channel, and of several channels the mean
//! and, of two, the difference as well: what one channel hides under noise, a listener could bring out that way. It
//! hears each of them twice, as it is and levelled, so that a voice from the far end of the room counts like one at the
//! microphone.

use earshot::Detector;

use super::blocks::BLOCK;

/// Score from which a block counts as speech, 0..=1; the network's authors propose 0.5. Chosen with the same network in
/// a prototype (levelled listening only, a shorter hang-over) on 24 recordings of read speech, in pink, brown and white
/// noise at
/// -5 to 20 dB and at -70 dBFS: 0.3 missed at most 0.4 % of the speech, 0.5 up to 3 %. At 0.2 steady noise counts as speech.
const SPEECH_SCORE: f32 = 0.3;
/// Level to which the second listening is brought, RMS.
const LEVEL: f32 = 0.05;
/// Most gain for that (60 dB).
const MAX_GAIN: f32 = 1_000.0;
/// Share of one sample in the running power (memory of 1 s).
const POWER_SHARE: f32 = 1.0 / 16_000.0;
/// Share of one sample in the running mean that is taken off (corner at 50 Hz).
const RUMBLE_SHARE: f32 = 0.02;

/// Listens to all channels of one recording.
pub(super) struct SpeechDetector {
    ears: Vec<Ear>,
    mixed: Vec<f32>,
}

impl SpeechDetector {
    pub(super) fn new(channels: u16) -> Self {
        let mixes = match channels {
            0 | 1 => 0,
            2 => 2,
            _ => 1,
        };
        Self { ears: (0..usize::from(channels) + mixes).map(|_| Ear::new()).collect(), mixed: Vec::new() }
    }

    /// Whether the next block may hold speech; `channels` are [`BLOCK`] samples each.
    pub(super) fn hears_speech(&mut self, channels: &[Vec<f32>]) -> bool {
        let mut heard = false;
        let count = channels.len().min(self.ears.len());
        let (of_channels, of_mixes) = self.ears.split_at_mut(count);
        // Every ear hears every block: they remember.
        for (ear, channel) in of_channels.iter_mut().zip(channels) {
            heard |= ear.score(channel) >= SPEECH_SCORE;
        }
        for (ear, sign) in of_mixes.iter_mut().zip([1.0, -1.0]) {
            mix(channels, sign, &mut self.mixed);
            heard |= ear.score(&self.mixed) >= SPEECH_SCORE;
        }
        heard
    }
}

/// Mean of all channels, those after the first multiplied by `sign`.
fn mix(channels: &[Vec<f32>], sign: f32, out: &mut Vec<f32>) {
    let share = 1.0 / channels.len().max(1) as f32;
    out.clear();
    out.resize(BLOCK, 0.0);
    for (index, channel) in channels.iter().enumerate() {
        let weight = if index == 0 { share } else { sign * share };
        for (sum, sample) in out.iter_mut().zip(channel) {
            *sum += weight * sample;
        }
    }
}

/// One signal, heard twice.
struct Ear {
    plain: Box<Detector>,
    levelled: Box<Detector>,
    rumble: f32,
    power: f32,
    samples: Vec<f32>,
}

impl Ear {
    fn new() -> Self {
        Self {
            plain: Box::default(),
            levelled: Box::default(),
            rumble: 0.0,
            power: 0.0,
            samples: vec![0.0; BLOCK],
        }
    }

    /// The higher of both scores; a score that is none counts as speech.
    fn score(&mut self, block: &[f32]) -> f32 {
        let fill = |samples: &mut [f32], signal: &mut dyn FnMut(f32) -> f32| {
            for (out, sample) in samples.iter_mut().zip(block) {
                *out = signal(*sample).clamp(-1.0, 1.0);
            }
        };
        fill(&mut self.samples, &mut |sample| sample);
        let plain = sure(self.plain.predict_f32(&self.samples));
        fill(&mut self.samples, &mut |sample| {
            self.rumble += RUMBLE_SHARE * (sample - self.rumble);
            let rest = sample - self.rumble;
            self.power += POWER_SHARE * (rest * rest - self.power);
            rest * (LEVEL / self.power.max(1e-12).sqrt()).min(MAX_GAIN)
        });
        plain.max(sure(self.levelled.predict_f32(&self.samples)))
    }
}

fn sure(score: f32) -> f32 {
    if (0.0..=1.0).contains(&score) { score } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_score_counts_as_speech() {
        for odd in [f32::NAN, -1.0, f32::INFINITY] {
            assert!(sure(odd) >= SPEECH_SCORE);
        }
    }

    #[test]
    fn the_difference_of_two_channels_is_heard_too() {
        let channels = [vec![0.5; BLOCK], vec![0.3; BLOCK]];
        let mut out = Vec::new();
        mix(&channels, -1.0, &mut out);
        assert!(out.len() == BLOCK && out.iter().all(|v| (v - 0.1).abs() < 1e-6));
    }
}
