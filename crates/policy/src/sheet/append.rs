//! Adds consent rows to the text of a sheet and leaves everything else, comments included, as it is.

use std::fmt::Write;

use super::{Sheet, SheetError};
use crate::config::Config;
use crate::rules::Consent;

/// The text of the sheet with these rows after its own. The result is read again and compared, so that it says what
/// the sheet said, and the rows, and nothing else.
///
/// # Errors
/// [`SheetError`] where the text is no sheet, or has a layout in which there is no place for rows.
pub fn append_consents(text: &str, rows: &[Consent], config: &Config) -> Result<String, SheetError> {
    let mut wanted = Sheet::parse_for(text, config)?;
    wanted.consents.extend_from_slice(rows);
    let added =
        insert(text, rows).filter(|added| Sheet::parse_for(added, config).is_ok_and(|sheet| sheet == wanted));
    added.ok_or_else(|| SheetError {
        line: 0,
        column: 0,
        path: "consents".to_owned(),
        what: "rows cannot be added to this layout; write the list one key per line".to_owned(),
    })
}

fn insert(text: &str, rows: &[Consent]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let key = lines.iter().position(|line| line.starts_with("consents:"))?;
    let is_empty = lines.get(key)?.split_once(':')?.1.trim() == "[]";
    let rest = lines.get(key + 1..)?;
    let ends_list = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic());
    let mut end = rest.iter().position(ends_list).unwrap_or(rest.len());
    // Comments and blank lines above the next key belong to it.
    while end > 0 && rest.get(end - 1).is_some_and(|line| line.trim().is_empty() || line.starts_with('#')) {
        end -= 1;
    }
    let first = rest.iter().take(end).find(|line| line.trim_start().starts_with('-'));
    let indent = first.map_or(0, |line| line.len() - line.trim_start().len());
    let mut out: String = lines.get(..key)?.concat();
    out.push_str(if is_empty { "consents:\n" } else { lines.get(key)? });
    out.push_str(&rest.get(..end)?.concat());
    if !out.ends_with('\n') {
        out.push('\n');
    }
    for row in rows {
        write_row(&mut out, row, indent)?;
    }
    out.push_str(&rest.get(end..)?.concat());
    Some(out)
}

/// One row, a key per line; every text in quotes.
fn write_row(out: &mut String, row: &Consent, indent: usize) -> Option<()> {
    let serde_json::Value::Object(mut fields) = serde_json::to_value(row).ok()? else { return None };
    let order =
        ["id", "subject", "recording", "stage", "decision", "purposes", "max_audience", "by", "authority"];
    let mut start = "- ";
    let mut line = |out: &mut String, key: &str, value: &serde_json::Value| {
        if value.is_null() {
            return;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{:indent$}{start}{key}: {value}", "");
        start = "  ";
    };
    for key in order {
        line(out, key, &fields.remove(key)?);
    }
    for (key, value) in &fields {
        line(out, key, value);
    }
    Some(())
}
