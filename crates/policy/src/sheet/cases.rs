//! Case files (`format: obscura-cases/1`): many sets of facts, each judged by itself, for auditors and tests.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::split::{Piece, Pieces, split};
use super::yaml::{InputError, Node, from_node, load, root};
use crate::config::Config;
use crate::rules::{Decision, Facts, Instant, decide};

/// The only format that is read.
const FORMAT: &str = "obscura-cases/1";
/// Largest case file (bytes).
const MAX_BYTES: usize = 256 << 20;
/// Keys that would change a decision if they stood beside `facts`, where they would be overlooked.
const MISPLACED: [&str; 13] = [
    "config",
    "now",
    "last_audit_at",
    "request",
    "recording",
    "subjects",
    "consents",
    "approvals",
    "rights_requests",
    "authority",
    "isa",
    "derivative",
    "policy",
];

/// A case file. A fault in one case stays in that case.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The configuration of the file, the built-in one where the file has none. An unusable one denies every case.
    pub config: Result<Config, InputError>,
    /// The cases in the order of the file.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its id, or `cases[n]` where it has no usable one.
    pub id: String,
    /// Its facts, or what is wrong with them; the path starts at `facts` or `id`.
    pub facts: Result<Facts, InputError>,
    /// The outcome the file expects, where it does.
    pub expect: Option<Result<Expect, InputError>>,
}

/// The outcome that a case file expects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Expect {
    /// `permit`, `deny` or `needs_approval`.
    pub outcome: Option<String>,
    /// The full set of violated rules.
    pub rules: Option<Vec<String>>,
    /// Obligations that must be among those of the permit.
    pub obligations_include: Option<Vec<String>>,
    /// The full set of obligations.
    pub obligations: Option<Vec<String>>,
    /// The end of the permit.
    pub valid_until: Option<Instant>,
}

/// What was decided about one case: a row of the printed result, and as text a line for people.
#[derive(Debug, Serialize)]
pub struct JudgedCase<'a> {
    id: &'a str,
    outcome: &'static str,
    rules: BTreeSet<Cow<'static, str>>,
    obligations: Vec<String>,
    valid_until: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl fmt::Display for JudgedCase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A file may be anybody's: what it calls a case must not steer a terminal.
        write!(f, "{}: {}", self.id.escape_debug(), self.outcome)?;
        if let Some(until) = self.valid_until {
            write!(f, " until {until}")?;
        }
        self.rules.iter().try_for_each(|rule| write!(f, ", {rule}"))?;
        self.error.iter().try_for_each(|error| write!(f, ": {error}"))
    }
}

/// Reads a case file.
///
/// # Errors
/// [`InputError`] where the text as a whole is unusable: no YAML, another format, no list of cases. A case with a
/// wrong type, an unknown key or an unknown word is no such error: it is denied as `R00-INPUT`.
pub fn parse_cases(text: &str) -> Result<CaseFile, InputError> {
    // A piece that does not parse says nothing about the file: the whole is parsed for the true error.
    if let Some(file) = split(text).and_then(|pieces| parse_pieces(text, &pieces)) {
        return Ok(file);
    }
    let document = load(text, MAX_BYTES)?;
    let root = root(&document)?;
    let config = read_head(root)?;
    let list = root.get("cases").ok_or_else(|| error_at(root, "cases", "is missing"))?;
    let cases = read_list(list, 0).map_err(|error| error.under("cases"))?;
    Ok(CaseFile { config, cases: numbered(cases) })
}

/// Reads the pieces of a long file side by side; `None` where any of them cannot stand alone.
fn parse_pieces(text: &str, pieces: &Pieces<'_>) -> Option<CaseFile> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let head = load(pieces.head, MAX_BYTES).ok()?;
    let config = read_head(head.root()?).ok()?;
    let parse_piece = |piece: &Piece<'_>| {
        let list = load(piece.text, MAX_BYTES).ok()?;
        read_list(list.root()?, piece.lines_before).ok()
    };
    let parts: Option<Vec<_>> = pieces.items.par_iter().map(parse_piece).collect();
    Some(CaseFile { config, cases: numbered(parts?.into_iter().flatten()) })
}

/// Checks what stands beside the cases, and reads the configuration.
fn read_head(root: Node<'_>) -> Result<Result<Config, InputError>, InputError> {
    let (line, column) = root.place();
    if root.keys_and_values().is_none() {
        return Err(InputError::new(line, column, "expected the keys format, config and cases"));
    }
    if root.duplicate_key().is_some() {
        return Err(InputError::new(line, column, "a key occurs twice"));
    }
    if root.get("format").and_then(Node::text) != Some(FORMAT) {
        return Err(error_at(root, "format", &format!("expected {FORMAT}")));
    }
    let config = root.get("config").map_or_else(
        || Ok(Config::default()),
        |node| {
            let config: Config = from_node(node).map_err(|error| error.under("config"))?;
            config.validate().map_err(|fault| {
                let (line, column) = root.locate(&fault.path).place();
                InputError { line, column, path: fault.path, what: fault.what }
            })?;
            Ok(config)
        },
    );
    Ok(config)
}

