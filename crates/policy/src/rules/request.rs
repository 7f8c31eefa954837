//! Rules about the request itself, whoever is on the recording.

use super::catalog::Rule;
use super::context::Context;
use super::facts::{Action, Metadata, Modality};
use super::findings::Findings;

/// The only place where a result may be stored.
const APPROVED_STORE: &str = "approved_store";

pub(super) fn judge(context: &Context<'_>, findings: &mut Findings) {
    purpose(context, findings);
    storage(context, findings);
    minimise(context, findings);
    role(context, findings);
    metadata(context, findings);
}

/// R05-PURPOSE-UNKNOWN.
fn purpose(context: &Context<'_>, findings: &mut Findings) {
    let requested = &context.facts.request.purpose;
    let config = context.config;
    let mut known = config.purposes.iter().chain(config.narrower.values().flatten());
    if !known.any(|purpose| purpose == requested) {
        findings.deny(Rule::PurposeUnknown, "The policy does not list this purpose.");
    }
}

/// R20-STORAGE, for either action.
fn storage(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.request.dest_storage != APPROVED_STORE {
        findings.deny(Rule::Storage, "The result would not go to the approved store.");
    }
}

/// R24-MINIMISE.
fn minimise(context: &Context<'_>, findings: &mut Findings) {
    let request = &context.facts.request;
    if request.modality == Modality::Video && request.less_intrusive_suffices == Some(true) {
        findings.deny(Rule::Minimise, "A less intrusive medium than video would do.");
    }
}

/// R25-ROLE.
fn role(context: &Context<'_>, findings: &mut Findings) {
    let request = &context.facts.request;
    let (needed, why) = match request.action {
        Action::ProduceDerivative => ("reviewer", "Producing a derivative needs the role reviewer."),
        Action::Disclose => ("releaser", "Disclosing a derivative needs the role releaser."),
    };
    if request.role != needed {
        findings.deny(Rule::Role, why);
    }
}

/// R31-METADATA.
fn metadata(context: &Context<'_>, findings: &mut Findings) {
    if context.facts.request.technique.metadata != Metadata::Stripped {
        findings
            .deny(Rule::Metadata, "Metadata would be kept: place, date and serial number identify people.");
    }
}
