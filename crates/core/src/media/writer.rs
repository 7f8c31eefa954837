//! Encoding and muxing: one picture stream and at most one sound stream into an MP4 file that is built new.

use std::fs::File;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use gstreamer_video as gst_video;

use super::bitrate::RateLimit;
use super::demux::make;
use super::encoder;
use super::error::MediaError;
use super::input::descriptor_location;
use super::nal;
use super::picture::PictureFormat;
use super::sound::SoundSpec;
use crate::model::{DurationNanos, Frame, PtsNanos, Speed, VideoCodec};

/// Pictures that may wait in front of the encoder.
const QUEUED_PICTURES: u64 = 1;

/// Bytes of sound that may wait in front of the encoder: about four seconds of stereo, because the muxer takes turns.
const QUEUED_SOUND_BYTES: u64 = 4 << 20;

/// How long the muxer may take to finish the file once everything was sent.
const FINISH_LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(120);

/// How the output is encoded.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// Picture codec.
    pub codec: VideoCodec,
    /// Encoder effort.
    pub speed: Speed,
    /// Constant quality, x264's scale.
    pub quality: u8,
    /// The most, or what is aimed at, in bits; only x264 heeds it.
    pub rate: Option<RateLimit>,
    /// Units per second of the output's time stamps; those of the input keep its times exactly.
    pub timescale: u32,
    /// Rate and channels of the sound, where there is any.
    pub sound: Option<SoundSpec>,
}

/// A file that is being written. Pictures and sound go in through their own inputs, from threads of their own.
#[derive(Debug)]
pub struct Writer {
    pipeline: gst::Pipeline,
    picture: AppSrc,
    sound: Option<AppSrc>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Failing to stop leaves nothing to do: an unfinished file is never given a name.
        let _ = self.pipeline.set_state(gst::State::Null);
    }
}

impl Writer {
    /// Starts writing to an open file.
    ///
    /// # Errors
    /// [`MediaError::MissingPlugin`] where an encoder is not installed.
    pub fn start(file: &File, format: &PictureFormat, settings: &WriterSettings) -> Result<Self, MediaError> {
        let pipeline = gst::Pipeline::new();
        let muxer = make("mp4mux")?;
        // A multiple of the picture's own scale, fine enough to place the sound.
        let fine = settings.timescale.saturating_mul(10_000u32.div_ceil(settings.timescale.max(1)));
        muxer.set_property("movie-timescale", fine);
        let sink = gst::ElementFactory::make("filesink")
            .property("location", descriptor_location(file))
            .property("async", false)
            .build()?;
        pipeline.add_many([&muxer, &sink])?;
        muxer.link(&sink)?;
        let picture = picture_branch(&pipeline, &muxer, format, settings)?;
        let sound = settings.sound.map(|spec| sound_branch(&pipeline, &muxer, spec)).transpose()?;
        pipeline.set_state(gst::State::Playing)?;
        Ok(Self { pipeline, picture, sound })
    }

    /// Where pictures go in.
    pub fn picture_input(&self) -> PictureInput {
        PictureInput { source: self.picture.clone() }
    }

    /// Where sound goes in.
    pub fn sound_input(&self, spec: SoundSpec, start: PtsNanos) -> Option<SoundInput> {
        self.sound.clone().map(|source| SoundInput { source, spec, start, frames: 0 })
    }

    /// The encoder's or the disk's complaint, where there is one.
    pub fn failure(&self) -> Option<MediaError> {
        let message = self.pipeline.bus()?.pop_filtered(&[gst::MessageType::Error])?;
        match message.view() {
            gst::MessageView::Error(error) => Some(describe(&error.error())),
            _ => None,
        }
    }

    /// Stops writing at once; whoever waits in `push` gets an error.
    pub fn abort(&self) {
        // Nothing is left to do where even stopping fails: the file never gets a name.
        let _ = self.pipeline.set_state(gst::State::Null);
    }

