//! Takes the sound through the voice stage into the encoder.

use crate::media::{MediaError, SoundInput, SoundSource};
use crate::pipeline::error::EngineError;
use crate::pipeline::report::SoundReport;
use crate::voice::{ToneReport, VoiceStage};

pub(in crate::pipeline) fn run(
    mut source: SoundSource,
    mut stage: VoiceStage,
    input: Option<SoundInput>,
) -> Result<SoundReport, EngineError> {
    let mut input =
        input.ok_or_else(|| MediaError::Framework("the writer has no place for sound".to_owned()))?;
    let spec = source.spec();
    let (mut processed, mut samples_in) = (Vec::new(), 0u64);
    let mut more = true;
    while more {
        more = source.next_chunk(|samples| -> Result<(), EngineError> {
            samples_in += samples.len() as u64;
            processed.clear();
            stage.process(samples, &mut processed)?;
            Ok(input.push(&processed)?)
        })?;
    }
    processed.clear();
    let heard = stage.finish(&mut processed)?;
    input.push(&processed)?;
    input.end();
    Ok(SoundReport {
        rate_hz: spec.rate_hz,
        channels: spec.channels,
        frames_in: samples_in / u64::from(spec.channels.max(1)),
        frames_out: input.frames(),
        start: source.start_pts(),
        warning: stage.mode().warning(),
        muted_share: heard.muted_share,
        alarms: heard.tones.map(|tones| tones.shifted(source.start_pts())),
    })
}

/// Listens for tones, and throws the sound away.
pub(in crate::pipeline) fn listen(
    mut source: SoundSource,
    mut stage: VoiceStage,
) -> Result<Option<ToneReport>, EngineError> {
    let mut processed = Vec::new();
    let mut more = true;
    while more {
        more = source.next_chunk(|samples| -> Result<(), EngineError> {
            processed.clear();
            Ok(stage.process(samples, &mut processed)?)
        })?;
    }
    processed.clear();
    let heard = stage.finish(&mut processed)?;
    Ok(heard.tones.map(|tones| tones.shifted(source.start_pts())))
}
