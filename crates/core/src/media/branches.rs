//! Elements between the entrance for pictures or sound and the muxer: encoders, and what is taken out of what they say.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;

use super::chain::make;
use super::encoder;
use super::error::MediaError;
use super::nal;
use super::picture::PictureFormat;
use super::sound::SoundSpec;
use super::writer::WriterSettings;
use crate::model::VideoCodec;

/// Pictures that may wait in front of the encoder.
const QUEUED_PICTURES: u64 = 1;

/// Bytes of sound that may wait in front of the encoder: about four seconds of stereo, because the muxer takes turns.
const QUEUED_SOUND_BYTES: u64 = 4 << 20;

fn fraction((numer, denom): (u32, u32)) -> gst::Fraction {
    let clip = |n: u32| i32::try_from(n).unwrap_or(i32::MAX).max(1);
    gst::Fraction::new(clip(numer), clip(denom))
}

/// The elements for pictures, from the entrance to the muxer.
///
/// # Errors
/// [`MediaError::MissingPlugin`] where an encoder is not installed.
pub(super) fn picture(
    pipeline: &gst::Pipeline,
    muxer: &gst::Element,
    format: &PictureFormat,
    settings: &WriterSettings,
) -> Result<AppSrc, MediaError> {
    let rate = format.rate.map_or(gst::Fraction::new(0, 1), fraction);
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(format.size.width()).unwrap_or(i32::MAX))
        .field("height", i32::try_from(format.size.height()).unwrap_or(i32::MAX))
        .field("framerate", rate)
        .field("pixel-aspect-ratio", fraction(format.pixel_aspect))
        .field("interlace-mode", "progressive")
        .field("colorimetry", format.colorimetry_caps.as_str())
        // The muxer crashes on VP9 without it.
        .field("chroma-site", format.chroma_site_caps)
        .build();
    let source = AppSrc::builder()
        .caps(&caps)
        .format(gst::Format::Time)
        .block(true)
        .max_bytes(0)
        .max_buffers(QUEUED_PICTURES)
        .build();
    let mut chain = vec![source.clone().upcast::<gst::Element>()];
    chain.extend(encoder::chain(settings, format.size)?);
    let pad = connect(pipeline, muxer, &chain, "video_%u")?;
    pad.set_property("trak-timescale", settings.timescale);
    if settings.codec != VideoCodec::Vp9 {
        pad.add_probe(gst::PadProbeType::BUFFER, |_, info| strip_probe(info));
    }
    Ok(source)
}

/// Rewrites an access unit on its way into the file; one that cannot be parsed does not get there.
fn strip_probe(info: &mut gst::PadProbeInfo<'_>) -> gst::PadProbeReturn {
    let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else { return gst::PadProbeReturn::Ok };
    let kept = buffer.map_readable().ok().and_then(|map| nal::keep_allowed(&map));
    // A unit that is held back makes the self-check's count of pictures fail.
    let Some(kept) = kept else { return gst::PadProbeReturn::Handled };
    let mut clean = gst::Buffer::from_slice(kept);
    if let Some(target) = clean.get_mut() {
        let what = gst::BufferCopyFlags::FLAGS | gst::BufferCopyFlags::TIMESTAMPS;
        if buffer.copy_into(target, what, ..).is_err() {
            return gst::PadProbeReturn::Handled;
        }
    }
    *buffer = clean;
    gst::PadProbeReturn::Ok
}

/// The elements for sound, from the entrance to the muxer.
///
/// # Errors
/// [`MediaError::MissingPlugin`] where the encoder is not installed.
pub(super) fn sound(
    pipeline: &gst::Pipeline,
    muxer: &gst::Element,
    spec: SoundSpec,
) -> Result<AppSrc, MediaError> {
    // Front left and right; a single channel has no place, and naming one makes the encoder refuse it.
    let stereo = (spec.channels == 2).then(|| gst::Bitmask::new(0x3));
    let caps = gst::Caps::builder("audio/x-raw")
        .field("format", "F32LE")
        .field("layout", "interleaved")
        .field("rate", i32::try_from(spec.rate_hz).unwrap_or(i32::MAX))
        .field("channels", i32::from(spec.channels))
        .field_if_some("channel-mask", stereo)
        .build();
    let source = AppSrc::builder()
        .caps(&caps)
        .format(gst::Format::Time)
        .block(true)
        .max_bytes(QUEUED_SOUND_BYTES)
        .build();
    let encoder = make("avenc_aac")?;
    encoder.set_property("bitrate", i32::try_from(spec.encoded_bits_per_second()).unwrap_or(144_000));
    let chain = [source.clone().upcast(), make("audioconvert")?, encoder, make("queue")?];
    let pad = connect(pipeline, muxer, &chain, "audio_%u")?;
    pad.add_probe(gst::PadProbeType::BUFFER, |_, info| blank_probe(info));
    Ok(source)
}

/// Blanks the encoder's name, which it writes as text into a fill element of its first packet; decoders skip those.
fn blank_probe(info: &mut gst::PadProbeInfo<'_>) -> gst::PadProbeReturn {
    const NAME: &[u8] = b"Lavc";
    let Some(gst::PadProbeData::Buffer(buffer)) = &mut info.data else { return gst::PadProbeReturn::Ok };
    let start = buffer
        .map_readable()
        .ok()
        .and_then(|packet| packet.windows(NAME.len()).position(|window| window == NAME));
    if let Some(start) = start
        && let Ok(mut packet) = buffer.make_mut().map_writable()
    {
        let text = packet.iter_mut().skip(start);
        text.take_while(|b| b.is_ascii_alphanumeric() || **b == b'.').for_each(|b| *b = 0);
    }
    gst::PadProbeReturn::Ok
}

/// Adds a chain, links it to a new pad of the muxer and lets no tag through.
fn connect(
    pipeline: &gst::Pipeline,
    muxer: &gst::Element,
    chain: &[gst::Element],
    template: &str,
) -> Result<gst::Pad, MediaError> {
    pipeline.add_many(chain)?;
    gst::Element::link_many(chain)?;
    let pad = muxer
        .request_pad_simple(template)
        .ok_or_else(|| MediaError::Framework("the muxer gives no pad".to_owned()))?;
    let last = chain.last().and_then(|element| element.static_pad("src"));
    let last = last.ok_or_else(|| MediaError::Framework("an encoder has no pad".to_owned()))?;
    last.link(&pad).map_err(|e| MediaError::Framework(e.to_string()))?;
    pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, |_, info| match &info.data {
        Some(gst::PadProbeData::Event(event)) if event.type_() == gst::EventType::Tag => {
            gst::PadProbeReturn::Handled
        }
        _ => gst::PadProbeReturn::Ok,
    });
    Ok(pad)
}
