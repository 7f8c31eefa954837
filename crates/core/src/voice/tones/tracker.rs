//! Peaks over time: which of them stand still long enough to be a tone, from when to when.

use std::collections::VecDeque;

use super::events::{Events, Pulse};

/// A peak this near to a candidate goes on with it, in Hz.
const REACH_HZ: f32 = 4.0;
/// A tone stays within this of its frequency, in Hz.
const STEADY_HZ: f32 = 0.6;
/// Share of a candidate's peaks that must be that steady.
const STEADY_SHARE: f32 = 0.9;
/// Peaks that make a tone (0.11 s): pulses of alarms last from 75 ms (IEC 60601-1-8), most of them 150 ms or longer.
const MIN_PEAKS: usize = 7;
/// Peaks of a candidate that are remembered; older ones no longer count.
const MEMORY_PEAKS: usize = 16;
/// Windows without the peak that are bridged (48 ms): speech covers a tone now and then.
const MAX_MISSES: u64 = 3;
/// Candidates that are followed at once.
const MAX_CANDIDATES: usize = 64;
/// Tones that are known at once.
const MAX_TONES: usize = 32;
/// Partials of one sound begin within this many windows of one another.
const TOGETHER: u64 = 4;
/// How far a partial may be off a whole multiple.
const HARMONIC_SHARE: f32 = 0.01;

/// A peak that may become a tone.
struct Candidate {
    /// Window and frequency of each peak.
    peaks: VecDeque<(u64, f32)>,
    mean_hz: f32,
    is_tone: bool,
}

/// A steady tone, known by the windows in which it was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    pub(super) id: u64,
    /// First and last window; the tone lasts from the middle of the one to the middle of the other.
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) hz: f32,
    /// An overtone of another tone that began with it.
    pub(super) is_overtone: bool,
    is_over: bool,
}

/// Follows peaks from window to window.
pub(super) struct Tracker {
    window: u64,
    next_id: u64,
    candidates: Vec<Candidate>,
    tones: Vec<Tone>,
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self { window: 0, next_id: 0, candidates: Vec::new(), tones: Vec::new() }
    }

    /// Takes the peaks of the next window, in Hz, and returns the window's number.
    pub(super) fn push(&mut self, peaks_hz: &[f32]) -> u64 {
        let window = self.window;
        self.window += 1;
        let mut left: Vec<f32> = peaks_hz.to_vec();
        self.go_on(window, &mut left);
        for candidate in &mut self.candidates {
            candidate.go_on(window, &mut left);
        }
        self.candidates.retain(|c| c.peaks.back().is_some_and(|(last, _)| window - last <= MAX_MISSES));
        self.promote();
        let room = MAX_CANDIDATES.saturating_sub(self.candidates.len());
        self.candidates.extend(left.into_iter().take(room).map(|hz| Candidate::new(window, hz)));
        window
    }

    /// Known tones take their peaks first, and end where these stay away.
    fn go_on(&mut self, window: u64, left: &mut Vec<f32>) {
        for tone in self.tones.iter_mut().filter(|tone| !tone.is_over) {
            if take_nearest(left, tone.hz, REACH_HZ / 2.0).is_some() {
                tone.last = window;
            } else if window - tone.last > MAX_MISSES {
                tone.is_over = true;
            }
        }
    }

    fn promote(&mut self) {
        for candidate in &mut self.candidates {
            let Some((first, last, hz)) = candidate.steady() else { continue };
            candidate.is_tone = true;
            if self.tones.len() >= MAX_TONES {
                continue;
            }
            let mut tone = Tone { id: self.next_id, first, last, hz, is_overtone: false, is_over: false };
            self.next_id += 1;
            for other in self.tones.iter_mut().filter(|other| other.first.abs_diff(first) <= TOGETHER) {
                tone.is_overtone |= is_multiple(tone.hz, other.hz);
                other.is_overtone |= is_multiple(other.hz, tone.hz);
            }
            self.tones.push(tone);
        }
        self.candidates.retain(|candidate| !candidate.is_tone);
    }

    /// Every tone that is known and not yet forgotten.
    pub(super) fn tones(&self) -> &[Tone] {
        &self.tones
    }

    /// Hands over the tones that ended before a window.
    pub(super) fn forget_before(&mut self, window: u64, events: &mut Events) {
        let (over, rest): (Vec<Tone>, Vec<Tone>) =
            self.tones.drain(..).partition(|tone| tone.is_over && tone.last + TOGETHER < window);
        self.tones = rest;
        hand_over(over, events);
    }

    /// Hands over every tone: the sound is at its end.
    pub(super) fn end(&mut self, events: &mut Events) {
        hand_over(std::mem::take(&mut self.tones), events);
    }
}

