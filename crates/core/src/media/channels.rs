//! Sound of many channels that do not say where their loudspeakers stand, as wave sound in MOV files: the framework
//! mixes only channels whose places it knows.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_audio::AudioChannelPosition;

/// Up to this many channels have places by custom.
const MAX_UNPLACED: i32 = 8;

/// Gives channels without places those that are customary for their number, before `mixer` sees them.
pub(super) fn place(mixer: &gst::Element) {
    let Some(pad) = mixer.static_pad("sink") else { return };
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| {
        let caps = info.event().and_then(|event| match event.view() {
            gst::EventView::Caps(caps) => placed(caps.caps()),
            _ => None,
        });
        if let Some(caps) = caps {
            info.data = Some(gst::PadProbeData::Event(gst::event::Caps::new(&caps)));
        }
        gst::PadProbeReturn::Ok
    });
}

/// Why sound of such a format cannot be mixed.
pub(super) fn refuse(caps: &gst::Caps) -> Option<String> {
    unplaced(caps).filter(|channels| *channels > MAX_UNPLACED).map(|channels| {
        format!("its sound has {channels} channels without places; export it with at most {MAX_UNPLACED}")
    })
}

/// The same format with places; `None` where it needs none.
fn placed(caps: &gst::CapsRef) -> Option<gst::Caps> {
    let mask = AudioChannelPosition::fallback_mask(u32::try_from(unplaced(caps)?).ok()?);
    let mut caps = caps.to_owned();
    caps.make_mut().set("channel-mask", gst::Bitmask::new(mask));
    (mask != 0).then_some(caps)
}

/// The number of channels where there are more than two of them without places.
fn unplaced(caps: &gst::CapsRef) -> Option<i32> {
    let format = caps.structure(0)?;
    let mask = format.get::<gst::Bitmask>("channel-mask").map_or(0, |mask| *mask);
    format.get::<i32>("channels").ok().filter(|channels| *channels > 2 && mask == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(channels: i32, mask: u64) -> gst::Caps {
        gst::init().unwrap();
        gst::Caps::builder("audio/x-raw")
            .field("channels", channels)
            .field("channel-mask", gst::Bitmask::new(mask))
            .build()
    }

    #[test]
    fn only_many_channels_without_places_are_placed() {
        let mask_of = |caps: &gst::Caps| {
            placed(caps).map(|caps| *caps.structure(0).unwrap().get::<gst::Bitmask>("channel-mask").unwrap())
        };
        assert_eq!(mask_of(&caps(6, 0)), Some(0x3f));
        assert_eq!(mask_of(&caps(6, 0x60f)), None);
        assert_eq!(mask_of(&caps(2, 0)), None);
        assert!(refuse(&caps(8, 0)).is_none());
        assert!(refuse(&caps(12, 0)).is_some_and(|words| words.contains("12 channels")));
    }
}
