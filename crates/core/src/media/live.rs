//! Live sources: a camera or a stream is read once, by one pipeline for picture and sound, so that both lie on one clock.
//!
//! ```text
//!  uridecodebin ─┬─ first picture ─ queue that throws the oldest away ─ (as for files) ─ appsink
//!                ├─ first sound ─── queue that throws the oldest away ─ (as for files) ─ appsink
//!                └─ everything else ─ thrown away
//! ```

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::chain::Chain;
use super::demux::{Demux, StreamKind, make};
use super::error::MediaError;
use super::{picture, sound};
use crate::model::{PtsNanos, Sha256Digest};

/// A source that stays silent for this long has ended.
pub(super) const SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// What waits in front of the pictures' and the sound's stages; older data is thrown away for newer. Pictures are late long before.
const PICTURES_WAITING: gst::ClockTime = gst::ClockTime::from_seconds(3);
const SOUND_WAITING: gst::ClockTime = gst::ClockTime::from_seconds(10);
const WAITING_BYTES: u32 = 256 << 20;

/// How long packets are held back to put them in order, in milliseconds.
const JITTER_MILLIS: u32 = 200;

/// Where a live picture comes from. It is never shown: an address may hold names and passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    uri: String,
    kind: LiveKind,
}

/// The kinds of sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKind {
    /// A camera or server that speaks RTSP; read over TCP, so that no packet is lost.
    Rtsp,
    /// MPEG-TS in UDP packets.
    Udp,
    /// A camera of this machine.
    Camera,
}

impl LiveKind {
    /// The name that a receipt uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rtsp => "rtsp",
            Self::Udp => "udp",
            Self::Camera => "v4l2",
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads `rtsp://…`, `rtsps://…`, `udp://HOST:PORT` or `v4l2:/dev/…`; `None` where the words name a file.
    pub fn parse(text: &str) -> Option<Self> {
        let is = |scheme: &str| text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
        let (kind, uri) = if is("rtsp://") || is("rtsps://") {
            (LiveKind::Rtsp, text.to_owned())
        } else if is("udp://") {
            (LiveKind::Udp, text.to_owned())
        } else if is("v4l2:/dev/") {
            (LiveKind::Camera, format!("v4l2://{}", text.get(5..)?))
        } else {
            return None;
        };
        Some(Self { uri, kind })
    }

    pub(super) fn kind(&self) -> LiveKind {
        self.kind
    }

    /// What a consent sheet binds to instead of a file's digest: that of the address, without who logs in and what follows `?`.
    pub(super) fn digest(&self) -> Sha256Digest {
        let (scheme, rest) = self.uri.split_once("://").unwrap_or(("", &self.uri));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        // Cameras take passwords there, too.
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        Sha256Digest::of(format!("{}://{}{path}", scheme.to_lowercase(), host.to_lowercase()).as_bytes())
    }
}

/// A live source that is opened when the first of its streams is asked for.
#[derive(Debug)]
pub(super) struct Feed {
    address: Address,
    limit: Option<Duration>,
    stop: Arc<AtomicBool>,
    sound: Mutex<Option<Demux>>,
}

impl Feed {
    /// Ends when `stop` is set, or after `limit`.
    pub(super) fn new(address: Address, limit: Option<Duration>, stop: Arc<AtomicBool>) -> Self {
        Self { address, limit, stop, sound: Mutex::new(None) }
    }

    /// Opens the source and gives its picture; its sound waits to be taken.
    pub(super) fn picture(&self, cancel: &Arc<AtomicBool>) -> Result<Demux, MediaError> {
        let pipeline = gst::Pipeline::new();
        let source = make("uridecodebin")?;
        source.set_property("uri", &self.address.uri);
        source.connect("source-setup", false, |values| {
            if let Some(source) = values.get(1).and_then(|value| value.get::<gst::Element>().ok()) {
                set_up(&source);
            }
            None
        });
        pipeline.add(&source)?;
        let pictures =
            Chain::new(&pipeline, &[waiting(PICTURES_WAITING)?], &picture::tail()?, &picture::planar_caps())?;
        let sounds =
            Chain::new(&pipeline, &[waiting(SOUND_WAITING)?], &sound::tail()?, &sound::float_caps())?;
        connect(&pipeline, &source, [&pictures, &sounds]);
        let until = self.limit.map(|limit| Instant::now() + limit);
        let (stop, over, first_picture) = (Arc::clone(&self.stop), AtomicBool::new(false), OnceLock::new());
        let life = Arc::new(Life { stop, until, over, first_picture });
        let [pictures, sounds] = Demux::live(&pipeline, [pictures, sounds], &life, cancel)?;
        pipeline.set_state(gst::State::Playing).map_err(|_refused| unreachable_source())?;
        if let Ok(mut waiting) = self.sound.lock() {
            *waiting = Some(sounds);
        }
        Ok(pictures)
    }

