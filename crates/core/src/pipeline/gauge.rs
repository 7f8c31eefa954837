//! Where the time of a rendering goes: for each stage how long it worked, how long it waited for its neighbours, and
//! how full the queue in front of it was. The slowest stage is the one that neither waits for input nor for output.
//!
//! Each thread counts for itself and hands its figures over once, when it ends: nothing is shared while it works.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use serde::Serialize;

use crate::model::DurationNanos;
use crate::processor;

/// What one stage did, all its threads together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StageReport {
    /// Its name: `decode`, `detect`, `follow`, `draw`, `sound`, `search`, or `encode`.
    pub stage: &'static str,
    /// Threads of ours that worked on it; 0 where the media framework has its own.
    pub threads: u32,
    /// Pictures that it took in; for `sound` blocks of samples.
    pub items: u64,
    /// Processor time of its threads. That of `encode` is what the process used beside all other stages: encoder,
    /// muxer, decoder of the sound. `decode` includes the decoder's one thread.
    pub processor: DurationNanos,
    /// Time on the clock in which it worked, or was ready to and had no processor.
    pub busy: DurationNanos,
    /// Time on the clock in which it waited for the stage in front of it.
    pub waiting_for_input: DurationNanos,
    /// Time on the clock in which it waited for the stage behind it.
    pub waiting_for_output: DurationNanos,
    /// Items that waited in front of it whenever it took one, on average.
    pub queue_mean: f64,
    /// The most that ever waited there.
    pub queue_max: u64,
    /// How many can wait there; 0 where nothing can.
    pub queue_limit: u64,
}

/// Collects the figures of all threads of one rendering or one self-check.
#[derive(Debug)]
pub(super) struct Gauges {
    began_processor: DurationNanos,
    stages: Mutex<BTreeMap<usize, StageReport>>,
}

/// The order of the report: that of the data.
const ORDER: [&str; 7] = ["decode", "detect", "follow", "draw", "encode", "sound", "search"];

impl Gauges {
    pub(super) fn new() -> Self {
        Self { began_processor: processor::of_process(), stages: Mutex::new(BTreeMap::new()) }
    }

    /// Starts to count for the calling thread.
    pub(super) fn watch(&self, stage: &'static str) -> Watch<'_> {
        Watch {
            gauges: self,
            began: Instant::now(),
            began_processor: processor::of_thread(),
            own: StageReport { stage, threads: 1, ..StageReport::default() },
            looks: 0,
            depths: 0,
        }
    }

    /// Adds figures of a stage; those of several threads become one row.
    pub(super) fn add(&self, own: &StageReport) {
        let place = ORDER.iter().position(|name| *name == own.stage).unwrap_or(ORDER.len());
        // A poisoned lock means that the run has failed, and nobody reads the figures.
        let Ok(mut stages) = self.stages.lock() else { return };
        let row =
            stages.entry(place).or_insert_with(|| StageReport { stage: own.stage, ..StageReport::default() });
        let plus = |a: DurationNanos, b: DurationNanos| DurationNanos(a.0.saturating_add(b.0));
        // The mean of the means, each with the weight of its items.
        let all = (row.items + own.items).max(1) as f64;
        row.queue_mean = (row.queue_mean * row.items as f64 + own.queue_mean * own.items as f64) / all;
        row.threads += own.threads;
        row.items += own.items;
        row.processor = plus(row.processor, own.processor);
        row.busy = plus(row.busy, own.busy);
        row.waiting_for_input = plus(row.waiting_for_input, own.waiting_for_input);
        row.waiting_for_output = plus(row.waiting_for_output, own.waiting_for_output);
        row.queue_max = row.queue_max.max(own.queue_max);
        row.queue_limit = row.queue_limit.max(own.queue_limit);
    }

    /// One row a stage; what the process used beside them goes to `rest`, where one is named.
    pub(super) fn into_rows(self, rest: Option<&'static str>) -> Vec<StageReport> {
        if let Some(stage) = rest {
            let all = processor::of_process().0.saturating_sub(self.began_processor.0);
            let counted = self.stages.lock().map_or(0, |rows| rows.values().map(|row| row.processor.0).sum());
            let processor = DurationNanos(all.saturating_sub(counted));
            self.add(&StageReport { stage, processor, ..StageReport::default() });
        }
        self.stages.into_inner().map(|rows| rows.into_values().collect()).unwrap_or_default()
    }
}

/// The figures of one thread; handed over when it is dropped.
#[derive(Debug)]
pub(super) struct Watch<'g> {
    gauges: &'g Gauges,
    began: Instant,
    began_processor: DurationNanos,
    own: StageReport,
    looks: u64,
    depths: u64,
}

