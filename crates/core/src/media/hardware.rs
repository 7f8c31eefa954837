//! H.264 encoders in hardware: which of them this machine has, and how each is told what to aim at.
//!
//! `GStreamer` has an element only where its driver and device are there. Names of settings are those of the
//! documentation of `nvcodec`, `va` and `qsv`; an element that does not take them is passed over for the next.

use gstreamer as gst;

use super::chain::make;
use super::encoder::MAX_KILOBITS;
use super::error::MediaError;
use super::writer::WriterSettings;

/// One encoder, and what its settings are called.
struct Encoder {
    element: &'static str,
    /// Decides over the rate; the word for one that is kept on the whole is `vbr` everywhere.
    mode: &'static str,
    /// Its word for the same quantizer throughout.
    same_quality: &'static str,
    /// Quantizers, up to 51 as x264's. The least that is given is 1: to Quick Sync, 0 means its own choice.
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
    /// The element with its settings, as in a description of a pipeline. What is only a limit to x264 would be a goal
    /// here, and a recording of little motion would be blown up to it: then the quality counts alone.
    fn described(&self, settings: &WriterSettings) -> String {
        let Self { element, mode, same_quality, quantizers } = self;
        let goal = settings.rate.filter(|rate| rate.ahead_millis.is_none());
        let Some(rate) = goal else {
            let quality = settings.quality.max(1);
            let quantizers = quantizers.iter().map(|name| format!(" {name}={quality}"));
            return format!("{element} {mode}={same_quality}{}", quantizers.collect::<String>());
        };
        let kilobits = (rate.bits_per_second / 1000).clamp(1, MAX_KILOBITS.into());
        format!("{element} {mode}=vbr bitrate={kilobits}")
    }
}

/// From raw pictures to parsed H.264 by the first encoder that is there and takes its settings.
///
/// # Errors
/// [`MediaError::NoHardwareEncoder`] where there is none.
pub(super) fn chain(settings: &WriterSettings) -> Result<Vec<gst::Element>, MediaError> {
    let mut here = KNOWN.iter().filter(|known| gst::ElementFactory::find(known.element).is_some());
    let encoder = here.find_map(|known| made(&known.described(settings)));
    // These take interleaved chroma, as NV12 has it.
    Ok(vec![make("videoconvert")?, encoder.ok_or(MediaError::NoHardwareEncoder)?, make("h264parse")?])
}

/// Makes an element by its description, where it takes that: setting properties one by one would panic where one is
/// unknown.
fn made(description: &str) -> Option<gst::Element> {
    let made = gst::parse::launch_full(description, None, gst::ParseFlags::FATAL_ERRORS);
    made.inspect_err(|error| {
        tracing::warn!(description, error = error.message(), "an encoder is passed over");
    })
    .ok()
}

#[cfg(test)]
mod tests {
    use super::super::bitrate::RateLimit;
    use super::*;
    use crate::model::{Speed, VideoCodec};
    use gstreamer::prelude::*;

    fn settings(rate: Option<RateLimit>, quality: u8) -> WriterSettings {
        WriterSettings {
            codec: VideoCodec::Hardware,
            speed: Speed::Balanced,
            quality,
            rate,
            timescale: 1000,
            sound: None,
            is_beside_detectors: true,
        }
    }

    #[test]
    fn encoders_are_told_a_quality_or_a_rate_to_keep() {
        let described =
            |rate, quality| KNOWN.each_ref().map(|known| known.described(&settings(rate, quality)));
        let limit = RateLimit { bits_per_second: 2_000_900, ahead_millis: Some(4000) };
        for rate in [None, Some(limit)] {
            let [nvidia, va, _, intel] = described(rate, 21);
            assert_eq!(nvidia, "nvh264enc rc-mode=constqp qp-const=21");
            assert_eq!(va, "vah264enc rate-control=cqp qpi=21 qpp=21 qpb=21");
            assert_eq!(intel, "qsvh264enc rate-control=cqp qp-i=21 qp-p=21 qp-b=21");
        }
        assert_eq!(described(None, 0)[0], "nvh264enc rc-mode=constqp qp-const=1");
        let kept = |bits_per_second| described(Some(RateLimit { bits_per_second, ahead_millis: None }), 21);
        assert_eq!(kept(2_000_900)[2], "vah264lpenc rate-control=vbr bitrate=2000");
        assert_eq!(kept(u64::MAX)[0], "nvh264enc rc-mode=vbr bitrate=2048000");
    }

    #[test]
    fn elements_that_do_not_know_a_setting_are_passed_over() {
        crate::media::start_framework().unwrap();
        // An element that is always there, with settings of the same kinds: a word of a list, and a number.
        let element = made("x264enc pass=qual quantizer=31").unwrap();
        assert_eq!(element.property::<u32>("quantizer"), 31);
        for wrong in ["x264enc rc-mode=constqp", "x264enc pass=constqp", "x264enc quantizer=many", "noenc"] {
            assert!(made(wrong).is_none(), "{wrong}");
        }
    }
}
