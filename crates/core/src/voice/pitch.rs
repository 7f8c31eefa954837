//! The shifted voice: pitch and formants moved by one interval for the whole recording. Anybody can shift it back.
//!
//! Signalsmith Stretch does the shift (a C++ library, by way of the `ssstretch` crate). Its handle may not change
//! threads, so it lives on one of its own and is fed a block at a time.

use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use ssstretch::Stretch;

use super::VoiceError;
use super::stage::{SoundFormat, tame};
use crate::draws::Draws;

/// Frames in a block; the library's output depends on it, so it is fixed.
const BLOCK_FRAMES: u16 = 1_024;
/// Range of the drawn shift, up or down.
const SHIFT_SEMITONES: (f32, f32) = (3.0, 5.0);

/// Shifts all channels by the same interval.
pub(super) struct Pitch {
    blocks: Option<Sender<Vec<f32>>>,
    shifted: Receiver<Vec<f32>>,
    worker: Option<JoinHandle<()>>,
    pending: Vec<f32>,
    block_samples: usize,
    /// Samples of latency that are still to be dropped.
    latency_samples: usize,
}

impl Pitch {
    /// A shift drawn from `draws`.
    pub(super) fn new(draws: &mut Draws, format: SoundFormat) -> Result<Self, VoiceError> {
        let size = draws.uniform(SHIFT_SEMITONES.0, SHIFT_SEMITONES.1);
        let semitones = if draws.uniform(-1.0, 1.0) < 0.0 { -size } else { size };
        let seed = i64::from(draws.word());
        let (latency_out, latency) = bounded(1);
        let (blocks, blocks_in) = bounded::<Vec<f32>>(1);
        let (shifted_out, shifted) = bounded(1);
        let work = move || {
            let mut shifter = Shifter::new(format, semitones, seed);
            if latency_out.send(shifter.latency_frames()).is_err() {
                return;
            }
            for block in blocks_in {
                if shifted_out.send(shifter.shift(&block)).is_err() {
                    return;
                }
            }
        };
        let worker = Builder::new()
            .name("voice-pitch".to_owned())
            .spawn(work)
            .map_err(|error| VoiceError::Internal { detail: format!("no thread: {error}") })?;
        let latency_frames = latency.recv().map_err(|error| stopped(&error))?;
        let channels = usize::from(format.channels);
        Ok(Self {
            blocks: Some(blocks),
            shifted,
            worker: Some(worker),
            pending: Vec::new(),
            block_samples: usize::from(BLOCK_FRAMES) * channels,
            latency_samples: latency_frames * channels,
        })
    }

    /// Takes interleaved sound and appends interleaved shifted sound, as far as it is ready.
    pub(super) fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) -> Result<(), VoiceError> {
        self.pending.extend(interleaved.iter().map(|&sample| tame(sample)));
        while self.pending.len() >= self.block_samples {
            let block = self.pending.drain(..self.block_samples).collect();
            if let Some(blocks) = &self.blocks {
                blocks.send(block).map_err(|error| stopped(&error))?;
            }
            let shifted = self.shifted.recv().map_err(|error| stopped(&error))?;
            let skip = self.latency_samples.min(shifted.len());
            self.latency_samples -= skip;
            out.extend(shifted.into_iter().skip(skip));
        }
        Ok(())
    }
}

impl Drop for Pitch {
    fn drop(&mut self) {
        self.blocks = None;
        if let Some(worker) = self.worker.take() {
            // A panic of the worker was already reported as a missing block.
            let _ = worker.join();
        }
    }
}

fn stopped(error: &dyn std::error::Error) -> VoiceError {
    VoiceError::Internal { detail: format!("the pitch shifter stopped: {error}") }
}

/// The library's handle and its planar buffers.
struct Shifter {
    stretch: Stretch,
    input: Vec<Vec<f32>>,
    output: Vec<Vec<f32>>,
}

impl Shifter {
    fn new(format: SoundFormat, semitones: f32, seed: i64) -> Self {
        let mut stretch = Stretch::with_seed(seed);
        stretch.preset_default(i32::from(format.channels), format.rate_hz as f32);
        // No limit of tonality: the formants shall move along with the pitch.
        stretch.set_transpose_semitones(semitones, None);
        let planes = vec![vec![0.0; usize::from(BLOCK_FRAMES)]; usize::from(format.channels)];
        Self { stretch, input: planes.clone(), output: planes }
    }

    fn latency_frames(&self) -> usize {
        usize::try_from(self.stretch.input_latency().saturating_add(self.stretch.output_latency()))
            .unwrap_or(0)
    }

    /// Shifts one block; both sides have `BLOCK_FRAMES` frames.
    fn shift(&mut self, block: &[f32]) -> Vec<f32> {
        let channels = self.input.len();
        for (index, plane) in self.input.iter_mut().enumerate() {
            // The planes keep their length, which the library reads without asking.
            for (out, sample) in plane.iter_mut().zip(block.iter().skip(index).step_by(channels)) {
                *out = *sample;
            }
        }
        let frames = i32::from(BLOCK_FRAMES);
        self.stretch.process_vec(&self.input, frames, &mut self.output, frames);
        let mut shifted = vec![0.0; block.len()];
        for (index, plane) in self.output.iter().enumerate() {
            for (out, sample) in shifted.iter_mut().skip(index).step_by(channels).zip(plane) {
                *out = tame(*sample);
            }
        }
        shifted
    }
}
