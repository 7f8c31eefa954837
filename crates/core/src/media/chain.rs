//! The elements behind a decoder, up to the sink that samples are taken from.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSink;

use super::damage::Damage;
use super::error::MediaError;
use crate::processor;

/// The stream that a pipeline decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Picture,
    Sound,
}

impl StreamKind {
    pub(super) fn pad_prefix(self) -> &'static str {
        match self {
            Self::Picture => "video",
            Self::Sound => "audio",
        }
    }
}

/// Makes an element, or names the plug-in that is missing.
pub(super) fn make(factory: &str) -> Result<gst::Element, MediaError> {
    gst::ElementFactory::make(factory)
        .build()
        .map_err(|_e| MediaError::MissingPlugin { what: format!("the GStreamer element `{factory}`") })
}

/// Ends a stream that is not wanted in a sink of its own.
pub(super) fn discard(pipeline: &gst::Pipeline, pad: &gst::Pad) -> Result<(), MediaError> {
    let sink =
        gst::ElementFactory::make("fakesink").property("sync", false).property("async", false).build()?;
    pipeline.add(&sink)?;
    sink.sync_state_with_parent()?;
    let sink_pad =
        sink.static_pad("sink").ok_or_else(|| MediaError::Framework("a sink has no pad".to_owned()))?;
    pad.link(&sink_pad).map_err(|e| MediaError::Framework(e.to_string()))?;
    Ok(())
}

/// What is known of one stream.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) chosen: AtomicBool,
    pub(super) all_known: AtomicBool,
    pub(super) failure: Mutex<Option<String>>,
    pub(super) missing: Mutex<Option<String>>,
    pub(super) processor_nanos: AtomicU64,
    pub(super) newer_codec: AtomicBool,
    pub(super) damage: Damage,
}

impl Shared {
    pub(super) fn note(slot: &Mutex<Option<String>>, text: String) {
        if let Ok(mut slot) = slot.lock() {
            slot.get_or_insert(text);
        }
    }

    pub(super) fn read(slot: &Mutex<Option<String>>) -> Option<String> {
        slot.lock().ok().and_then(|slot| slot.clone())
    }
}

/// The elements behind a decoder, in their pipeline, and what is known of the stream.
pub(super) struct Chain {
    pub(super) first: Option<gst::Element>,
    pub(super) sink: AppSink,
    pub(super) shared: Arc<Shared>,
}

/// Leads a decoded stream into a chain.
pub(super) struct ChainLink {
    kind: StreamKind,
    first: Option<gst::Element>,
    shared: Arc<Shared>,
    refuse: fn(&gst::Caps) -> Option<String>,
}

impl Chain {
    /// `head` and `tail` are the elements before the sink, in order.
    pub(super) fn new(
        pipeline: &gst::Pipeline,
        head: &[gst::Element],
        tail: &[gst::Element],
        sink_caps: &gst::Caps,
    ) -> Result<Self, MediaError> {
        let sink = AppSink::builder().caps(sink_caps).sync(false).max_buffers(2).build();
        pipeline.add_many(head)?;
        pipeline.add_many(tail)?;
        pipeline.add(&sink)?;
        let chain: Vec<&gst::Element> = head.iter().chain(tail).chain([sink.upcast_ref()]).collect();
        gst::Element::link_many(&chain)?;
        let (first, shared) = (chain.first().copied().cloned(), Arc::new(Shared::default()));
        count_processor_time(&sink, &shared);
        Ok(Self { first, sink, shared })
    }

    pub(super) fn link_for(&self, kind: StreamKind, refuse: fn(&gst::Caps) -> Option<String>) -> ChainLink {
        ChainLink { kind, first: self.first.clone(), shared: Arc::clone(&self.shared), refuse }
    }

    /// Set once all streams of the source are known.
    pub(super) fn all_known(&self) -> impl Fn() + Send + Sync + use<> {
        let shared = Arc::clone(&self.shared);
        move || shared.all_known.store(true, Ordering::Release)
    }
}

impl ChainLink {
    /// Takes the first stream of its kind; false where it is for somebody else.
    pub(super) fn take(&self, pad: &gst::Pad, caps: &gst::Caps) -> bool {
        let is_wanted = caps.structure(0).is_some_and(|s| s.name().starts_with(self.kind.pad_prefix()));
        if !is_wanted || self.shared.chosen.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.lead(pad, caps)
    }

    /// Leads a decoded stream into the chain, unless it is refused.
    pub(super) fn lead(&self, pad: &gst::Pad, caps: &gst::Caps) -> bool {
        if let Some(reason) = (self.refuse)(caps) {
            Shared::note(&self.shared.failure, reason);
            return false;
        }
        let sink = self.first.as_ref().and_then(|element| element.static_pad("sink"));
        if !matches!(sink.map(|sink| pad.link(&sink)), Some(Ok(_))) {
            Shared::note(
                &self.shared.failure,
                "its decoded stream is of a kind that cannot be used".to_owned(),
            );
        }
        true
    }
}

/// Reads the clock of the thread that hands over the decoded buffers, each time that it does. The decoder works in that
/// one thread: `demux` gives it no others.
fn count_processor_time(sink: &AppSink, shared: &Arc<Shared>) {
    let Some(pad) = sink.static_pad("sink") else { return };
    let shared = Arc::clone(shared);
    pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
        shared.processor_nanos.store(processor::of_thread().0, Ordering::Relaxed);
        gst::PadProbeReturn::Ok
    });
}
