//! Builds the document from parser events, within bounds.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::error::InputError;
use super::node::{Document, Entry, Value};
use super::tree::{Content, Tree};
use super::{plain, slips};

/// Deepest nesting that is read. The facts need five levels.
const MAX_HEIGHT: usize = 32;
/// Nodes that a text may expand to through aliases, beyond its own size.
const EXPANSION_ALLOWANCE: usize = 100_000;
/// Expanded nodes per byte of text. A node that is written out takes two bytes or more.
const EXPANSION_PER_BYTE: usize = 4;
/// Bytes of text per entry, about, in the layout of case files.
const BYTES_PER_ENTRY: usize = 12;
/// Above this many keys, repeated ones are looked for in a set.
const FEW_KEYS: usize = 24;

/// Reads one document of at most `max_bytes` bytes.
///
/// # Errors
/// [`InputError`] where the text is too large, empty, no YAML, more than one document, or too deep or too large
/// once its aliases are expanded.
pub(crate) fn load(text: &str, max_bytes: usize) -> Result<Document<'_>, InputError> {
    if text.len() > max_bytes {
        let what = format!("the text is larger than {max_bytes} bytes");
        return Err(InputError::new(1, 1, what));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match plain::read(text) {
        Some(document) => Ok(document),
        None => load_any(text),
    }
}

/// Reads any layout, with the full parser.
pub(super) fn load_any(text: &str) -> Result<Document<'_>, InputError> {
    let mut builder = Builder::new(text.len());
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let (line, column) = (error.marker().line(), error.marker().col().saturating_add(1));
            match slips::find(text, line) {
                Some(slip) => InputError::new(slip.line, slip.column, slip.what),
                None => InputError::new(line, column, slips::in_words(error.info())),
            }
        })?;
        builder.take(event, span)?;
    }
    if builder.document.entries.is_empty() {
        return Err(InputError::new(1, 1, "the text is empty"));
    }
    Ok(builder.document)
}

/// Line and column, from 1.
pub(super) type Place = (usize, usize);

/// A sequence or mapping that is still open.
struct Frame {
    /// Its entry.
    at: usize,
    anchor: usize,
    size: Size,
}

/// How much a node comes to with its aliases expanded.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    height: usize,
}

impl Size {
    const ONE: Self = Self { nodes: 1, height: 1 };
}

pub(super) struct Builder<'t> {
    document: Document<'t>,
    open: Vec<Frame>,
    /// Complete entries that carry an anchor.
    anchors: HashMap<usize, (usize, Size)>,
    max_nodes: usize,
    /// The keys of the mapping that is being closed.
    keys: Vec<usize>,
}

