//! The voice stage: what is done to the sound, so that a listener does not know the speaker by the voice.
//!
//! Interleaved `f32` goes in and comes out, in chunks of any length. In total exactly as many samples come out as went
//! in, and they stay aligned to the input.
//!
//! | mode | what comes out | undone by |
//! |---|---|---|
//! | `disguise` | a new signal with the words and the loudness of the old one | nobody from the signal alone, but a retrained recogniser still does better than chance |
//! | `pitch` | pitch and formants shifted by 3 to 5 semitones | **anybody**, by shifting back |
//! | `mute` | silence wherever somebody may be speaking, the rest as it was | nobody, but speech that is not recognised as such stays |
//! | `original` | the input | not a disguise |
//!
//! A disguise hides who speaks. It does not hide what is said: names that are spoken stay audible, and so do habits of
//! speech and the rhythm of the speaker. `mute` is the only mode here that takes words out, as far as it recognises
//! them.
//!
//! Beside that, alarms and monitor tones are found and listed (`tones`), and on request played anew as clean tones. No
//! mode lets them through for being alarms.

mod bands;
mod blocks;
mod carrier;
mod codebook;
mod curve;
mod disguise;
mod gate;
mod loudness;
mod pitch;
mod resample;
mod shaper;
mod speech;
mod stage;
mod stft;
mod tones;

#[cfg(test)]
mod tests;

pub use stage::{Heard, SoundFormat, VoiceStage};
pub use tones::{ToneEvent, ToneReport};

/// Why sound could not be processed. No output that was made before the error may be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// The sampling rate is outside 8000..=192000 Hz.
    #[error("a sampling rate of {rate_hz} Hz is not supported: convert the sound to 8000..=192000 Hz")]
    Rate {
        /// The rate asked for.
        rate_hz: u32,
    },
    /// The channel count is outside 1..=8.
    #[error("{channels} sound channels are not supported: convert the sound to 1..=8 channels")]
    Channels {
        /// The count asked for.
        channels: u16,
    },
    /// `remove` leaves no sound to process.
    #[error("voice mode `remove` drops the sound stream: it must not reach the voice stage")]
    Removed,
    /// A chunk does not hold the same number of samples for every channel.
    #[error("a chunk of {samples} samples does not divide into {channels} channels")]
    RaggedChunk {
        /// Samples in the chunk.
        samples: usize,
        /// Channels of the stream.
        channels: u16,
    },
    /// More sound came after the end.
    #[error("the voice stage was already finished: make a new one for each recording")]
    Finished,
    /// The operating system gave no random numbers.
    #[error("no random numbers from the operating system, so the disguise would be predictable: {detail}")]
    Random {
        /// What the system reported.
        detail: String,
    },
    /// The built-in codebook is damaged.
    #[error("the built-in voice codebook is damaged ({detail}): rebuild or reinstall the program")]
    Codebook {
        /// Which check failed.
        detail: &'static str,
    },
    /// A calculation failed that cannot fail on valid sizes.
    #[error("the voice stage failed inside ({detail}): this is a defect, the output must not be used")]
    Internal {
        /// What failed.
        detail: String,
    },
}
