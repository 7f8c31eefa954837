//! From a sheet and a file to a decision, and from a permit to a finished recording with its receipt.
//!
//! Every decision of [`judge`] and every end of [`render`] is in the audit log before anything follows from it.

mod error;

use std::path::Path;

use obscura_core::engine::{self, Assets, InputFile, Link, OutputError, PendingFile, TrackFile};
use obscura_core::model::{Hide, Plan, Sha256Digest, VoiceMode};

pub use error::GateError;

use crate::account;
use crate::evidence;
use crate::log::{Event, Log, Moment};
use crate::per_person;
use crate::permit::{Permit, Terms};
use crate::policy_file::{Policy, Storage};
use crate::receipt::{Receipt, receipt_path};
use crate::rules::{
    Action, Decision, Faces, Facts, Instant, Metadata, Modality, Outcome, Request, Rule, Technique, Voice,
};
use crate::sheet::{Found, Sheet};
use crate::state::State;

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

/// What is rendered: a recording, and where faces are in it if that was found out before.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The recording.
    pub input: &'a InputFile,
    /// Its tracks; without them faces are looked for, and all of them are hidden.
    pub tracks: Option<&'a TrackFile>,
}

/// The answer of the gate.
#[derive(Debug)]
pub enum Verdict {
    /// Rendering may begin.
    Permitted(Box<Permit>),
    /// It may not; every reason is in the decision.
    Refused(Decision),
}

/// What is asked for, of which recording, under which sheet.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) sheet: &'a Sheet,
    pub(crate) source: Sha256Digest,
    pub(crate) plan: &'a Plan,
    pub(crate) order: &'a Order,
    pub(crate) policy: &'a Policy,
    pub(crate) storage: Storage,
}

/// Decides without writing anything down: for those who only want to know. There is no permit to be had from it. The
/// place of a result is taken to be approved, since there is none yet.
///
/// # Errors
/// [`GateError`] where the state folder or its log cannot be used.
pub fn consider(
    sheet: &Sheet,
    input: &InputFile,
    plan: &Plan,
    order: &Order,
    state: &State,
    now: Instant,
) -> Result<Decision, GateError> {
    let policy = state.policy();
    let source = input.digest();
    let question = Question { sheet, source, plan, order, policy: &policy, storage: Storage::Attested };
    let last = state.log()?.latest_at();
    Ok(policy.decide(&question.facts(last, now)))
}

/// Judges a request for one recording whose result is to be called `output`. The decision, whatever it is, is in the
/// audit log when this returns; without that there is no permit.
///
/// # Errors
/// [`GateError`] where the decision cannot be written down.
pub fn judge(
    sheet: &Sheet,
    input: &InputFile,
    plan: &Plan,
    order: &Order,
    state: &State,
    output: &Path,
    now: Instant,
) -> Result<Verdict, GateError> {
    // The log first: whoever holds it sees no policy that is only half installed.
    let mut log = state.log()?;
    let policy = state.policy();
    let (source, storage) = (input.digest(), policy.site.storage_of(output));
    let question = Question { sheet, source, plan, order, policy: &policy, storage };
    let facts = question.facts(log.latest_at(), now);
    let decision = policy.decide(&facts);
    let decided = account::decided(&question, &facts, &decision, Moment::Request, &state.subjects())?;
    let event = match decision.outcome {
        Outcome::Permit => Event::Permitted(decided),
        Outcome::Deny => Event::Denied(decided),
        Outcome::NeedsApproval => Event::NeedsApproval(decided),
    };
    let appended = log.append(&event, now)?;
    let terms = Terms::new(&facts, &policy, storage, now);
    Ok(match Permit::issue(&decision, &facts, source, terms, now, appended) {
        Some(permit) => Verdict::Permitted(Box::new(permit)),
        None => Verdict::Refused(decision),
    })
}

