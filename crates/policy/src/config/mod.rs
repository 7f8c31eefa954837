//! The policy configuration: required stages, purposes, audiences and tolerances, with a built-in default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rules::{Fault, Stage, SubjectKind};
use crate::sheet::{InputError, yaml};

/// Largest configuration that is read (bytes).
const MAX_BYTES: usize = 1 << 20;

/// What a site may set. Unknown keys are refused, every key is required.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The stages at which each kind of person must have agreed; none may be missing or empty.
    pub required_stages: BTreeMap<SubjectKind, Vec<Stage>>,
    /// The purposes that may be asked for (HL7 `PurposeOfUse` codes).
    pub purposes: Vec<String>,
    /// Narrower local purposes, by the purpose that covers them.
    pub narrower: BTreeMap<String, Vec<String>>,
    /// How far clocks may disagree (seconds).
    pub max_clock_skew_s: u64,
    /// After how many days of 24 hours a clock check is stale.
    pub clock_check_max_age_days: u64,
    /// Audiences by how wide they are; a higher rank is wider.
    pub audience_rank: BTreeMap<String, i64>,
}

impl Config {
    /// Reads a configuration from YAML: the keys of this type, nothing else.
    ///
    /// # Errors
    /// [`InputError`] with line, column and path where the text is no such configuration.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        let config: Self = yaml::from_str(text, MAX_BYTES)?;
        config.validate().map_err(|fault| InputError::of_fault(&fault))?;
        Ok(config)
    }

    /// Checks that every kind of person has a required stage.
    ///
    /// # Errors
    /// A [`Fault`] whose path starts at `config`.
    pub fn validate(&self) -> Result<(), Fault> {
        for kind in SubjectKind::ALL {
            if self.required_stages.get(&kind).is_none_or(Vec::is_empty) {
                let path = format!("config.required_stages.{}", kind.as_str());
                return Err(Fault { path, what: "name at least one required stage".to_owned() });
            }
        }
        Ok(())
    }
}

/// The settings of the published rules: triple consent for staff, consent before recording for everyone else.
impl Default for Config {
    fn default() -> Self {
        let texts = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let before = || vec![Stage::BeforeRecording];
        Self {
            required_stages: BTreeMap::from([
                (SubjectKind::Staff, Stage::ALL.to_vec()),
                (SubjectKind::Patient, before()),
                (SubjectKind::ThirdParty, before()),
                (SubjectKind::Visitor, before()),
            ]),
            purposes: texts(&["TREAT", "HQUALIMP", "TRAIN", "HRESCH", "MLTRAINING", "PATSFTY"]),
            narrower: BTreeMap::from([("HQUALIMP".to_owned(), texts(&["HQUALIMP/local-debrief"]))]),
            max_clock_skew_s: 300,
            clock_check_max_age_days: 180,
            audience_rank: ["individual", "small_group", "plenary", "external"]
                .into_iter()
                .map(str::to_owned)
                .zip(0..)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests;
