//! The part of the input pipeline that picture and sound share: source, demultiplexer, decoder, and its failures.
//!
//! Exactly one elementary stream is decoded; every other pad of the demultiplexer ends in a sink that throws it away.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use super::error::MediaError;
use super::input::InputFile;
use crate::model::{DurationNanos, PtsNanos};
use crate::processor;

/// How long a decoder may think about one picture before it counts as stuck.
const STALL_LIMIT: Duration = Duration::from_mins(1);

/// How often a waiting reader looks at the bus and at the cancel flag.
const POLL: gst::ClockTime = gst::ClockTime::from_mseconds(50);

/// The stream that a pipeline decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Picture,
    Sound,
}

impl StreamKind {
    fn pad_prefix(self) -> &'static str {
        match self {
            Self::Picture => "video",
            Self::Sound => "audio",
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    chosen: AtomicBool,
    all_known: AtomicBool,
    failure: Mutex<Option<String>>,
    missing: Mutex<Option<String>>,
    processor_nanos: AtomicU64,
    newer_codec: AtomicBool,
}

impl Shared {
    fn note(slot: &Mutex<Option<String>>, text: String) {
        if let Ok(mut slot) = slot.lock() {
            slot.get_or_insert(text);
        }
    }

    fn read(slot: &Mutex<Option<String>>) -> Option<String> {
        slot.lock().ok().and_then(|slot| slot.clone())
    }
}

/// A running input pipeline that ends in an appsink.
#[derive(Debug)]
pub(super) struct Demux {
    pipeline: gst::Pipeline,
    sink: AppSink,
    bus: gst::Bus,
    shared: Arc<Shared>,
    time_line: TimeLine,
    last_pts: PtsNanos,
    cancel: Arc<AtomicBool>,
}

impl Drop for Demux {
    fn drop(&mut self) {
        // Failing to stop leaves nothing to do: the process goes on without this pipeline.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

impl Demux {
    /// Starts decoding one stream. `tail` are the elements between the decoder and the sink, in order; `refuse` looks at the
    /// decoder's caps and may name a reason not to go on.
    pub(super) fn start(
        input: &InputFile,
        kind: StreamKind,
        tail: &[gst::Element],
        sink_caps: &gst::Caps,
        refuse: fn(&gst::Caps) -> Option<String>,
        cancel: Arc<AtomicBool>,
    ) -> Result<Self, MediaError> {
        let pipeline = gst::Pipeline::new();
        let source = gst::ElementFactory::make("filesrc").property("location", input.location()).build()?;
        let demuxer = make(input.container().demuxer())?;
        let decoder = make("decodebin")?;
        let sink = AppSink::builder().caps(sink_caps).sync(false).max_buffers(2).build();
        pipeline.add_many([&source, &demuxer, &decoder])?;
        pipeline.add_many(tail)?;
        pipeline.add(&sink)?;
        source.link(&demuxer)?;
        let chain: Vec<&gst::Element> = tail.iter().chain([sink.upcast_ref()]).collect();
        gst::Element::link_many(&chain)?;
        let first = chain.first().copied().cloned();
        let shared = Arc::new(Shared::default());
        connect_demuxer(&pipeline, &demuxer, &decoder, kind, &shared);
        connect_decoder(&decoder, first, refuse, &shared);
        watch_decoder(&pipeline, &shared);
        count_processor_time(&sink, &shared);
        let bus = pipeline.bus().ok_or_else(|| MediaError::Framework("a pipeline has no bus".to_owned()))?;
        pipeline.set_state(gst::State::Playing)?;
        let time_line = input.container().time_line();
        Ok(Self { pipeline, sink, bus, shared, time_line, last_pts: PtsNanos(0), cancel })
    }

    /// The next decoded buffer; `None` at the end. `Ok(None)` before the first one also where the stream does not exist.
    pub(super) fn pull(&mut self) -> Result<Option<gst::Sample>, MediaError> {
        let began = Instant::now();
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(MediaError::Interrupted);
            }
            if let Some(sample) = self.sink.try_pull_sample(POLL) {
                return Ok(Some(sample));
            }
            self.check_bus()?;
            if self.sink.is_eos() || self.is_absent() {
                return Ok(None);
            }
            if began.elapsed() > STALL_LIMIT {
                let at = self.last_pts;
                return Err(MediaError::Unusable(format!("the decoder stopped without an answer at {at}")));
            }
        }
    }

