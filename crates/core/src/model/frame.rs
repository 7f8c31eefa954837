//! Decoded pictures as 8-bit planar YCbCr 4:2:0, and the pool that lends their memory.
//!
//! ```text
//!  one allocation:  [ Y: stride_y x height ][ U: stride_uv x height/2 ][ V: stride_uv x height/2 ]
//!  width and height are even (odd sources repeat their last column or row);
//!  stride_y is a multiple of 8 and stride_uv = stride_y / 2, so that every row starts on a 4-byte word
//! ```

use std::fmt;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Beside, DurationNanos, PtsNanos, Searched};

/// Size of a picture in pixels, both even, with the plane layout that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSize {
    width: usize,
    height: usize,
}

impl FrameSize {
    /// Rounds both sides up to even numbers. Sides are expected in 1..=16384.
    #[must_use]
    pub fn rounded_up(width: usize, height: usize) -> Self {
        Self { width: width.next_multiple_of(2), height: height.next_multiple_of(2) }
    }

    /// Width in pixels, even.
    pub fn width(self) -> usize {
        self.width
    }

    /// Height in pixels, even.
    pub fn height(self) -> usize {
        self.height
    }

    /// Bytes from one luma row to the next.
    pub fn stride_y(self) -> usize {
        self.width.next_multiple_of(8)
    }

    /// Bytes from one chroma row to the next.
    pub fn stride_uv(self) -> usize {
        self.stride_y() / 2
    }

    /// Byte offsets of the Y, U and V planes.
    pub fn plane_offsets(self) -> [usize; 3] {
        let luma = self.stride_y() * self.height;
        let chroma = self.stride_uv() * (self.height / 2);
        [0, luma, luma + chroma]
    }

    /// Bytes of the whole picture.
    pub fn byte_len(self) -> usize {
        self.stride_y() * self.height * 3 / 2
    }
}

/// What the numbers in the planes mean, as far as converting to RGB needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colorimetry {
    /// Luma runs over 0..=255 (true) or 16..=235 (false).
    pub full_range: bool,
    /// The matrix that made luma and chroma out of RGB.
    pub matrix: ColorMatrix,
}

/// Matrix coefficients of ITU-R BT.601, BT.709 and BT.2020.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMatrix {
    /// Standard definition.
    Bt601,
    /// High definition.
    Bt709,
    /// Ultra high definition, non-constant luminance.
    Bt2020,
}

impl ColorMatrix {
    /// The weights of red and blue in luma (Kr, Kb).
    pub fn kr_kb(self) -> (f32, f32) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }
}

/// One plane of a frame, read only. Rows are `stride` bytes apart, the first `width` bytes of a row are picture.
#[derive(Clone, Copy, Debug)]
pub struct PlaneRef<'a> {
    /// `stride * height` bytes.
    pub data: &'a [u8],
    /// Bytes from row to row.
    pub stride: usize,
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl<'a> PlaneRef<'a> {
    /// Row `y` without its padding; empty outside the plane.
    pub fn row(&self, y: usize) -> &'a [u8] {
        let start = y.saturating_mul(self.stride);
        self.data.get(start..start.saturating_add(self.width)).unwrap_or(&[])
    }
}

/// One plane of a frame, writable.
#[derive(Debug)]
pub struct PlaneMut<'a> {
    /// `stride * height` bytes.
    pub data: &'a mut [u8],
    /// Bytes from row to row.
    pub stride: usize,
    /// Samples in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

/// A decoded picture with its place in the recording.
pub struct Frame {
    /// Position in decode output order, from 0.
    pub seq: u64,
    /// Presentation time, exactly as the container gives it.
    pub pts: PtsNanos,
    /// How long the picture is shown, where the container says so.
    pub duration: Option<DurationNanos>,
    /// From this picture to the end of the picture stream, where the container says where that is.
    pub remaining: Option<DurationNanos>,
    /// Meaning of the sample values.
    pub colour: Colorimetry,
    /// The decoder says that this picture is incomplete.
    pub damaged: bool,
    /// It came from a live source too late to be searched.
    pub late: bool,
    /// Position among those that may be searched, if it is one: of a recording all are, of a live source one in
    /// 75 ms, unless it came late.
    pub turn: Option<u64>,
    /// How it is searched for faces, if it is.
    pub search: Option<Searched>,
    /// What else is looked for in it.
    pub beside: Beside,
    size: FrameSize,
    bytes: PooledBytes,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("seq", &self.seq)
            .field("pts", &self.pts)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Frame {
    /// Size in pixels.
    pub fn size(&self) -> FrameSize {
        self.size
    }

    /// The whole picture, laid out as in the file comment.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes.bytes
    }

