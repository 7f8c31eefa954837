//! Flow style of the plain layouts: JSON, and lists such as `[HQUALIMP, TRAIN]`.

use super::load::{Builder, Place};
use super::plain::is_key_byte;
use super::text::{plain_in_flow, quoted};

/// Longest key (bytes). The full parser allows 1024 characters.
const MAX_KEY_BYTES: usize = 128;

/// What is left of the text, and where that begins.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    rest: &'t str,
    /// Line and column, from 1.
    line: usize,
    column: usize,
    has_lines: bool,
}

/// Reads a whole text that is one container.
pub(super) fn read_whole<'t>(text: &'t str, builder: &mut Builder<'t>) -> Option<()> {
    let mut cursor = Cursor { rest: text, line: 1, column: 1, has_lines: true };
    read_node(&mut cursor, builder)?;
    cursor.skip_space();
    cursor.is_done().then_some(())
}

/// Reads one node. The builder bounds the depth.
pub(super) fn read_node<'t>(cursor: &mut Cursor<'t>, builder: &mut Builder<'t>) -> Option<()> {
    let place = cursor.place();
    match cursor.rest.bytes().next()? {
        b'[' => {
            builder.sequence(place).ok()?;
            read_items(cursor, builder, ']', read_node)
        }
        b'{' => {
            builder.mapping(place).ok()?;
            read_items(cursor, builder, '}', read_pair)
        }
        b'"' | b'\'' => {
            let (text, rest) = quoted(cursor.rest)?;
            cursor.move_to(rest);
            builder.scalar(place, text, false).ok()
        }
        _ => {
            let (word, rest) = plain_in_flow(cursor.rest)?;
            cursor.move_to(rest);
            builder.scalar(place, word.into(), true).ok()
        }
    }
}

type ReadItem<'t> = fn(&mut Cursor<'t>, &mut Builder<'t>) -> Option<()>;

/// The items between the brackets that the cursor stands at.
fn read_items<'t>(
    cursor: &mut Cursor<'t>,
    builder: &mut Builder<'t>,
    close: char,
    read_item: ReadItem<'t>,
) -> Option<()> {
    cursor.skip(1)?;
    cursor.skip_space();
    let mut is_done = cursor.take(close);
    while !is_done {
        read_item(cursor, builder)?;
        cursor.skip_space();
        is_done = cursor.take(close);
        if !is_done {
            cursor.take(',').then_some(())?;
            cursor.skip_space();
        }
    }
    builder.end(cursor.place()).ok()
}

/// A key with its value, on one line as far as its start goes.
fn read_pair<'t>(cursor: &mut Cursor<'t>, builder: &mut Builder<'t>) -> Option<()> {
    let place = cursor.place();
    if cursor.rest.starts_with(['"', '\'']) {
        let (key, rest) = quoted(cursor.rest)?;
        if cursor.rest.len() - rest.len() > MAX_KEY_BYTES {
            return None;
        }
        cursor.move_to(rest);
        builder.scalar(place, key, false).ok()?;
    } else {
        let end = cursor.rest.bytes().take(MAX_KEY_BYTES).position(|byte| !is_key_byte(byte))?;
        let (key, rest) = cursor.rest.split_at_checked(end)?;
        let starts_well = key.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (starts_well && rest.starts_with(": ")).then_some(())?;
        cursor.move_to(rest);
        builder.scalar(place, key.into(), true).ok()?;
    }
    cursor.take(':').then_some(())?;
    while cursor.take(' ') {}
    read_node(cursor, builder)
}

impl<'t> Cursor<'t> {
    /// At the start of the rest of a line.
    pub(super) fn on_one_line(rest: &'t str, (line, column): Place) -> Self {
        Self { rest, line, column, has_lines: false }
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn place(&self) -> Place {
        (self.line, self.column)
    }

    /// Moves on to a later part of the same line.
    fn move_to(&mut self, rest: &'t str) {
        let passed = self.rest.get(..self.rest.len().saturating_sub(rest.len())).unwrap_or("");
        self.column = self.column.saturating_add(passed.chars().count());
        self.rest = rest;
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        self.column = self.column.saturating_add(bytes);
        Some(())
    }

    fn take(&mut self, character: char) -> bool {
        let Some(rest) = self.rest.strip_prefix(character) else { return false };
        self.rest = rest;
        self.column = self.column.saturating_add(1);
        true
    }

    /// Passes spaces, and line ends where the text may have them.
    fn skip_space(&mut self) {
        loop {
            if self.has_lines && self.take('\n') {
                (self.line, self.column) = (self.line.saturating_add(1), 1);
            } else if !self.take(' ') {
                return;
            }
        }
    }
}