fn hand_over(mut tones: Vec<Tone>, events: &mut Events) {
    tones.retain(|tone| !tone.is_overtone);
    tones.sort_by_key(|tone| tone.first);
    for tone in tones {
        events.add(Pulse { first: tone.first, last: tone.last, hz: tone.hz });
    }
}

impl Candidate {
    fn new(window: u64, hz: f32) -> Self {
        Self { peaks: VecDeque::from([(window, hz)]), mean_hz: hz, is_tone: false }
    }

    fn go_on(&mut self, window: u64, left: &mut Vec<f32>) {
        let Some(hz) = take_nearest(left, self.mean_hz, REACH_HZ) else { return };
        self.peaks.push_back((window, hz));
        if self.peaks.len() > MEMORY_PEAKS {
            self.peaks.pop_front();
        }
        self.mean_hz += (hz - self.mean_hz) / self.peaks.len().min(8) as f32;
    }

    /// First and last window and frequency, where the peaks stand still.
    fn steady(&self) -> Option<(u64, u64, f32)> {
        if self.peaks.len() < MIN_PEAKS {
            return None;
        }
        let mut sorted: Vec<f32> = self.peaks.iter().map(|(_, hz)| *hz).collect();
        sorted.sort_by(f32::total_cmp);
        let median_hz = *sorted.get(sorted.len() / 2)?;
        let steady = || self.peaks.iter().filter(|(_, hz)| (hz - median_hz).abs() <= STEADY_HZ);
        let (first, last) = (steady().next()?.0, steady().next_back()?.0);
        let windows = (last - first + 1) as f32;
        let count = steady().count();
        let is_steady = count >= MIN_PEAKS
            && count as f32 >= STEADY_SHARE * self.peaks.len() as f32
            && count as f32 >= 0.6 * windows;
        is_steady.then_some((first, last, median_hz))
    }
}

/// Takes the peak nearest to `hz` out, where one is within reach.
fn take_nearest(left: &mut Vec<f32>, hz: f32, reach_hz: f32) -> Option<f32> {
    let distance = |peak: &f32| (peak - hz).abs();
    let (index, nearest) = left.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    (distance(nearest) <= reach_hz).then_some(index).map(|index| left.swap_remove(index))
}

fn is_multiple(hz: f32, of_hz: f32) -> bool {
    let ratio = hz / of_hz;
    ratio > 1.5 && (ratio - ratio.round()).abs() <= HARMONIC_SHARE * ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(windows: impl IntoIterator<Item = Vec<f32>>) -> Vec<Tone> {
        let mut tracker = Tracker::new();
        for peaks in windows {
            tracker.push(&peaks);
        }
        tracker.tones().to_vec()
    }

    #[test]
    fn a_steady_peak_is_a_tone_and_a_gliding_one_is_not() {
        let found =
            tones((0..20_u8).map(|i| vec![440.0 + f32::from(i % 2) * 0.2, 700.0 + 1.5 * f32::from(i)]));
        assert_eq!(found.len(), 1);
        assert!((found[0].first, found[0].last) == (0, 19) && (found[0].hz - 440.1).abs() < 0.2, "{found:?}");
    }

    #[test]
    fn overtones_belong_to_their_fundamental() {
        let found = tones((0..12_u8).map(|_| vec![300.0, 600.0, 905.0, 1_234.0]));
        let overtones: Vec<bool> = {
            let mut sorted = found.clone();
            sorted.sort_by(|a, b| a.hz.total_cmp(&b.hz));
            sorted.iter().map(|tone| tone.is_overtone).collect()
        };
        assert_eq!(overtones, [false, true, true, false]);
    }

    #[test]
    fn a_short_gap_is_bridged_and_a_long_one_is_not() {
        let with_gap = |gap: u8| {
            tones((0..40_u8).map(|i| if (10..10 + gap).contains(&i) { vec![] } else { vec![500.0] })).len()
        };
        assert_eq!((with_gap(3), with_gap(8)), (1, 2));
    }
}
