//! Trials of the attacker and their equal error rate.

use std::collections::BTreeMap;

use super::attacker::{Print, dot, unit};
use super::speech::{Item, Role};

/// Scores of one experiment: those of the same speaker and those of others of the same sex.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    pub(crate) same: Vec<f32>,
    pub(crate) other: Vec<f32>,
}

impl Scores {
    /// Equal error rate in percent: 0 is a sure attacker, 50 a guessing one.
    pub(crate) fn eer_percent(&self) -> f32 {
        let mut thresholds: Vec<f32> = self.same.iter().chain(&self.other).copied().collect();
        thresholds.sort_by(f32::total_cmp);
        let share = |scores: &[f32], test: &dyn Fn(f32) -> bool| {
            scores.iter().filter(|score| test(**score)).count() as f32 / scores.len().max(1) as f32
        };
        let rates = thresholds.iter().map(|threshold| {
            let refused = share(&self.same, &|score| score < *threshold);
            let accepted = share(&self.other, &|score| score >= *threshold);
            ((refused - accepted).abs(), 50.0 * (refused + accepted))
        });
        rates.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(50.0, |(_, rate)| rate)
    }
}

/// Which segments are compared.
pub(crate) struct Trials<'a> {
    pub(crate) items: &'a [Item],
    /// Segments that count: those of a set, or of some of its speakers.
    pub(crate) counts: &'a (dyn Fn(&Item) -> bool + Sync),
    /// Both test segments of a speaker are averaged before they are compared.
    pub(crate) pooled: bool,
}

impl Trials<'_> {
    /// Compares every test segment with every speaker of the same sex. `test_prints` may hold several versions of each
    /// test segment: an attacker takes the one that fits best.
    pub(crate) fn run(&self, enrolled: &[Print], test_prints: &[Vec<Print>]) -> Scores {
        let indices = || (0..self.items.len()).filter(|i| (self.counts)(&self.items[*i]));
        let mut models: BTreeMap<&str, (Vec<f32>, &str)> = BTreeMap::new();
        for i in indices().filter(|i| self.items[*i].role == Role::Enrol) {
            let (sum, _) = models
                .entry(self.items[i].speaker.as_str())
                .or_insert_with(|| (vec![0.0; enrolled[i].len()], self.items[i].sex.as_str()));
            add(sum, &enrolled[i]);
        }
        let mut tests: Vec<(&Item, Vec<Print>)> = Vec::new();
        for i in indices().filter(|i| self.items[*i].role == Role::Test) {
            let item = &self.items[i];
            match tests.iter_mut().find(|(known, _)| self.pooled && known.speaker == item.speaker) {
                Some((_, sums)) => {
                    for (sum, print) in sums.iter_mut().zip(&test_prints[i]) {
                        add(sum, print);
                    }
                }
                None => tests.push((item, test_prints[i].clone())),
            }
        }
        let mut scores = Scores::default();
        for (item, versions) in tests {
            let versions: Vec<Print> = versions.into_iter().map(unit).collect();
            for (speaker, (sum, _)) in models.iter().filter(|(_, (_, sex))| **sex == item.sex) {
                let model = unit(sum.clone());
                let best = versions.iter().map(|print| dot(&model, print)).fold(-1.0, f32::max);
                if *speaker == item.speaker { scores.same.push(best) } else { scores.other.push(best) }
            }
        }
        scores
    }
}

fn add(sum: &mut [f32], values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_zero_for_a_sure_attacker_and_half_for_a_guess() {
        let sure = Scores { same: vec![0.9, 0.8], other: vec![0.1, 0.2, 0.3] };
        assert!(sure.eer_percent() < 1e-3);
        let same: Vec<f32> = (0..100_u8).map(f32::from).collect();
        let guess = Scores { other: same.clone(), same };
        assert!((guess.eer_percent() - 50.0).abs() < 1.5, "{}", guess.eer_percent());
    }
}
