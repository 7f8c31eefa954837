//! What is asked for, by whom, for whom and how.

use serde::{Deserialize, Serialize};

/// What is asked for, by whom and to which end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Producing a derivative or handing one over.
    pub action: Action,
    /// Pseudonym of the account that asks.
    pub actor: String,
    /// Role in which it asks (rule R25).
    pub role: String,
    /// Purpose code (rule R05).
    pub purpose: String,
    /// A key of `config.audience_rank`.
    pub audience: String,
    /// The medium asked for.
    pub modality: Modality,
    /// How faces, voices and metadata are treated.
    pub technique: Technique,
    /// Who receives the derivative; absent when nothing is handed over.
    pub recipient: Option<Recipient>,
    /// Whether the transfer is encrypted.
    pub encrypted: bool,
    /// Where the result is stored (rule R20).
    pub dest_storage: String,
    /// Whether a less intrusive medium would do.
    pub less_intrusive_suffices: Option<bool>,
}

/// The two things that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Render a de-identified derivative.
    ProduceDerivative,
    /// Hand a derivative to a recipient.
    Disclose,
}

/// The medium asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Moving pictures.
    Video,
    /// Sound alone.
    Audio,
    /// A still picture.
    Still,
    /// Written words.
    Transcript,
}

/// How the derivative treats what identifies people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technique {
    /// Which faces are hidden.
    pub faces: Faces,
    /// What happens to voices.
    pub voice: Voice,
    /// What happens to metadata.
    pub metadata: Metadata,
}

/// Which faces are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Faces {
    /// Every face.
    All,
    /// The faces of everyone who did not agree to be identifiable.
    NotConsented,
    /// No face.
    None,
}

/// What happens to voices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// Voices are disguised.
    Modulated,
    /// The sound is taken out.
    Removed,
    /// The sound stays as recorded.
    Original,
}

/// What happens to metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metadata {
    /// Nothing is inherited from the source.
    Stripped,
    /// Metadata of the source stays.
    Kept,
}

/// Who receives a derivative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Identifier; a blank one names nobody.
    pub id: Option<String>,
    /// Whether the recipient belongs to the organisation.
    pub internal: bool,
}
