//! What an unquoted word is, and whether every YAML version agrees.

/// The type of an unquoted scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    /// A decimal integer.
    Integer(i128),
    /// A number that is no such integer, or a word that YAML 1.1 and 1.2 read differently.
    Ambiguous,
    Text,
}

/// Types an unquoted scalar by the YAML 1.2 core schema, and calls whatever YAML 1.1 reads as another type than
/// text ambiguous: `yes`, `off`, `012`, `1_000`, `12:30`, `0x1F`, `1e3`.
///
/// Source: YAML 1.2.2 section 10.3.2; yaml.org/type/{bool,int,float,null}.html for YAML 1.1.
pub(super) fn classify(text: &str) -> Plain {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "true" | "True" | "TRUE" => return Plain::Bool(true),
        "false" | "False" | "FALSE" => return Plain::Bool(false),
        "yes" | "Yes" | "YES" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off" | "Off" | "OFF" | "<<"
        | "=" => return Plain::Ambiguous,
        _ => {}
    }
    match text.bytes().next() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => classify_number(text),
        _ => Plain::Text,
    }
}

fn classify_number(text: &str) -> Plain {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let is_canonical = unsigned == "0" || !unsigned.starts_with('0');
        return match text.parse() {
            Ok(number) if is_canonical => Plain::Integer(number),
            _ => Plain::Ambiguous,
        };
    }
    if looks_numeric(unsigned) { Plain::Ambiguous } else { Plain::Text }
}

/// Whether some YAML version reads the rest of a possibly signed word as a number.
fn looks_numeric(unsigned: &str) -> bool {
    let lower = unsigned.to_ascii_lowercase();
    if matches!(lower.as_str(), ".inf" | ".nan") {
        return true;
    }
    if let Some(digits) = lower.strip_prefix("0x").or_else(|| lower.strip_prefix("0o")) {
        return digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    if let Some(digits) = lower.strip_prefix("0b") {
        return digits.bytes().all(|byte| matches!(byte, b'0' | b'1' | b'_'));
    }
    is_sexagesimal(&lower) || is_decimal(&lower)
}

/// `12:30`, `1:02:03.5`: base 60 in YAML 1.1.
fn is_sexagesimal(lower: &str) -> bool {
    lower.contains(':')
        && lower.starts_with(|c: char| c.is_ascii_digit())
        && lower.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'_'))
}

/// Digits, underscores, at most one point, an optional exponent.
fn is_decimal(lower: &str) -> bool {
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (lower, None),
    };
    let exponent_ok = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let starts_ok = mantissa.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let points = mantissa.bytes().filter(|&byte| byte == b'.').count();
    let body_ok = mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'));
    let has_digit = mantissa.bytes().any(|byte| byte.is_ascii_digit());
    exponent_ok && starts_ok && points <= 1 && body_ok && has_digit
}