    /// The whole picture, writable.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes.bytes
    }

    /// The Y, U and V planes.
    pub fn planes(&self) -> [PlaneRef<'_>; 3] {
        let s = self.size;
        let (luma, chroma) = self.bytes().split_at(s.stride_y() * s.height);
        let (u, v) = chroma.split_at(chroma.len() / 2);
        let half = |data| PlaneRef { data, stride: s.stride_uv(), width: s.width / 2, height: s.height / 2 };
        [PlaneRef { data: luma, stride: s.stride_y(), width: s.width, height: s.height }, half(u), half(v)]
    }

    /// The Y, U and V planes, writable.
    pub fn planes_mut(&mut self) -> [PlaneMut<'_>; 3] {
        let s = self.size;
        let (luma, chroma) = self.bytes.bytes.split_at_mut(s.stride_y() * s.height);
        let (u, v) = chroma.split_at_mut(chroma.len() / 2);
        [
            PlaneMut { data: luma, stride: s.stride_y(), width: s.width, height: s.height },
            PlaneMut { data: u, stride: s.stride_uv(), width: s.width / 2, height: s.height / 2 },
            PlaneMut { data: v, stride: s.stride_uv(), width: s.width / 2, height: s.height / 2 },
        ]
    }

    /// Gives up the picture's memory, for a consumer that returns it to the pool when dropped.
    pub fn into_bytes(self) -> impl AsRef<[u8]> + Send + 'static {
        self.bytes
    }
}

/// Memory that goes back to its pool when dropped.
struct PooledBytes {
    bytes: Vec<u8>,
    home: Sender<Vec<u8>>,
}

impl AsRef<[u8]> for PooledBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for PooledBytes {
    fn drop(&mut self) {
        // A full or closed pool means that the memory is not needed any more.
        drop(self.home.try_send(std::mem::take(&mut self.bytes)));
    }
}

/// Lends picture memory and takes it back, so that a long recording allocates no more than a short one.
#[derive(Clone, Debug)]
pub struct FramePool {
    size: FrameSize,
    home: Sender<Vec<u8>>,
    spare: Arc<Receiver<Vec<u8>>>,
}

impl FramePool {
    /// A pool that keeps at most `keep` spare pictures.
    #[must_use]
    pub fn new(size: FrameSize, keep: usize) -> Self {
        let (home, spare) = bounded(keep);
        Self { size, home, spare: Arc::new(spare) }
    }

    /// Size of the pictures that the pool lends.
    pub fn size(&self) -> FrameSize {
        self.size
    }

    /// A frame whose picture holds arbitrary earlier content: the caller fills all of it.
    pub fn take(&self, seq: u64, pts: PtsNanos, colour: Colorimetry) -> Frame {
        let bytes = self.spare.try_recv().unwrap_or_else(|_| vec![0; self.size.byte_len()]);
        let bytes = PooledBytes { bytes, home: self.home.clone() };
        Frame {
            seq,
            pts,
            duration: None,
            remaining: None,
            colour,
            damaged: false,
            late: false,
            turn: Some(seq),
            search: None,
            beside: Beside::default(),
            size: self.size,
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOUR: Colorimetry = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };

    #[test]
    fn planes_cover_the_picture_without_overlap() {
        let pool = FramePool::new(FrameSize::rounded_up(175, 143), 2);
        let mut frame = pool.take(0, PtsNanos(0), COLOUR);
        assert_eq!((frame.size().width(), frame.size().height()), (176, 144));
        for (value, plane) in (1u8..).zip(frame.planes_mut()) {
            plane.data.fill(value);
        }
        let [y, u, v] = frame.planes();
        assert!(y.row(143).iter().all(|b| *b == 1) && u.row(71).iter().all(|b| *b == 2));
        assert!(v.row(71).len() == 88 && v.row(71).iter().all(|b| *b == 3));
        assert!(y.row(144).is_empty(), "a row outside the plane is empty");
    }

    #[test]
    fn memory_comes_back_to_the_pool() {
        let pool = FramePool::new(FrameSize::rounded_up(16, 16), 1);
        let mut frame = pool.take(0, PtsNanos(0), COLOUR);
        frame.bytes_mut().fill(77);
        drop(frame.into_bytes());
        assert_eq!(pool.take(1, PtsNanos(1), COLOUR).bytes()[0], 77);
    }
}
