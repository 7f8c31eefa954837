//! The policy of a site: a TOML file that says what is asked of consent, who approves, and where results may lie.

mod difference;
mod signed;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use difference::Difference;
pub use signed::{Installed, Policy};
pub(crate) use signed::{candidate, exists, load};

use crate::config::Config;
use crate::extra::ExtraRules;
use crate::rules::{Approval, Stage, SubjectKind};
use crate::sheet::InputError;

/// The policy of a fresh state folder.
pub(crate) const DEFAULT: &str = include_str!("default.toml");
/// The only format that is read.
const FORMAT: &str = "obscura-policy/1";
/// Larger files are no policy (bytes).
pub const MAX_POLICY_BYTES: u64 = 1 << 20;
/// The roles that the rules ask for.
const ROLES: [&str; 3] = ["caldicott", "clinician", "dpo"];

/// What a site sets beyond the [`Config`] of the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Folders that results may be written to; where there are none, whoever runs the command attests the folder.
    pub approved_stores: Vec<PathBuf>,
    /// Days after which a derivative expires at the latest, counted from the decision.
    pub derivative_max_days: Option<u64>,
    /// The titles under which approvals are given, by the role that the rules ask for.
    pub approver_roles: BTreeMap<String, Vec<String>>,
    /// Rules of the site's own.
    pub extra: ExtraRules,
}

/// Why an output folder counts as an approved store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// The policy lists the folder, or one above it.
    Listed,
    /// The policy lists none: whoever ran the command attested it by choosing it.
    Attested,
    /// The policy lists folders, and this is none of them.
    NotApproved,
}

impl Storage {
    /// The word of the rules.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Listed | Self::Attested => "approved_store",
            Self::NotApproved => "other",
        }
    }
}

impl Site {
    /// Where a result of this name would lie, with links followed; one whose folder cannot be found lies nowhere
    /// approved.
    pub(crate) fn storage_of(&self, output: &Path) -> Storage {
        if self.approved_stores.is_empty() {
            return Storage::Attested;
        }
        let folder = match output.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let Ok(folder) = folder.canonicalize() else { return Storage::NotApproved };
        let listed = self.approved_stores.iter().filter_map(|store| store.canonicalize().ok());
        if listed.into_iter().any(|store| folder.starts_with(store)) {
            Storage::Listed
        } else {
            Storage::NotApproved
        }
    }

    /// Approvals with local titles in the words of the rules. One whose title the policy does not list counts for
    /// nothing.
    pub(crate) fn known_approvals(&self, approvals: Vec<Approval>) -> Vec<Approval> {
        let role_of = |title: &String| {
            self.approver_roles
                .iter()
                .find(|(_, titles)| titles.contains(title))
                .map(|(role, _)| role.clone())
        };
        approvals
            .into_iter()
            .filter_map(|approval| Some(Approval { role: role_of(&approval.role)?, ..approval }))
            .collect()
    }
}

