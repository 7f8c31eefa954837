//! Encoding and muxing: one picture stream and at most one sound stream into an MP4 file that is built new.

use std::fs::File;
use std::sync::atomic::{AtomicBool, Ordering};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::AppSrc;
use gstreamer_video as gst_video;

use super::bitrate::RateLimit;
use super::branches;
use super::chain::make;
use super::error::MediaError;
use super::input::descriptor_location;
use super::picture::PictureFormat;
use super::sound::SoundSpec;
use crate::model::{DurationNanos, Frame, PtsNanos, Speed, VideoCodec};

/// How long the muxer may take to finish the file once everything was sent.
const FINISH_LIMIT: gst::ClockTime = gst::ClockTime::from_seconds(120);

/// How writing can end. Always asked for together: the bus throws away whatever stands before what it is asked for.
const ENDINGS: [gst::MessageType; 2] = [gst::MessageType::Eos, gst::MessageType::Error];

/// How the output is encoded.
#[derive(Clone, Debug)]
pub struct WriterSettings {
    /// Picture codec.
    pub codec: VideoCodec,
    /// Encoder effort.
    pub speed: Speed,
    /// Constant quality, x264's scale.
    pub quality: u8,
    /// The most, or what is aimed at, in bits; x264 heeds both, an encoder in hardware only a goal.
    pub rate: Option<RateLimit>,
    /// Units per second of the output's time stamps; those of the input keep its times exactly.
    pub timescale: u32,
    /// Rate and channels of the sound, where there is any.
    pub sound: Option<SoundSpec>,
    /// Whether faces are looked for on the same processor meanwhile; only x264 heeds it.
    pub is_beside_detectors: bool,
}

/// A file that is being written. Pictures and sound go in through their own inputs, from threads of their own.
#[derive(Debug)]
pub struct Writer {
    pipeline: gst::Pipeline,
    picture: AppSrc,
    sound: Option<AppSrc>,
    /// The file was seen to be whole: the bus says so only once.
    is_complete: AtomicBool,
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
        let picture = branches::picture(&pipeline, &muxer, format, settings)?;
        let sound = settings.sound.map(|spec| branches::sound(&pipeline, &muxer, spec)).transpose()?;
        pipeline.set_state(gst::State::Playing)?;
        Ok(Self { pipeline, picture, sound, is_complete: AtomicBool::new(false) })
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
        let message = self.pipeline.bus()?.pop_filtered(&ENDINGS)?;
        self.outcome(&message).err()
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
        if self.is_complete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let bus = self.pipeline.bus().ok_or_else(|| MediaError::Framework("no bus".to_owned()))?;
        let late = || MediaError::Output("the file was not completed in two minutes".to_owned());
        let message = bus.timed_pop_filtered(Some(FINISH_LIMIT), &ENDINGS).ok_or_else(late)?;
        self.outcome(&message)
    }

    /// What one of [`ENDINGS`] says.
    fn outcome(&self, message: &gst::Message) -> Result<(), MediaError> {
        if let gst::MessageView::Error(error) = message.view() {
            return Err(describe(&error.error()));
        }
        self.is_complete.store(true, Ordering::Relaxed);
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColorMatrix, Colorimetry, FramePool, FrameSize};

    fn black_clip(file: &File) -> Writer {
        let size = FrameSize::rounded_up(64, 64);
        let format = PictureFormat {
            size,
            source_size_px: (64, 64),
            pixel_aspect: (1, 1),
            newer_codec: false,
            rate: Some((5, 1)),
            is_live: false,
            colour: Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 },
            colorimetry_caps: "bt709".to_owned(),
            chroma_site_caps: "mpeg2",
        };
        let (codec, speed, timescale) = (VideoCodec::X264, Speed::Fastest, 1000);
        let (rate, sound, is_beside_detectors) = (None, None, true);
        let settings =
            WriterSettings { codec, speed, quality: 30, rate, timescale, sound, is_beside_detectors };
        let writer = Writer::start(file, &format, &settings).unwrap();
        let (input, pool) = (writer.picture_input(), FramePool::new(size, 1));
        for seq in 0..3 {
            let frame = pool.take(seq, PtsNanos(seq * 200_000_000), format.colour);
            input.push(frame, DurationNanos::from_millis(200)).unwrap();
        }
        input.end();
        writer
    }

    /// Whoever watches for failures looks once more after the file is whole, where the last stage takes its time to
    /// end.
    #[test]
    fn a_look_for_failures_does_not_lose_the_end() {
        crate::media::start_framework().unwrap();
        let file = tempfile::tempfile().unwrap();
        let writer = black_clip(&file);
        let bus = writer.pipeline.bus().unwrap();
        let end =
            bus.timed_pop_filtered(FINISH_LIMIT, &[gst::MessageType::Eos]).expect("the file is finished");
        bus.post(end).unwrap();
        assert!(writer.failure().is_none());
        assert!(bus.pop_filtered(&ENDINGS).is_none(), "the look has taken the message");
        writer.finish().unwrap();
        assert!(file.metadata().unwrap().len() > 500);
    }
}
