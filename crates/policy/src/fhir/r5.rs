//! The Consent resource of FHIR R5.

#![expect(clippy::struct_field_names, reason = "the names of the standard")]

use serde::Deserialize;

use super::parts::{
    Bounds, Coding, Period, Reference, Skipped, Unjudged, bounds, moment, overlap, purposes, refuse_present,
    refuse_unverified, sole_giver, target,
};
use super::{Answer, FhirError, Statement};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
pub(super) struct Resource {
    resource_type: Skipped,
    id: Skipped,
    meta: Skipped,
    implicit_rules: Unjudged,
    language: Skipped,
    text: Skipped,
    contained: Skipped,
    extension: Skipped,
    modifier_extension: Unjudged,
    identifier: Skipped,
    status: String,
    category: Skipped,
    subject: Reference,
    date: String,
    period: Option<Period>,
    #[serde(default)]
    grantor: Vec<Reference>,
    grantee: Unjudged,
    manager: Skipped,
    controller: Skipped,
    source_attachment: Skipped,
    source_reference: Skipped,
    regulatory_basis: Skipped,
    policy_basis: Unjudged,
    policy_text: Unjudged,
    #[serde(default)]
    verification: Vec<Verification>,
    decision: Option<String>,
    #[serde(default)]
    provision: Vec<Provision>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
struct Verification {
    id: Skipped,
    extension: Skipped,
    verified: bool,
    verification_type: Skipped,
    verified_by: Skipped,
    verified_with: Skipped,
    verification_date: Skipped,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
struct Provision {
    id: Skipped,
    extension: Skipped,
    modifier_extension: Unjudged,
    period: Option<Period>,
    actor: Unjudged,
    action: Unjudged,
    security_label: Unjudged,
    #[serde(default)]
    purpose: Vec<Coding>,
    document_type: Unjudged,
    resource_type: Unjudged,
    code: Unjudged,
    data_period: Unjudged,
    data: Unjudged,
    expression: Unjudged,
    provision: Unjudged,
}

pub(super) fn read(resource: &Resource, digest: String) -> Result<Statement, FhirError> {
    refuse_present(
        "",
        &[("implicitRules", &resource.implicit_rules), ("modifierExtension", &resource.modifier_extension)],
    )?;
    let answer = match resource.status.as_str() {
        "active" => decision(resource)?,
        "inactive" => Answer::Withdraw,
        "not-done" => Answer::NotAsked,
        _ => return Err(FhirError::new("status", "a consent of this status states no decision")),
    };
    let giver = sole_giver(&resource.grantor, "grantor")?;
    Ok(Statement {
        digest,
        is_r4: false,
        subject_path: "subject",
        subject: target(&resource.subject, "subject")?,
        giver,
        recorded: moment(&resource.date, "date")?,
        answer,
    })
}

/// The decision with its exceptions.
fn decision(resource: &Resource) -> Result<Answer, FhirError> {
    let is_permit = match resource.decision.as_deref() {
        Some("permit") => true,
        Some("deny") => false,
        Some(_) => return Err(FhirError::new("decision", "expected permit or deny")),
        None => return Err(FhirError::new("decision", "is missing")),
    };
    if !is_permit && resource.provision.is_empty() {
        return Ok(Answer::Refuse);
    }
    refuse_present(
        "",
        &[
            ("grantee", &resource.grantee),
            ("policyBasis", &resource.policy_basis),
            ("policyText", &resource.policy_text),
        ],
    )?;
    refuse_unverified(resource.verification.iter().map(|verification| verification.verified))?;
    if is_permit {
        return Err(if resource.provision.is_empty() {
            FhirError::new("provision", "the permit names no purpose; a row of the sheet must")
        } else {
            let what = "in R5 these are exceptions to the permit, so it is not said what is agreed to; write the purposes \
                        as provisions of `decision: deny`";
            FhirError::new("provision[0]", what)
        });
    }
    let mut granted: Option<(Vec<String>, Bounds)> = None;
    for (index, provision) in resource.provision.iter().enumerate() {
        let path = format!("provision[{index}]");
        let (codes, period) = grant(provision, &path)?;
        match &mut granted {
            None => granted = Some((codes, period)),
            Some((all, first)) if *first == period => all.extend(codes),
            Some(_) => {
                let what = "another period than the provision before; a row of the sheet has one";
                return Err(FhirError::new(format!("{path}.period"), what));
            }
        }
    }
    let (mut purposes, period) = granted.unwrap_or_default();
    purposes.sort_unstable();
    purposes.dedup();
    let (from, until) = overlap(bounds(resource.period.as_ref(), "period")?, period);
    Ok(Answer::Permit { purposes, from, until })
}

/// What one exception to a denial grants.
fn grant(provision: &Provision, path: &str) -> Result<(Vec<String>, Bounds), FhirError> {
    refuse_present(
        &format!("{path}."),
        &[
            ("modifierExtension", &provision.modifier_extension),
            ("actor", &provision.actor),
            ("action", &provision.action),
            ("securityLabel", &provision.security_label),
            ("documentType", &provision.document_type),
            ("resourceType", &provision.resource_type),
            ("code", &provision.code),
            ("dataPeriod", &provision.data_period),
            ("data", &provision.data),
            ("expression", &provision.expression),
            ("provision", &provision.provision),
        ],
    )?;
    if provision.purpose.is_empty() {
        return Err(FhirError::new(
            format!("{path}.purpose"),
            "the provision names no purpose; a row of the sheet must",
        ));
    }
    let codes = purposes(&provision.purpose, &format!("{path}.purpose"))?;
    Ok((codes, bounds(provision.period.as_ref(), &format!("{path}.period"))?))
}
