//! The attacker: a GE2E speaker encoder (Resemblyzer 0.1.4, Apache-2.0) that turns speech into 256 numbers.
//!
//! Levels, windows and mel bands follow the reference in Python (`meters.py` of the test data), except that pauses are
//! cut by energy instead of by WebRTC's detector.

use std::f64::consts::PI;
use std::path::Path;
use std::sync::Arc;

use ort::environment::Environment;
use ort::session::Session;
use ort::value::TensorRef;
use realfft::{RealFftPlanner, RealToComplex};

use super::speech::RATE_HZ;
use crate::Failure;

const FFT: usize = 400;
const HOP: usize = 160;
const MELS: usize = 40;
/// Windows of one pass through the network (1.6 s).
const PASS: usize = 160;
/// Windows between passes: 1.3 passes a second.
const STEP: usize = 77;
/// Samples in a piece of 30 ms, for cutting pauses.
const PIECE: usize = 480;

/// A voice print, unit length.
pub(crate) type Print = Vec<f32>;

/// The network and its front end.
pub(crate) struct Attacker {
    session: Session,
    /// Held as long as its session.
    _environment: Environment,
    forward: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bank: Vec<Vec<f32>>,
}

impl Attacker {
    /// Loads ONNX Runtime from the Obscura home folder and the network from the test data.
    pub(crate) fn load(library: &Path, data: &Path) -> Result<Self, Failure> {
        let environment = ort::init_from(library).map_err(|error| error.to_string())?;
        let environment = environment.with_name("benches").with_telemetry(false).build()?;
        let network = std::fs::read(data.join("voice/speaker_attacker_ge2e.onnx"))?;
        let session = one_thread_session(&environment, &network)?;
        let forward = RealFftPlanner::new().plan_fft_forward(FFT);
        let window = (0..FFT).map(|i| narrow((PI * i as f64 / FFT as f64).sin().powi(2))).collect();
        Ok(Self { session, _environment: environment, forward, window, bank: mel_bank() })
    }

    /// The voice print of a recording.
    pub(crate) fn print(&mut self, sound: &[f32]) -> Result<Print, Failure> {
        let mut sound = without_pauses(&levelled(sound));
        let windows = (sound.len() + 1).div_ceil(HOP);
        let mut starts: Vec<usize> =
            (0..(windows + STEP + 1).saturating_sub(PASS).max(1)).step_by(STEP).collect();
        let covered = |start: usize| (sound.len() as f64 - (start * HOP) as f64) / (PASS * HOP) as f64;
        if starts.len() > 1 && starts.last().is_some_and(|start| covered(*start) < 0.75) {
            starts.pop();
        }
        let needed = (starts.last().copied().unwrap_or(0) + PASS) * HOP;
        if needed >= sound.len() {
            sound.resize(needed + HOP, 0.0);
        }
        let mels = self.mels(&sound)?;
        let mut sum = vec![0.0_f32; 256];
        for start in &starts {
            let input = &mels[start * MELS..(start + PASS) * MELS];
            let input = TensorRef::from_array_view(([1_usize, PASS, MELS], input))?;
            let outputs = self.session.run(ort::inputs!["mels" => input])?;
            let (_, print) = outputs[0].try_extract_tensor::<f32>()?;
            for (sum, value) in sum.iter_mut().zip(print) {
                *sum += if value.is_finite() { *value } else { 0.0 };
            }
        }
        Ok(unit(sum))
    }

    /// Power in mel bands, window after window; the sound is centred in its windows.
    fn mels(&self, sound: &[f32]) -> Result<Vec<f32>, Failure> {
        let mut padded = vec![0.0; FFT / 2];
        padded.extend(sound);
        padded.extend(vec![0.0; FFT / 2]);
        let mut samples = vec![0.0; FFT];
        let mut bins = self.forward.make_output_vec();
        let mut mels = Vec::new();
        for frame in padded.windows(FFT).step_by(HOP) {
            for ((out, sample), window) in samples.iter_mut().zip(frame).zip(&self.window) {
                *out = sample * window;
            }
            self.forward.process(&mut samples, &mut bins)?;
            let power: Vec<f32> = bins.iter().map(realfft::num_complex::Complex::norm_sqr).collect();
            mels.extend(self.bank.iter().map(|band| dot(band, &power)));
        }
        Ok(mels)
    }
}

fn one_thread_session(environment: &Environment, network: &[u8]) -> ort::Result<Session> {
    Session::builder(environment)?.with_intra_threads(1)?.commit_from_memory(network)
}

/// Raised to -30 dBFS where it is softer.
fn levelled(sound: &[f32]) -> Vec<f32> {
    let rms = (sound.iter().map(|v| v * v).sum::<f32>() / sound.len().max(1) as f32).sqrt() + 1e-9;
    let gain = (0.031_62 / rms).max(1.0);
    sound.iter().map(|v| v * gain).collect()
}

/// Pieces within 35 dB of the loudest and those beside them; everything where little would be left.
fn without_pauses(sound: &[f32]) -> Vec<f32> {
    let energy: Vec<f32> = sound.chunks_exact(PIECE).map(|piece| piece.iter().map(|v| v * v).sum()).collect();
    let loudest = energy.iter().fold(0.0_f32, |a, b| a.max(*b));
    let near = |at: usize| energy[at.saturating_sub(3)..(at + 4).min(energy.len())].iter();
    let kept: Vec<f32> = sound
        .chunks_exact(PIECE)
        .enumerate()
        .filter(|(at, _)| near(*at).any(|energy| *energy > loudest * 3.2e-4))
        .flat_map(|(_, piece)| piece.iter().copied())
        .collect();
    if kept.len() >= RATE_HZ as usize { kept } else { sound.to_vec() }
}

/// Slaney's mel bands with unit area, as librosa makes them.
fn mel_bank() -> Vec<Vec<f32>> {
    let hz_of = |mel: f64| {
        if mel < 15.0 { mel * 200.0 / 3.0 } else { 1_000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp() }
    };
    let highest = 15.0 + 27.0 * 8.0_f64.ln() / 6.4_f64.ln();
    let edges: Vec<f64> = (0..MELS + 2).map(|i| hz_of(highest * i as f64 / (MELS + 1) as f64)).collect();
    edges
        .windows(3)
        .map(|edge| {
            let weight = |bin: usize| {
                let hz = bin as f64 * f64::from(RATE_HZ) / FFT as f64;
                let (up, down) = ((hz - edge[0]) / (edge[1] - edge[0]), (edge[2] - hz) / (edge[2] - edge[1]));
                narrow(up.min(down).max(0.0) * 2.0 / (edge[2] - edge[0]))
            };
            (0..=FFT / 2).map(weight).collect()
        })
        .collect()
}

pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Scaled to length 1.
pub(crate) fn unit(mut values: Vec<f32>) -> Vec<f32> {
    let length = dot(&values, &values).sqrt() + 1e-9;
    for value in &mut values {
        *value /= length;
    }
    values
}

#[allow(clippy::cast_possible_truncation, reason = "rounding is meant")]
fn narrow(value: f64) -> f32 {
    value as f32
}
