//! The difference between two policies, setting by setting.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which, for example `audience_rank.plenary`.
    pub setting: String,
    /// Its value in the policy that was in force; `None` where it had none.
    pub before: Option<String>,
    /// Its value in the new one; `None` where it has none.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, before, after } = self;
        match (before, after) {
            (Some(before), Some(after)) => write!(f, "~ {setting}: {before} -> {after}"),
            (None, Some(after)) => write!(f, "+ {setting}: {after}"),
            (Some(before), None) => write!(f, "- {setting}: {before}"),
            (None, None) => write!(f, "  {setting}"),
        }
    }
}

/// Every setting that differs, in the order of their names. A text that is no TOML has no settings.
pub(super) fn between(before: &str, after: &str) -> Vec<Difference> {
    let (before, after) = (settings(before), settings(after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    differs.flat_map(|name| of_setting(name, before.get(name), after.get(name))).collect()
}

/// Of a text of several lines, the lines that are new and those that are gone; else the value as a whole.
fn of_setting(setting: &str, before: Option<&toml::Value>, after: Option<&toml::Value>) -> Vec<Difference> {
    let difference = |before, after| Difference { setting: setting.to_owned(), before, after };
    let (old, new) = (lines(before), lines(after));
    let gone = old.iter().filter(|line| !new.contains(line));
    let came = new.iter().filter(|line| !old.contains(line));
    let gone = gone.map(|line| difference(Some((*line).to_owned()), None));
    let mut all: Vec<Difference> =
        gone.chain(came.map(|line| difference(None, Some((*line).to_owned())))).collect();
    let is_long = |value: Option<&toml::Value>| {
        value.and_then(toml::Value::as_str).is_none_or(|text| text.contains('\n'))
    };
    // Lines that only changed places are shown with all the rest.
    if all.is_empty() || !is_long(before) || !is_long(after) {
        all = vec![difference(before.map(ToString::to_string), after.map(ToString::to_string))];
    }
    all
}

fn lines(value: Option<&toml::Value>) -> Vec<&str> {
    let text = value.and_then(toml::Value::as_str).unwrap_or_default();
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn settings(text: &str) -> BTreeMap<String, toml::Value> {
    let mut all = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        flatten("", table, &mut all);
    }
    all
}

fn flatten(prefix: &str, table: toml::Table, all: &mut BTreeMap<String, toml::Value>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, all),
            value => drop(all.insert(path, value)),
        }
    }
}