    /// Leaves the sound alone.
    pub(super) fn forgo_sound(&self) {
        drop(self.sound());
    }

    /// The sound of the source that was opened for its picture.
    pub(super) fn sound(&self) -> Result<Demux, MediaError> {
        let waiting = self.sound.lock().ok().and_then(|mut waiting| waiting.take());
        waiting.ok_or_else(|| MediaError::Framework("a live source was not opened".to_owned()))
    }
}

fn unreachable_source() -> MediaError {
    MediaError::Unusable("the live source cannot be opened".to_owned())
}

/// When a live source ends; shared by its streams.
#[derive(Debug)]
pub(super) struct Life {
    stop: Arc<AtomicBool>,
    until: Option<Instant>,
    over: AtomicBool,
    first_picture: OnceLock<PtsNanos>,
}

impl Life {
    pub(super) fn begin(&self, first_picture: PtsNanos) {
        self.first_picture.get_or_init(|| first_picture);
    }

    /// A time of the source's clock, counted from the first picture; none before it.
    pub(super) fn since_first_picture(&self, time: PtsNanos) -> Option<PtsNanos> {
        self.first_picture.get().and_then(|first| time.0.checked_sub(first.0)).map(PtsNanos)
    }

    /// Whether it has ended: by whoever records it, by its time, or by itself.
    pub(super) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.over.load(Ordering::Relaxed)
            || self.until.is_some_and(|until| Instant::now() >= until)
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// What a source element of a kind needs.
fn set_up(source: &gst::Element) {
    match source.factory().map(|factory| factory.name()).as_deref() {
        Some("rtspsrc") => {
            source.set_property("latency", JITTER_MILLIS);
            source.set_property_from_str("protocols", "tcp");
        }
        // Whoever can reach the port must not choose what it is read as.
        Some("udpsrc") => {
            let caps = gst::Caps::builder("video/mpegts").field("systemstream", true).build();
            source.set_property("caps", caps);
        }
        _ => {}
    }
}

/// A queue that rather loses old data than holds up the source.
fn waiting(most: gst::ClockTime) -> Result<gst::Element, MediaError> {
    let queue = make("queue")?;
    queue.set_property_from_str("leaky", "downstream");
    queue.set_property("max-size-bytes", WAITING_BYTES);
    queue.set_property("max-size-buffers", 0u32);
    queue.set_property("max-size-time", most.nseconds());
    Ok(queue)
}

/// Leads the first picture and the first sound of a source to their chains, and everything else away.
fn connect(pipeline: &gst::Pipeline, source: &gst::Element, [pictures, sounds]: [&Chain; 2]) {
    let weak = pipeline.downgrade();
    let links = [
        pictures.link_for(StreamKind::Picture, picture::refuse_hdr),
        sounds.link_for(StreamKind::Sound, sound::refuse),
    ];
    source.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        if !links.iter().any(|link| link.take(pad, &caps)) {
            // A stream that cannot be thrown away stops the pipeline with an error, which says more.
            let _ = super::demux::discard(&pipeline, pad);
        }
    });
    let known = [pictures.all_known(), sounds.all_known()];
    source.connect_no_more_pads(move |_| known.iter().for_each(|now_known| now_known()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_files() {
        for (text, kind) in [
            ("rtsp://10.0.0.5:554/stream1", LiveKind::Rtsp),
            ("RTSPS://cam.example/live", LiveKind::Rtsp),
            ("udp://0.0.0.0:5000", LiveKind::Udp),
            ("v4l2:/dev/video0", LiveKind::Camera),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.kind()), Some(kind), "{text}");
        }
        assert_eq!(Address::parse("v4l2:/dev/video0").unwrap().uri, "v4l2:///dev/video0");
        for file in ["resus.mp4", "rtsp.mp4", "v4l2:/tmp/x", "http://example.org/a.mp4", "", "udp"] {
            assert_eq!(Address::parse(file), None, "{file}");
        }
    }

    #[test]
    fn who_logs_in_is_neither_shown_nor_part_of_the_digest() {
        let [with, without] = ["rtsp://ward:secret@Cam-3.example/s1?pw=secret", "rtsp://cam-3.example/s1"]
            .map(|text| Address::parse(text).unwrap());
        assert_eq!(with.digest(), without.digest());
        assert_ne!(with.digest(), Address::parse("rtsp://cam-3.example/s2").unwrap().digest());
        assert_eq!(format!("{with:?}"), "Address { kind: Rtsp, .. }");
    }
}
