//! Decoding the picture: I420 planes with exact presentation times, upright, progressive, in 8 bits.

mod format;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use gstreamer as gst;
use gstreamer_base::BaseTransform;
use gstreamer_base::prelude::*;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

pub use format::PictureFormat;
pub(super) use format::refuse_hdr;

use format::{picture_format, stated_colorimetry, video_info};

use super::chain::{StreamKind, make};
use super::demux::Demux;
use super::error::MediaError;
use super::input::InputFile;
use super::live::Feed;
use super::pace::{Admitted, Pace};
use crate::model::{DurationNanos, Frame, FramePool, PtsNanos};

/// A stream of decoded pictures.
#[derive(Debug)]
pub struct PictureSource {
    demux: Demux,
    format: PictureFormat,
    info: gst_video::VideoInfo,
    pool: FramePool,
    waiting: Option<gst::Sample>,
    next_seq: u64,
    last_pts: Option<PtsNanos>,
    pace: Option<Pace>,
}

impl PictureSource {
    /// Starts decoding and waits for the first picture. `keep_frames` is how many spare pictures the pool holds.
    ///
    /// # Errors
    /// [`MediaError::Unusable`] where there is no picture or one that would not come out right.
    pub fn start(input: &InputFile, keep_frames: usize, cancel: Arc<AtomicBool>) -> Result<Self, MediaError> {
        let mut demux = match input.feed() {
            Some(feed) => feed.picture(&cancel)?,
            None => Demux::start(input, StreamKind::Picture, &tail()?, &planar_caps(), refuse_hdr, cancel)?,
        };
        let Some(first) = demux.pull()? else {
            if input.feed().is_some_and(Feed::is_stopped) {
                return Err(MediaError::Interrupted);
            }
            return Err(MediaError::Unusable("it has no picture that can be decoded".to_owned()));
        };
        demux.begin_with(&first);
        let info = video_info(&first)?;
        let mut format = picture_format(&info, stated_colorimetry(&first), input.index().full_range)?;
        format.newer_codec = demux.has_newer_codec();
        format.is_live = demux.is_live();
        let pool = FramePool::new(format.size, keep_frames);
        let (waiting, pace) = (Some(first), demux.is_live().then(Pace::default));
        Ok(Self { demux, format, info, pool, waiting, next_seq: 0, last_pts: None, pace })
    }

    /// What all pictures have in common.
    pub fn format(&self) -> &PictureFormat {
        &self.format
    }

    /// Waits until the decoder has the next picture, or has come to the end.
    ///
    /// # Errors
    /// Decoding errors with the time that was reached.
    pub fn wait(&mut self) -> Result<(), MediaError> {
        if self.waiting.is_none() {
            self.waiting = self.demux.pull()?;
        }
        Ok(())
    }

    /// Processor time that the decoder's thread has used so far.
    pub fn decoder_processor_time(&self) -> DurationNanos {
        self.demux.processor_time()
    }

