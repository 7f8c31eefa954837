//! The receipt beside a finished recording: what was done, under which decision, with what evidence. It names no person
//! and no path.
//!
//! The file is an in-toto statement (`https://in-toto.io/Statement/v1`) about the output, in a DSSE envelope that the
//! key of the state folder signed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use obscura_core::engine::{Assets, CheckReport, InputFile, RenderReport, Rendered};
use obscura_core::model::{Plan, Sha256Digest};

use crate::dsse::Envelope;
use crate::evidence::Evidence;
use crate::gate::Order;
use crate::keys::Signer;
use crate::per_person::Treatment;
use crate::permit::Permit;
use crate::policy_file::Storage;
use crate::rules::Instant;
use crate::sheet::Sheet;

/// Name and version of the receipt's layout.
const FORMAT: &str = "obscura-receipt/2";
/// What the envelope holds, in the words of in-toto.
pub(crate) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// What the statement says about its subject. Nothing lies at this address.
pub(crate) const PREDICATE_TYPE: &str = "https://obscura.invalid/receipt/v2";
/// What the statement calls the output, whose real name may name people.
const SUBJECT_NAME: &str = "output";

/// An in-toto statement about one output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Statement<P> {
    #[serde(rename = "_type")]
    pub(crate) kind: String,
    pub(crate) subject: Vec<StatementSubject>,
    #[serde(rename = "predicateType")]
    pub(crate) predicate_type: String,
    pub(crate) predicate: P,
}

/// What a statement is about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatementSubject {
    pub(crate) name: String,
    pub(crate) digest: SubjectDigest,
}

/// The digest of the output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SubjectDigest {
    pub(crate) sha256: Sha256Digest,
}

/// A receipt: the predicate of the statement.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    format: &'static str,
    tool: Tool,
    source: FileFacts,
    output: FileFacts,
    decision: DecisionFacts,
    log: LogFacts,
    models: Vec<ModelFacts>,
    settings: Plan,
    /// Settings that hide less than what was measured to be enough, and that somebody accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    weak_settings: Vec<String>,
    /// How the tracks of a file were treated, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracks: Option<Treatment>,
    /// What the rendering did.
    pub render: RenderReport,
    /// What reading back the finished file showed.
    pub self_check: CheckReport,
    rounds: u32,
    obligations: Vec<Evidence>,
}

#[derive(Clone, Debug, Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct FileFacts {
    sha256: Sha256Digest,
    bytes: u64,
}

#[derive(Clone, Debug, Serialize)]
struct DecisionFacts {
    id: Sha256Digest,
    purpose: String,
    audience: String,
    consent_sha256: Option<Sha256Digest>,
    policy_sha256: Option<Sha256Digest>,
    expires_at: Option<Instant>,
    storage: Storage,
}

/// Where the audit log has the decision.
#[derive(Clone, Debug, Serialize)]
struct LogFacts {
    origin: String,
    entry: u64,
    leaf_sha256: Sha256Digest,
}

#[derive(Clone, Debug, Serialize)]
struct ModelFacts {
    name: String,
    sha256: Sha256Digest,
}

impl Receipt {
    pub(crate) fn new(
        permit: &Permit,
        plan: &Plan,
        order: &Order,
        source: (&InputFile, &Sheet, Option<Treatment>),
        assets: &Assets,
        rendered: Rendered,
        obligations: Vec<Evidence>,
    ) -> Self {
        let (input, sheet, tracks) = source;
        let model = |name: &str, sha256| ModelFacts { name: name.to_owned(), sha256 };
        Self {
            format: FORMAT,
            tool: Tool { name: "obscura", version: env!("CARGO_PKG_VERSION") },
            source: FileFacts { sha256: input.digest(), bytes: input.length() },
            output: FileFacts { sha256: rendered.output_sha256, bytes: rendered.output_bytes },
            decision: DecisionFacts {
                id: permit.decision_id(),
                purpose: order.purpose.clone(),
                audience: order.audience.clone(),
                consent_sha256: digest_of(sheet),
                policy_sha256: permit.terms().policy_sha256,
                expires_at: permit.expires_at(),
                storage: permit.terms().storage,
            },
            log: LogFacts {
                origin: permit.appended().origin().to_owned(),
                entry: permit.appended().entry(),
                leaf_sha256: permit.appended().leaf(),
            },
            models: assets
                .models()
                .map(|asset| model(&asset.name, asset.sha256))
                .chain([model("onnxruntime", assets.library_sha256)])
                .collect(),
            settings: plan.clone(),
            weak_settings: plan.weak_settings(),
            tracks,
            render: rendered.render,
            self_check: rendered.check,
            rounds: rendered.rounds,
            obligations,
        }
    }

    /// The signed file.
    pub(crate) fn seal(&self, signer: &Signer) -> Result<Vec<u8>, serde_json::Error> {
        let statement = Statement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: vec![StatementSubject {
                name: SUBJECT_NAME.to_owned(),
                digest: SubjectDigest { sha256: self.output.sha256 },
            }],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: self,
        };
        Envelope::seal(PAYLOAD_TYPE, &serde_json::to_vec(&statement)?, signer).to_json()
    }

    /// How the tracks of a file were treated, for people; none where faces were looked for.
    pub fn tracks_in_words(&self) -> Option<String> {
        self.tracks.as_ref().map(Treatment::in_words)
    }

    /// Whether faces were left open because people agreed to be seen.
    pub fn leaves_faces_open(&self) -> bool {
        self.tracks.as_ref().is_some_and(|tracks| tracks.clear > 0)
    }

    /// Digest of the finished recording.
    pub fn output_sha256(&self) -> Sha256Digest {
        self.output.sha256
    }
}

/// Digest of the typed content, so that comments and spacing in a file do not matter.
fn digest_of(content: &impl Serialize) -> Option<Sha256Digest> {
    serde_json::to_vec(content).ok().map(|json| Sha256Digest::of(&json))
}

/// Where the receipt of an output lies: `OUT.receipt.json`, beside it.
pub fn receipt_path(output: &Path) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(".receipt.json");
    PathBuf::from(name)
}
