//! Burns a small line of text, or a few where the picture is narrow, into the luma plane, at the bottom right, or at the
//! bottom left where that is quieter.

use font8x8::legacy::BASIC_LEGACY;

use crate::model::{Frame, FrameSize};

/// Rows and columns of a glyph of the font.
const GLYPH: usize = 8;

/// A letter is about this part of the picture's height.
const LETTERS_PER_HEIGHT: usize = 60;

/// How far a pixel of a letter moves away from the brightness around it: visible when looked for, and no more.
const SHIFT: u8 = 28;

/// Around a letter whose mean is below this the picture counts as dark.
const MIDDLE: u64 = 128;

/// The text goes to the left where that has less than this share of the detail that it would lie over on the right.
const QUIETER: (u64, u64) = (3, 4);

/// Text of which no more fits into the picture begins with this.
const CUT: &[u8] = b"..";

/// A text for pictures of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    text: Vec<u8>,
    size: FrameSize,
    corner: Corner,
    letters: Vec<Letter>,
}

/// Where the text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Corner {
    Right,
    Left,
}

/// One letter: its box, and the runs of pixels that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    x: usize,
    y: usize,
    side: usize,
    /// Row in the picture, first column and end column.
    runs: Vec<(usize, usize, usize)>,
}

impl Watermark {
    /// Lays the text out. Letters outside printable ASCII become `?`. Where it is wider than the picture, it is broken
    /// between words, or within one that is wider itself; where the lines are more than have room, the last are kept and
    /// begin with two dots; where not even one letter fits, nothing is drawn.
    #[must_use]
    pub fn new(text: &str, size: FrameSize) -> Self {
        let printable = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
        // All of them are ASCII now, so that a letter is a byte.
        let text: Vec<u8> = text.chars().map(printable).collect::<String>().into_bytes();
        Self::lay_out(text, size, Corner::Right)
    }

    fn lay_out(text: Vec<u8>, size: FrameSize, corner: Corner) -> Self {
        let scale = (size.height() + LETTERS_PER_HEIGHT * GLYPH / 2) / (LETTERS_PER_HEIGHT * GLYPH);
        let scale = scale.max(1);
        let (side, margin) = (GLYPH * scale, GLYPH * scale / 2);
        let letters_in = |length: usize| length.saturating_sub(2 * margin) / side;
        let lines = fitted(wrapped(&text, letters_in(size.width())), letters_in(size.height()));
        let mut letters = Vec::new();
        for (below, line) in lines.iter().rev().enumerate() {
            let left = match corner {
                Corner::Right => size.width().saturating_sub(margin + line.len() * side),
                Corner::Left => margin,
            };
            let top = size.height().saturating_sub(margin + (below + 1) * side);
            let line = line.iter().enumerate();
            letters.extend(line.map(|(n, byte)| Letter::new(*byte, left + n * side, top, scale)));
        }
        Self { text, size, corner, letters }
    }

    /// Chooses the side where the text covers less of the picture's detail: it can be read better there, and hides
    /// less. Call once, with the first picture of a recording.
    pub fn choose_corner(&mut self, frame: &Frame) {
        let other = Self::lay_out(self.text.clone(), self.size, Corner::Left);
        let (share, whole) = QUIETER;
        if frame.size() == self.size && other.detail_under(frame) * whole < self.detail_under(frame) * share {
            *self = other;
        }
    }

    /// Sum of the squared differences between neighbouring pixels under the text, across and down: edges count, noise
    /// does not.
    fn detail_under(&self, frame: &Frame) -> u64 {
        let [luma, ..] = frame.planes();
        let mut sum = 0;
        for letter in &self.letters {
            let row = |y: usize| luma.row(y).get(letter.x..letter.x + letter.side).unwrap_or_default();
            for y in letter.y..letter.y + letter.side {
                let across = row(y).iter().zip(row(y).iter().skip(1));
                let down = row(y).iter().zip(row((y + 1).min(luma.height.saturating_sub(1))));
                sum += across.chain(down).map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>();
            }
        }
        sum
    }

