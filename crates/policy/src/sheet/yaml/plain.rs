//! Reads the plain layouts that programs write, several times faster than the full parser.
//!
//! Two layouts: block style with one key or list item per line, and flow style such as JSON. Both without comments
//! behind values, anchors, tags, blank values, or text that runs over several lines. Anything else is handed back
//! (`None`), also where it is no YAML at all: the full parser reads it, or says what is wrong. What is read here is
//! read exactly as the full parser reads it, places included; a test compares the two.

use super::flow::{self, Cursor};
use super::load::{Builder, Place};
use super::node::Document;
use super::text::{is_printable, plain_in_block, quoted};

/// Longest key (bytes). The full parser allows 1024 characters.
const MAX_KEY_BYTES: usize = 128;

/// Reads a text in one of the plain layouts.
pub(super) fn read(text: &str) -> Option<Document<'_>> {
    let mut builder = Builder::new(text.len());
    if text.starts_with(['{', '[']) {
        flow::read_whole(text, &mut builder)?;
        return builder.finish();
    }
    let mut reader = Reader { builder, levels: Vec::new(), awaits_value: false };
    for (index, line) in text.split('\n').enumerate() {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let content = content.trim_end_matches(' ');
        if !content.is_empty() && !content.starts_with('#') {
            reader.line(index.checked_add(1)?, indent, content)?;
        } else if !is_printable(content) {
            return None;
        }
    }
    reader.finish()
}

/// An open container.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Level {
    is_sequence: bool,
    /// Spaces before its keys or items.
    indent: usize,
}

struct Reader<'t> {
    builder: Builder<'t>,
    levels: Vec<Level>,
    /// The last line ended with a key, so that a container must follow.
    awaits_value: bool,
}

impl<'t> Reader<'t> {
    /// One line that is neither blank nor a comment, without the spaces around it.
    fn line(&mut self, number: usize, indent: usize, content: &'t str) -> Option<()> {
        if !is_printable(content) {
            return None;
        }
        self.leave(indent, content.starts_with("- "))?;
        let (mut rest, mut column) = (content, indent);
        let place = |column: usize| (number, column.saturating_add(1));
        loop {
            let is_first = column == indent;
            if let Some(item) = rest.strip_prefix("- ") {
                let item = item.trim_start_matches(' ');
                let item_column = column.checked_add(rest.len() - item.len())?;
                // The full parser gives a list right below its key the place of its first item.
                let is_below_key = is_first && self.levels.last().is_some_and(|level| level.indent == column);
                let list_column = if is_below_key { item_column } else { column };
                self.enter(Level { is_sequence: true, indent: column }, is_first, place(list_column))?;
                (rest, column) = (item, item_column);
            } else if let Some((key, value)) = split_key(rest) {
                self.enter(Level { is_sequence: false, indent: column }, is_first, place(column))?;
                self.builder.scalar(place(column), key.into(), true).ok()?;
                let value = value.trim_start_matches(' ');
                if value.is_empty() {
                    self.awaits_value = true;
                    return Some(());
                }
                return self.value(value, place(column.checked_add(rest.len() - value.len())?));
            } else {
                // A bare scalar on a line of its own belongs to the line before it.
                return if is_first { None } else { self.value(rest, place(column)) };
            }
        }
    }

    /// Ends the containers that a line at this indent does not belong to.
    fn leave(&mut self, indent: usize, is_item: bool) -> Option<()> {
        let Some(&innermost) = self.levels.last() else { return Some(()) };
        if self.awaits_value {
            // The items of a list may stand right below its key.
            let is_inside = indent > innermost.indent || (indent == innermost.indent && is_item);
            return is_inside.then_some(());
        }
        loop {
            let level = *self.levels.last()?;
            if (level.indent, level.is_sequence) == (indent, is_item) {
                return Some(());
            }
            let list_below_its_key = level.indent == indent && level.is_sequence;
            if level.indent <= indent && !list_below_its_key {
                return None;
            }
            self.levels.pop();
            self.builder.end((0, 0)).ok()?;
        }
    }

    /// Starts a container, unless the line goes on with the one that is open.
    fn enter(&mut self, level: Level, is_first: bool, place: Place) -> Option<()> {
        if is_first && !self.awaits_value && !self.levels.is_empty() {
            return (self.levels.last() == Some(&level)).then_some(());
        }
        self.awaits_value = false;
        self.levels.push(level);
        let started =
            if level.is_sequence { self.builder.sequence(place) } else { self.builder.mapping(place) };
        started.ok()
    }

    /// The rest of a line: one scalar, or one container in flow style.
    fn value(&mut self, text: &'t str, place: Place) -> Option<()> {
        match text.bytes().next()? {
            b'[' | b'{' => {
                let mut cursor = Cursor::on_one_line(text, place);
                flow::read_node(&mut cursor, &mut self.builder)?;
                cursor.is_done().then_some(())
            }
            b'"' | b'\'' => {
                let (text, rest) = quoted(text)?;
                rest.is_empty().then_some(())?;
                self.builder.scalar(place, text, false).ok()
            }
            _ => self.builder.scalar(place, plain_in_block(text)?.into(), true).ok(),
        }
    }

    fn finish(mut self) -> Option<Document<'t>> {
        if self.awaits_value {
            return None;
        }
        for _ in &self.levels {
            self.builder.end((0, 0)).ok()?;
        }
        self.builder.finish()
    }
}

/// A plain key and what follows its colon.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take(MAX_KEY_BYTES).position(|byte| !is_key_byte(byte))?;
    let (key, rest) = text.split_at_checked(end)?;
    let value = rest.strip_prefix(':')?;
    let starts_well = key.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (starts_well && (value.is_empty() || value.starts_with(' '))).then_some((key, value))
}

/// Characters of keys that have no other meaning in any layout.
pub(super) fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'-')
}
