//! Takes the sound through the voice stage into the encoder.

use std::time::Instant;

use crate::media::{MediaError, SoundInput, SoundSource};
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;
use crate::pipeline::report::SoundReport;
use crate::voice::{Heard, ToneReport, VoiceStage};

pub(in crate::pipeline) fn run(
    mut source: SoundSource,
    mut stage: VoiceStage,
    input: Option<SoundInput>,
    watch: &mut Watch<'_>,
) -> Result<SoundReport, EngineError> {
    let mut input =
        input.ok_or_else(|| MediaError::Framework("the writer has no place for sound".to_owned()))?;
    let spec = source.spec();
    let (heard, samples_in) = treat(&mut source, &mut stage, watch, |processed| input.push(processed))?;
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
    watch: &mut Watch<'_>,
) -> Result<Option<ToneReport>, EngineError> {
    let (heard, _) = treat(&mut source, &mut stage, watch, |_| Ok(()))?;
    Ok(heard.tones.map(|tones| tones.shifted(source.start_pts())))
}

/// Takes the whole sound through the stage, and says what was heard and how many samples came in.
fn treat(
    source: &mut SoundSource,
    stage: &mut VoiceStage,
    watch: &mut Watch<'_>,
    mut give: impl FnMut(&[f32]) -> Result<(), MediaError>,
) -> Result<(Heard, u64), EngineError> {
    let (mut processed, mut samples_in) = (Vec::new(), 0u64);
    let (mut more, mut mark) = (true, Instant::now());
    while more {
        more = source.next_chunk(|samples| -> Result<(), EngineError> {
            watch.waited_since(mark);
            watch.count();
            samples_in += samples.len() as u64;
            processed.clear();
            stage.process(samples, &mut processed)?;
            let given = watch.output(|| give(&processed));
            mark = Instant::now();
            Ok(given?)
        })?;
    }
    processed.clear();
    let heard = stage.finish(&mut processed)?;
    give(&processed)?;
    Ok((heard, samples_in))
}
