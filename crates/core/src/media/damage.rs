//! Which pictures a decoder made up in part. It conceals what it cannot decode and hands the picture on like any other:
//! only its log says so.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

/// The category under which the decoders of libav write, and what they write for each picture in which macroblocks are
/// made up ("concealing 2620 DC, 2620 AC, 2620 MV errors in B frame"), whichever codec of the MPEG family it is.
const CATEGORY: &str = "libav";
const CONCEALS: &str = "concealing ";

/// Pictures that decoders of this process have made up in part.
static CONCEALED: AtomicU64 = AtomicU64::new(0);

/// Key pictures that wait between decoder and sink at most; a decoder holds back some sixteen pictures.
const MAX_WAITING: usize = 1024;

/// Begins to listen to the decoders' log, once. It is not printed, but where `GST_DEBUG` asks for it.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if std::env::var_os("GST_DEBUG").is_none() {
            gst::log::remove_default_log_function();
        }
        gst::log::set_threshold_for_name(CATEGORY, gst::DebugLevel::Info);
        gst::log::add_log_function(|category, _, _, _, _, _, message| {
            if category.name() == CATEGORY && message.get().is_some_and(|text| text.starts_with(CONCEALS)) {
                CONCEALED.fetch_add(1, Ordering::Relaxed);
            }
        });
    });
}

/// Which pictures of one stream are damaged: all from one that was made up in part until the next key picture, since
/// they are made of it.
#[derive(Debug)]
pub(super) struct Damage(Mutex<Keys>);

#[derive(Debug)]
struct Keys {
    /// Times of key pictures that went into the decoder, and how many pictures had been made up by then.
    waiting: VecDeque<(gst::ClockTime, u64)>,
    /// Had been made up when the latest key picture that came out went in.
    before: u64,
}

impl Default for Damage {
    fn default() -> Self {
        let before = CONCEALED.load(Ordering::Relaxed);
        Self(Mutex::new(Keys { waiting: VecDeque::new(), before }))
    }
}

impl Damage {
    /// A packet goes into the decoder.
    pub(super) fn goes_in(&self, packet: &gst::BufferRef) {
        let Some(pts) = packet.pts().filter(|_| !packet.flags().contains(gst::BufferFlags::DELTA_UNIT))
        else {
            return;
        };
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.waiting.len() < MAX_WAITING {
            keys.waiting.push_back((pts, CONCEALED.load(Ordering::Relaxed)));
        }
    }

    /// Whether a picture that came out is damaged, or may be: the decoder is some pictures ahead.
    pub(super) fn is_in(&self, picture: &gst::BufferRef) -> bool {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((_, before)) =
            keys.waiting.pop_front_if(|(key, _)| picture.pts().is_some_and(|pts| *key <= pts))
        {
            keys.before = before;
        }
        CONCEALED.load(Ordering::Relaxed) > keys.before
    }
}

/// Watches what goes into a decoder of pictures.
pub(super) fn watch(decoder: &gst::Element, damage: impl Fn(&gst::BufferRef) + Send + Sync + 'static) {
    let is_of_pictures = decoder.metadata("klass").is_some_and(|class| class.contains("Video"));
    if let Some(pad) = decoder.static_pad("sink").filter(|_| is_of_pictures) {
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            info.buffer().into_iter().for_each(|buffer| damage(buffer));
            gst::PadProbeReturn::Ok
        });
    }
}
