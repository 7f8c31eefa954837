//! The part of the input pipeline that picture and sound share: source, demultiplexer, decoder, and its failures.
//!
//! Exactly one elementary stream is decoded; every other pad of the demultiplexer ends in a sink that throws it away.

mod links;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use links::{connect_decoder, connect_demuxer, watch_decoder};

use super::chain::{Chain, Shared, StreamKind, make};
use super::error::MediaError;
use super::input::InputFile;
use super::life::{Life, SILENCE_LIMIT};
use super::plugs;
use super::time_line::TimeLine;
use crate::model::{DurationNanos, PtsNanos};

/// How long a decoder may think about one picture before it counts as stuck.
const STALL_LIMIT: Duration = Duration::from_mins(1);

/// How often a waiting reader looks at the bus and at the cancel flag.
const POLL: gst::ClockTime = gst::ClockTime::from_mseconds(50);

/// How long a pipeline may take to stop.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Stops a pipeline that nobody reads any more.
#[derive(Debug)]
struct Running(gst::Pipeline);

impl Drop for Running {
    fn drop(&mut self) {
        // The source for RTSP (GStreamer 1.22) can lock itself up where it closes by itself at the same moment. Whoever
        // failed to stop is left behind: the process goes on without this pipeline.
        let (pipeline, (told, stopped)) = (self.0.clone(), crossbeam_channel::bounded(1));
        let stop = move || {
            let _ = pipeline.set_state(gst::State::Null);
            let _ = told.try_send(());
        };
        if thread::Builder::new().name("stop".to_owned()).spawn(stop).is_ok() {
            let _ = stopped.recv_timeout(STOP_LIMIT);
        }
    }
}

/// One stream of a running input pipeline, which ends in an appsink.
#[derive(Debug)]
pub(super) struct Demux {
    pipeline: Arc<Running>,
    kind: StreamKind,
    life: Option<Arc<Life>>,
    sink: AppSink,
    bus: gst::Bus,
    shared: Arc<Shared>,
    time_line: TimeLine,
    last_pts: PtsNanos,
    cancel: Arc<AtomicBool>,
}

impl Demux {
    /// Starts decoding one stream. `tail` are the elements between the decoder and the sink, in order; `refuse` looks
    /// at the decoder's caps and may name a reason not to go on.
    pub(super) fn start(
        input: &InputFile,
        kind: StreamKind,
        tail: &[gst::Element],
        sink_caps: &gst::Caps,
        refuse: fn(&gst::Caps) -> Option<String>,
        cancel: Arc<AtomicBool>,
    ) -> Result<Self, MediaError> {
        let pipeline = gst::Pipeline::new();
        let source =
            gst::ElementFactory::make("filesrc").property_if_some("location", input.location()).build()?;
        let demuxer = make(input.container().demuxer())?;
        let decoder = make("decodebin")?;
        pipeline.add_many([&source, &demuxer, &decoder])?;
        source.link(&demuxer)?;
        let chain = Chain::new(&pipeline, &[], tail, sink_caps)?;
        let link = chain.link_for(kind, refuse);
        let Chain { sink, shared, .. } = chain;
        connect_demuxer(&pipeline, &demuxer, &decoder, kind, &shared);
        plugs::only_decoders(&decoder);
        connect_decoder(&decoder, link, &shared);
        watch_decoder(&pipeline, &shared);
        let bus = pipeline.bus().ok_or_else(|| MediaError::Framework("a pipeline has no bus".to_owned()))?;
        pipeline.set_state(gst::State::Playing)?;
        let (time_line, last_pts) = (input.container().time_line(), PtsNanos(0));
        let pipeline = Arc::new(Running(pipeline));
        Ok(Self { pipeline, kind, life: None, sink, bus, shared, time_line, last_pts, cancel })
    }

    /// Picture and sound of a live source, whose pipeline is about to run.
    pub(super) fn live(
        pipeline: &gst::Pipeline,
        [pictures, sounds]: [Chain; 2],
        life: &Arc<Life>,
        cancel: &Arc<AtomicBool>,
    ) -> Result<[Self; 2], MediaError> {
        let bus = pipeline.bus().ok_or_else(|| MediaError::Framework("a pipeline has no bus".to_owned()))?;
        watch_decoder(pipeline, &pictures.shared);
        let pipeline = Arc::new(Running(pipeline.clone()));
        let chains = [(StreamKind::Picture, pictures), (StreamKind::Sound, sounds)];
        Ok(chains.map(|(kind, Chain { sink, shared, .. })| Self {
            pipeline: Arc::clone(&pipeline),
            kind,
            life: Some(Arc::clone(life)),
            sink,
            bus: bus.clone(),
            shared,
            time_line: TimeLine::Segment,
            last_pts: PtsNanos(0),
            cancel: Arc::clone(cancel),
        }))
    }

