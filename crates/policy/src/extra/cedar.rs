//! The rules of a site in the Cedar language: reading them, and asking them about one request.

use std::collections::BTreeSet;

use cedar_policy::{
    AuthorizationError, Authorizer, Context, Effect, Entities, EntityId, EntityTypeName, EntityUid,
    ParseErrors, Policy, PolicyId, PolicySet, Request,
};
use miette::Diagnostic;
use serde_json::{Value, json};

use super::{EVALUATION, ExtraError, Says};
use crate::rules::{Action, Facts, SubjectKind};

/// Most rules of a site.
const MAX_RULES: usize = 500;
/// Longest name of an obligation or a rule (bytes).
const MAX_NAME_BYTES: usize = 64;
/// Longest sentence of a rule (characters).
const MAX_WHY_CHARS: usize = 200;
/// What obligations of a site begin with: those that the gate can show to have been met, or leaves to a person.
const OBLIGATIONS: [&str; 2] = ["human_review:", "warn:"];

/// Rules that were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    policies: PolicySet,
}

impl Rules {
    /// Reads rules. None of them permits, and each has a name of its own.
    pub(super) fn parse(text: &str) -> Result<Self, ExtraError> {
        let policies: PolicySet = text.parse().map_err(|errors| syntax(&errors))?;
        // The parser keeps each rule as it was written.
        let refused =
            |rule: &str, what: &str| ExtraError { offset: place_of(rule, text), what: what.to_owned() };
        if let Some(template) = policies.templates().next() {
            return Err(refused(&template.to_string(), "a template (`?principal`) is not accepted"));
        }
        if policies.num_of_policies() > MAX_RULES {
            return Err(refused("", &format!("more than {MAX_RULES} rules")));
        }
        let mut names = BTreeSet::new();
        for policy in policies.policies() {
            if let Some(what) = fault(policy, &mut names) {
                return Err(refused(&policy.to_string(), what));
            }
        }
        Ok(Self { policies })
    }

    /// What the rules say about a request.
    ///
    /// # Errors
    /// A sentence where they cannot be asked.
    pub(super) fn evaluate(&self, facts: &Facts) -> Result<Says, &'static str> {
        let response = Authorizer::new().is_authorized(&request(facts)?, &self.policies, &Entities::empty());
        let mut says = Says::default();
        let failed: BTreeSet<&str> =
            response.diagnostics().errors().map(|error| self.name_of(id_of(error))).collect();
        for name in failed {
            let why = format!("The rule {name} of this site cannot be evaluated.");
            says.denials.push((EVALUATION.to_owned(), why));
        }
        for id in response.diagnostics().reason() {
            let policy = self.policies.policy(id).ok_or("a rule has gone")?;
            let name = self.name_of(id);
            match (policy.annotation("obligation"), policy.annotation("why")) {
                (Some(obligation), _) => says.obligations.push(obligation.to_owned()),
                (None, Some(why)) => says.denials.push((name.to_owned(), why.to_owned())),
                (None, None) => {
                    says.denials.push((name.to_owned(), format!("The rule {name} of this site denies it.")));
                }
            }
        }
        Ok(says)
    }

    fn name_of(&self, id: &PolicyId) -> &str {
        self.policies.policy(id).and_then(|policy| policy.annotation("id")).unwrap_or_default()
    }
}

fn id_of(error: &AuthorizationError) -> &PolicyId {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => error.policy_id(),
    }
}

/// What is wrong with one rule.
fn fault<'p>(policy: &'p Policy, names: &mut BTreeSet<&'p str>) -> Option<&'static str> {
    if policy.effect() != Effect::Forbid {
        return Some("only `forbid` is accepted here; a rule of a site never permits");
    }
    if !policy.annotation("id").is_some_and(|name| is_name(name) && names.insert(name)) {
        return Some("give the rule a name of its own, @id(\"small-letters-and-hyphens\")");
    }
    let is_known = |name: &str| {
        let mut detail = OBLIGATIONS.iter().filter_map(|kind| name.strip_prefix(kind));
        detail.any(is_name)
    };
    if policy.annotation("obligation").is_some_and(|name| !is_known(name)) {
        return Some(
            "an obligation is `human_review:` or `warn:` with a name in small letters; nothing could show that another \
             one was met",
        );
    }
    let is_sentence =
        |why: &str| (1..=MAX_WHY_CHARS).contains(&why.chars().count()) && !why.contains(char::is_control);
    if policy.annotation("why").is_some_and(|why| !is_sentence(why)) {
        return Some("@why holds one sentence of at most 200 characters");
    }
    None
}

/// The first thing that the parser did not understand.
fn syntax(errors: &ParseErrors) -> ExtraError {
    let first = errors.iter().next();
    let mut labels = first.and_then(Diagnostic::labels).into_iter().flatten();
    let what = first.map_or_else(String::new, |error| error.to_string().replace('\n', " "));
    ExtraError { offset: labels.next().map(|label| label.offset()), what: format!("not valid Cedar: {what}") }
}

fn is_name(text: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(is_letter)
}

fn entity(kind: &str, id: &str) -> Result<EntityUid, &'static str> {
    let kind: EntityTypeName = kind.parse().or(Err("a type has no name"))?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn request(facts: &Facts) -> Result<Request, &'static str> {
    let action = match facts.request.action {
        Action::ProduceDerivative => "produce_derivative",
        Action::Disclose => "disclose",
    };
    let context =
        Context::from_json_value(context(facts), None).or(Err("the facts do not fit into Cedar"))?;
    let principal = entity("Role", &facts.request.role)?;
    let request =
        Request::new(principal, entity("Action", action)?, entity("Recording", "this")?, context, None);
    request.or(Err("the request does not fit into Cedar"))
}

/// What rules may look at: the request, the recording and how many people of each kind are on it. No identifiers.
fn context(facts: &Facts) -> Value {
    let (request, recording) = (&facts.request, &facts.recording);
    let people = |kind| facts.subjects.iter().filter(|subject| subject.kind == kind).count();
    json!({
        "purpose": request.purpose,
        "audience": request.audience,
        "modality": request.modality,
        "technique": request.technique,
        "encrypted": request.encrypted,
        "dest_storage": request.dest_storage,
        "external_recipient": request.recipient.as_ref().is_some_and(|recipient| !recipient.internal),
        "recording": {
            "state": recording.state,
            "personal_device": recording.device.personal,
            "intimate": recording.intimate,
            "staff_meeting": recording.vulnerable_meeting,
            "legal_hold": recording.legal_hold,
        },
        "people": {
            "patient": people(SubjectKind::Patient),
            "staff": people(SubjectKind::Staff),
            "visitor": people(SubjectKind::Visitor),
            "third_party": people(SubjectKind::ThirdParty),
        },
    })
}

/// Where a rule begins. Its text may also be the end of an earlier rule, so a place behind a finished rule wins.
fn place_of(rule: &str, text: &str) -> Option<usize> {
    let begins = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default().trim_end();
        before.is_empty() || before.ends_with(';')
    };
    let mut places = text.match_indices(rule).map(|(at, _)| at);
    places.find(begins).or_else(|| text.find(rule))
}
