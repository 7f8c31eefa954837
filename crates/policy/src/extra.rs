//! Rules of a site's own, written in Cedar. They can deny a use or add obligations to a permit, and nothing else.
//!
//! ```cedar
//! @id("no-video-outside")
//! forbid (principal, action, resource) when { context.modality == "video" && context.audience == "external" };
//!
//! @id("second-look") @obligation("second_review")
//! forbid (principal, action, resource) when { context.recording.intimate };
//! ```
//! The principal is `Role::"…"`, the action `Action::"produce_derivative"` or `Action::"disclose"`, the resource
//! `Recording::"this"`. A policy with `@obligation` adds that obligation where it applies; any other one denies. A
//! `permit` is refused when the rules are read. A rule that cannot be evaluated denies.
//!
//! Source of the language: Cedar policy language, docs.cedarpolicy.com.

use cedar_policy::{
    Authorizer, Context, Effect, Entities, EntityId, EntityTypeName, EntityUid, Policy, PolicySet, Request,
};
use serde_json::{Value, json};

use crate::config::Config;
use crate::rules::{Action, Decision, Facts, Reason, Rule, SubjectKind, decide};

/// Largest text of rules (bytes).
const MAX_BYTES: usize = 256 << 10;
/// Most rules of a site.
const MAX_RULES: usize = 500;
/// Longest name of an obligation or a rule (bytes).
const MAX_NAME_BYTES: usize = 64;

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtraError {
    /// Too much text or too many rules.
    #[error("more than {MAX_RULES} rules or {MAX_BYTES} bytes")]
    TooLarge,
    /// The text is not Cedar.
    #[error("the rules are not valid Cedar: {0}")]
    Syntax(String),
    /// A rule permits, or is a template.
    #[error("rule {0}: only `forbid` is accepted; a rule of a site never permits")]
    NotForbid(String),
    /// A rule has no usable name.
    #[error("rule {0}: give it a name of its own, @id(\"small-letters-and-hyphens\")")]
    Name(String),
    /// An obligation has no usable name.
    #[error("rule {0}: name the obligation in small letters, digits, `_`, `-` and `:`")]
    Obligation(String),
}

/// The rules of a site.
#[derive(Clone, Debug)]
pub struct ExtraRules {
    policies: PolicySet,
}

/// What the rules say about one request.
#[derive(Debug, Default)]
struct Says {
    denials: Vec<String>,
    obligations: Vec<String>,
}

impl ExtraRules {
    /// Reads the rules.
    ///
    /// # Errors
    /// [`ExtraError`] where they are not Cedar, permit something, or lack names.
    pub fn parse(text: &str) -> Result<Self, ExtraError> {
        if text.len() > MAX_BYTES {
            return Err(ExtraError::TooLarge);
        }
        let policies: PolicySet =
            text.parse().map_err(|error: cedar_policy::ParseErrors| ExtraError::Syntax(error.to_string()))?;
        if let Some(template) = policies.templates().next() {
            return Err(ExtraError::NotForbid(template.id().to_string()));
        }
        let mut names = std::collections::BTreeSet::new();
        for (count, policy) in policies.policies().enumerate() {
            if count >= MAX_RULES {
                return Err(ExtraError::TooLarge);
            }
            let place = policy.id().to_string();
            if policy.effect() != Effect::Forbid {
                return Err(ExtraError::NotForbid(place));
            }
            let name = policy.annotation("id").filter(|name| is_name(name)).map(str::to_owned);
            if !name.is_some_and(|name| names.insert(name)) {
                return Err(ExtraError::Name(place));
            }
            if policy.annotation("obligation").is_some_and(|name| !is_name(name)) {
                return Err(ExtraError::Obligation(place));
            }
        }
        Ok(Self { policies })
    }

    /// The decision of the rules in code, with what these rules deny or add. It is never further towards a permit.
    #[must_use]
    pub fn decide(&self, facts: &Facts, config: &Config) -> Decision {
        let decision = decide(facts, config);
        let says = self.evaluate(facts).unwrap_or_else(|what| Says {
            denials: vec![format!("The rules of this site cannot be evaluated: {what}.")],
            obligations: Vec::new(),
        });
        decision.stricter(says.denials, says.obligations)
    }

    fn evaluate(&self, facts: &Facts) -> Result<Says, &'static str> {
        let request = request(facts)?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &Entities::empty());
        let mut says = Says::default();
        if response.diagnostics().errors().next().is_some() {
            says.denials.push("A rule of this site cannot be evaluated.".to_owned());
        }
        for id in response.diagnostics().reason() {
            let policy = self.policies.policy(id).ok_or("a rule has gone")?;
            let name = Policy::annotation(policy, "id").unwrap_or_default();
            match policy.annotation("obligation") {
                Some(obligation) => says.obligations.push(obligation.to_owned()),
                None => says.denials.push(format!("The rule {name} of this site denies it.")),
            }
        }
        Ok(says)
    }
}

