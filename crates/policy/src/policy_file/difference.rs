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
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Difference {
            setting: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

fn settings(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        flatten("", &table, &mut all);
    }
    all
}

fn flatten(prefix: &str, table: &toml::Table, all: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&path, inner, all),
            value => drop(all.insert(path, value.to_string())),
        }
    }
}
