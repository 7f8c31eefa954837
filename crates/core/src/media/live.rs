//! Live sources: a camera or a stream is read once, by one pipeline for picture and sound, so that both lie on one clock.
//!
//! ```text
//!  uridecodebin ─┬─ first picture ─ queue that throws the oldest away ─ (as for files) ─ appsink
//!                ├─ first sound ─── queue that throws the oldest away ─ (as for files) ─ appsink
//!                └─ everything else ─ thrown away
//! ```

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gstreamer as gst;
use gstreamer::prelude::*;

use super::address::Address;
use super::chain::{Chain, StreamKind, discard, make};
use super::demux::Demux;
use super::error::MediaError;
use super::life::Life;
use super::{channels, picture, plugs, sound};

/// What waits in front of the pictures' and the sound's stages; older data is thrown away for newer. Pictures are late
/// long before.
const PICTURES_WAITING: gst::ClockTime = gst::ClockTime::from_seconds(3);
const SOUND_WAITING: gst::ClockTime = gst::ClockTime::from_seconds(10);
const WAITING_BYTES: u32 = 256 << 20;

/// How long packets are held back to put them in order, in milliseconds.
const JITTER_MILLIS: u32 = 200;

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

    /// Whether whoever records it wants no more of it.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Opens the source and gives its picture; its sound waits to be taken.
    pub(super) fn picture(&self, cancel: &Arc<AtomicBool>) -> Result<Demux, MediaError> {
        let pipeline = gst::Pipeline::new();
        let source = make("uridecodebin")?;
        source.set_property("uri", self.address.uri());
        source.connect("source-setup", false, |values| {
            if let Some(source) = values.get(1).and_then(|value| value.get::<gst::Element>().ok()) {
                set_up(&source);
            }
            None
        });
        plugs::only_decoders(&source);
        pipeline.add(&source)?;
        let pictures =
            Chain::new(&pipeline, &[waiting(PICTURES_WAITING)?], &picture::tail()?, &picture::planar_caps())?;
        let sounds =
            Chain::new(&pipeline, &[waiting(SOUND_WAITING)?], &sound::tail()?, &sound::float_caps())?;
        connect(&pipeline, &source, [&pictures, &sounds]);
        let life = Arc::new(Life::new(Arc::clone(&self.stop), self.limit));
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

/// What a source element of a kind needs.
fn set_up(source: &gst::Element) {
    match source.factory().map(|factory| factory.name()).as_deref() {
        Some("rtspsrc") => {
            source.set_property("latency", JITTER_MILLIS);
            source.set_property_from_str("protocols", "tcp");
            stay_there(source);
        }
        // Whoever can reach the port must not choose what it is read as.
        Some("udpsrc") => {
            let caps = gst::Caps::builder("video/mpegts").field("systemstream", true).build();
            source.set_property("caps", caps);
        }
        _ => {}
    }
}

/// A server may answer that the stream is elsewhere. The sheet is tied to this address: nothing is asked of another.
fn stay_there(source: &gst::Element) {
    let place = |source: &gst::Element| source.property::<Option<String>>("location");
    let asked_for = place(source);
    source.connect("before-send", false, move |values| {
        let source = values.first().and_then(|value| value.get::<gst::Element>().ok());
        Some(source.is_some_and(|source| place(&source) == asked_for).to_value())
    });
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
        sounds.link_for(StreamKind::Sound, channels::refuse),
    ];
    source.connect_pad_added(move |_, pad| {
        let Some(pipeline) = weak.upgrade() else { return };
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        if !links.iter().any(|link| link.take(pad, &caps)) {
            // A stream that cannot be thrown away stops the pipeline with an error, which says more.
            let _ = discard(&pipeline, pad);
        }
    });
    let known = [pictures.all_known(), sounds.all_known()];
    source.connect_no_more_pads(move |_| known.iter().for_each(|now_known| now_known()));
}