    /// Draws the text. Pixels outside its letters, and all colour, stay as they are.
    pub fn apply(&self, frame: &mut Frame) {
        if frame.size() != self.size {
            return Self::lay_out(self.text.clone(), frame.size(), self.corner).apply(frame);
        }
        let stride = frame.size().stride_y();
        let [luma, ..] = frame.planes_mut();
        for letter in &self.letters {
            let dark = letter.is_dark(luma.data, stride);
            for (y, from_x, to_x) in &letter.runs {
                for pixel in luma.data.get_mut(y * stride + from_x..y * stride + to_x).unwrap_or_default() {
                    *pixel = if dark { pixel.saturating_add(SHIFT) } else { pixel.saturating_sub(SHIFT) };
                }
            }
        }
    }
}

/// Lines of at most `room` letters.
fn wrapped(text: &[u8], room: usize) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    if room == 0 {
        return lines;
    }
    for word in text.split(|byte| *byte == b' ') {
        match lines.last_mut().filter(|line| line.len() + 1 + word.len() <= room) {
            Some(line) => {
                line.push(b' ');
                line.extend(word);
            }
            None => lines.extend(word.chunks(room).map(<[u8]>::to_vec)),
        }
    }
    lines
}

/// The last lines, as many as have room.
fn fitted(mut lines: Vec<Vec<u8>>, room: usize) -> Vec<Vec<u8>> {
    let over = lines.len().saturating_sub(room);
    lines.drain(..over);
    if let Some(first) = lines.first_mut().filter(|_| over > 0) {
        first.iter_mut().zip(CUT).for_each(|(letter, dot)| *letter = *dot);
    }
    lines
}

impl Letter {
    fn new(byte: u8, x: usize, y: usize, scale: usize) -> Self {
        let glyph = BASIC_LEGACY.get(usize::from(byte)).copied().unwrap_or_default();
        let mut runs = Vec::new();
        for (line, bits) in glyph.iter().enumerate() {
            // The lowest bit is the leftmost column.
            for column in (0..GLYPH).filter(|column| bits >> column & 1 == 1) {
                let from_x = x + column * scale;
                runs.extend((0..scale).map(|k| (y + line * scale + k, from_x, from_x + scale)));
            }
        }
        Self { x, y, side: GLYPH * scale, runs }
    }

    fn is_dark(&self, luma: &[u8], stride: usize) -> bool {
        let rows = (self.y..self.y + self.side).map(|y| y * stride + self.x);
        let sum: u64 = rows
            .flat_map(|at| luma.get(at..at + self.side).unwrap_or(&[]))
            .map(|pixel| u64::from(*pixel))
            .sum();
        sum < MIDDLE * (self.side * self.side) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ColorMatrix, Colorimetry, FramePool, PtsNanos};

