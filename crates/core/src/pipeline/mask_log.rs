//! What was hidden in each picture, in a file without a name beside the output: memory does not grow with the recording.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};

use super::output::{OutputError, scratch_beside};
use crate::model::FrameMasks;

/// More than a picture's masks take: as many as a tracker follows at most, each a polygon.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// What each frame's masks were, a line a frame; the self-check compares the finished pictures with it.
#[derive(Debug)]
pub(super) struct MaskLog {
    file: File,
    out: BufWriter<File>,
    frames: u64,
}

impl MaskLog {
    /// An empty one in the folder of the output.
    ///
    /// # Errors
    /// [`OutputError`] where no file can be made there.
    pub(super) fn beside(output: &File) -> Result<Self, OutputError> {
        let file = scratch_beside(output)?;
        let out = BufWriter::new(file.try_clone()?);
        Ok(Self { file, out, frames: 0 })
    }

    /// Adds the masks of the next frame.
    ///
    /// # Errors
    /// [`OutputError`] where the disk is full.
    pub(super) fn push(&mut self, masks: &FrameMasks) -> Result<(), OutputError> {
        serde_json::to_writer(&mut self.out, masks).map_err(io::Error::from)?;
        self.out.write_all(b"\n")?;
        self.frames += 1;
        Ok(())
    }

    /// How many frames are in it.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// From the first frame on. One at a time: all read from one place in the file.
    ///
    /// # Errors
    /// [`OutputError`] where it cannot be read.
    pub(super) fn read(&mut self) -> Result<MaskReader<'_>, OutputError> {
        self.out.flush()?;
        let mut file = &self.file;
        file.rewind()?;
        Ok(MaskReader { lines: BufReader::new(file), left: self.frames })
    }
}

/// Reads a [`MaskLog`], frame by frame.
#[derive(Debug)]
pub(super) struct MaskReader<'a> {
    lines: BufReader<&'a File>,
    left: u64,
}

impl MaskReader<'_> {
    /// The masks of the next frame; `None` behind the last.
    ///
    /// # Errors
    /// [`OutputError`] where the file is not as it was written.
    pub(super) fn next_frame(&mut self) -> Result<Option<FrameMasks>, OutputError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut line = Vec::new();
        (&mut self.lines).take(MAX_LINE_BYTES).read_until(b'\n', &mut line)?;
        Ok(Some(serde_json::from_slice(&line).map_err(io::Error::from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BoxPx, EllipsePx, Mask, MaskArea, MaskSource, PointPx, PtsNanos, TrackId};
    use crate::pipeline::output::PendingFile;

    fn masks(seq: u64) -> FrameMasks {
        let at = seq as f32 / 3.0;
        let bbox = BoxPx { x0: at, y0: 1.0 / 7.0, x1: at + 10.1, y1: 33.3 };
        let mask = |area, score| Mask { track: TrackId(7), area, source: MaskSource::Held, score };
        let corners = [(0.1, 2.7), (9.9, at), (5.5, 8.8)].map(|(x, y)| PointPx { x, y });
        let drawn = vec![
            mask(MaskArea::Ellipse(EllipsePx::inscribed(&bbox)), Some(0.123_456_79)),
            mask(MaskArea::Polygon(corners.to_vec()), None),
            mask(MaskArea::WholeFrame, None),
        ];
        FrameMasks {
            keep_clear: vec![MaskArea::Box(bbox)],
            ..FrameMasks::new(seq, PtsNanos(seq * 40), drawn)
        }
    }

    #[test]
    fn what_was_hidden_comes_back_to_the_last_bit_and_as_often_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let output = PendingFile::create(&folder.path().join("out.mp4"), false).unwrap();
        let mut log = MaskLog::beside(output.file()).unwrap();
        (0..400).for_each(|seq| log.push(&masks(seq)).unwrap());
        assert_eq!(log.frames(), 400);
        for _ in 0..2 {
            let mut reader = log.read().unwrap();
            (0..400).for_each(|seq| assert_eq!(reader.next_frame().unwrap(), Some(masks(seq))));
            assert_eq!(reader.next_frame().unwrap(), None);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no log has a name");
    }

    #[test]
    fn a_log_that_was_cut_is_an_error_and_not_a_picture_without_masks() {
        let folder = tempfile::tempdir().unwrap();
        let output = PendingFile::create(&folder.path().join("out.mp4"), false).unwrap();
        let mut log = MaskLog::beside(output.file()).unwrap();
        (0..2).for_each(|seq| log.push(&masks(seq)).unwrap());
        log.out.flush().unwrap();
        let length = log.file.metadata().unwrap().len();
        log.file.set_len(length - 9).unwrap();
        let mut reader = log.read().unwrap();
        assert_eq!(reader.next_frame().unwrap(), Some(masks(0)));
        assert!(reader.next_frame().is_err());
        assert_eq!(reader.next_frame().unwrap(), None);
    }
}
