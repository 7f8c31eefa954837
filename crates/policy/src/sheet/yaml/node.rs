//! A YAML document as one flat list of entries that borrows its text and knows its places.
//!
//! ```text
//! index  0        1      2        3       4    5     6
//! entry  Mapping  "ids"  Sequence "p1"    "s1" "x"   "7"        { ids: [p1, s1], x: "7" }
//!        end=7           end=5
//! ```
//! A container stands before its content and knows where that ends; a mapping holds keys and values in turn. One
//! list instead of a tree of boxes makes reading twice as fast.

use std::borrow::Cow;

/// A whole document. Entry 0 is its root.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    pub(super) entries: Vec<Entry<'t>>,
}

/// One entry of a document.
#[derive(Debug)]
pub(super) struct Entry<'t> {
    /// Line, from 1.
    pub(super) line: usize,
    /// Column in characters, from 1.
    pub(super) column: usize,
    /// Whether a tag claims a type that this reader does not take on trust.
    pub(super) has_foreign_tag: bool,
    pub(super) value: Value<'t>,
}

/// What an entry holds.
#[derive(Debug)]
pub(super) enum Value<'t> {
    Scalar {
        text: Cow<'t, str>,
        /// Written without quotes and without the tag `!!str`, so that its type is still open.
        is_plain: bool,
    },
    Sequence {
        end: usize,
    },
    Mapping {
        end: usize,
        /// The first key that occurs before.
        duplicate: Option<usize>,
    },
    /// Stands for an earlier, complete entry.
    Alias(usize),
}

/// One node of a document: a place in the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'d> {
    document: &'d Document<'d>,
    at: usize,
    entry: &'d Entry<'d>,
}

/// The nodes directly inside a sequence or mapping; keys and values in turn for a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Children<'d> {
    document: &'d Document<'d>,
    at: usize,
    end: usize,
}

impl Document<'_> {
    /// The node at an index, behind any alias.
    pub(super) fn node(&self, at: usize) -> Option<Node<'_>> {
        let entry = self.entries.get(at)?;
        match entry.value {
            // A target is always a complete entry, and never itself an alias.
            Value::Alias(target) => {
                let entry = self.entries.get(target)?;
                Some(Node { document: self, at: target, entry })
            }
            _ => Some(Node { document: self, at, entry }),
        }
    }

    /// The root of the document.
    pub(crate) fn root(&self) -> Option<Node<'_>> {
        self.node(0)
    }

    /// The text of the scalar at an index.
    pub(super) fn text(&self, at: usize) -> Option<&str> {
        self.node(at)?.text()
    }

    /// The index after an entry and all its content.
    pub(super) fn after(&self, at: usize) -> usize {
        match self.entries.get(at).map(|entry| &entry.value) {
            Some(Value::Sequence { end } | Value::Mapping { end, .. }) => *end,
            _ => at.saturating_add(1),
        }
    }
}

impl<'d> Node<'d> {
    pub(super) fn entry(self) -> &'d Entry<'d> {
        self.entry
    }

    /// Line and column, from 1.
    pub(crate) fn place(self) -> (usize, usize) {
        (self.entry.line, self.entry.column)
    }

    /// The text of a scalar.
    pub(crate) fn text(self) -> Option<&'d str> {
        match &self.entry.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    fn children_until(self, end: usize) -> Children<'d> {
        Children { document: self.document, at: self.at.saturating_add(1), end }
    }

    /// The items of a sequence.
    pub(crate) fn items(self) -> Option<Children<'d>> {
        match self.entry.value {
            Value::Sequence { end } => Some(self.children_until(end)),
            _ => None,
        }
    }

    /// The keys and values of a mapping, in turn.
    pub(crate) fn keys_and_values(self) -> Option<Children<'d>> {
        match self.entry.value {
            Value::Mapping { end, .. } => Some(self.children_until(end)),
            _ => None,
        }
    }

    /// The first key of a mapping that occurs twice.
    pub(crate) fn duplicate_key(self) -> Option<Node<'d>> {
        match self.entry.value {
            Value::Mapping { duplicate, .. } => duplicate.and_then(|at| self.document.node(at)),
            _ => None,
        }
    }

    /// The value under a key of a mapping.
    pub(crate) fn get(self, key: &str) -> Option<Node<'d>> {
        let mut children = self.keys_and_values()?;
        while let (Some(name), Some(value)) = (children.next(), children.next()) {
            if name.text() == Some(key) {
                return Some(value);
            }
        }
        None
    }

    /// The node at a path such as `consents[2].stage`, or the deepest one on the way there.
    pub(crate) fn locate(self, path: &str) -> Self {
        let mut node = self;
        for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
            let index = step.strip_suffix(']').and_then(|index| index.parse::<usize>().ok());
            let next = match index {
                Some(index) => node.items().and_then(|mut items| items.nth(index)),
                None => node.get(step),
            };
            match next {
                Some(next) => node = next,
                None => return node,
            }
        }
        node
    }
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        if self.at >= self.end {
            return None;
        }
        let node = self.document.node(self.at);
        self.at = self.document.after(self.at);
        node
    }
}
