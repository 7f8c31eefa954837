//! Which parts of the media framework a run needs, and which of them are here.

use gstreamer as gst;
use gstreamer::prelude::*;

/// One `GStreamer` element with its state on this machine.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// The element's name.
    pub element: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// The Debian package that holds it.
    pub debian_package: &'static str,
    /// Every run needs it.
    pub required: bool,
    /// It is installed.
    pub present: bool,
}

const GOOD: &str = "gstreamer1.0-plugins-good";
const BAD: &str = "gstreamer1.0-plugins-bad";
const LIBAV: &str = "gstreamer1.0-libav";

/// Element, purpose, package, needed by every run.
const COMPONENTS: [(&str, &str, &str, bool); 21] = [
    ("decodebin", "finds decoders", "gstreamer1.0-plugins-base", true),
    ("videoconvert", "converts chroma formats and bit depths", "gstreamer1.0-plugins-base", true),
    ("audioresample", "converts sampling rates", "gstreamer1.0-plugins-base", true),
    ("deinterlace", "makes interlaced pictures progressive", GOOD, true),
    ("videoflip", "turns pictures upright", GOOD, true),
    ("mp4mux", "writes MP4", GOOD, true),
    ("qtdemux", "reads MP4 and MOV", GOOD, true),
    ("matroskademux", "reads Matroska and WebM", GOOD, true),
    ("avidemux", "reads AVI", GOOD, true),
    ("tsdemux", "reads MPEG-TS", BAD, true),
    ("h264parse", "reads H.264", BAD, true),
    ("avdec_h264", "decodes H.264", LIBAV, true),
    ("avenc_aac", "encodes AAC", LIBAV, true),
    ("x264enc", "encodes H.264 (the default)", "gstreamer1.0-plugins-ugly", true),
    ("openh264enc", "encodes H.264 (--codec openh264)", BAD, false),
    ("vp9enc", "encodes VP9 (--codec vp9)", GOOD, false),
    ("nvh264enc", "encodes H.264 on NVIDIA's hardware (--codec hardware)", BAD, false),
    ("vah264enc", "encodes H.264 on hardware by VA-API (--codec hardware)", BAD, false),
    ("vah264lpenc", "encodes H.264 on hardware of little power by VA-API (--codec hardware)", BAD, false),
    ("qsvh264enc", "encodes H.264 on Intel's hardware (--codec hardware)", BAD, false),
    ("av1dec", "decodes AV1", BAD, false),
];

/// Loads the plugins of the parts that every run needs, so that whoever makes one of them first need not wait: the
/// decoders' libraries alone take 60 ms. What is missing or does not load is left to whoever makes it.
pub fn load_plugins() {
    for (element, ..) in COMPONENTS.iter().filter(|(.., required)| *required) {
        if let Some(Err(error)) = gst::ElementFactory::find(element).map(|found| found.load()) {
            tracing::debug!(%error, element, "a plugin does not load");
        }
    }
}

/// The parts that runs use, with their state. Start the framework first.
pub fn list_components() -> Vec<Component> {
    let started = super::start_framework().is_ok();
    COMPONENTS
        .iter()
        .map(|&(element, purpose, debian_package, required)| Component {
            element,
            purpose,
            debian_package,
            required,
            present: started && gst::ElementFactory::find(element).is_some(),
        })
        .collect()
}
