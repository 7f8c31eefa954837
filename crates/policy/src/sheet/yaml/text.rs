//! Scalars of the plain layouts: unquoted words, and quoted text on one line.

use std::borrow::Cow;

/// Whether a line holds nothing that the full parser may treat in a way of its own: control characters, tabs, other
/// line ends, byte order marks.
pub(super) fn is_printable(line: &str) -> bool {
    line.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || line.chars().all(is_printable_char)
}

fn is_printable_char(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// An unquoted scalar that fills the rest of a line.
pub(super) fn plain_in_block(text: &str) -> Option<&str> {
    let mut bytes = text.bytes();
    let starts_well = match bytes.next()? {
        b'-' => bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'.'),
        first => first.is_ascii_alphanumeric() || matches!(first, b'_' | b'/' | b'.' | b'+' | b'(' | b'~'),
    };
    let is_one_scalar = !text.ends_with(':')
        && text.as_bytes().windows(2).all(|pair| !matches!(pair, [b':', b' '] | [b' ', b'#']));
    (starts_well && is_one_scalar).then_some(text)
}

/// An unquoted word in flow style, and what follows it.
pub(super) fn plain_in_flow(text: &str) -> Option<(&str, &str)> {
    let is_word_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'.' | b'+' | b'-');
    let end = text.bytes().position(|byte| !is_word_byte(byte)).unwrap_or(text.len());
    let (word, rest) = text.split_at_checked(end)?;
    let mut bytes = word.bytes();
    let starts_well = match bytes.next()? {
        b'-' => bytes.next().is_some_and(|byte| byte.is_ascii_digit()),
        first => first.is_ascii_alphanumeric() || first == b'_',
    };
    starts_well.then_some((word, rest))
}

/// The content of the quoted text that `text` begins with, and what follows it.
pub(super) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    match text.strip_prefix('\'') {
        Some(inside) => single_quoted(inside),
        None => double_quoted(text.strip_prefix('"')?),
    }
}

/// A quote inside is written twice.
fn single_quoted(inside: &str) -> Option<(Cow<'_, str>, &str)> {
    let (first, mut rest) = inside.split_once('\'')?;
    if !rest.starts_with('\'') {
        return Some((Cow::Borrowed(first), rest)).filter(|_| is_printable(first));
    }
    let mut text = first.to_owned();
    while let Some(more) = rest.strip_prefix('\'') {
        let (part, after) = more.split_once('\'')?;
        text.push('\'');
        text.push_str(part);
        rest = after;
    }
    is_printable(&text).then_some((Cow::Owned(text), rest))
}

fn double_quoted(inside: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = inside.find(['"', '\\'])?;
    let (first, mut rest) = inside.split_at_checked(end)?;
    if !is_printable(first) {
        return None;
    }
    if let Some(rest) = rest.strip_prefix('"') {
        return Some((Cow::Borrowed(first), rest));
    }
    let mut text = first.to_owned();
    loop {
        if let Some(after) = rest.strip_prefix('"') {
            return Some((Cow::Owned(text), after));
        }
        let (character, after) = escape(rest.strip_prefix('\\')?)?;
        text.push(character);
        let end = after.find(['"', '\\'])?;
        let part;
        (part, rest) = after.split_at_checked(end)?;
        if !is_printable(part) {
            return None;
        }
        text.push_str(part);
    }
}

/// The escapes that JSON and YAML share. A half of a surrogate pair means something in JSON only.
fn escape(text: &str) -> Option<(char, &str)> {
    let simple = [
        ('"', '"'),
        ('\\', '\\'),
        ('/', '/'),
        ('n', '\n'),
        ('t', '\t'),
        ('r', '\r'),
        ('b', '\u{8}'),
        ('f', '\u{c}'),
    ];
    let first = text.chars().next()?;
    if let Some((_, character)) = simple.iter().find(|(letter, _)| *letter == first) {
        return Some((*character, text.strip_prefix(first)?));
    }
    let (digits, rest) = text.strip_prefix('u')?.split_at_checked(4)?;
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| all_digits)?;
    Some((char::from_u32(code)?, rest))
}
