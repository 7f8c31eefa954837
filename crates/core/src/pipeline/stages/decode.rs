//! Pulls pictures out of the decoder and hands them to the detectors.

use crossbeam_channel::Sender;

use crate::detect::Searches;
use crate::media::PictureSource;
use crate::model::Frame;
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;

/// What came out of the decoder.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pipeline) struct Decoded {
    pub(in crate::pipeline) frames: u64,
    pub(in crate::pipeline) damaged: u64,
    pub(in crate::pipeline) late: u64,
}

/// Decodes all pictures. `searches` says which of them are searched for faces; without it, none is.
pub(in crate::pipeline) fn run(
    mut pictures: PictureSource,
    mut searches: Option<Searches>,
    output: &Sender<Frame>,
    watch: &mut Watch<'_>,
) -> Result<Decoded, EngineError> {
    let mut decoded = Decoded::default();
    loop {
        watch.input(|| pictures.wait())?;
        let Some(mut frame) = pictures.next_frame()? else { break };
        frame.search = searches.as_mut().and_then(|searches| searches.nth(frame.turn, frame.pts));
        watch.count();
        decoded.frames += 1;
        decoded.damaged += u64::from(frame.damaged);
        decoded.late += u64::from(frame.late);
        if !watch.give(output, frame) {
            // The stage behind has failed and said why.
            break;
        }
    }
    watch.add_processor(pictures.decoder_processor_time());
    Ok(decoded)
}
