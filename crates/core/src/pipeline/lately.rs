//! What several workers found lately, put in order, so that each knows where faces are expected in its own picture.
//!
//! A worker hears of what was found up to a certain number of searched pictures before its own, however much more is
//! known by then: so the result hangs on the recording alone, and not on which worker was quicker. Nobody waits for
//! long: passes over a whole picture need nothing of this, and come first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::in_order::InOrder;
use super::threads::WATCH;
use crate::model::{Detection, PtsNanos};
use crate::track::{Prospect, Prospects};

/// Shared by the workers.
#[derive(Debug)]
pub(super) struct Lately {
    known: Mutex<Known>,
    changed: Condvar,
    /// Searched pictures from the last that is known of to the one in which that is used.
    lag: u64,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Known {
    early: InOrder<(PtsNanos, Vec<Detection>)>,
    /// What was to be expected after each of the last `lag` searched pictures, and before the first.
    after: VecDeque<Prospects>,
}

impl Lately {
    /// Knows what the prospects know, and tells it `lag` searched pictures later. Whoever waits gives up once `stop` is
    /// set.
    pub(super) fn new(prospects: Prospects, lag: u64, stop: Arc<AtomicBool>) -> Self {
        let known = Known { early: InOrder::new(), after: VecDeque::from([prospects]) };
        Self { known: Mutex::new(known), changed: Condvar::new(), lag, stop }
    }

    /// Where faces are expected in the nth searched picture, the surest first; waits for those before it. `None` where
    /// the run was stopped.
    pub(super) fn expected(&self, nth: u64, pts: PtsNanos) -> Option<Vec<Prospect>> {
        let Some(last) = nth.checked_sub(self.lag) else { return Some(Vec::new()) };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        while known.early.next_seq() <= last {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            let woken = self.changed.wait_timeout(known, WATCH);
            known = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        // None beyond the nth can be known: this picture has not been published.
        let back = usize::try_from(known.early.next_seq() - last).ok()?;
        let prospects = known.after.len().checked_sub(back).and_then(|at| known.after.get(at));
        prospects.map(|prospects| prospects.expected(pts))
    }

    /// Takes what was found in the nth searched picture.
    pub(super) fn publish(&self, nth: u64, pts: PtsNanos, detections: &[Detection]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.early.push(nth, (pts, detections.to_vec()));
        while let Some((pts, detections)) = known.early.pop() {
            let Some(mut now) = known.after.back().cloned() else { return };
            now.push(pts, &detections);
            known.after.push_back(now);
            if known.after.len() as u64 > self.lag {
                known.after.pop_front();
            }
        }
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EllipsePx, FrameSize};
    use crate::track::TrackSettings;

    fn lately(stop: bool) -> Lately {
        let prospects = Prospects::new(TrackSettings::default(), FrameSize::rounded_up(640, 360));
        Lately::new(prospects, 2, Arc::new(AtomicBool::new(stop)))
    }

    fn face(cx: f32) -> Detection {
        Detection { ellipse: EllipsePx { cx, cy: 100.0, rx: 20.0, ry: 25.0, angle_rad: 0.0 }, score: 0.9 }
    }

    #[test]
    fn every_order_of_work_gives_the_same_places() {
        let at = |nth: u64| PtsNanos(nth * 80_000_000);
        let seen_by = |order: [u64; 4]| {
            let lately = lately(false);
            for nth in order {
                lately.publish(nth, at(nth), &[face(100.0 + 10.0 * nth as f32)]);
            }
            [4, 5].map(|nth| lately.expected(nth, at(nth)).unwrap())
        };
        let forwards = seen_by([0, 1, 2, 3]);
        assert_eq!(forwards, seen_by([3, 1, 0, 2]));
        // Expected from what was found up to the picture before last, moving on.
        let [[fourth], [fifth]] = forwards.each_ref().map(Vec::as_slice) else { panic!("{forwards:?}") };
        assert!(fourth.is_clear && fifth.is_clear);
        let (fourth, fifth) = (fourth.face, fifth.face);
        assert!(fourth.cx > 120.0 && fourth.cx < 145.0, "{fourth:?}");
        assert!(fifth.cx > fourth.cx, "{fifth:?}");
    }

    #[test]
    fn the_first_pictures_expect_nothing_and_a_stopped_run_does_not_wait() {
        let lately = lately(true);
        assert_eq!(lately.expected(1, PtsNanos(0)), Some(Vec::new()));
        assert_eq!(lately.expected(2, PtsNanos(0)), None);
    }
}
