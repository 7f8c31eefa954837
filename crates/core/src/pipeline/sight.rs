//! Where masks come from: detectors and a tracker that look for faces, or a file that says where they are.

use std::sync::Arc;

use crossbeam_channel::{Sender, bounded};

use super::agenda::Agenda;
use super::assets::Assets;
use super::error::EngineError;
use super::lately::Lately;
use super::networks::{Finders, FoundWith, Networks};
use super::retrospect::Retrospect;
use super::stages::{decode, detect, follow};
use super::threads::{Handle, Starter};
use super::tracks::Script;
use super::watching::{Lookouts, look_times};
use crate::detect::{CenterFace, LookTimes, Schedule, Searches};
use crate::media::{PictureFormat, PictureSource};
use crate::model::{Frame, FrameMasks, OnUncertain, Plan};
use crate::track::{Follower, Prospects, TrackReport, TrackSettings};

/// Where the masks of a run come from.
pub(super) enum MaskOrigin<'a> {
    /// Faces are looked for.
    Search(Box<Looking>),
    /// A file says where they are.
    Script(Script<'a>),
    /// Nothing is hidden.
    Nothing,
}

/// Everything that looks for faces.
pub(super) struct Looking {
    detectors: Vec<CenterFace>,
    retrospect: Option<CenterFace>,
    lookouts: Lookouts,
    tracker: Follower,
    schedule: Schedule,
    times: LookTimes,
    prospects: Prospects,
    on_uncertain: OnUncertain,
    found_with: FoundWith,
}

impl MaskOrigin<'_> {
    /// What looks for faces; none where nothing does.
    pub(super) fn found_with(&self) -> Option<FoundWith> {
        match self {
            Self::Search(looking) => Some(looking.found_with.clone()),
            Self::Script(_) | Self::Nothing => None,
        }
    }

    /// Detectors, one a processor, and a tracker, for pictures of a format.
    ///
    /// # Errors
    /// Where a detector cannot be used or a setting lies outside its range.
    pub(super) fn search(
        plan: &Plan,
        networks: Networks,
        assets: &Assets,
        format: &PictureFormat,
    ) -> Result<Self, EngineError> {
        let tracker = Follower::new(plan, format.size)?;
        let (schedule, on_uncertain) =
            (Schedule::new(plan.search, plan.speed, format.search_rate()), plan.on_uncertain);
        let Networks { finders, sets } = networks;
        let Finders { detectors, retrospect, found_with } = finders.ready_for(format.size, plan, assets)?;
        let lookouts = Lookouts::new(plan, assets, format, sets)?;
        let prospects = Prospects::new(TrackSettings::from_plan(plan), format.size);
        Ok(Self::Search(Box::new(Looking {
            detectors,
            retrospect,
            lookouts,
            tracker,
            schedule,
            times: look_times(plan, format),
            prospects,
            on_uncertain,
            found_with,
        })))
    }
}

/// The stages between the decoder and whoever takes pictures with their masks.
pub(super) struct Sighted<'scope> {
    pub(super) decoding: Handle<'scope, decode::Decoded>,
    pub(super) following: Handle<'scope, TrackReport>,
}

impl<'scope> Starter<'scope, '_, '_> {
    /// Starts decoding and everything that gives each picture its masks.
    ///
    /// # Errors
    /// Where a thread cannot be started.
    pub(super) fn sighting<'a: 'scope>(
        &self,
        pictures: PictureSource,
        origin: MaskOrigin<'a>,
        output: Sender<(Frame, FrameMasks)>,
    ) -> Result<Sighted<'scope>, EngineError> {
        match origin {
            MaskOrigin::Search(looking) => self.looking(pictures, *looking, output),
            MaskOrigin::Nothing => {
                let (to_follow, follow_in) = bounded(1);
                let decoding =
                    self.stage("decode", move |watch| decode::run(pictures, None, &to_follow, watch))?;
                let following =
                    self.stage("follow", move |watch| Ok(follow::run_nothing(&follow_in, &output, watch)))?;
                Ok(Sighted { decoding, following })
            }
            MaskOrigin::Script(script) => {
                let (to_follow, follow_in) = bounded(4);
                let decoding =
                    self.stage("decode", move |watch| decode::run(pictures, None, &to_follow, watch))?;
                let following = self
                    .stage("follow", move |watch| follow::run_script(script, &follow_in, &output, watch))?;
                Ok(Sighted { decoding, following })
            }
        }
    }

    fn looking(
        &self,
        pictures: PictureSource,
        looking: Looking,
        output: Sender<(Frame, FrameMasks)>,
    ) -> Result<Sighted<'scope>, EngineError> {
        let on_uncertain = looking.on_uncertain;
        let Looking { detectors, retrospect, lookouts, tracker, schedule, times, prospects, .. } = looking;
        let lately = Arc::new(Lately::new(prospects, schedule.known_after(), Arc::clone(&self.brake.stop)));
        let lookouts = Arc::new(lookouts);
        let retrospect = retrospect.map(|finder| Retrospect::new(finder, Arc::clone(&lookouts)));
        // Each picture that waits costs its own size, and the slowest stage is the detectors': more would not make it
        // faster.
        let waiting = detectors.len().div_ceil(2);
        let (to_detect, detect_in) = bounded(waiting);
        let (to_follow, follow_in) = bounded(waiting);
        let agenda = Some(Agenda::new(Searches::new(schedule), times));
        let decoding = self.stage("decode", move |watch| decode::run(pictures, agenda, &to_detect, watch))?;
        for detector in detectors {
            let (input, output) = (detect_in.clone(), to_follow.clone());
            let (lately, lookouts) = (Arc::clone(&lately), Arc::clone(&lookouts));
            self.stage("detect", move |watch| {
                detect::run(detector, &lookouts, &input, &output, schedule, &lately, watch)
            })?;
        }
        drop((detect_in, to_follow));
        let following = self.stage("follow", move |watch| {
            follow::run(tracker, retrospect, &follow_in, &output, on_uncertain, watch)
        })?;
        Ok(Sighted { decoding, following })
    }
}
