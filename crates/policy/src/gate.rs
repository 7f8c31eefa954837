//! From a sheet and a file to a decision, and from a permit to a finished recording with its receipt.

use std::path::Path;

use obscura_core::engine::{self, Assets, EngineError, InputFile, Link, OutputError, PendingFile};
use obscura_core::model::{Plan, Sha256Digest, VoiceMode};

use crate::config::Config;
use crate::evidence::{self, MissingEvidence};
use crate::permit::Permit;
use crate::receipt::{Receipt, receipt_path};
use crate::rules::{
    Action, Decision, Faces, Facts, Instant, Metadata, Modality, Outcome, PolicyState, Request, Technique,
    Voice, decide,
};
use crate::sheet::{Digest, Found, Sheet};

/// Who asks for what: the part of a request that does not follow from the plan.
#[derive(Clone, Debug)]
pub struct Order {
    /// Pseudonym of who asks.
    pub actor: String,
    /// The role in which they ask.
    pub role: String,
    /// The purpose of use.
    pub purpose: String,
    /// Who will see the result.
    pub audience: String,
}

/// The answer of the gate.
#[derive(Debug)]
pub enum Verdict {
    /// Rendering may begin.
    Permitted(Permit),
    /// It may not; every reason is in the decision.
    Refused(Decision),
}

/// Why a permitted rendering produced nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// The rendering itself failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The permit was issued for something else, or too long ago.
    #[error("the permit does not cover this recording, this way of hiding, and this moment")]
    NotCovered,
    /// The decision changed while the recording was rendered.
    #[error("the decision changed while the recording was rendered")]
    Overtaken(Box<Decision>),
    /// The sheet could not be read again before the result was named.
    #[error("the consent sheet cannot be read any more, so the decision cannot be confirmed")]
    SheetGone,
    /// An obligation is not shown to have been met.
    #[error(transparent)]
    Evidence(#[from] MissingEvidence),
    /// The receipt could not be written.
    #[error("the receipt cannot be written: {0}")]
    Receipt(String),
    /// The output could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Judges a request for one recording.
pub fn judge(
    sheet: &Sheet,
    input: &InputFile,
    plan: &Plan,
    order: &Order,
    config: &Config,
    now: Instant,
) -> Verdict {
    let facts = facts(sheet, input.digest(), plan, order, now);
    let decision = decide(&facts, config);
    match Permit::issue(&decision, &facts, input.digest()) {
        Some(permit) => Verdict::Permitted(permit),
        None => Verdict::Refused(decision),
    }
}

/// Renders a recording under a permit. `confirm` reads the sheet and the clock again: the decision is taken once more
/// before the result gets its name, since consent may be withdrawn while a long recording is rendered.
///
/// # Errors
/// [`GateError`]; nothing is left under the output's name or the receipt's.
#[expect(clippy::too_many_arguments, reason = "the inputs of one rendering, each of another owner")]
#[expect(clippy::needless_pass_by_value, reason = "a permit is used up by the rendering that it allowed")]
pub fn render(
    permit: Permit,
    plan: &Plan,
    input: &InputFile,
    output: (&Path, bool),
    assets: &Assets,
    order: &Order,
    config: &Config,
    confirm: &dyn Fn() -> Option<(Sheet, Instant)>,
    link: &Link,
) -> Result<Receipt, GateError> {
    let (target, overwrite) = output;
    let (_, now) = confirm().ok_or(GateError::SheetGone)?;
    if !permit.covers(input.digest(), technique(plan), now) {
        return Err(GateError::NotCovered);
    }
    let plan = Plan { watermark: watermark(&permit, order), ..plan.clone() };
    let pending = PendingFile::create(target, overwrite)?;
    let pending_receipt = PendingFile::create(&receipt_path(target), overwrite)?;
    let rendered = engine::render(&plan, input, pending.file(), assets, link)?;
    let evidence = evidence::collect(&permit, &plan, order, &rendered)?;
    let (sheet, now) = confirm().ok_or(GateError::SheetGone)?;
    let decision = decide(&facts(&sheet, input.digest(), &plan, order, now), config);
    if decision.outcome != Outcome::Permit || !permit.obligations().iter().eq(&decision.obligations) {
        return Err(GateError::Overtaken(Box::new(decision)));
    }
    let receipt = Receipt::new(&permit, &plan, order, config, (input, &sheet), assets, rendered, evidence);
    receipt.write(pending_receipt.file()).map_err(|e| GateError::Receipt(e.to_string()))?;
    // The receipt first: an output without a receipt must not exist, not even for a moment.
    pending_receipt.commit()?;
    pending.commit()?;
    Ok(receipt)
}

fn facts(sheet: &Sheet, source: Sha256Digest, plan: &Plan, order: &Order, now: Instant) -> Facts {
    sheet.to_facts(Found {
        now,
        last_audit_at: now,
        policy: PolicyState { loaded: true, signature_ok: true },
        source_sha256: Digest(*source.as_bytes()),
        request: request(plan, order),
        derivative: None,
    })
}

/// Where the result goes is the word of whoever runs the command: the engine writes into the folder that it is given, and
/// a site gives its approved store.
fn request(plan: &Plan, order: &Order) -> Request {
    Request {
        action: Action::ProduceDerivative,
        actor: order.actor.clone(),
        role: order.role.clone(),
        purpose: order.purpose.clone(),
        audience: order.audience.clone(),
        modality: Modality::Video,
        technique: technique(plan),
        recipient: None,
        encrypted: false,
        dest_storage: "approved_store".to_owned(),
        less_intrusive_suffices: None,
    }
}

fn technique(plan: &Plan) -> Technique {
    let voice = match plan.voice {
        // `mute` keeps what it does not take for speech, so it promises no more than a disguise does.
        VoiceMode::Disguise | VoiceMode::Pitch | VoiceMode::Mute => Voice::Modulated,
        VoiceMode::Remove => Voice::Removed,
        VoiceMode::Original => Voice::Original,
    };
    Technique { faces: Faces::All, voice, metadata: Metadata::Stripped }
}

/// Says on every picture that this is a derivative, and for what; the number leads back to the decision.
fn watermark(permit: &Permit, order: &Order) -> String {
    let id: String = permit.decision_id().to_string().chars().take(8).collect();
    format!("DE-IDENTIFIED {} {} {id}", order.purpose, order.audience)
}