    /// Whether a picture is damaged: a decoder said so, or made up a part of it or of one that it is made of.
    pub(super) fn is_damaged(&self, picture: &gst::BufferRef) -> bool {
        self.shared.damage.is_in(picture) || picture.flags().contains(gst::BufferFlags::CORRUPTED)
    }

    /// The source cannot be asked to wait or to repeat anything.
    pub(super) fn is_live(&self) -> bool {
        self.life.is_some()
    }

    /// Takes nothing more from a live source.
    pub(super) fn end(&self) {
        self.life.iter().for_each(|life| life.end());
    }

    /// How far a sample of a live source lies behind the source's clock.
    pub(super) fn lag(&self, pts: PtsNanos) -> Option<DurationNanos> {
        let (now, life) = (self.pipeline.0.current_running_time()?, self.life.as_ref()?);
        Some(life.since_first_picture(PtsNanos(now.nseconds()))?.since(pts))
    }

    /// The presentation time of a sample, from the start of the recording; of a live source from its first picture on,
    /// and none for what came before.
    pub(super) fn start_of(&self, sample: &gst::Sample) -> Option<PtsNanos> {
        let time = self.time_line.start_of(sample)?;
        self.life.as_ref().map_or(Some(time), |life| life.since_first_picture(time))
    }

    /// Begins the time of a live source with its first picture.
    pub(super) fn begin_with(&self, first: &gst::Sample) {
        if let (Some(life), Some(time)) = (&self.life, self.time_line.start_of(first)) {
            life.begin(time);
        }
    }

    /// The next decoded buffer; `None` at the end. `Ok(None)` before the first one also where the stream does not
    /// exist.
    pub(super) fn pull(&mut self) -> Result<Option<gst::Sample>, MediaError> {
        let began = Instant::now();
        loop {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(MediaError::Interrupted);
            }
            if self.life.as_ref().is_some_and(|life| life.is_over()) {
                return Ok(None);
            }
            if let Some(sample) = self.sink.try_pull_sample(POLL) {
                return Ok(Some(sample));
            }
            if let Err(error) = self.check_bus() {
                return self.end_or(error);
            }
            if self.sink.is_eos() || self.is_absent() {
                return Ok(None);
            }
            if self.is_live() {
                if self.gives_up(began) {
                    return Ok(None);
                }
            } else if began.elapsed() > STALL_LIMIT {
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

    /// Where the container says that the stream of a sample ends. Whoever takes a live source may end it before.
    pub(super) fn promised_end(&self, sample: &gst::Sample) -> Option<PtsNanos> {
        if self.is_live() { None } else { self.time_line.end_of_segment(sample) }
    }

    /// Remembers how far decoding came, for error messages.
    pub(super) fn reached(&mut self, pts: PtsNanos) {
        self.last_pts = pts;
    }

    /// A live source that breaks off has ended: what came before is kept. One that never began is an error.
    fn end_or(&self, error: MediaError) -> Result<Option<gst::Sample>, MediaError> {
        match &self.life {
            Some(life) if self.last_pts > PtsNanos(0) => {
                life.end();
                Ok(None)
            }
            _ => Err(error),
        }
    }

    /// Whether nothing more is waited for from a live source. Without pictures it has ended; a microphone may be silent
    /// for as long as it likes, unless it never said anything.
    fn gives_up(&self, began: Instant) -> bool {
        let is_silent = began.elapsed() > SILENCE_LIMIT;
        match self.kind {
            StreamKind::Picture if is_silent => {
                self.end();
                true
            }
            StreamKind::Picture => false,
            StreamKind::Sound => is_silent && self.last_pts == PtsNanos(0),
        }
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
        if self.is_live() {
            return MediaError::Unusable(format!("the live source cannot be read: {}", error.message()));
        }
        MediaError::Unusable(format!("it cannot be decoded at {}: {}", self.last_pts, error.message()))
    }
}
