//! Random draws for voices and faces: `ChaCha12`, keyed by the operating system once per recording.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of uniform draws. It has no `Debug`, `Clone` or serialisation, so that its state cannot be written down.
pub(crate) struct Draws(ChaCha12Rng);

impl Draws {
    /// Keys a fresh source from the operating system's generator. The key is not kept.
    ///
    /// # Errors
    /// Where the operating system gives no random numbers.
    pub(crate) fn from_os() -> Result<Self, getrandom::Error> {
        let mut key = [0_u8; 32];
        getrandom::fill(&mut key)?;
        let draws = Self(ChaCha12Rng::from_seed(key));
        key.fill(0);
        Ok(draws)
    }

    /// A repeatable source, for tests alone.
    #[cfg(test)]
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(ChaCha12Rng::seed_from_u64(seed))
    }

    /// The source of a number's own, with the same key: what it gives depends on nothing else that is drawn.
    pub(crate) fn stream(&self, number: u64) -> Self {
        let mut stream = self.0.clone();
        stream.set_stream(number);
        stream.set_word_pos(0);
        Self(stream)
    }

    /// A second source with a key drawn from this one.
    pub(crate) fn fork(&mut self) -> Self {
        let mut key = [0_u8; 32];
        self.0.fill_bytes(&mut key);
        Self(ChaCha12Rng::from_seed(key))
    }

    /// Uniform in `low..high`, in steps of 2^-24 of the range, which `f32` holds exactly.
    pub(crate) fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.0.next_u32() >> 8) as f32 / 16_777_216.0)
    }

    /// A whole number below 2^32.
    pub(crate) fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// White noise sample: uniform, zero mean, unit variance.
    pub(crate) fn noise(&mut self) -> f32 {
        let half_range = 3.0_f32.sqrt();
        self.uniform(-half_range, half_range)
    }
}