    /// The decoder that was chosen is for a codec that needs about half the bits of H.264.
    pub(super) fn has_newer_codec(&self) -> bool {
        self.shared.newer_codec.load(Ordering::Relaxed)
    }

    /// Processor time that the thread in front of the sink has used so far: decoding and what follows it.
    pub(super) fn processor_time(&self) -> DurationNanos {
        DurationNanos(self.shared.processor_nanos.load(Ordering::Relaxed))
    }

    /// How the time stamps of its samples are to be read.
    pub(super) fn time_line(&self) -> TimeLine {
        self.time_line
    }

    /// Remembers how far decoding came, for error messages.
    pub(super) fn reached(&mut self, pts: PtsNanos) {
        self.last_pts = pts;
    }

    fn is_absent(&self) -> bool {
        self.shared.all_known.load(Ordering::Acquire) && !self.shared.chosen.load(Ordering::Acquire)
    }

    fn check_bus(&self) -> Result<(), MediaError> {
        if let Some(reason) = Shared::read(&self.shared.failure) {
            return Err(MediaError::Unusable(reason));
        }
        if let Some(what) = Shared::read(&self.shared.missing) {
            return Err(MediaError::MissingPlugin { what });
        }
        while let Some(message) = self.bus.pop_filtered(&[gst::MessageType::Error]) {
            if let gst::MessageView::Error(error) = message.view() {
                return Err(self.describe(&error.error()));
            }
        }
        Ok(())
    }

    fn describe(&self, error: &gst::glib::Error) -> MediaError {
        if error.matches(gst::CoreError::MissingPlugin) {
            return MediaError::MissingPlugin { what: "a decoder for this recording".to_owned() };
        }
        MediaError::Unusable(format!("it cannot be decoded at {}: {}", self.last_pts, error.message()))
    }
}

/// Makes an element, or names the plug-in that is missing.
pub(super) fn make(factory: &str) -> Result<gst::Element, MediaError> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_e| MediaError::MissingPlugin { what: format!("the GStreamer element `{factory}`") })
}

fn connect_demuxer(
    pipeline: &gst::Pipeline,
    demuxer: &gst::Element,
    decoder: &gst::Element,
    kind: StreamKind,
    shared: &Arc<Shared>,
) {
    let (weak_pipeline, weak_decoder, state) =
        (pipeline.downgrade(), decoder.downgrade(), Arc::clone(shared));
    demuxer.connect_pad_added(move |_, pad| {
        let (Some(pipeline), Some(decoder)) = (weak_pipeline.upgrade(), weak_decoder.upgrade()) else {
            return;
        };
        let wanted = pad.name().starts_with(kind.pad_prefix());
        if wanted && !state.chosen.swap(true, Ordering::AcqRel) {
            let linked = decoder.static_pad("sink").map(|sink| pad.link(&sink));
            if !matches!(linked, Some(Ok(_))) {
                Shared::note(&state.failure, "its main stream cannot be connected to a decoder".to_owned());
            }
        } else if let Err(error) = discard(&pipeline, pad) {
            Shared::note(&state.failure, format!("a second stream cannot be set aside: {error}"));
        }
    });
    let state = Arc::clone(shared);
    demuxer.connect_no_more_pads(move |_| state.all_known.store(true, Ordering::Release));
}

