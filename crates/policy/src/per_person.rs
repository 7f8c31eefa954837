//! Whose faces stay clear: tracks that people assigned, as far as the permit allows it.

use std::collections::BTreeSet;

use serde::Serialize;

use obscura_core::engine::{ChosenTracks, TrackEntry, TrackFile};
use obscura_core::model::{RegionUse, Sha256Digest, TrackId};

use crate::permit::Terms;

/// How the tracks of a file were treated, in numbers that name nobody.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Treatment {
    /// Digest of what the file says.
    pub(crate) tracks_sha256: Option<Sha256Digest>,
    /// Tracks in the file.
    pub(crate) tracks: usize,
    /// Tracks whose faces stay clear, where their place is sure.
    pub(crate) clear: usize,
    /// Tracks that are hidden.
    pub(crate) hidden: usize,
    /// Of the hidden ones, those that nobody assigned to a person.
    pub(crate) hidden_unassigned: usize,
    /// Of the hidden ones, those of people who may not be seen, or whom the sheet does not list.
    pub(crate) hidden_not_agreed: usize,
    /// Regions that a person drew to be hidden.
    pub(crate) regions_hidden: usize,
}

impl Treatment {
    /// One sentence.
    pub(crate) fn in_words(&self) -> String {
        format!(
            "of {} tracks {} stay clear where their place is sure; {} are hidden: {} without a person, {} of people who may \
             not be seen or whom the sheet does not list",
            self.tracks, self.clear, self.hidden, self.hidden_unassigned, self.hidden_not_agreed
        )
    }
}

/// Which tracks stay clear. A track without a person, and one of a person who may not be seen, is hidden.
pub(crate) fn choose<'a>(file: &'a TrackFile, terms: &Terms) -> (ChosenTracks<'a>, Treatment) {
    let may_be_seen = |track: &&TrackEntry| {
        track.subject.as_ref().is_some_and(|subject| terms.may_be_seen.contains(subject))
    };
    let clear: BTreeSet<TrackId> = file.tracks.iter().filter(may_be_seen).map(|track| track.id).collect();
    let hidden = file.tracks.len().saturating_sub(clear.len());
    let hidden_unassigned = file.tracks.iter().filter(|track| track.subject.is_none()).count();
    let treatment = Treatment {
        tracks_sha256: serde_json::to_vec(file).ok().map(|json| Sha256Digest::of(&json)),
        tracks: file.tracks.len(),
        clear: clear.len(),
        hidden,
        hidden_unassigned,
        hidden_not_agreed: hidden.saturating_sub(hidden_unassigned),
        regions_hidden: file.regions.iter().filter(|region| region.what == RegionUse::Hide).count(),
    };
    (ChosenTracks { file, clear }, treatment)
}