fn is_name(text: &str) -> bool {
    let is_letter =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b':');
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

impl Decision {
    /// This decision with further denials, or a permit with further obligations.
    fn stricter(mut self, denials: Vec<String>, obligations: Vec<String>) -> Self {
        if denials.is_empty() {
            if self.is_permit() {
                self.obligations.extend(obligations);
                self.obligations.sort_unstable();
                self.obligations.dedup();
            }
            return self;
        }
        let mut reasons = self.reasons;
        reasons.extend(denials.into_iter().map(|why| Reason::new(Rule::Site, None, why)));
        Self::denied(reasons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Outcome;
    use proptest::prelude::*;

    const RULES: &str = r#"
@id("no-video-outside")
forbid (principal, action, resource) when { context.modality == "video" && context.audience == "external" };
@id("second-look") @obligation("second_review")
forbid (principal, action == Action::"produce_derivative", resource) when { context.people.patient > 0 };
"#;

    fn base() -> Facts {
        let text = include_str!("../fixtures/base.yaml");
        crate::sheet::yaml::from_str(text, text.len()).unwrap()
    }

    fn decided(rules: &str, change: impl FnOnce(&mut Facts)) -> Decision {
        let mut facts = base();
        change(&mut facts);
        ExtraRules::parse(rules).unwrap().decide(&facts, &Config::default())
    }

    #[test]
    fn a_rule_denies_and_another_adds_an_obligation() {
        let permit = decided(RULES, |_| ());
        assert!(permit.is_permit() && permit.obligations.contains(&"second_review".to_owned()));
        let denied = decided(RULES, |facts| {
            facts.request.audience = "external".to_owned();
            facts.consents.iter_mut().for_each(|row| row.max_audience = "external".to_owned());
        });
        assert_eq!((denied.outcome, denied.rule_ids()), (Outcome::Deny, vec!["X-SITE"]));
        assert!(denied.obligations.is_empty() && denied.reasons[0].why.contains("no-video-outside"));
    }

    #[test]
    fn a_rule_that_fails_denies() {
        for rule in [
            "@id(\"x\") forbid (principal, action, resource) when { context.weather == \"rain\" };",
            "@id(\"x\") @obligation(\"y\") forbid (principal, action, resource) when { context.people.staff + 9223372036854775807 > 0 };",
        ] {
            assert_eq!(decided(rule, |_| ()).rule_ids(), ["X-SITE"], "{rule}");
        }
    }

    #[test]
    fn a_rule_that_permits_is_refused() {
        let refused = |text: &str| ExtraRules::parse(text).unwrap_err();
        assert!(matches!(
            refused("@id(\"x\") permit (principal, action, resource);"),
            ExtraError::NotForbid(_)
        ));
        assert!(matches!(refused("forbid (principal, action, resource);"), ExtraError::Name(_)));
        let twice = "@id(\"x\") forbid (principal, action, resource);".repeat(2);
        assert!(matches!(refused(&twice), ExtraError::Name(_)));
        assert!(matches!(
            refused("@id(\"x\") @obligation(\"A b\") forbid (principal, action, resource);"),
            ExtraError::Obligation(_)
        ));
        assert!(matches!(
            refused("@id(\"x\") forbid (principal == ?principal, action, resource);"),
            ExtraError::NotForbid(_)
        ));
        assert!(matches!(refused("forbid"), ExtraError::Syntax(_)));
        assert_eq!(refused(&" ".repeat(MAX_BYTES + 1)), ExtraError::TooLarge);
    }

    #[test]
    fn no_rules_change_nothing() {
        assert_eq!(decided("", |_| ()), decide(&base(), &Config::default()));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rules_never_move_towards_a_permit(restricted in any::<bool>(), intimate in any::<bool>(), outside in any::<bool>(), role in "\\PC{0,8}") {
            let mut facts = base();
            (facts.recording.restricted, facts.recording.intimate) = (restricted, intimate);
            facts.request.role = if role.is_empty() { "reviewer".to_owned() } else { role };
            if outside {
                facts.request.audience = "external".to_owned();
            }
            let (plain, with) = (decide(&facts, &Config::default()), ExtraRules::parse(RULES).unwrap().decide(&facts, &Config::default()));
            prop_assert!(!with.is_permit() || plain.is_permit());
            prop_assert!(plain.reasons.iter().all(|reason| with.reasons.contains(reason)));
            prop_assert!(!with.is_permit() || plain.obligations.iter().all(|obligation| with.obligations.contains(obligation)));
        }
    }
}