fn error_at(node: Node<'_>, key: &str, what: &str) -> InputError {
    let (line, column) = node.get(key).unwrap_or(node).place();
    InputError::new(line, column, what).under(key)
}

/// A case whose id may be unusable.
struct Unnumbered {
    id: Option<String>,
    facts: Result<Facts, InputError>,
    expect: Option<Result<Expect, InputError>>,
}

fn numbered(cases: impl IntoIterator<Item = Unnumbered>) -> Vec<Case> {
    let number = |(index, case): (usize, Unnumbered)| Case {
        id: case.id.unwrap_or_else(|| format!("cases[{index}]")),
        facts: case.facts,
        expect: case.expect,
    };
    cases.into_iter().enumerate().map(number).collect()
}

fn read_list(list: Node<'_>, lines_before: usize) -> Result<Vec<Unnumbered>, InputError> {
    let (line, column) = list.place();
    let items = list.items().ok_or_else(|| InputError::new(line, column, "expected a list"))?;
    Ok(items.map(|item| read_case(item, lines_before)).collect())
}

fn read_case(node: Node<'_>, lines_before: usize) -> Unnumbered {
    let id = node.get("id").map_or_else(
        || Err(error_at(node, "id", "is missing")),
        |id| from_node::<String>(id).map_err(|error| error.under("id")),
    );
    let expect = node
        .get("expect")
        .map(|expect| from_node(expect).map_err(|error| error.under("expect").moved_down(lines_before)));
    let facts = match &id {
        Ok(_) => read_facts(node),
        Err(error) => Err(error.clone()),
    };
    Unnumbered { id: id.ok(), facts: facts.map_err(|error| error.moved_down(lines_before)), expect }
}

fn read_facts(case: Node<'_>) -> Result<Facts, InputError> {
    if let Some(key) = case.duplicate_key() {
        let (line, column) = key.place();
        return Err(InputError::new(line, column, "a key beside the facts occurs twice").under("facts"));
    }
    if let Some(key) = MISPLACED.iter().find(|key| case.get(key).is_some()) {
        return Err(error_at(case, key, "stands beside the facts, where it is not read"));
    }
    let facts = case.get("facts").ok_or_else(|| error_at(case, "facts", "is missing"))?;
    from_node(facts).map_err(|error| error.under("facts"))
}

impl CaseFile {
    /// Judges one case of this file.
    pub fn decide(&self, case: &Case) -> Decision {
        match (&case.facts, &self.config) {
            (Ok(facts), Ok(config)) => decide(facts, config),
            (Err(error), _) | (_, Err(error)) => Decision::ill_typed(&error.fault()),
        }
    }
}

impl Expect {
    /// How a decision differs from what was expected, one sentence each.
    pub fn differences(&self, decision: &Decision) -> Vec<String> {
        let mut all = Vec::new();
        let outcome = decision.outcome.as_str();
        if let Some(expected) = self.outcome.as_ref().filter(|expected| *expected != outcome) {
            all.push(format!("outcome is {outcome}, expected {expected}"));
        }
        let sorted = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<_>>();
        let rules = decision.rule_ids();
        if let Some(expected) = &self.rules
            && !sorted(expected).iter().eq(&rules)
        {
            all.push(format!("rules are {rules:?}, expected {expected:?}"));
        }
        for wanted in self.obligations_include.iter().flatten() {
            if !decision.obligations.contains(wanted) {
                all.push(format!("obligation {wanted} is missing"));
            }
        }
        if let Some(expected) = &self.obligations
            && sorted(expected) != sorted(&decision.obligations)
        {
            all.push(format!("obligations are {:?}, expected {expected:?}", decision.obligations));
        }
        if self.valid_until.is_some() && self.valid_until != decision.valid_until {
            all.push(format!("valid_until is {:?}, expected {:?}", decision.valid_until, self.valid_until));
        }
        all
    }
}

/// Judges every case, in the order of the file.
pub fn judge_cases(file: &CaseFile) -> Vec<JudgedCase<'_>> {
    let row = |case| {
        let decision = file.decide(case);
        let fault = case.facts.as_ref().err().or(file.config.as_ref().err());
        let error = fault.map(|error| error.fault().to_string());
        let error = error.or_else(|| {
            let is_input = |reason: &&crate::rules::Reason| reason.rule == crate::rules::Rule::Input;
            decision.reasons.iter().find(is_input).map(|reason| reason.why.clone())
        });
        let Decision { outcome, obligations, valid_until, .. } = &decision;
        JudgedCase {
            id: &case.id,
            outcome: outcome.as_str(),
            rules: decision.reasons.iter().map(|reason| reason.id.clone()).collect(),
            obligations: obligations.clone(),
            valid_until: *valid_until,
            error,
        }
    };
    file.cases.par_iter().map(row).collect()
}

/// Judges every case: one JSON array, in the order of the file. Each row has `id`, `outcome`, `rules` (sorted, each
/// once), `obligations` (sorted), `valid_until` (RFC 3339 in UTC, or null), and `error` where input was unusable.
///
/// # Errors
/// Only where the array cannot be written as JSON.
pub fn eval_json(file: &CaseFile) -> Result<String, serde_json::Error> {
    serde_json::to_string(&judge_cases(file))
}
