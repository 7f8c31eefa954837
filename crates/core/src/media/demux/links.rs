//! How a demuxer, a decoder and the chain behind them find one another while a recording is opened.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use gstreamer as gst;
use gstreamer::prelude::*;

use crate::media::chain::{ChainLink, Shared, StreamKind, discard};
use crate::media::damage;

/// The one stream that is wanted goes to the decoder, every other into a sink that throws it away.
pub(super) fn connect_demuxer(
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
        if wanted && state.all_known.load(Ordering::Acquire) {
            let what = "its streams change in the middle: another one takes over, as where two recordings were joined; split it there";
            Shared::note(&state.failure, what.to_owned());
        }
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

/// What the decoder gives goes into the chain behind it; what it cannot decode is noted.
pub(super) fn connect_decoder(decoder: &gst::Element, link: ChainLink, shared: &Arc<Shared>) {
    decoder.connect_pad_added(move |_, pad| {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        // What it refuses stops the run: the chain keeps the reason.
        link.lead(pad, &caps);
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

/// One decoder thread: the detector's workers need the cores, and frame threads only add delay (measured). And which
/// codec it is.
pub(super) fn watch_decoder(pipeline: &gst::Pipeline, shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    pipeline.connect_deep_element_added(move |_, _, element| {
        let Some(name) = element.factory().map(|f| f.name()) else { return };
        if NEWER.iter().any(|word| name.contains(word)) {
            shared.newer_codec.store(true, Ordering::Relaxed);
        }
        if name.starts_with("avdec_") && element.find_property("max-threads").is_some() {
            element.set_property("max-threads", 1i32);
        }
        let shared = Arc::clone(&shared);
        damage::watch(element, move |packet| shared.damage.goes_in(packet));
    });
}
