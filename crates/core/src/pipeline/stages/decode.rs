//! Pulls pictures out of the decoder and hands them to the detectors.

use crossbeam_channel::Sender;

use crate::media::PictureSource;
use crate::model::Frame;
use crate::pipeline::agenda::Agenda;
use crate::pipeline::error::EngineError;
use crate::pipeline::gauge::Watch;

/// What came out of the decoder.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pipeline) struct Decoded {
    pub(in crate::pipeline) frames: u64,
    pub(in crate::pipeline) damaged: u64,
    pub(in crate::pipeline) late: u64,
}

/// Decodes all pictures. `agenda` says what is looked for in them; without it, nothing is.
pub(in crate::pipeline) fn run(
    mut pictures: PictureSource,
    mut agenda: Option<Agenda>,
    output: &Sender<Frame>,
    watch: &mut Watch<'_>,
) -> Result<Decoded, EngineError> {
    let mut decoded = Decoded::default();
    loop {
        watch.input(|| pictures.wait())?;
        let next = pictures.next_frame()?;
        let is_last = next.is_none();
        if let Some(frame) = &next {
            watch.count();
            decoded.frames += 1;
            decoded.damaged += u64::from(frame.damaged);
            decoded.late += u64::from(frame.late);
        }
        let ready = match (&mut agenda, next) {
            (Some(agenda), Some(frame)) => agenda.push(frame),
            (Some(agenda), None) => agenda.finish(),
            (None, next) => next,
        };
        // The stage behind may have failed, and then has said why.
        let is_wanted = ready.is_none_or(|frame| watch.give(output, frame));
        if is_last || !is_wanted {
            break;
        }
    }
    watch.add_processor(pictures.decoder_processor_time());
    Ok(decoded)
}
