//! Canonical JSON (RFC 8785): equal content gives equal bytes, so that hashes and signatures mean the content.
//!
//! Numbers are whole here. What is hashed carries no fractions, so the one hard part of the standard is left out.

use serde::Serialize;
use serde_json::Value;

/// Content that has no canonical form here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCanonical {
    /// It is no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It holds a number with a fraction.
    #[error("a number with a fraction")]
    Fraction,
    /// It is nested more deeply than anything that is written here.
    #[error("it is nested too deeply")]
    Depth,
}

/// Lists and objects inside one another.
const MAX_DEPTH: usize = 32;

/// The canonical text of a value: no spaces, keys in the order of their UTF-16 units.
///
/// # Errors
/// [`NotCanonical`] for fractions and for what is no JSON.
pub(crate) fn to_canonical(value: &impl Serialize) -> Result<String, NotCanonical> {
    let mut text = String::new();
    write(&serde_json::to_value(value)?, MAX_DEPTH, &mut text)?;
    Ok(text)
}

fn write(value: &Value, depth: usize, out: &mut String) -> Result<(), NotCanonical> {
    let inner = depth.checked_sub(1).ok_or(NotCanonical::Depth)?;
    match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => return Err(NotCanonical::Fraction),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&serde_json::to_string(value)?);
        }
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                comma(number, out);
                write(item, inner, out)?;
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut keys: Vec<(&String, &Value)> = map.iter().collect();
            keys.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (number, (key, item)) in keys.into_iter().enumerate() {
                comma(number, out);
                out.push_str(&serde_json::to_string(key)?);
                out.push(':');
                write(item, inner, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn comma(number: usize, out: &mut String) {
    if number > 0 {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_by_utf16_and_controls_are_escaped() {
        // The sorting example of RFC 8785, section 3.2.3.
        let value: Value = serde_json::from_str(
            "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\
             \"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\
             \"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        )
        .unwrap();
        let text = to_canonical(&value).unwrap();
        let order = ["Carriage Return", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"];
        let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
        assert!(text.starts_with(r#"{"\r":"Carriage Return","1":"One","#), "{text}");
    }

    #[test]
    fn fractions_and_towers_are_refused() {
        assert!(matches!(to_canonical(&0.5), Err(NotCanonical::Fraction)));
        assert_eq!(to_canonical(&(1, -2, u64::MAX)).unwrap(), "[1,-2,18446744073709551615]");
        let tower = (0..40).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(matches!(to_canonical(&tower), Err(NotCanonical::Depth)));
    }
}
