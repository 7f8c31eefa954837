//! Rules about handing a derivative over. None of them is judged when a derivative is only produced.

use super::catalog::Rule;
use super::context::{Context, present};
use super::facts::Derivative;
use super::findings::Findings;

pub(super) fn judge(context: &Context<'_>, findings: &mut Findings) {
    if !context.is_disclosure() {
        return;
    }
    recipient(context, findings);
    encryption(context, findings);
    match context.disclosed_derivative() {
        None => findings.deny(Rule::State, "There is no derivative to disclose."),
        Some(derivative) => {
            purpose(context, derivative, findings);
            expiry(context, derivative, findings);
            review(context, derivative, findings);
            integrity(derivative, findings);
        }
    }
}

/// R15-RECIPIENT, R15-ISA. A recipient without a name is none, so no agreement is looked for.
fn recipient(context: &Context<'_>, findings: &mut Findings) {
    let Some((id, recipient)) = context.named_recipient() else {
        findings.deny(Rule::Recipient, "No recipient is named.");
        return;
    };
    if recipient.internal {
        return;
    }
    let agreements = context.facts.isa.iter().filter(|agreement| {
        agreement.recipient == id
            && context.covers_request(&agreement.purposes)
            && context.in_force(agreement.from, agreement.until)
    });
    let agreed_until = agreements.map(|agreement| agreement.until).max();
    let approved_until = context.approved_until(&format!("disclose:{id}"), &["caldicott", "dpo"]);
    let why = "The external recipient has no sharing agreement for this purpose, and no approval.";
    findings.need(agreed_until.max(approved_until), Rule::SharingAgreement, why);
}

/// R16-ENCRYPT.
fn encryption(context: &Context<'_>, findings: &mut Findings) {
    if !context.facts.request.encrypted {
        let why = "The transfer would not be encrypted.";
        findings.need(context.approved_until("plain_transfer", &["dpo"]), Rule::Encrypt, why);
    }
}

/// R05-SCOPE, as far as the derivative goes.
fn purpose(context: &Context<'_>, derivative: &Derivative, findings: &mut Findings) {
    if derivative.purpose != context.facts.request.purpose {
        findings.deny(Rule::Scope, "The derivative was made for another purpose.");
    }
}

/// R29-DERIVATIVE-EXPIRED.
fn expiry(context: &Context<'_>, derivative: &Derivative, findings: &mut Findings) {
    if context.now() >= derivative.expires_at {
        findings.deny(Rule::DerivativeExpired, "The derivative has expired.");
    } else {
        findings.lean_on(derivative.expires_at);
    }
}

/// R30-REVIEW.
fn review(context: &Context<'_>, derivative: &Derivative, findings: &mut Findings) {
    if derivative.state != "approved" {
        findings.deny(Rule::Review, "The derivative is not approved.");
    }
    match present(derivative.human_reviewed_by.as_deref()) {
        None => findings.deny(Rule::Review, "Nobody reviewed the derivative."),
        Some(reviewer) if reviewer == context.facts.request.actor => {
            findings.deny(Rule::Review, "The derivative was reviewed by the person who discloses it.");
        }
        Some(_) => {}
    }
}

/// R32-INTEGRITY, as far as the derivative goes. Decisions without a name cannot be the same decision.
fn integrity(derivative: &Derivative, findings: &mut Findings) {
    if !derivative.hash_ok {
        findings.deny(Rule::Integrity, "The derivative is not the file on record: its digest differs.");
    }
    let approved = present(Some(&derivative.bound_decision));
    if approved.is_none() || approved != Some(&derivative.rendered_under) {
        findings.deny(
            Rule::Integrity,
            "The derivative was rendered under another decision than the approved one.",
        );
    }
}