/// The file, key by key. Unknown keys are refused; every key but the one that may be left out is required.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyToml {
    format: Spanned<String>,
    purposes: Spanned<Vec<String>>,
    max_clock_skew_s: u64,
    clock_check_max_age_days: u64,
    approved_stores: Spanned<Vec<PathBuf>>,
    required_stages: Spanned<BTreeMap<SubjectKind, Vec<Stage>>>,
    narrower: Spanned<BTreeMap<String, Vec<String>>>,
    audience_rank: Spanned<BTreeMap<String, i64>>,
    retention: Retention,
    approver_roles: Spanned<BTreeMap<String, Vec<String>>>,
    extra: Option<Extra>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Extra {
    cedar: Spanned<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retention {
    derivative_max_days: Option<u64>,
}

/// Reads a policy.
///
/// # Errors
/// [`InputError`] with line, column and what is wrong there.
pub(crate) fn parse(text: &str) -> Result<(Config, Site), InputError> {
    let file: PolicyToml = toml::from_str(text).map_err(|e| {
        let (line, column) = place(text, e.span().map_or(0, |span| span.start));
        InputError::new(line, column, e.message().replace('\n', " "))
    })?;
    check(text, &file)?;
    let extra = file.extra.as_ref().map(|extra| read_extra(text, &extra.cedar)).transpose()?;
    let site = Site {
        extra: extra.unwrap_or_default(),
        approved_stores: file.approved_stores.into_inner(),
        derivative_max_days: file.retention.derivative_max_days,
        approver_roles: file.approver_roles.into_inner(),
    };
    let config = Config {
        required_stages: file.required_stages.into_inner(),
        purposes: file.purposes.into_inner(),
        narrower: file.narrower.into_inner(),
        max_clock_skew_s: file.max_clock_skew_s,
        clock_check_max_age_days: file.clock_check_max_age_days,
        audience_rank: file.audience_rank.into_inner(),
    };
    config.validate().map_err(|fault| InputError::of_fault(&fault))?;
    Ok((config, site))
}

fn read_extra(text: &str, cedar: &Spanned<String>) -> Result<ExtraRules, InputError> {
    ExtraRules::parse(cedar.get_ref()).map_err(|e| {
        let start = cedar.span().start;
        // A text in three quotes begins behind them and, where a line ends there, with the next line.
        let written = text.get(start..).unwrap_or_default();
        let quotes = written.len() - written.trim_start_matches(['"', '\'']).len();
        let rest = written.get(quotes..).unwrap_or_default();
        let break_bytes =
            ["\r\n", "\n"].into_iter().find(|end| quotes == 3 && rest.starts_with(end)).map_or(0, str::len);
        let begin = start + quotes + break_bytes;
        let (line, column) = place(text, e.offset.map_or(start, |offset| begin + offset));
        InputError::new(line, column, e.what).under("extra.cedar")
    })
}

/// What no type says.
fn check(text: &str, file: &PolicyToml) -> Result<(), InputError> {
    let fault = |at: usize, path: &str, what: &str| {
        let (line, column) = place(text, at);
        Err(InputError::new(line, column, what).under(path))
    };
    if file.format.get_ref() != FORMAT {
        return fault(file.format.span().start, "format", "expected \"obscura-policy/1\"");
    }
    for kind in SubjectKind::ALL {
        if file.required_stages.get_ref().get(&kind).is_none_or(Vec::is_empty) {
            let path = format!("required_stages.{}", kind.as_str());
            return fault(file.required_stages.span().start, &path, "name at least one required stage");
        }
    }
    let purposes = file.purposes.get_ref();
    if purposes.is_empty() || purposes.iter().any(|purpose| purpose.trim().is_empty()) {
        return fault(
            file.purposes.span().start,
            "purposes",
            "name at least one purpose, none of them blank",
        );
    }
    if let Some(wider) = file.narrower.get_ref().keys().find(|wider| !purposes.contains(wider)) {
        let path = format!("narrower.{wider}");
        return fault(file.narrower.span().start, &path, "this purpose is not among `purposes`");
    }
    if file.audience_rank.get_ref().is_empty() {
        return fault(file.audience_rank.span().start, "audience_rank", "name at least one audience");
    }
    if file.approved_stores.get_ref().iter().any(|store| !store.is_absolute()) {
        return fault(
            file.approved_stores.span().start,
            "approved_stores",
            "write each folder from the root on",
        );
    }
    check_roles(file.approver_roles.get_ref())
        .or_else(|what| fault(file.approver_roles.span().start, "approver_roles", &what))
}

fn check_roles(roles: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    if !roles.keys().map(String::as_str).eq(ROLES) {
        return Err(format!("name exactly the roles {}", ROLES.join(", ")));
    }
    let mut titles: Vec<&String> = roles.values().flatten().collect();
    let all = titles.len();
    titles.sort();
    titles.dedup();
    if titles.len() < all {
        return Err("a title stands for one role only".to_owned());
    }
    Ok(())
}

/// Line and column, from 1, of a byte in a text.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line, column)
}
