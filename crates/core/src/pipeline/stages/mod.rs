//! The loops of the pipeline's threads. Each takes from its queue until the queue ends, and ends its own.

pub(super) mod decode;
pub(super) mod detect;
pub(super) mod draw;
pub(super) mod follow;
pub(super) mod search;
pub(super) mod speak;
