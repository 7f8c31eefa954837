//! What shows that each obligation of a permit was met. An obligation without evidence stops the release of the result.

use serde::Serialize;
use serde_json::{Value, json};

use obscura_core::engine::Rendered;
use obscura_core::model::{Plan, VoiceMode};

use crate::gate::Order;
use crate::per_person::Treatment;
use crate::permit::Permit;

/// An obligation that nothing shows to have been met.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing shows that the obligation `{obligation}` was met")]
pub struct MissingEvidence {
    obligation: String,
}

/// One obligation with what shows that it was met.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Evidence {
    /// The obligation, in the words of the decision.
    pub(crate) obligation: String,
    /// `met`, or `pending` where a person must act before the derivative may be used.
    pub(crate) status: &'static str,
    /// What was measured.
    pub(crate) measured: Value,
}

/// Collects the evidence for every obligation.
///
/// # Errors
/// [`MissingEvidence`] for the first obligation without any.
pub(crate) fn collect(
    permit: &Permit,
    plan: &Plan,
    order: &Order,
    treatment: Option<&Treatment>,
    rendered: &Rendered,
) -> Result<Vec<Evidence>, MissingEvidence> {
    permit
        .obligations()
        .iter()
        .map(|obligation| {
            let found = evidence_for(obligation, permit, plan, order, treatment, rendered);
            let (status, measured) =
                found.ok_or_else(|| MissingEvidence { obligation: obligation.clone() })?;
            Ok(Evidence { obligation: obligation.clone(), status, measured })
        })
        .collect()
}

fn evidence_for(
    obligation: &str,
    permit: &Permit,
    plan: &Plan,
    order: &Order,
    treatment: Option<&Treatment>,
    rendered: &Rendered,
) -> Option<(&'static str, Value)> {
    let met = |value| Some(("met", value));
    let (kind, detail) = obligation.split_once(':').unwrap_or((obligation, ""));
    match (kind, detail) {
        ("blur_faces", "all") if treatment.is_none_or(|tracks| tracks.clear == 0) => {
            faces(rendered, treatment).map(|value| ("met", value))
        }
        ("blur_faces", "not_consented") => faces(rendered, treatment).map(|value| ("met", value)),
        ("voice", wanted) => voice(wanted, plan, rendered).map(|value| ("met", value)),
        ("strip_metadata", "") => met(json!({
            "container_allow_list": "passed",
            "picture_tracks": rendered.check.streams.picture_tracks,
            "sound_tracks": rendered.check.streams.sound_tracks,
            "dropped": rendered.render.dropped_streams,
        })),
        ("watermark", "") if !plan.watermark.is_empty() => met(json!({
            "text": plan.watermark, "frames": rendered.render.frames_out,
        })),
        ("human_review", _) => Some(("pending", json!({ "reviewed": false }))),
        ("audience", audience) if audience == order.audience => {
            met(json!({ "named_in_receipt_and_watermark": true }))
        }
        ("expires", "") => permit.expires_at().and_then(|at| met(json!({ "expires_at": at }))),
        ("warn", _) => met(json!({ "named_in_receipt": true })),
        ("cite_authority", document) if !document.is_empty() => met(json!({ "cited_in_receipt": true })),
        _ => None,
    }
}

/// Every picture went through the detector, or has masks from a file of tracks, and came back without a face that is
/// readable and should not be.
fn faces(rendered: &Rendered, treatment: Option<&Treatment>) -> Option<Value> {
    let (render, check) = (&rendered.render, &rendered.check);
    let all_seen = render.frames_in == render.frames_out && check.frames_searched == render.frames_out;
    (all_seen && check.residual_faces.is_empty()).then(|| {
        json!({
            "frames_redacted": render.frames_out,
            "frames_searched_again": check.frames_searched,
            "second_detector": check.detector,
            "readable_faces_found": 0,
            "tracks_clear": treatment.map_or(0, |tracks| tracks.clear),
            "tracks_hidden": treatment.map_or(rendered.render.tracks.tracks, |tracks| tracks.hidden as u64),
        })
    })
}

fn voice(wanted: &str, plan: &Plan, rendered: &Rendered) -> Option<Value> {
    let has_sound = rendered.check.streams.sound_tracks > 0;
    let sound = rendered.render.sound.as_ref();
    let value = json!({
        "mode": plan.voice,
        "sound_tracks": rendered.check.streams.sound_tracks,
        "warning": sound.and_then(|sound| sound.warning),
        "muted_share": sound.and_then(|sound| sound.muted_share),
    });
    let fits = match wanted {
        "modulated" => {
            !has_sound || matches!(plan.voice, VoiceMode::Disguise | VoiceMode::Pitch | VoiceMode::Mute)
        }
        "removed" => !has_sound,
        "original" => plan.voice == VoiceMode::Original,
        _ => false,
    };
    fits.then_some(value)
}