/// Ends a stream that is not wanted in a sink of its own.
fn discard(pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), MediaError> {
    let sink =
        gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build()?;
    pipeline.add(&sink)?;
    sink.sync_state_with_parent()?;
    let sink_pad =
        sink.static_pad("sink").ok_or_else(|| MediaError::Framework("a sink has no pad".to_owned()))?;
    pad.link(&sink_pad).map_err(|e| MediaError::Framework(e.to_string()))?;
    Ok(())
}

fn connect_decoder(
    decoder: &gst::Element,
    first: Option<gst::Element>,
    refuse: fn(&gst::Caps) -> Option<String>,
    shared: &Arc<Shared>,
) {
    let state = Arc::clone(shared);
    decoder.connect_pad_added(move |_, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        if let Some(reason) = refuse(&caps) {
            return Shared::note(&state.failure, reason);
        }
        let sink = first.as_ref().and_then(|element| element.static_pad("sink"));
        if !matches!(sink.map(|sink| pad.link(&sink)), Some(Ok(_))) {
            Shared::note(&state.failure, "its decoded stream is of a kind that cannot be used".to_owned());
        }
    });
    let state = Arc::clone(shared);
    decoder.connect("unknown-type", false, move |values| {
        let caps = values.get(2).and_then(|v| v.get::<gst::Caps>().ok());
        let name =
            caps.as_ref().and_then(|c| c.structure(0)).map_or("an unknown format", |s| s.name().as_str());
        if name.starts_with("application/x-cenc") {
            Shared::note(&state.failure, "it is encrypted; export it without copy protection".to_owned());
        } else {
            Shared::note(&state.missing, format!("a decoder for {name}"));
        }
        None
    });
}

/// Words in the names of decoders whose codec needs about half the bits of H.264.
const NEWER: [&str; 5] = ["h265", "hevc", "vp9", "av1", "vvc"];

/// One decoder thread: the detector's workers need the cores, and frame threads only add delay (measured). And which codec it is.
fn watch_decoder(pipeline: &gst::Pipeline, shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    pipeline.connect_deep_element_added(move |_, _, element| {
        let Some(name) = element.factory().map(|f| f.name()) else { return };
        if NEWER.iter().any(|word| name.contains(word)) {
            shared.newer_codec.store(true, Ordering::Relaxed);
        }
        if name.starts_with("avdec_") && element.find_property("max-threads").is_some() {
            element.set_property("max-threads", 1i32);
        }
    });
}

/// Reads the clock of the thread that hands over the decoded buffers, each time that it does. The decoder works in that one
/// thread; see [`watch_decoder`].
fn count_processor_time(sink: &AppSink, shared: &Arc<Shared>) {
    let Some(pad) = sink.static_pad("sink") else { return };
    let shared = Arc::clone(shared);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        shared.processor_nanos.store(processor::of_thread().0, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
}

/// The time line that the time stamps of a container's samples lie on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeLine {
    /// The time stamps are presentation times already. Matroska's demultiplexer may open with a segment that starts at the
    /// first picture and go on with one that starts at zero; following it would move that one picture.
    Stamps,
    /// Time stamps count from anywhere, or through edit lists: the segment says where they lie.
    Segment,
}

impl TimeLine {
    fn place(
        self,
        segment: &gst::FormattedSegment<gst::ClockTime>,
        time: gst::ClockTime,
    ) -> Option<PtsNanos> {
        let placed = match self {
            Self::Stamps => Some(time),
            Self::Segment => segment.to_running_time(time),
        };
        placed.map(|t| PtsNanos(t.nseconds()))
    }

    /// The presentation time of a sample, from the start of the recording.
    pub(super) fn start_of(self, sample: &gst::Sample) -> Option<PtsNanos> {
        self.place(sample.segment()?.downcast_ref::<gst::ClockTime>()?, sample.buffer()?.pts()?)
    }

    /// Where the container says that the stream ends.
    pub(super) fn end_of_segment(self, sample: &gst::Sample) -> Option<PtsNanos> {
        let segment = sample.segment()?.downcast_ref::<gst::ClockTime>()?;
        self.place(segment, segment.stop()?)
    }
}
