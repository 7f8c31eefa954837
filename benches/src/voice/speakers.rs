//! How well the attacker tells speakers apart: untouched, shifted, shifted back, disguised.

use std::collections::BTreeMap;
use std::path::Path;

use super::attacker::{Attacker, Print, dot};
use super::backend::Backend;
use super::measures::mean;
use super::speech::{Item, Role};
use super::treat;
use super::trials::{Scores, Trials};
use crate::Failure;
use crate::side_by_side::side_by_side;

/// Shifts that a blind attacker tries, in semitones.
const SEARCH_SEMITONES: [f32; 9] = [-5.0, -4.0, -3.5, -3.0, 0.0, 3.0, 3.5, 4.0, 5.0];
/// Ways of splitting the speakers into those that the back-end learns from and those that are told apart.
const SPLITS: usize = 4;

/// Equal error rates of one kind of sound, percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    /// Clear enrolment, treated test.
    pub(crate) ignorant: f32,
    /// Both treated, each segment with parameters of its own.
    pub(crate) lazy: f32,
    /// Both test segments of a speaker averaged.
    pub(crate) lazy_pooled: f32,
    /// Lazy, with a back-end learned from treated speech of other speakers.
    pub(crate) semi: f32,
    pub(crate) semi_pooled: f32,
}

/// Voice prints of sounds.
pub(crate) fn prints(attacker: &mut Attacker, sounds: &[Vec<f32>]) -> Result<Vec<Print>, Failure> {
    sounds.iter().map(|sound| attacker.print(sound)).collect()
}

/// All attacks on one kind of sound.
pub(crate) fn rates(items: &[Item], clear: &[Print], found: &[Print]) -> Rates {
    let everybody = |_: &Item| true;
    let eer = |pooled, enrolled| trial(items, &everybody, pooled, enrolled, found).eer_percent();
    let (semi, semi_pooled) = semi(items, found);
    Rates {
        ignorant: eer(false, clear),
        lazy: eer(false, found),
        lazy_pooled: eer(true, found),
        semi,
        semi_pooled,
    }
}

fn trial(
    items: &[Item],
    counts: &(dyn Fn(&Item) -> bool + Sync),
    pooled: bool,
    enrolled: &[Print],
    tested: &[Print],
) -> Scores {
    let versions: Vec<Vec<Print>> = tested.iter().map(|print| vec![print.clone()]).collect();
    Trials { items, counts, pooled }.run(enrolled, &versions)
}

/// The back-end learns from half of the speakers and is tried on the other half; mean over some splits.
fn semi(items: &[Item], found: &[Print]) -> (f32, f32) {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        let next = places.len();
        places.entry(&item.speaker).or_insert(next);
    }
    let (mut single, mut pooled) = (Vec::new(), Vec::new());
    for split in 0..SPLITS {
        // Every split takes another half: neighbours in the list change sides at different rates.
        let learns = |item: &Item| places.get(item.speaker.as_str()).is_some_and(|at| (at >> split) % 2 == 0);
        let known: Vec<(&str, &Print)> = items
            .iter()
            .zip(found)
            .filter(|(item, _)| learns(item))
            .map(|(item, print)| (item.speaker.as_str(), print))
            .collect();
        let backend = Backend::learn(&known);
        let changed: Vec<Print> = found.iter().map(|print| backend.change(print)).collect();
        let others = |item: &Item| !learns(item);
        single.push(trial(items, &others, false, &changed, &changed).eer_percent());
        pooled.push(trial(items, &others, true, &changed, &changed).eer_percent());
    }
    (mean(&single), mean(&pooled))
}

/// The ignorant attacker's rate if every test segment is shifted by all of [`SEARCH_SEMITONES`] and the best score
/// counts.
pub(crate) fn after_blind_search(
    items: &[Item],
    attacker: &mut Attacker,
    clear: &[Print],
    sounds: &[Vec<f32>],
    folder: &Path,
) -> Result<f32, Failure> {
    after(items, attacker, clear, sounds, folder, &SEARCH_SEMITONES)
}

/// The same with shifts that the attacker knows to be right.
pub(crate) fn after(
    items: &[Item],
    attacker: &mut Attacker,
    clear: &[Print],
    sounds: &[Vec<f32>],
    folder: &Path,
    shifts: &[f32],
) -> Result<f32, Failure> {
    let mut versions: Vec<Vec<Print>> = Vec::new();
    for (item, sound) in items.iter().zip(sounds) {
        let mut tried = Vec::new();
        if item.role == Role::Test {
            for sound in side_by_side(shifts, |shift| Ok(treat::shifted(sound, *shift, folder)))? {
                tried.push(attacker.print(&sound)?);
            }
        }
        versions.push(tried);
    }
    let everybody = |_: &Item| true;
    Ok(Trials { items, counts: &everybody, pooled: false }.run(clear, &versions).eer_percent())
}

/// Mean cosine of each segment with its treated self.
pub(crate) fn cosine(clear: &[Print], found: &[Print]) -> f32 {
    mean(&clear.iter().zip(found).map(|(a, b)| dot(a, b)).collect::<Vec<f32>>())
}
