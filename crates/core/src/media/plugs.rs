//! What the framework may plug in by itself behind a source or a demuxer: parsers and decoders, and nothing that opens
//! anything else.
//!
//! A stream says what it is. One that says it is a playlist would have a demuxer plugged in that opens what the playlist
//! names, files of this machine included, and their picture would come out under the sheet of this source.

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;

/// What `autoplug-select` answers (`GstAutoplugSelectResult`): take this element, or pass over it.
const TAKE: i32 = 0;
const PASS_OVER: i32 = 2;

/// The one demuxer that live sources need: MPEG-TS comes over UDP and RTP.
const DEMUXERS: [&str; 1] = ["tsdemux"];

/// Unpacks `GStreamer`'s own payload, which may say that it is of any kind at all.
const ANYTHING: &str = "rtpgstdepay";

/// Lets `uridecodebin` or `decodebin` plug in nothing but parsers, decoders and what unpacks RTP.
pub(super) fn only_decoders(bin: &gst::Element) {
    bin.connect("autoplug-select", false, |values| {
        let factory = values.get(3).and_then(|value| value.get::<gst::ElementFactory>().ok());
        let answer = if factory.is_some_and(|factory| is_allowed(&factory)) { TAKE } else { PASS_OVER };
        // A framework without that type has no such signal.
        let answers =
            glib::Type::from_name("GstAutoplugSelectResult").and_then(glib::EnumClass::with_type)?;
        answers.to_value(answer)
    });
}

fn is_allowed(factory: &gst::ElementFactory) -> bool {
    let (name, class) = (factory.name(), factory.metadata("klass").unwrap_or_default());
    let is = |word: &str| class.split('/').any(|part| part == word);
    if DEMUXERS.contains(&name.as_str()) {
        return true;
    }
    let opens_more = is("Demuxer") || is("Source") || is("Adaptive") || name == ANYTHING;
    (is("Decoder") || is("Parser") || is("Depayloader") || is("Decryptor") || is("Converter")) && !opens_more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_opens_other_things_is_passed_over() {
        gst::init().unwrap();
        let allowed = |name| gst::ElementFactory::find(name).map(|factory| is_allowed(&factory));
        for name in
            ["avdec_h264", "h264parse", "rtph264depay", "rtpmp4gdepay", "tsdemux", "jpegdec", "avdec_aac"]
        {
            assert_ne!(allowed(name), Some(false), "{name}");
        }
        for name in [
            "hlsdemux",
            "hlsdemux2",
            "dashdemux",
            "mssdemux",
            "rtpgstdepay",
            "filesrc",
            "souphttpsrc",
            "qtdemux",
        ] {
            assert_ne!(allowed(name), Some(true), "{name}");
        }
    }
}