/// Writes down that a sheet could not be judged at all.
///
/// # Errors
/// [`GateError`] where the log cannot be used.
pub fn note_unusable_sheet(state: &State, now: Instant) -> Result<(), GateError> {
    let rules = vec![Rule::Input.id().to_owned()];
    state.log()?.append(&Event::SheetRefused { rules }, now)?;
    Ok(())
}

/// Renders a recording under a permit. `confirm` reads the sheet and the clock again: the decision is taken once more,
/// with the policy and the log as they are then, before the result gets its name, since consent may be withdrawn while
/// a long recording is rendered.
///
/// # Errors
/// [`GateError`]; nothing is left under the output's name or the receipt's.
#[expect(clippy::too_many_arguments, reason = "the inputs of one rendering, each of another owner")]
#[expect(clippy::needless_pass_by_value, reason = "a permit is used up by the rendering that it allowed")]
pub fn render(
    permit: Permit,
    plan: &Plan,
    source: Source<'_>,
    output: (&Path, bool),
    assets: &Assets,
    order: &Order,
    state: &State,
    confirm: &dyn Fn() -> Option<(Sheet, Instant)>,
    link: &Link,
) -> Result<Receipt, GateError> {
    let Source { input, tracks } = source;
    let job = Job { plan, input, tracks, output, assets, order, state, confirm, link };
    job.run(&permit).inspect_err(|error| {
        let (entry, decision) = (permit.appended().entry(), permit.decision_id());
        let event = Event::Failed { permit: entry, decision, because: error.in_a_word() };
        let at = confirm().map_or(permit.decided_at(), |(_, now)| now);
        // The log already says that a permit was given and no more; a second failure here changes nothing about that.
        drop(state.log().and_then(|mut log| log.append(&event, at)));
    })
}

struct Job<'a> {
    plan: &'a Plan,
    input: &'a InputFile,
    tracks: Option<&'a TrackFile>,
    output: (&'a Path, bool),
    assets: &'a Assets,
    order: &'a Order,
    state: &'a State,
    confirm: &'a dyn Fn() -> Option<(Sheet, Instant)>,
    link: &'a Link,
}

impl Job<'_> {
    fn run(&self, permit: &Permit) -> Result<Receipt, GateError> {
        let (target, overwrite) = self.output;
        let (_, now) = (self.confirm)().ok_or(GateError::SheetGone)?;
        if !permit.covers(self.input.digest(), technique(self.plan), now) {
            return Err(GateError::NotCovered);
        }
        if let Some(weak) = self.plan.unaccepted_weakness() {
            return Err(GateError::Weak(weak));
        }
        let plan = Plan { watermark: watermark(permit, self.order), ..self.plan.clone() };
        let pending = PendingFile::create(target, overwrite)?;
        let pending_receipt = PendingFile::create(&receipt_path(target), overwrite)?;
        let (chosen, treatment) = self.tracks.map(|file| per_person::choose(file, permit.terms())).unzip();
        let file = pending.file();
        let rendered = engine::render(&plan, self.input, chosen.as_ref(), file, self.assets, self.link)?;
        let evidence = evidence::collect(permit, &plan, self.order, treatment.as_ref(), &rendered)?;
        let (sheet, now) = (self.confirm)().ok_or(GateError::SheetGone)?;
        let mut log = self.state.log()?;
        self.decide_again(permit, &plan, &sheet, now, &mut log)?;
        let output_sha256 = rendered.output_sha256;
        let source = (self.input, &sheet, treatment);
        let receipt = Receipt::new(permit, &plan, self.order, source, self.assets, rendered, evidence);
        let failed = |e: &dyn std::fmt::Display| GateError::Receipt(e.to_string());
        let sealed = receipt.seal(self.state.signer()).map_err(|e| failed(&e))?;
        std::io::Write::write_all(&mut pending_receipt.file(), &sealed).map_err(|e| failed(&e))?;
        pending_receipt.file().sync_all().map_err(|e| failed(&e))?;
        pending.file().sync_all().map_err(OutputError::from)?;
        // The log first: no output has a name that the log does not know.
        let completed = Event::Completed {
            permit: permit.appended().entry(),
            decision: permit.decision_id(),
            source_sha256: self.input.digest(),
            output_sha256,
            receipt_sha256: Sha256Digest::of(&sealed),
        };
        log.append(&completed, now)?;
        // Whoever holds the log is alone in giving names: two results of one name do not end as a mixed pair.
        commit(target, overwrite, pending_receipt, pending)?;
        drop(log);
        Ok(receipt)
    }

    /// The same request again, with everything that it rests on read anew.
    fn decide_again(
        &self,
        permit: &Permit,
        plan: &Plan,
        sheet: &Sheet,
        now: Instant,
        log: &mut Log<'_>,
    ) -> Result<(), GateError> {
        let policy = self.state.policy();
        let (source, storage) = (self.input.digest(), policy.site.storage_of(self.output.0));
        let question = Question { sheet, source, plan, order: self.order, policy: &policy, storage };
        let facts = question.facts(log.latest_at(), now);
        let decision = policy.decide(&facts);
        if decision.outcome != Outcome::Permit || !permit.obligations().iter().eq(&decision.obligations) {
            let subjects = self.state.subjects();
            let decided = account::decided(&question, &facts, &decision, Moment::Confirmation, &subjects)?;
            log.append(&Event::Denied(decided), now)?;
            return Err(GateError::Overtaken(Box::new(decision)));
        }
        if *permit.terms() != Terms::new(&facts, &policy, storage, permit.decided_at()) {
            return Err(GateError::TermsChanged);
        }
        Ok(())
    }
}