    fn frame(width: usize, height: usize, luma: impl Fn(usize, usize) -> u8) -> Frame {
        let colour = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };
        let size = FrameSize::rounded_up(width, height);
        let mut frame = FramePool::new(size, 1).take(0, PtsNanos(0), colour);
        for (at, byte) in frame.bytes_mut().iter_mut().enumerate() {
            *byte = luma(at % size.stride_y(), at / size.stride_y());
        }
        frame
    }

    /// Reads the text back out of the difference of two pictures.
    fn read_back(before: &Frame, after: &Frame, letters: usize, scale: usize) -> String {
        let size = before.size();
        let left = size.width() - GLYPH * scale / 2 - letters * GLYPH * scale;
        let top = size.height() - GLYPH * scale * 3 / 2;
        let changed = |x: usize, y: usize| before.planes()[0].row(y)[x] != after.planes()[0].row(y)[x];
        let glyph = |n: usize| -> [u8; 8] {
            std::array::from_fn(|line| {
                (0..8).map(|c| u8::from(changed(left + (n * 8 + c) * scale, top + line * scale)) << c).sum()
            })
        };
        let letter = |n| (b' '..=b'~').find(|b| BASIC_LEGACY[usize::from(*b)] == glyph(n)).unwrap();
        (0..letters).map(|n| char::from(letter(n))).collect()
    }

    #[test]
    fn the_text_can_be_read_and_nothing_else_changes() {
        for (width, height, scale) in [(320, 240, 1), (1280, 720, 2), (1920, 1080, 2)] {
            let picture = || frame(width, height, |x, y| u8::try_from(40 + (x + y) % 160).unwrap());
            let (before, mut after) = (picture(), picture());
            let text = "RSV3 e7: de-identified\u{e9}";
            Watermark::new(text, before.size()).apply(&mut after);
            assert_eq!(read_back(&before, &after, 23, scale), "RSV3 e7: de-identified?");
            let set: u32 = "RSV3 e7: de-identified?"
                .bytes()
                .map(|b| BASIC_LEGACY[usize::from(b)].iter().map(|r| r.count_ones()).sum::<u32>())
                .sum();
            let pairs = before.bytes().iter().zip(after.bytes());
            let changed = pairs.clone().filter(|(a, b)| a != b).count();
            assert!(changed <= set as usize * scale * scale);
            assert!(pairs.into_iter().all(|(a, b)| a.abs_diff(*b) <= SHIFT));
        }
    }

    #[test]
    fn letters_are_brighter_on_dark_and_darker_on_bright() {
        let mut picture = frame(640, 360, |x, _| if x < 604 { 20 } else { 230 });
        Watermark::new("HHHHHHHHHH", picture.size()).apply(&mut picture);
        let row = picture.planes()[0].row(360 - 8)[540..].to_vec();
        assert!(row.contains(&48) && row.contains(&202), "{row:?}");
        assert!(row.iter().all(|v| [20, 48, 230, 202].contains(v)), "{row:?}");
    }

    #[test]
    fn long_text_is_broken_and_tiny_pictures_get_what_fits() {
        let (before, mut after) = (frame(80, 64, |_, _| 90), frame(80, 64, |_, _| 90));
        Watermark::new("recording 0123456", before.size()).apply(&mut after);
        assert_eq!(read_back(&before, &after, 7, 1), "0123456");
        let line = |y: usize| before.planes()[0].row(y) != after.planes()[0].row(y);
        assert!((44..52).any(line), "the first word above it");
        let lines = |text: &str, across: usize, down: usize| -> Vec<String> {
            let lines = fitted(wrapped(text.as_bytes(), across), down);
            lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect()
        };
        assert_eq!(
            lines("DE-IDENTIFIED HQUALIMP plenary 475e5c94", 21, 9),
            ["DE-IDENTIFIED", "HQUALIMP plenary", "475e5c94"]
        );
        assert_eq!(lines("DE-IDENTIFIED TRAIN", 6, 9), ["DE-IDE", "NTIFIE", "D", "TRAIN"]);
        assert_eq!(lines("DE-IDENTIFIED TRAIN", 6, 3), ["..IFIE", "D", "TRAIN"]);
        for (width, height) in [(2, 2), (8, 8), (15, 40), (400, 10)] {
            let (before, mut after) = (frame(width, height, |_, _| 9), frame(width, height, |_, _| 9));
            Watermark::new("text", before.size()).apply(&mut after);
            assert!(before.bytes() == after.bytes() || width == 15, "{width}x{height}");
        }
    }

    #[test]
    fn the_text_stands_where_less_is_going_on() {
        let (busy, quiet) = (|x: usize, y: usize| if (x + y / 3) % 4 < 2 { 60 } else { 180 }, 90);
        for right_is_busy in [true, false] {
            let picture =
                || frame(640, 360, |x, y| if (x >= 320) == right_is_busy { busy(x, y) } else { quiet });
            let (before, mut after) = (picture(), picture());
            let mut watermark = Watermark::new("de-identified", before.size());
            watermark.choose_corner(&before);
            watermark.apply(&mut after);
            let changed =
                |x: usize| (0..360).any(|y| before.planes()[0].row(y)[x] != after.planes()[0].row(y)[x]);
            assert_eq!((0..320).any(changed), right_is_busy);
            assert_eq!((320..640).any(changed), !right_is_busy);
        }
    }

    #[test]
    fn a_picture_of_another_size_gets_its_own_layout() {
        let (before, mut after) = (frame(320, 240, |_, _| 90), frame(320, 240, |_, _| 90));
        Watermark::new("abc", FrameSize::rounded_up(1280, 720)).apply(&mut after);
        assert_eq!(read_back(&before, &after, 3, 1), "abc");
    }
}
