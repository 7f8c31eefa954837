//! Everything that is wrong with a sheet, not only the first thing: each fault is put right in a copy, to see the next.

use super::yaml::{self, Tree};
use super::{MAX_BYTES, Sheet, SheetError};
use crate::config::Config;

/// Most faults that are named in one go.
pub const MAX_FAULTS: usize = 20;
/// In a larger sheet (bytes, nodes) only the first fault is named: each further one means reading it a few times more.
const MAX_SEARCHED_BYTES: usize = 256 << 10;
const MAX_NODES: usize = 40_000;
/// A sheet is not read more often than this (a few milliseconds each for the largest).
const MAX_READS: usize = 400;

/// What is wrong with a sheet, at most [`MAX_FAULTS`] faults in the order in which they are found; none where it can be
/// judged. A text that is no YAML has one fault: what stands behind it cannot be known.
pub fn faults(text: &str, config: &Config) -> Vec<SheetError> {
    let Err(first) = Sheet::parse_for(text, config) else { return Vec::new() };
    let mut all = vec![first];
    let Some(mut tree) = tree_of(text) else { return all };
    // A value of the wrong kind is replaced by an empty mapping; what that lacks is no fault of the sheet.
    let mut replaced: Vec<String> = Vec::new();
    let mut reads = 0;
    let mut next = all.first().cloned();
    while let Some(fault) = next {
        next = match mend(&mut tree, &fault, text.len(), config, &mut reads) {
            Mended::Not => None,
            Mended::With(further, was_replaced) => {
                replaced.extend(was_replaced.then(|| fault.path.clone()));
                further
            }
        };
        if let Some(further) = &next
            && !replaced.iter().any(|path| further.path.starts_with(path.as_str()))
        {
            all.push(further.clone());
        }
        if all.len() >= MAX_FAULTS || reads >= MAX_READS {
            break;
        }
    }
    all
}

fn tree_of(text: &str) -> Option<Tree> {
    if text.len() > MAX_SEARCHED_BYTES {
        return None;
    }
    let document = yaml::load(text, MAX_BYTES).ok()?;
    Tree::of(document.root()?, &mut MAX_NODES.clone())
}

enum Mended {
    /// What would be right there is not known.
    Not,
    /// The next fault, where there is one, and whether a whole mapping was replaced.
    With(Option<SheetError>, bool),
}

/// Puts one fault right and looks for the next.
fn mend(tree: &mut Tree, fault: &SheetError, bytes: usize, config: &Config, reads: &mut usize) -> Mended {
    let mut read = |tree: &Tree| -> Option<SheetError> {
        *reads += 1;
        let document = match tree.document(bytes) {
            Ok(document) => document,
            Err(error) => return Some(error),
        };
        yaml::root(&document).and_then(|root| Sheet::read(root, config)).err()
    };
    let is_gone = |further: &Option<SheetError>| {
        further.as_ref().is_none_or(|further| (&further.path, &further.what) != (&fault.path, &fault.what))
    };
    let is_extra = fault.what.starts_with("unknown key") || fault.what.contains("occurs twice");
    if is_extra && tree.take(&fault.path) {
        let further = read(tree);
        return if is_gone(&further) { Mended::With(further, false) } else { Mended::Not };
    }
    for (number, value) in candidates(config).into_iter().enumerate() {
        let mut copy = tree.clone();
        if !copy.put(&fault.path, value) {
            return Mended::Not;
        }
        let further = read(&copy);
        let is_mapping = number == 0;
        let same_place = further.as_ref().is_some_and(|further| further.path == fault.path);
        if !same_place {
            // An empty mapping is right only where keys are asked for, and those are then missing.
            let lacks_keys =
                further.as_ref().is_some_and(|f| f.path.starts_with(&format!("{}.", fault.path)));
            if is_mapping && !lacks_keys {
                continue;
            }
            *tree = copy;
            return Mended::With(further, is_mapping);
        }
    }
    Mended::Not
}

/// Values of every kind that a sheet holds; one of them is right in any place.
fn candidates(config: &Config) -> Vec<Tree> {
    let audience = config.audience_rank.keys().next().map_or("", String::as_str);
    let texts = ["x", "2000-01-01", "2000-01-01T00:00:00Z", audience];
    let digest = "0".repeat(64);
    let words = ["active", "patient", "before_recording", "permit", "access", "open"];
    let mut all =
        vec![Tree::empty_mapping(), Tree::empty_list(), Tree::scalar("true", true), Tree::scalar("0", true)];
    all.extend(texts.into_iter().chain(words).chain([digest.as_str()]).map(|text| Tree::scalar(text, false)));
    all
}
