//! A document as a tree that can be mended: what is wrong in one place is put right, to see what else is wrong.

use super::error::InputError;
use super::load::{Builder, Place};
use super::node::{Document, Node, Value};

/// A node with its place; aliases are written out.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(super) place: Place,
    pub(super) content: Content,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar { text: String, is_plain: bool },
    Items(Vec<Tree>),
    Pairs(Vec<(Tree, Tree)>),
}

impl Tree {
    /// The tree below a node; `None` where a tag claims a type, or the text is larger than `max_nodes` once its aliases
    /// are written out.
    pub(crate) fn of(node: Node<'_>, max_nodes: &mut usize) -> Option<Self> {
        *max_nodes = max_nodes.checked_sub(1)?;
        let content = match &node.entry().value {
            _ if node.entry().has_foreign_tag => return None,
            Value::Scalar { text, is_plain } => {
                Content::Scalar { text: text.clone().into_owned(), is_plain: *is_plain }
            }
            Value::Sequence { .. } => {
                let items = node.items()?.map(|item| Self::of(item, max_nodes));
                Content::Items(items.collect::<Option<_>>()?)
            }
            Value::Mapping { .. } => {
                let (mut nodes, mut pairs) = (node.keys_and_values()?, Vec::new());
                while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                    pairs.push((Self::of(key, max_nodes)?, Self::of(value, max_nodes)?));
                }
                Content::Pairs(pairs)
            }
            Value::Alias(_) => return None,
        };
        Some(Self { place: node.place(), content })
    }

    /// A value as it would be written without quotes, or `text` in quotes.
    pub(crate) fn scalar(text: &str, is_plain: bool) -> Self {
        Self { place: (0, 0), content: Content::Scalar { text: text.to_owned(), is_plain } }
    }

    /// A list without items.
    pub(crate) fn empty_list() -> Self {
        Self { place: (0, 0), content: Content::Items(Vec::new()) }
    }

    /// A mapping without keys.
    pub(crate) fn empty_mapping() -> Self {
        Self { place: (0, 0), content: Content::Pairs(Vec::new()) }
    }

    /// The tree as a document, with the places that it has.
    ///
    /// # Errors
    /// [`InputError`] where it is too deep.
    pub(crate) fn document(&self, text_bytes: usize) -> Result<Document<'static>, InputError> {
        let mut builder = Builder::new(text_bytes);
        builder.tree(self)?;
        builder.finish().ok_or_else(|| InputError::new(0, 0, "the text is empty"))
    }

    /// Puts a value at a path such as `consents[2].stage`, where it stands in for what is there, or is missing there.
    /// Returns whether there is such a place.
    pub(crate) fn put(&mut self, path: &str, value: Self) -> bool {
        let Some((parent, last)) = self.parent_of(path) else { return false };
        match (&mut parent.content, index_of(last)) {
            (Content::Items(items), Some(index)) => {
                let Some(item) = items.get_mut(index) else { return false };
                *item = Self { place: item.place, ..value };
            }
            (Content::Pairs(pairs), None) => match pairs.iter_mut().find(|(key, _)| key.is(last)) {
                Some((_, old)) => *old = Self { place: old.place, ..value },
                None => pairs.push((Self::scalar(last, false), value)),
            },
            _ => return false,
        }
        true
    }

    /// Takes the last pair with this path away. Returns whether there was one.
    pub(crate) fn take(&mut self, path: &str) -> bool {
        let Some((Self { content: Content::Pairs(pairs), .. }, last)) = self.parent_of(path) else {
            return false;
        };
        let Some(at) = pairs.iter().rposition(|(key, _)| key.is(last)) else { return false };
        pairs.remove(at);
        true
    }

    fn is(&self, name: &str) -> bool {
        matches!(&self.content, Content::Scalar { text, .. } if text == name)
    }

    /// The node above the last step of a path, and that step.
    fn parent_of<'p>(&mut self, path: &'p str) -> Option<(&mut Self, &'p str)> {
        let mut steps: Vec<&str> = path.split(['.', '[']).filter(|step| !step.is_empty()).collect();
        let last = steps.pop()?;
        let mut node = self;
        for step in steps {
            node = match (&mut node.content, index_of(step)) {
                (Content::Items(items), Some(index)) => items.get_mut(index)?,
                (Content::Pairs(pairs), None) => &mut pairs.iter_mut().find(|(key, _)| key.is(step))?.1,
                _ => return None,
            };
        }
        Some((node, last))
    }
}

fn index_of(step: &str) -> Option<usize> {
    step.strip_suffix(']')?.parse().ok()
}
