//! Rules of a site's own, written in Cedar in its policy file. They can deny a use or add obligations to a permit, and
//! nothing else.
//!
//! ```toml
//! [extra]
//! cedar = '''
//! @id("no-video-outside") @why("Video does not leave the house.")
//! forbid (principal, action, resource) when { context.modality == "video" && context.audience == "external" };
//!
//! @id("second-look") @obligation("human_review:second_look")
//! forbid (principal, action, resource) when { context.people.patient > 2 };
//! '''
//! ```
//! The principal is `Role::"…"`, the action `Action::"produce_derivative"` or `Action::"disclose"`, the resource
//! `Recording::"this"`. A rule with `@obligation` adds that obligation where it applies; any other one denies, under the
//! rule id `X-` and its name. A `permit` is refused when the rules are read. A rule that cannot be evaluated denies.
//!
//! The language is large, so it is behind the feature `cedar`. A program that was built without it denies every use under a
//! policy that has such rules: it never passes over them.
//!
//! Source of the language: Cedar policy language, docs.cedarpolicy.com.

#[cfg(feature = "cedar")]
mod cedar;

use crate::config::Config;
use crate::rules::{Decision, Facts, Reason, decide};

/// Largest text of rules (bytes).
const MAX_BYTES: usize = 256 << 10;
/// What follows `X-` where rules cannot be evaluated. Names of rules are in small letters, so none is like these.
#[cfg(feature = "cedar")]
const EVALUATION: &str = "EVALUATION";
#[cfg(not(feature = "cedar"))]
const UNAVAILABLE: &str = "UNAVAILABLE";

/// Why rules cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ExtraError {
    /// Where in the text of the rules (bytes), where that is known.
    pub offset: Option<usize>,
    /// What is wrong, as a plain sentence.
    pub what: String,
}

/// The rules of a site; by default none.
#[derive(Clone, Debug, Default)]
pub struct ExtraRules {
    text: String,
    #[cfg(feature = "cedar")]
    rules: cedar::Rules,
}

/// Why a use is denied: the name of a rule, and a sentence.
type Denial = (String, String);

/// What the rules say about one request.
#[derive(Debug, Default)]
struct Says {
    denials: Vec<Denial>,
    obligations: Vec<String>,
}

impl ExtraRules {
    /// Reads the rules. Built without the feature `cedar`, this keeps the text, and nothing is permitted under it.
    ///
    /// # Errors
    /// [`ExtraError`] where they are not Cedar, permit something, or lack names.
    pub fn parse(text: &str) -> Result<Self, ExtraError> {
        if text.len() > MAX_BYTES {
            return Err(ExtraError { offset: None, what: format!("more than {MAX_BYTES} bytes of rules") });
        }
        Ok(Self {
            text: text.to_owned(),
            #[cfg(feature = "cedar")]
            rules: cedar::Rules::parse(text)?,
        })
    }

    /// Whether this program can evaluate the rules; it can where there are none.
    #[must_use]
    pub fn can_be_evaluated(&self) -> bool {
        cfg!(feature = "cedar") || self.text.trim().is_empty()
    }

    /// The decision of the rules in code, with what these rules deny or add. It is never further towards a permit.
    #[must_use]
    pub fn decide(&self, facts: &Facts, config: &Config) -> Decision {
        let decision = decide(facts, config);
        if self.text.trim().is_empty() {
            return decision;
        }
        let Says { denials, obligations } = self.say(facts);
        stricter(decision, denials, obligations)
    }

    #[cfg(feature = "cedar")]
    fn say(&self, facts: &Facts) -> Says {
        self.rules.evaluate(facts).unwrap_or_else(|what| {
            let why = format!("The rules of this site cannot be evaluated: {what}.");
            Says { denials: vec![(EVALUATION.to_owned(), why)], obligations: Vec::new() }
        })
    }

    #[cfg(not(feature = "cedar"))]
    #[expect(clippy::unused_self, reason = "the other build reads the rules")]
    fn say(&self, _facts: &Facts) -> Says {
        let why = "The policy has rules of this site in Cedar, and this program was built without Cedar.";
        Says { denials: vec![(UNAVAILABLE.to_owned(), why.to_owned())], obligations: Vec::new() }
    }
}

/// Compared by their text.
impl PartialEq for ExtraRules {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for ExtraRules {}

/// The decision with further denials, or a permit with further obligations.
fn stricter(mut decision: Decision, denials: Vec<Denial>, obligations: Vec<String>) -> Decision {
    if denials.is_empty() {
        if decision.is_permit() {
            decision.obligations.extend(obligations);
            decision.obligations.sort_unstable();
            decision.obligations.dedup();
        }
        return decision;
    }
    let mut reasons = decision.reasons;
    reasons.extend(denials.into_iter().map(|(name, why)| Reason::of_site(&name, why)));
    Decision::denied(reasons)
}

#[cfg(test)]
mod tests;