/// Gives both files their names. The receipt first: an output without a receipt must not exist, not even for a moment.
/// For the same reason an output that is to be replaced goes before its receipt does.
fn commit(
    target: &Path,
    overwrite: bool,
    receipt: PendingFile,
    output: PendingFile,
) -> Result<(), GateError> {
    if overwrite && std::fs::symlink_metadata(target).is_ok() {
        std::fs::remove_file(target).map_err(OutputError::from)?;
    }
    receipt.commit()?;
    output.commit().inspect_err(|_| drop(std::fs::remove_file(receipt_path(target))))?;
    Ok(())
}

impl Question<'_> {
    fn facts(&self, last_audit_at: Option<Instant>, now: Instant) -> Facts {
        let mut facts = self.sheet.to_facts(Found {
            now,
            // A log that can be opened has entries; one without would have none later than now.
            last_audit_at: last_audit_at.unwrap_or(now),
            policy: self.policy.state,
            source_sha256: self.source,
            request: self.request(),
            derivative: None,
        });
        facts.approvals = self.policy.site.known_approvals(facts.approvals);
        facts
    }

    fn request(&self) -> Request {
        Request {
            action: Action::ProduceDerivative,
            actor: self.order.actor.clone(),
            role: self.order.role.clone(),
            purpose: self.order.purpose.clone(),
            audience: self.order.audience.clone(),
            modality: Modality::Video,
            technique: technique(self.plan),
            recipient: None,
            encrypted: false,
            dest_storage: self.storage.word().to_owned(),
            less_intrusive_suffices: None,
        }
    }
}

fn technique(plan: &Plan) -> Technique {
    let voice = match plan.voice {
        // `mute` keeps what it does not take for speech, so it promises no more than a disguise does.
        VoiceMode::Disguise | VoiceMode::Pitch | VoiceMode::Mute => Voice::Modulated,
        VoiceMode::Remove => Voice::Removed,
        VoiceMode::Original => Voice::Original,
    };
    let faces = match plan.hide {
        Hide::All => Faces::All,
        Hide::NotConsented => Faces::NotConsented,
    };
    Technique { faces, voice, metadata: Metadata::Stripped }
}

/// Says on every picture that this is a derivative, and for what; the number leads back to the decision.
fn watermark(permit: &Permit, order: &Order) -> String {
    let id: String = permit.decision_id().to_string().chars().take(8).collect();
    format!("DE-IDENTIFIED {} {} {id}", order.purpose, order.audience)
}

#[cfg(test)]
mod tests;
