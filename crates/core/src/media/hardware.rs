//! H.264 encoders in hardware: which of them this machine has, and how each is told what to aim at.
//!
//! `GStreamer` has an element only where its driver and device are there. Names of settings are those of the
//! documentation of `nvcodec`, `va` and `qsv`; an element that lacks one of them is not used.

use gstreamer as gst;

use super::chain::make;
use super::error::MediaError;
use super::writer::WriterSettings;

/// One encoder, and what its settings are called.
struct Encoder {
    element: &'static str,
    /// Decides over the rate; the word for one that is kept on the whole is `vbr` everywhere.
    mode: &'static str,
    /// Its word for the same quantizer throughout.
    same_quality: &'static str,
    /// Quantizers, each from 0 to 51 as x264's.
    quantizers: &'static [&'static str],
}

/// NVIDIA, then VA-API (Intel, AMD), with and without the shaders of the GPU, then Intel's own interface.
const KNOWN: [Encoder; 4] = [
    Encoder { element: "nvh264enc", mode: "rc-mode", same_quality: "constqp", quantizers: &["qp-const"] },
    of_va("vah264enc"),
    of_va("vah264lpenc"),
    Encoder {
        element: "qsvh264enc",
        mode: "rate-control",
        same_quality: "cqp",
        quantizers: &["qp-i", "qp-p", "qp-b"],
    },
];

const fn of_va(element: &'static str) -> Encoder {
    Encoder { element, mode: "rate-control", same_quality: "cqp", quantizers: &["qpi", "qpp", "qpb"] }
}

impl Encoder {
    /// The element with its settings, as in a description of a pipeline.
    fn described(&self, settings: &WriterSettings) -> String {
        let Self { element, mode, same_quality, quantizers } = self;
        let Some(rate) = settings.rate else {
            let quality = settings.quality;
            let quantizers = quantizers.iter().map(|name| format!(" {name}={quality}"));
            return format!("{element} {mode}={same_quality}{}", quantizers.collect::<String>());
        };
        format!("{element} {mode}=vbr bitrate={}", (rate.bits_per_second / 1000).max(1))
    }
}

/// From raw pictures to H.264 by the first encoder that is there.
///
/// # Errors
/// [`MediaError::MissingPlugin`] where there is none, or where one takes other settings than its documentation says.
pub(super) fn chain(settings: &WriterSettings) -> Result<Vec<gst::Element>, MediaError> {
    let known = KNOWN.iter().find(|known| gst::ElementFactory::find(known.element).is_some());
    let missing = || MediaError::MissingPlugin { what: "an H.264 encoder in hardware".to_owned() };
    let encoder = made(&known.ok_or_else(missing)?.described(settings))?;
    // These take interleaved chroma, as NV12 has it.
    Ok(vec![make("videoconvert")?, encoder])
}

/// Makes an element by its description: setting properties one by one would panic where one is unknown.
fn made(description: &str) -> Result<gst::Element, MediaError> {
    gst::parse::launch_full(description, None, gst::ParseFlags::FATAL_ERRORS).map_err(|error| {
        MediaError::MissingPlugin { what: format!("an encoder as `{description}` ({})", error.message()) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::bitrate::RateLimit;
    use super::*;
    use crate::model::{Speed, VideoCodec};
    use gstreamer::prelude::*;

    fn settings(rate: Option<RateLimit>) -> WriterSettings {
        WriterSettings {
            codec: VideoCodec::Hardware,
            speed: Speed::Balanced,
            quality: 21,
            rate,
            timescale: 1000,
            sound: None,
            is_beside_detectors: true,
        }
    }

    #[test]
    fn encoders_are_told_a_quality_or_a_rate() {
        let described = |rate| KNOWN.each_ref().map(|known| known.described(&settings(rate)));
        let [nvidia, va, _, intel] = described(None);
        assert_eq!(nvidia, "nvh264enc rc-mode=constqp qp-const=21");
        assert_eq!(va, "vah264enc rate-control=cqp qpi=21 qpp=21 qpb=21");
        assert_eq!(intel, "qsvh264enc rate-control=cqp qp-i=21 qp-p=21 qp-b=21");
        let [nvidia, ..] =
            described(Some(RateLimit { bits_per_second: 2_000_900, ahead_millis: Some(4000) }));
        assert_eq!(nvidia, "nvh264enc rc-mode=vbr bitrate=2000");
    }

    #[test]
    fn settings_that_an_element_does_not_know_are_errors() {
        crate::media::start_framework().unwrap();
        // An element that is always there, with settings of the same kinds: a word of a list, and a number.
        let element = made("x264enc pass=qual quantizer=31").unwrap();
        assert_eq!(element.property::<u32>("quantizer"), 31);
        for wrong in ["x264enc rc-mode=constqp", "x264enc pass=constqp", "x264enc quantizer=many", "noenc"] {
            let error = made(wrong).unwrap_err();
            assert!(matches!(error, MediaError::MissingPlugin { .. }), "{wrong}: {error}");
        }
    }
}
