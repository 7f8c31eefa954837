//! The receipt beside a finished recording: what was done, under which decision, with what evidence. It names no person
//! and no path.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use obscura_core::engine::{Assets, CheckReport, InputFile, RenderReport, Rendered};
use obscura_core::model::{Plan, Sha256Digest};

use crate::config::Config;
use crate::evidence::Evidence;
use crate::gate::Order;
use crate::permit::Permit;
use crate::rules::Instant;
use crate::sheet::Sheet;

/// Name and version of the receipt's layout.
const FORMAT: &str = "obscura-receipt/1";

/// A receipt; its serialised form is the file `OUT.receipt.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    format: &'static str,
    tool: Tool,
    source: FileFacts,
    output: FileFacts,
    decision: DecisionFacts,
    models: Vec<ModelFacts>,
    settings: Plan,
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
}

#[derive(Clone, Debug, Serialize)]
struct ModelFacts {
    name: String,
    sha256: Sha256Digest,
}

impl Receipt {
    #[expect(clippy::too_many_arguments, reason = "a receipt is where everything comes together")]
    pub(crate) fn new(
        permit: &Permit,
        plan: &Plan,
        order: &Order,
        config: &Config,
        source: (&InputFile, &Sheet),
        assets: &Assets,
        rendered: Rendered,
        obligations: Vec<Evidence>,
    ) -> Self {
        let (input, sheet) = source;
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
                policy_sha256: digest_of(config),
                expires_at: permit.expires_at(),
            },
            models: vec![
                model(&assets.finder.name, assets.finder.sha256),
                model(&assets.checker.name, assets.checker.sha256),
                model("onnxruntime", assets.library_sha256),
            ],
            settings: plan.clone(),
            render: rendered.render,
            self_check: rendered.check,
            rounds: rendered.rounds,
            obligations,
        }
    }

    /// Writes the receipt as JSON.
    pub(crate) fn write(&self, mut file: &File) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")
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
