//! Pulses of one frequency, gathered to events with a pattern: what the receipt lists.

use serde::{Deserialize, Serialize};

use crate::model::PtsNanos;
use crate::voice::blocks::block_nanos;

/// Pulses further apart than this are two events (bursts of one alarm come up to 15 s apart, a melody's notes less).
const MAX_PAUSE_BLOCKS: u64 = 5 * 125 / 2;
/// Two pulses this near in frequency are one sounder.
const SAME_SHARE: f32 = 0.007;
/// Events that are listed; those beyond are counted.
const MAX_EVENTS: usize = 1_000;
/// From the first sample of a window to its middle, in blocks.
const HALF_WINDOW_BLOCKS: u64 = 2;

/// One uninterrupted tone; windows as in the tracker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulse {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) hz: f32,
}

/// An alarm or monitor tone: one or more pulses of one frequency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToneEvent {
    /// When the first pulse begins, to about 20 ms.
    pub from: PtsNanos,
    /// When the last pulse ends.
    pub to: PtsNanos,
    /// Frequency of the lowest partial, in Hz.
    pub frequency_hz: f32,
    /// Pulses that were heard; speech can cover some.
    pub pulses: u32,
    /// Mean length of a pulse in milliseconds.
    pub on_ms: u64,
    /// Mean pause between pulses in milliseconds; none where there is one pulse only.
    pub off_ms: Option<u64>,
}

/// Every tone of a recording.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ToneReport {
    /// In the order of their beginnings.
    pub events: Vec<ToneEvent>,
    /// Pulses that are not in the list because it is full.
    pub pulses_not_listed: u64,
}

impl ToneReport {
    /// The same with times that count from the start of the recording, not of its sound.
    #[must_use]
    pub fn shifted(mut self, start: PtsNanos) -> Self {
        for event in &mut self.events {
            event.from = PtsNanos(event.from.0.saturating_add(start.0));
            event.to = PtsNanos(event.to.0.saturating_add(start.0));
        }
        self
    }
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first: u64,
    last: u64,
    hz: f32,
    pulses: u32,
    on_blocks: u64,
    off_blocks: u64,
}

/// Gathers pulses, which come roughly in the order of their ends.
pub(super) struct Events {
    groups: Vec<Group>,
    not_listed: u64,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { groups: Vec::new(), not_listed: 0 }
    }

    pub(super) fn add(&mut self, pulse: Pulse) {
        let on_blocks = pulse.last.saturating_sub(pulse.first);
        let known = self.groups.iter_mut().rev().find(|group| {
            (group.hz - pulse.hz).abs() <= SAME_SHARE * group.hz
                && pulse.first.saturating_sub(group.last) <= MAX_PAUSE_BLOCKS
        });
        if let Some(group) = known {
            group.off_blocks += pulse.first.saturating_sub(group.last);
            group.on_blocks += on_blocks;
            group.pulses = group.pulses.saturating_add(1);
            group.first = group.first.min(pulse.first);
            group.last = group.last.max(pulse.last);
        } else if self.groups.len() < MAX_EVENTS {
            let Pulse { first, last, hz } = pulse;
            self.groups.push(Group { first, last, hz, pulses: 1, on_blocks, off_blocks: 0 });
        } else {
            self.not_listed += 1;
        }
    }

    /// The list, with times within the sound's length.
    pub(super) fn report(&mut self, length_nanos: u64) -> ToneReport {
        self.groups.sort_by_key(|group| group.first);
        let time = |window: u64| PtsNanos(block_nanos(window + HALF_WINDOW_BLOCKS).min(length_nanos));
        let events = self.groups.iter().map(|group| ToneEvent {
            from: time(group.first),
            to: time(group.last),
            frequency_hz: (group.hz * 10.0).round() / 10.0,
            pulses: group.pulses,
            on_ms: mean_ms(group.on_blocks, group.pulses).unwrap_or(0),
            off_ms: mean_ms(group.off_blocks, group.pulses.saturating_sub(1)),
        });
        ToneReport { events: events.collect(), pulses_not_listed: self.not_listed }
    }
}

fn mean_ms(blocks: u64, count: u32) -> Option<u64> {
    (block_nanos(blocks) / 1_000_000).checked_div(u64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_of_one_frequency_are_one_event_with_a_pattern() {
        let mut events = Events::new();
        for (first, hz) in [(100, 440.0), (125, 440.5), (130, 880.0), (150, 440.0), (900, 440.0)] {
            events.add(Pulse { first, last: first + 10, hz });
        }
        let report = events.report(u64::MAX);
        let shape: Vec<_> = report.events.iter().map(|e| (e.pulses, e.on_ms, e.off_ms)).collect();
        assert_eq!(shape, [(3, 160, Some(240)), (1, 160, None), (1, 160, None)]);
        assert_eq!(report.events[0].from, PtsNanos(102 * 16_000_000));
    }

    #[test]
    fn the_list_is_bounded() {
        let mut events = Events::new();
        for index in 0..2_000_u16 {
            events.add(Pulse { first: 0, last: 9, hz: 200.0 * 1.02_f32.powi(i32::from(index % 40)) });
            events.add(Pulse { first: u64::from(index) * 500, last: u64::from(index) * 500 + 9, hz: 150.0 });
        }
        let report = events.report(u64::MAX);
        assert!(report.events.len() <= MAX_EVENTS && report.pulses_not_listed > 0);
    }
}
