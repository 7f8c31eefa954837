//! Puts what several workers finish back into the order of the pictures.

use std::collections::BTreeMap;

/// Items that came early. It holds at most what the workers work on, since the queues around them are bounded.
#[derive(Debug)]
pub(super) struct InOrder<T> {
    early: BTreeMap<u64, T>,
    next_seq: u64,
}

impl<T> InOrder<T> {
    pub(super) fn new() -> Self {
        Self { early: BTreeMap::new(), next_seq: 0 }
    }

    /// Takes the item of a picture.
    pub(super) fn push(&mut self, seq: u64, item: T) {
        self.early.insert(seq, item);
    }

    /// The item whose turn it is, where it is here.
    pub(super) fn pop(&mut self) -> Option<T> {
        let item = self.early.remove(&self.next_seq)?;
        self.next_seq += 1;
        Some(item)
    }

    /// The picture whose turn it is.
    pub(super) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// Items still wait for one before them.
    pub(super) fn has_gap(&self) -> bool {
        !self.early.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_leave_in_the_order_of_their_numbers() {
        let mut order = InOrder::new();
        let mut out = Vec::new();
        for seq in [2, 0, 3, 1, 5] {
            order.push(seq, seq);
            out.extend(std::iter::from_fn(|| order.pop()));
        }
        assert_eq!(out, [0, 1, 2, 3]);
        assert!(order.has_gap() && order.next_seq() == 4);
    }
}
