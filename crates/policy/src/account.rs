//! How a decision is put into words for the log: enough to defend it, and nobody's name.

use obscura_core::model::Sha256Digest;

use crate::gate::{GateError, Question};
use crate::log::{Decided, Moment};
use crate::rules::{Decision, Facts};
use crate::state::{Person, Subjects, key_error};

/// People who are written down for one recording; a sheet that lists more is counted, not copied.
const MAX_PEOPLE: usize = 512;
/// Words that a caller may choose freely are replaced by this where the policy does not know them.
const UNLISTED: &str = "unlisted";
/// The roles that the rules know.
const ROLES: [&str; 2] = ["reviewer", "releaser"];

/// The account of one decision. Everyone in it gets a key, where they have none yet.
pub(crate) fn decided(
    question: &Question<'_>,
    facts: &Facts,
    decision: &Decision,
    moment: Moment,
    subjects: &Subjects,
) -> Result<Decided, GateError> {
    let unsealed = digest_of(facts, decision)?;
    let person = |id: &str| subjects.person(id, unsealed).map_err(key_error("key of a person"));
    let mut ids: Vec<&str> = facts.subjects.iter().map(|subject| subject.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let subjects_omitted = ids.len().saturating_sub(MAX_PEOPLE);
    let people = ids.iter().take(MAX_PEOPLE).map(|id| person(id)).collect::<Result<Vec<_>, _>>()?;
    let actor = person(&question.order.actor)?;
    let (policy, order) = (&question.policy.config, question.order);
    let mut purposes = policy.purposes.iter().chain(policy.narrower.values().flatten());
    Ok(Decided {
        moment,
        decision: sealed(unsealed, &people, &actor),
        source_sha256: question.source,
        policy_sha256: question.policy.sha256,
        actor: actor.reference,
        subjects: references(&people),
        subjects_omitted,
        role: known(&order.role, ROLES.contains(&order.role.as_str())),
        purpose: known(&order.purpose, purposes.any(|purpose| *purpose == order.purpose)),
        audience: known(&order.audience, policy.audience_rank.contains_key(&order.audience)),
        technique: facts.request.technique,
        rules: decision.rule_ids().into_iter().map(str::to_owned).collect(),
        obligations: decision.obligations.iter().map(|text| without_document(text)).collect(),
        valid_until: decision.valid_until,
    })
}

/// Digest of facts and decision. Alone it would let anyone who has an old sheet confirm whom a decision was about.
fn digest_of(facts: &Facts, decision: &Decision) -> Result<Sha256Digest, GateError> {
    // Struct fields keep their order and maps are sorted, so equal facts give equal bytes.
    let json = serde_json::to_vec(&(facts, decision)).or(Err(crate::log::LogError::Entry))?;
    Ok(Sha256Digest::of(&json))
}

/// The id of the decision: it can be worked out again from the facts only while the keys of everyone in it are there.
fn sealed(unsealed: Sha256Digest, people: &[Person], actor: &Person) -> Sha256Digest {
    let seals = people.iter().chain([actor]).flat_map(|person| *person.seal.as_bytes());
    let bytes: Vec<u8> = unsealed.as_bytes().iter().copied().chain(seals).collect();
    Sha256Digest::of(&bytes)
}

/// Sorted, so that their order says nothing about the names behind them.
fn references(people: &[Person]) -> Vec<Sha256Digest> {
    let mut all: Vec<Sha256Digest> = people.iter().map(|person| person.reference).collect();
    all.sort();
    all
}

fn known(word: &str, is_known: bool) -> String {
    if is_known { word.to_owned() } else { UNLISTED.to_owned() }
}

/// The reference of an authority document is free text of a sheet.
fn without_document(obligation: &str) -> String {
    match obligation.split_once(':') {
        Some(("cite_authority", _)) => "cite_authority".to_owned(),
        _ => obligation.to_owned(),
    }
}