    /// The next picture, or `None` at the end.
    ///
    /// # Errors
    /// Decoding errors with the time that was reached.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, MediaError> {
        let (sample, pts) = loop {
            let Some(sample) = self.waiting.take().map_or_else(|| self.demux.pull(), |s| Ok(Some(s)))? else {
                return Ok(None);
            };
            let time = self.check_time(&sample);
            let Some(pace) = &mut self.pace else { break (sample, time?) };
            match pace.admit(self.last_pts, time.ok()) {
                Admitted::Taken(pts) => break (sample, pts),
                // A camera cannot be asked to mend its clock.
                Admitted::LeftOut => {}
                Admitted::Over => {
                    self.demux.end();
                    return Ok(None);
                }
            }
        };
        match self.check_format(&sample, pts) {
            Err(_) if self.demux.is_live() => {
                self.demux.end();
                return Ok(None);
            }
            checked => checked?,
        }
        let buffer = sample.buffer().ok_or_else(|| MediaError::Framework("an empty sample".to_owned()))?;
        let mut frame = self.pool.take(self.next_seq, pts, self.format.colour);
        frame.duration = buffer.duration().map(|d| DurationNanos(d.nseconds()));
        frame.remaining =
            self.demux.promised_end(&sample).map(|end| end.since(pts)).filter(|left| left.0 > 0);
        frame.damaged = self.demux.is_damaged(buffer);
        if let Some(pace) = &mut self.pace {
            frame.late = self.demux.lag(pts).is_none_or(|lag| pace.is_late(lag));
            frame.turn = pace.turn_of(pts, frame.late);
        }
        self.copy_planes(buffer, &mut frame)?;
        self.next_seq += 1;
        self.last_pts = Some(pts);
        self.demux.reached(pts);
        Ok(Some(frame))
    }

    fn check_time(&self, sample: &gst::Sample) -> Result<PtsNanos, MediaError> {
        let seq = self.next_seq;
        let pts = self
            .demux
            .start_of(sample)
            .ok_or_else(|| MediaError::Unusable(format!("picture {seq} has no presentation time")))?;
        match self.last_pts {
            Some(last) if pts <= last => Err(MediaError::Unusable(format!(
                "its picture times run backwards at {last}; rewrite the file with correct times"
            ))),
            _ => Ok(pts),
        }
    }

    fn check_format(&self, sample: &gst::Sample, pts: PtsNanos) -> Result<(), MediaError> {
        let info = video_info(sample)?;
        if (info.width(), info.height()) == (self.info.width(), self.info.height()) {
            return Ok(());
        }
        Err(MediaError::Unusable(format!("its picture changes size at {pts}; split it there")))
    }

    fn copy_planes(&self, buffer: &gst::BufferRef, frame: &mut Frame) -> Result<(), MediaError> {
        let view = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &self.info)?;
        let (width, height) = self.format.source_size_px;
        for (index, plane) in (0u32..).zip(frame.planes_mut()) {
            let shift = u32::from(index > 0);
            let data = view.plane_data(index)?;
            let stride = view.plane_stride().get(index as usize).copied().unwrap_or(0);
            let stride = usize::try_from(stride)
                .ok()
                .filter(|s| *s > 0)
                .ok_or_else(|| MediaError::Framework("a picture with an unusual layout".to_owned()))?;
            let shown = (width.div_ceil(1 << shift) as usize, height.div_ceil(1 << shift) as usize);
            copy_plane(data, stride, shown, plane.data, plane.stride, (plane.width, plane.height));
        }
        Ok(())
    }
}

/// Copies a plane and repeats its last column and row where the target is larger.
fn copy_plane(
    from: &[u8],
    from_stride: usize,
    (from_w, from_h): (usize, usize),
    to: &mut [u8],
    to_stride: usize,
    (to_w, to_h): (usize, usize),
) {
    let rows = from.chunks(from_stride).take(from_h);
    let last = from.chunks(from_stride).take(from_h).next_back();
    let rows = rows.chain(std::iter::repeat(last.unwrap_or(&[]))).take(to_h);
    for (target, source) in to.chunks_mut(to_stride).zip(rows) {
        let width = from_w.min(to_w).min(source.len()).min(target.len());
        let (Some(target_part), Some(source_part)) = (target.get_mut(..width), source.get(..width)) else {
            continue;
        };
        target_part.copy_from_slice(source_part);
        let edge = source_part.last().copied().unwrap_or(0);
        if let Some(padding) = target.get_mut(width..) {
            padding.fill(edge);
        }
    }
}

/// Turns by the rotation flag, makes interlaced pictures progressive (one picture out per picture in), and converts
/// other chroma formats and bit depths; for ordinary 8-bit 4:2:0 all three hand buffers through untouched.
pub(super) fn tail() -> Result<[gst::Element; 3], MediaError> {
    let flip = make("videoflip")?;
    flip.set_property_from_str("video-direction", "auto");
    // Until a flag tells it to turn, it would copy each picture.
    if let Some(transform) = flip.downcast_ref::<BaseTransform>() {
        transform.set_passthrough(true);
    }
    let deinterlace = make("deinterlace")?;
    deinterlace.set_property_from_str("mode", "auto");
    deinterlace.set_property_from_str("fields", "top");
    let convert = make("videoconvert")?;
    Ok([deinterlace, convert, flip])
}

pub(super) fn planar_caps() -> gst::Caps {
    gst::Caps::builder("video/x-raw").field("format", "I420").build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_and_row_are_repeated() {
        let (from, mut to) = ([1u8, 2, 3, 99, 4, 5, 6, 99], [0u8; 16]);
        copy_plane(&from, 4, (3, 2), &mut to, 4, (4, 4));
        assert_eq!(to, [1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6, 4, 5, 6, 6]);
    }
}