impl<'t> Builder<'t> {
    /// A builder for a text of that many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        let max_nodes = EXPANSION_PER_BYTE.saturating_mul(bytes).saturating_add(EXPANSION_ALLOWANCE);
        let document = Document { entries: Vec::with_capacity(bytes / BYTES_PER_ENTRY) };
        Self { document, open: Vec::new(), anchors: HashMap::new(), max_nodes, keys: Vec::new() }
    }

    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), InputError> {
        let place = (span.start.line(), span.start.col().saturating_add(1));
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::Scalar(text, style, anchor, tag) => {
                let is_str = tag.as_ref().is_some_and(|tag| is_core(tag, "str"));
                let is_plain = style == ScalarStyle::Plain && !is_str;
                let at = self.push(place, tag.is_some() && !is_str, Value::Scalar { text, is_plain })?;
                self.close(at, anchor, Size::ONE)
            }
            Event::Alias(anchor) => self.alias(place, anchor),
            Event::SequenceStart(anchor, tag) => {
                let foreign = tag.is_some_and(|tag| !is_core(&tag, "seq"));
                self.start(place, foreign, Value::Sequence { end: usize::MAX }, anchor)
            }
            Event::MappingStart(anchor, tag) => {
                let foreign = tag.is_some_and(|tag| !is_core(&tag, "map"));
                self.start(place, foreign, Value::Mapping { end: usize::MAX, duplicate: None }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
        }
    }

    /// A scalar without tag and anchor.
    pub(super) fn scalar(
        &mut self,
        place: Place,
        text: Cow<'t, str>,
        is_plain: bool,
    ) -> Result<(), InputError> {
        let at = self.push(place, false, Value::Scalar { text, is_plain })?;
        self.close(at, 0, Size::ONE)
    }

    /// The start of a sequence without tag and anchor.
    pub(super) fn sequence(&mut self, place: Place) -> Result<(), InputError> {
        self.start(place, false, Value::Sequence { end: usize::MAX }, 0)
    }

    /// The start of a mapping without tag and anchor.
    pub(super) fn mapping(&mut self, place: Place) -> Result<(), InputError> {
        self.start(place, false, Value::Mapping { end: usize::MAX, duplicate: None }, 0)
    }

    /// A whole tree.
    pub(super) fn tree(&mut self, tree: &Tree) -> Result<(), InputError> {
        match &tree.content {
            Content::Scalar { text, is_plain } => {
                return self.scalar(tree.place, Cow::Owned(text.clone()), *is_plain);
            }
            Content::Items(items) => {
                self.sequence(tree.place)?;
                items.iter().try_for_each(|item| self.tree(item))?;
            }
            Content::Pairs(pairs) => {
                self.mapping(tree.place)?;
                pairs.iter().flat_map(|(key, value)| [key, value]).try_for_each(|node| self.tree(node))?;
            }
        }
        self.end(tree.place)
    }

    /// The document, when every container has ended.
    pub(super) fn finish(self) -> Option<Document<'t>> {
        (self.open.is_empty() && !self.document.entries.is_empty()).then_some(self.document)
    }

    fn alias(&mut self, place: Place, anchor: usize) -> Result<(), InputError> {
        let Some((target, size)) = self.anchors.get(&anchor).copied() else {
            return Err(error_at(place, "the alias stands inside its own anchor"));
        };
        let at = self.push(place, false, Value::Alias(target))?;
        self.close(at, 0, size)
    }

    /// The end of the innermost container.
    pub(super) fn end(&mut self, place: Place) -> Result<(), InputError> {
        let frame = self.open.pop().ok_or_else(|| error_at(place, "an end without a start"))?;
        self.seal(frame.at);
        self.close(frame.at, frame.anchor, frame.size)
    }

    fn push(
        &mut self,
        (line, column): Place,
        has_foreign_tag: bool,
        value: Value<'t>,
    ) -> Result<usize, InputError> {
        let at = self.document.entries.len();
        if at > 0 && self.open.is_empty() {
            return Err(InputError::new(line, column, "only one document is read"));
        }
        self.document.entries.push(Entry { line, column, has_foreign_tag, value });
        Ok(at)
    }

    fn start(
        &mut self,
        place: Place,
        foreign: bool,
        value: Value<'t>,
        anchor: usize,
    ) -> Result<(), InputError> {
        if self.open.len() >= MAX_HEIGHT {
            return Err(too_deep(place));
        }
        let at = self.push(place, foreign, value)?;
        self.open.push(Frame { at, anchor, size: Size::ONE });
        Ok(())
    }

    /// A node is complete: notes it for its aliases and adds its size to what contains it.
    fn close(&mut self, at: usize, anchor: usize, size: Size) -> Result<(), InputError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (at, size));
        }
        let place = self.document.entries.get(at).map_or((0, 0), |entry| (entry.line, entry.column));
        let Some(frame) = self.open.last_mut() else { return Ok(()) };
        frame.size.nodes = frame.size.nodes.saturating_add(size.nodes);
        frame.size.height = frame.size.height.max(size.height.saturating_add(1));
        if frame.size.height > MAX_HEIGHT {
            return Err(too_deep(place));
        }
        if frame.size.nodes > self.max_nodes {
            return Err(error_at(place, "the aliases expand to more than this text may hold"));
        }
        Ok(())
    }

    /// Writes the end of a container into its entry, and for a mapping the first repeated key, which is an error
    /// only where the mapping is read.
    fn seal(&mut self, at: usize) {
        let here = self.document.entries.len();
        let repeated = self.first_repeated_key(at, here);
        match self.document.entries.get_mut(at).map(|entry| &mut entry.value) {
            Some(Value::Sequence { end }) => *end = here,
            Some(Value::Mapping { end, duplicate }) => (*end, *duplicate) = (here, repeated),
            _ => {}
        }
    }

    fn first_repeated_key(&mut self, at: usize, end: usize) -> Option<usize> {
        if !matches!(self.document.entries.get(at)?.value, Value::Mapping { .. }) {
            return None;
        }
        let document = &self.document;
        self.keys.clear();
        let mut key = at.saturating_add(1);
        while key < end {
            self.keys.push(key);
            key = document.after(document.after(key));
        }
        let text = |key: &usize| document.text(*key);
        let keys = self.keys.iter();
        if self.keys.len() <= FEW_KEYS {
            let is_repeat = |(index, key): &(usize, &usize)| {
                self.keys.iter().take(*index).any(|earlier| text(earlier) == text(key))
            };
            keys.enumerate().find(is_repeat).map(|(_, key)| *key)
        } else {
            let mut seen = BTreeSet::new();
            keys.copied().find(|key| !seen.insert(text(key)))
        }
    }
}

fn error_at((line, column): Place, what: &str) -> InputError {
    InputError::new(line, column, what)
}

fn too_deep(place: Place) -> InputError {
    error_at(place, &format!("nested deeper than {MAX_HEIGHT} levels"))
}

fn is_core(tag: &Tag, suffix: &str) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == suffix
}