    /// Waits until everything that was sent is in the file.
    ///
    /// # Errors
    /// [`MediaError::Output`] where the encoder or the disk failed.
    pub fn finish(self) -> Result<(), MediaError> {
        let bus = self.pipeline.bus().ok_or_else(|| MediaError::Framework("no bus".to_owned()))?;
        let done = bus
            .timed_pop_filtered(Some(FINISH_LIMIT), &[gst::MessageType::Eos, gst::MessageType::Error])
            .ok_or_else(|| MediaError::Output("the file was not completed in two minutes".to_owned()))?;
        match done.view() {
            gst::MessageView::Error(error) => Err(describe(&error.error())),
            _ => Ok(()),
        }
    }
}

fn describe(error: &gst::glib::Error) -> MediaError {
    if error.matches(gst::ResourceError::NoSpaceLeft) {
        return MediaError::Output("the disk is full".to_owned());
    }
    MediaError::Output(error.message().to_owned())
}

/// The entrance for pictures.
#[derive(Debug)]
pub struct PictureInput {
    source: AppSrc,
}

impl PictureInput {
    /// Hands over a picture; waits while the encoder is busy. Its memory goes back to the pool afterwards.
    ///
    /// # Errors
    /// [`MediaError::Output`] where the encoder gave up; [`Writer::failure`] says why.
    pub fn push(&self, frame: Frame, duration: DurationNanos) -> Result<(), MediaError> {
        let (pts, size) = (frame.pts, frame.size());
        let mut buffer = gst::Buffer::from_slice(frame.into_bytes());
        let writable =
            buffer.get_mut().ok_or_else(|| MediaError::Framework("a shared new buffer".to_owned()))?;
        writable.set_pts(gst::ClockTime::from_nseconds(pts.0));
        writable.set_duration(gst::ClockTime::from_nseconds(duration.0));
        let strides = [size.stride_y(), size.stride_uv(), size.stride_uv()]
            .map(|stride| i32::try_from(stride).unwrap_or(i32::MAX));
        let (width, height) = (narrow(size.width()), narrow(size.height()));
        gst_video::VideoMeta::add_full(
            writable,
            gst_video::VideoFrameFlags::empty(),
            gst_video::VideoFormat::I420,
            width,
            height,
            &size.plane_offsets(),
            &strides,
        )?;
        send(&self.source, buffer)
    }

    /// Says that no more pictures come.
    pub fn end(&self) {
        // A pipeline that failed already cannot be ended any more; `finish` reports it.
        let _ = self.source.end_of_stream();
    }
}

/// The entrance for sound.
#[derive(Debug)]
pub struct SoundInput {
    source: AppSrc,
    spec: SoundSpec,
    start: PtsNanos,
    frames: u64,
}

impl SoundInput {
    /// Hands over interleaved samples; waits while the encoder is busy.
    ///
    /// # Errors
    /// [`MediaError::Output`] where the encoder gave up.
    pub fn push(&mut self, interleaved: &[f32]) -> Result<(), MediaError> {
        if interleaved.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = interleaved.iter().flat_map(|s| s.to_le_bytes()).collect();
        let frames = interleaved.len() as u64 / u64::from(self.spec.channels.max(1));
        let mut buffer = gst::Buffer::from_slice(bytes);
        if let Some(writable) = buffer.get_mut() {
            let at = |frames: u64| gst::ClockTime::SECOND.mul_div_floor(frames, u64::from(self.spec.rate_hz));
            let (from, to) = (at(self.frames), at(self.frames + frames));
            let start = gst::ClockTime::from_nseconds(self.start.0);
            writable.set_pts(from.map(|t| start + t));
            writable.set_duration(to.zip(from).map(|(to, from)| to - from));
        }
        self.frames += frames;
        send(&self.source, buffer)
    }

    /// Sample frames that were handed over.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Says that no more sound comes.
    pub fn end(&self) {
        // See `PictureInput::end`.
        let _ = self.source.end_of_stream();
    }
}

fn send(source: &AppSrc, buffer: gst::Buffer) -> Result<(), MediaError> {
    source
        .push_buffer(buffer)
        .map(|_| ())
        .map_err(|flow| MediaError::Output(format!("the encoder stopped taking data ({flow:?})")))
}

fn narrow(side: usize) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}

fn fraction((numer, denom): (u32, u32)) -> gst::Fraction {
    let clip = |n: u32| i32::try_from(n).unwrap_or(i32::MAX).max(1);
    gst::Fraction::new(clip(numer), clip(denom))
}

fn picture_branch(
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

fn sound_branch(
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
