//! The consent rules: typed facts in, a decision with every reason out. Pure and total.
//!
//! [`decide`] reads nothing but its arguments: no clock, no file, no network. It does not panic on any facts, and
//! whatever it cannot judge becomes a denial. The modules follow the order in which a recording is judged:
//!
//! | module | judges |
//! |---|---|
//! | `vocabulary` | words that only the configuration can define (audiences, required stages) |
//! | `recording`, `request`, `identity` | what is true of the whole recording, the request, the identifiers |
//! | `subject`, `effective`, `consent` | each person, in the fixed order of six steps |
//! | `disclosure` | a hand-over: recipient, transfer, derivative |
//! | `obligations` | says in plain words what a permit demands |
//! | `findings` | gathers reasons, citations and the ends the permit leans on |

#![forbid(unsafe_code)]

mod calendar;
mod catalog;
mod consent;
mod context;
mod decision;
mod disclosure;
mod effective;
mod facts;
mod findings;
mod identity;
mod instant;
mod obligations;
mod recording;
mod request;
mod subject;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use calendar::{CalendarDate, DateError};
pub use catalog::Rule;
pub use context::covers;
pub use decision::{Decision, Fault, Outcome, Reason};
pub use facts::{
    Action, Approval, AuthorityDocument, Consent, ConsentDecision, Derivative, Device, Faces, Facts,
    Metadata, Modality, PolicyState, Recipient, Recording, RecordingState, Request, RequestStatus,
    RightsKind, RightsRequest, SharingAgreement, Stage, Subject, SubjectKind, Technique, Voice,
};
pub use instant::{Instant, InstantError};
pub use obligations::obligation_in_words;
pub use subject::identifiable_subjects;

use crate::config::Config;
use context::Context;
use findings::Findings;

/// Judges one request against the facts about one recording.
///
/// Total: every value of `facts` and `config` gets an answer. All violated rules are reported, except as the order
/// within one subject says. Facts that use a word the configuration does not know, and a configuration that names
/// no required stage for a kind of person, are denied as `R00-INPUT`.
#[must_use]
pub fn decide(facts: &Facts, config: &Config) -> Decision {
    if let Err(fault) = vocabulary::check(facts, config) {
        return Decision::ill_typed(&fault);
    }
    let context = Context::new(facts, config);
    let mut findings = Findings::default();
    recording::judge(&context, &mut findings);
    request::judge(&context, &mut findings);
    identity::judge(&context, &mut findings);
    disclosure::judge(&context, &mut findings);
    subject::judge_all(&context, &mut findings);
    findings.into_decision(&context)
}
