//! The policy in force: the file in the state folder, believed only where a signed copy of it lies beside it.
//!
//! The signature is a DSSE envelope that holds the whole text, so the last signed policy can always be compared with.

use std::path::{Path, PathBuf};

use obscura_core::model::Sha256Digest;
use serde::Serialize;

use super::difference::{Difference, between};
use super::{MAX_POLICY_BYTES, Site, parse};
use crate::config::Config;
use crate::dsse::Envelope;
use crate::durable;
use crate::keys::{PublicKey, Signer};
use crate::rules::{Decision, Facts, PolicyState};
use crate::sheet::InputError;

/// The file.
const FILE: &str = "policy.toml";
/// Its signature.
const SIGNATURE: &str = "policy.toml.dsse.json";
/// What the envelope holds.
const PAYLOAD_TYPE: &str = "application/vnd.obscura.policy+toml";
/// What to do about a policy that is not in force.
const ADVICE: &str =
    "run `obscura policy check FILE` with the policy file: it shows the difference and signs it";

/// Why a policy with rules of the site allows nothing here.
const WITHOUT_CEDAR: &str = "this program was built without Cedar, so it cannot evaluate the rules of this site; use one that was \
                             built with the feature `cedar`, or take the rules out";

/// The policy as it was found.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What the rules need.
    pub config: Config,
    /// What the site sets beyond that.
    pub site: Site,
    /// Whether it was found, and whether its signature verifies: facts of every decision.
    pub state: PolicyState,
    /// SHA-256 of the file, where there is one.
    pub sha256: Option<Sha256Digest>,
    /// Why nothing is allowed under it, and what to do; `None` where it is in force.
    pub problem: Option<String>,
}

impl Policy {
    /// The decision of the rules in code and of those that the site added.
    pub(crate) fn decide(&self, facts: &Facts) -> Decision {
        self.site.extra.decide(facts, &self.config)
    }
}

/// What installing a policy changed.
#[derive(Clone, Debug, Serialize)]
pub struct Installed {
    /// SHA-256 of the new policy.
    pub sha256: Sha256Digest,
    /// SHA-256 of the policy that was signed before, where there is one.
    pub previous_sha256: Option<Sha256Digest>,
    /// The settings that differ.
    pub differences: Vec<Difference>,
    /// This very policy was in force already: nothing was signed or written.
    pub was_in_force: bool,
}

/// Whether there is a policy file, in force or not. It is written after its signature.
pub(crate) fn exists(folder: &Path) -> bool {
    std::fs::symlink_metadata(folder.join(FILE)).is_ok()
}

/// Reads the policy of a state folder. What is wrong with it becomes a fact that denies, never an error.
pub(crate) fn load(folder: &Path, trusted: &[PublicKey]) -> Policy {
    let signed = signed_text(folder, trusted);
    let found = durable::read(&folder.join(FILE), MAX_POLICY_BYTES);
    let text = found.as_ref().ok().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let parsed = text.map(parse);
    let signature_ok = signed.is_some() && signed.as_deref() == text;
    let problem = match (&parsed, signature_ok) {
        (None, _) => Some(format!("the policy file is missing or cannot be read; {ADVICE}")),
        (Some(Err(e)), _) => {
            Some(format!("the policy file cannot be used: {e}; correct that first, then {ADVICE}"))
        }
        (Some(Ok(_)), false) => Some(format!("the policy file is not the one that was signed; {ADVICE}")),
        (Some(Ok(_)), true) => None,
    };
    let loaded = matches!(parsed, Some(Ok(_)));
    // Nothing is allowed under a policy that is not in force, but the reasons are given in the words of the last signed
    // one.
    let fallback = || signed.as_deref().and_then(|text| parse(text).ok());
    let in_force = if signature_ok { parsed.and_then(Result::ok) } else { fallback() };
    let (config, site) = in_force.unwrap_or_default();
    let problem = problem.or_else(|| (!site.extra.can_be_evaluated()).then(|| WITHOUT_CEDAR.to_owned()));
    let sha256 = found.ok().map(|bytes| Sha256Digest::of(&bytes));
    Policy { config, site, state: PolicyState { loaded, signature_ok }, sha256, problem }
}

/// The text that was signed last, where a trusted key signed it.
fn signed_text(folder: &Path, trusted: &[PublicKey]) -> Option<String> {
    let json = durable::read(&folder.join(SIGNATURE), 2 * MAX_POLICY_BYTES).ok()?;
    String::from_utf8(Envelope::open(&json, PAYLOAD_TYPE, trusted).ok()?.payload).ok()
}

/// A checked policy, ready to be signed.
#[derive(Debug)]
pub(crate) struct Candidate {
    folder: PathBuf,
    text: String,
    pub(crate) change: Installed,
}

/// Signs a text that this program would not sign.
#[cfg(all(test, not(feature = "cedar")))]
pub(super) fn signed_elsewhere(folder: &Path, text: &str, signer: &Signer) -> std::io::Result<Installed> {
    let change = Installed {
        sha256: Sha256Digest::of(text.as_bytes()),
        previous_sha256: None,
        differences: Vec::new(),
        was_in_force: false,
    };
    Candidate { folder: folder.to_owned(), text: text.to_owned(), change }.sign(signer)
}

/// Checks a policy and compares it with the one that was signed last.
///
/// # Errors
/// [`InputError`] with line and column.
pub(crate) fn candidate(folder: &Path, trusted: &[PublicKey], text: &str) -> Result<Candidate, InputError> {
    let (_, site) = parse(text)?;
    if !site.extra.can_be_evaluated() {
        return Err(InputError::new(0, 0, WITHOUT_CEDAR).under("extra.cedar"));
    }
    let before = signed_text(folder, trusted);
    let change = Installed {
        sha256: Sha256Digest::of(text.as_bytes()),
        previous_sha256: before.as_ref().map(|before| Sha256Digest::of(before.as_bytes())),
        differences: between(before.as_deref().unwrap_or(""), text),
        was_in_force: before.as_deref() == Some(text)
            && durable::read(&folder.join(FILE), MAX_POLICY_BYTES)
                .is_ok_and(|found| found == text.as_bytes()),
    };
    Ok(Candidate { folder: folder.to_owned(), text: text.to_owned(), change })
}

impl Candidate {
    /// Signs the policy and puts it in force. Killed in between, it leaves a file that is not the signed one: nothing
    /// is allowed until this is run again.
    pub(crate) fn sign(self, signer: &Signer) -> std::io::Result<Installed> {
        let envelope = Envelope::seal(PAYLOAD_TYPE, self.text.as_bytes(), signer).to_json()?;
        durable::replace(&self.folder.join(SIGNATURE), &envelope)?;
        durable::replace(&self.folder.join(FILE), self.text.as_bytes())?;
        Ok(self.change)
    }
}
