//! Cuts a long case file into pieces that can be parsed at the same time.
//!
//! A cut is made only before a line that starts an item of the list under `cases:`, and only if every other line is
//! indented deeper. A piece that is complete YAML by itself leaves nothing open at its end, so the pieces mean
//! together what the whole means. Where that cannot be seen, there are no pieces and the whole is parsed in one.

/// Smallest piece (bytes): a few cases, so that one case in a layout of its own does not slow down many others.
const MIN_PIECE_BYTES: usize = 16 * 1024;

/// A case file in pieces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pieces<'t> {
    /// Everything up to and including the line `cases:`.
    pub(super) head: &'t str,
    /// Runs of whole list items.
    pub(super) items: Vec<Piece<'t>>,
}

/// A run of whole list items.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'t> {
    /// Lines of the file before this piece.
    pub(super) lines_before: usize,
    pub(super) text: &'t str,
}

/// Cuts the file, or `None` where it is short or has another layout.
pub(super) fn split(text: &str) -> Option<Pieces<'_>> {
    if text.len() < 2 * MIN_PIECE_BYTES {
        return None;
    }
    let mut lines = Lines { text, at: 0, number: 0 };
    lines.by_ref().find(|line| line.text.trim_end() == "cases:")?;
    let head_end = lines.at;
    let (mut start, mut start_line) = (head_end, lines.number);
    let mut indent = None;
    let mut items = Vec::new();
    for line in lines {
        let content = line.text.trim_start_matches(' ');
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = line.text.len() - content.len();
        let item_depth = *indent.get_or_insert(depth);
        if depth > item_depth {
            continue;
        }
        if depth < item_depth || !content.starts_with("- ") {
            return None;
        }
        if line.start - start >= MIN_PIECE_BYTES {
            items.push(Piece { lines_before: start_line, text: text.get(start..line.start)? });
            (start, start_line) = (line.start, line.number);
        }
    }
    items.push(Piece { lines_before: start_line, text: text.get(start..)? });
    Some(Pieces { head: text.get(..head_end)?, items })
}

/// The lines of a text with their place. A line ends with `\n`.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    number: usize,
}

struct Line<'t> {
    /// Offset of the line (bytes).
    start: usize,
    /// Lines before this one.
    number: usize,
    text: &'t str,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = Line { start: self.at, number: self.number, text: rest.get(..length)? };
        self.at += length;
        self.number += 1;
        Some(line)
    }
}