impl Watch<'_> {
    /// Waits for the next item of a queue; `None` once the queue has ended.
    pub(super) fn take<T>(&mut self, queue: &Receiver<T>) -> Option<T> {
        self.look_at_queue(queue.len() as u64, queue.capacity().unwrap_or(0) as u64);
        let item = self.input(|| queue.recv().ok());
        self.own.items += u64::from(item.is_some());
        item
    }

    /// Puts an item into a queue; false where nobody listens any more.
    pub(super) fn give<T>(&mut self, queue: &Sender<T>, item: T) -> bool {
        self.output(|| queue.send(item).is_ok())
    }

    /// Does what waits for the stage in front.
    pub(super) fn input<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let (result, took) = timed(wait);
        self.own.waiting_for_input.0 += took;
        result
    }

    /// Counts the time since `mark` as waiting for the stage in front: for one that calls, rather than answers.
    pub(super) fn waited_since(&mut self, mark: Instant) {
        self.own.waiting_for_input.0 += nanos_since(mark);
    }

    /// Does what waits for the stage behind.
    pub(super) fn output<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let (result, took) = timed(wait);
        self.own.waiting_for_output.0 += took;
        result
    }

    /// Counts one item that came in another way than through [`Self::take`].
    pub(super) fn count(&mut self) {
        self.own.items += 1;
    }

    /// Adds processor time of a thread that works for this stage and is not ours.
    pub(super) fn add_processor(&mut self, time: DurationNanos) {
        self.own.processor.0 = self.own.processor.0.saturating_add(time.0);
    }

    fn look_at_queue(&mut self, depth: u64, limit: u64) {
        self.looks += 1;
        self.depths += depth;
        self.own.queue_max = self.own.queue_max.max(depth);
        self.own.queue_limit = limit;
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let own = &mut self.own;
        let lived = nanos_since(self.began);
        own.busy.0 = lived.saturating_sub(own.waiting_for_input.0).saturating_sub(own.waiting_for_output.0);
        let processor = processor::of_thread().0.saturating_sub(self.began_processor.0);
        own.processor.0 = own.processor.0.saturating_add(processor);
        own.queue_mean = self.depths as f64 / self.looks.max(1) as f64;
        self.gauges.add(&self.own);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let began = Instant::now();
    let result = work();
    (result, nanos_since(began))
}

fn nanos_since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn two_threads_of_a_stage_become_one_row_and_waiting_is_no_work() {
        let gauges = Gauges::new();
        let (to, from) = crossbeam_channel::bounded(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                let (from, gauges) = (from.clone(), &gauges);
                scope.spawn(move || {
                    let mut watch = gauges.watch("detect");
                    while watch.take(&from).is_some() {}
                });
            }
            let mut watch = gauges.watch("decode");
            let pause = crossbeam_channel::after(Duration::from_millis(60));
            watch.input(|| pause.recv().unwrap());
            (0..10).for_each(|n| assert!(watch.give(&to, n)));
            drop(to);
        });
        let rows = gauges.into_rows(Some("encode"));
        let [decode, detect, encode] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((decode.stage, detect.stage, encode.stage), ("decode", "detect", "encode"));
        assert_eq!((detect.threads, detect.items, detect.queue_limit), (2, 10, 2));
        assert!(detect.queue_max <= 2 && detect.queue_mean <= 2.0);
        assert!(decode.waiting_for_input >= DurationNanos::from_millis(60), "{decode:?}");
        assert!(detect.waiting_for_input >= DurationNanos::from_millis(100), "{detect:?}");
        assert!(decode.busy < DurationNanos::from_millis(60), "{decode:?}");
    }
}
