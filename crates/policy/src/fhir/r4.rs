//! The Consent resource of FHIR R4, for patients.

#![expect(clippy::struct_field_names, reason = "the names of the standard")]

use serde::Deserialize;

use super::parts::{
    CodeableConcept, Coding, Period, Reference, Skipped, Unjudged, bounds, moment, purposes, refuse_present,
    refuse_unverified, sole_giver, target,
};
use super::{Answer, FhirError, Statement};

/// Scopes that can be about a second use of a recording.
const SCOPES: [&str; 2] = ["patient-privacy", "research"];

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
    scope: CodeableConcept,
    category: Skipped,
    patient: Reference,
    date_time: String,
    #[serde(default)]
    performer: Vec<Reference>,
    organization: Skipped,
    source_attachment: Skipped,
    source_reference: Skipped,
    policy: Unjudged,
    policy_rule: Option<CodeableConcept>,
    #[serde(default)]
    verification: Vec<Verification>,
    provision: Option<Provision>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
struct Verification {
    id: Skipped,
    extension: Skipped,
    verified: bool,
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
    r#type: Option<String>,
    period: Option<Period>,
    actor: Unjudged,
    action: Unjudged,
    security_label: Unjudged,
    #[serde(default)]
    purpose: Vec<Coding>,
    class: Unjudged,
    code: Unjudged,
    data_period: Unjudged,
    data: Unjudged,
    provision: Unjudged,
}

pub(super) fn read(resource: &Resource, digest: String) -> Result<Statement, FhirError> {
    refuse_present(
        "",
        &[("implicitRules", &resource.implicit_rules), ("modifierExtension", &resource.modifier_extension)],
    )?;
    let scopes = resource.scope.coding.iter().filter_map(|coding| coding.code.as_deref());
    if !scopes.clone().all(|code| SCOPES.contains(&code)) || scopes.count() == 0 {
        return Err(FhirError::new(
            "scope",
            "only consents of the scope patient-privacy or research are understood",
        ));
    }
    let answer = match resource.status.as_str() {
        "active" => decision(resource)?,
        "inactive" => Answer::Withdraw,
        "rejected" => Answer::Refuse,
        _ => return Err(FhirError::new("status", "a consent of this status states no decision")),
    };
    let giver = sole_giver(&resource.performer, "performer")?;
    Ok(Statement {
        digest,
        is_r4: true,
        subject_path: "patient",
        subject: target(&resource.patient, "patient")?,
        giver,
        recorded: moment(&resource.date_time, "dateTime")?,
        answer,
    })
}

/// The base policy and what the first provision says that it applies to.
fn decision(resource: &Resource) -> Result<Answer, FhirError> {
    let rule = base_policy(resource)?;
    let Some(provision) = &resource.provision else {
        return match rule {
            Some(false) => Ok(Answer::Refuse),
            Some(true) => {
                Err(FhirError::new("provision", "the permit names no purpose; a row of the sheet must"))
            }
            None => Err(FhirError::new(
                "policyRule",
                "neither a base policy nor a provision says what was decided",
            )),
        };
    };
    let stated = match provision.r#type.as_deref() {
        None => None,
        Some("permit") => Some(true),
        Some("deny") => Some(false),
        Some(_) => return Err(FhirError::new("provision.type", "expected permit or deny")),
    };
    let is_permit = match (rule, stated) {
        (Some(rule), Some(stated)) if rule != stated => {
            return Err(FhirError::new("provision.type", "it contradicts the base policy in policyRule"));
        }
        (Some(answer), _) | (None, Some(answer)) => answer,
        (None, None) => {
            return Err(FhirError::new("provision.type", "neither it nor policyRule says what was decided"));
        }
    };
    refuse_present("", &[("policy", &resource.policy)])?;
    refuse_conditions(provision)?;
    if !is_permit {
        // A no to some purposes, or for some time, is entered as a no: it can only deny more.
        return Ok(Answer::Refuse);
    }
    refuse_unverified(resource.verification.iter().map(|verification| verification.verified))?;
    if provision.purpose.is_empty() {
        return Err(FhirError::new(
            "provision.purpose",
            "the permit names no purpose; a row of the sheet must",
        ));
    }
    let purposes = purposes(&provision.purpose, "provision.purpose")?;
    let (from, until) = bounds(provision.period.as_ref(), "provision.period")?;
    Ok(Answer::Permit { purposes, from, until })
}

/// Whether the base policy permits; `None` where there is none.
fn base_policy(resource: &Resource) -> Result<Option<bool>, FhirError> {
    let Some(rule) = &resource.policy_rule else { return Ok(None) };
    let codes: Vec<&str> = rule.coding.iter().filter_map(|coding| coding.code.as_deref()).collect();
    match codes.as_slice() {
        ["OPTIN"] => Ok(Some(true)),
        ["OPTOUT"] => Ok(Some(false)),
        _ => Err(FhirError::new("policyRule", "only the base policies OPTIN and OPTOUT are understood")),
    }
}

fn refuse_conditions(provision: &Provision) -> Result<(), FhirError> {
    refuse_present(
        "provision.",
        &[
            ("modifierExtension", &provision.modifier_extension),
            ("actor", &provision.actor),
            ("action", &provision.action),
            ("securityLabel", &provision.security_label),
            ("class", &provision.class),
            ("code", &provision.code),
            ("dataPeriod", &provision.data_period),
            ("data", &provision.data),
            ("provision", &provision.provision),
        ],
    )
}
