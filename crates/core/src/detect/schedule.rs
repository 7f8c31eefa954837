//! Which turns of a frame are searched: all of them on every frame, or one after the other beside the upright pass.

use crate::model::Search;

use super::layout::Turn;

/// Turned passes by turns of 45 degrees: faces that lie on a side first, then those upside down, then between. Opposite
/// turns follow one another, so that no direction waits long.
const CYCLE: [Turn; 7] = [
    Turn::eighths(2),
    Turn::eighths(6),
    Turn::eighths(1),
    Turn::eighths(7),
    Turn::eighths(4),
    Turn::eighths(3),
    Turn::eighths(5),
];

/// A turned pass runs on every so many frames.
const TURNED_EVERY: u64 = 2;

/// The turned passes of one frame, beside the upright one, which always runs. It depends on nothing but the frame's number,
/// so that the same recording gives the same result on any number of workers.
pub fn turns_of(search: Search, seq: u64) -> &'static [Turn] {
    let place = usize::try_from(seq / TURNED_EVERY % CYCLE.len() as u64).unwrap_or(0);
    match search {
        Search::Thorough => &CYCLE,
        Search::Turned if seq.is_multiple_of(TURNED_EVERY) => CYCLE.get(place..=place).unwrap_or(&[]),
        Search::Turned | Search::Upright => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_direction_is_looked_at_within_fourteen_frames() {
        for start in 0..20 {
            let seen: Vec<_> = (start..start + 14).flat_map(|seq| turns_of(Search::Turned, seq)).collect();
            assert_eq!(seen.len(), CYCLE.len());
            assert!(CYCLE.iter().all(|turn| seen.contains(&turn)), "{seen:?}");
        }
        assert_eq!(turns_of(Search::Thorough, 3), CYCLE);
        assert_eq!(turns_of(Search::Upright, 4), []);
    }
}
