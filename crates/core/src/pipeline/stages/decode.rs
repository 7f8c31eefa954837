//! Pulls pictures out of the decoder and hands them to the detectors.

use crossbeam_channel::Sender;

use crate::media::PictureSource;
use crate::model::Frame;
use crate::pipeline::error::EngineError;

/// What came out of the decoder.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::pipeline) struct Decoded {
    pub(in crate::pipeline) frames: u64,
    pub(in crate::pipeline) damaged: u64,
}

pub(in crate::pipeline) fn run(
    mut pictures: PictureSource,
    output: &Sender<Frame>,
) -> Result<Decoded, EngineError> {
    let mut decoded = Decoded::default();
    while let Some(frame) = pictures.next_frame()? {
        decoded.frames += 1;
        decoded.damaged += u64::from(frame.damaged);
        if output.send(frame).is_err() {
            // The stage behind has failed and said why.
            break;
        }
    }
    Ok(decoded)
}
