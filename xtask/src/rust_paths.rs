//! The paths that a Rust source names (`crate::media::Reader`), with their lines: comments and strings do not count,
//! groups in braces are opened, macros are seen.

/// A path as it is written, groups opened: `use a::{b, c::d};` names `a::b` and `a::c::d`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    /// From 1; the line of the last segment.
    pub(crate) line: usize,
}

impl NamedPath {
    /// Whether the path begins with these segments.
    pub(crate) fn starts_with(&self, segments: &[&str]) -> bool {
        segments.len() <= self.segments.len()
            && self.segments.iter().zip(segments).all(|(own, other)| own == other)
    }

    /// The segment at this place.
    pub(crate) fn segment(&self, index: usize) -> Option<&str> {
        self.segments.get(index).map(String::as_str)
    }
}

/// Every path of two or more segments in the source.
pub(crate) fn named_paths(text: &str) -> Vec<NamedPath> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path_at(&tokens, at, &[], &mut found, 0);
    }
    found.retain(|path| path.segments.len() > 1);
    found
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Word(String),
    /// `::`
    Joint,
    Other(char),
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    line: usize,
}

/// Groups deeper than this are not read: real code has two or three.
const MAX_DEPTH: usize = 32;

/// Reads one path, or skips one token, and returns where to go on.
fn path_at(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<NamedPath>,
    depth: usize,
) -> usize {
    let kind = |at: usize| tokens.get(at).map(|token| &token.kind);
    let mut segments = prefix.to_vec();
    if kind(at) == Some(&Kind::Joint) {
        at += 1; // a path from the root of all crates, or what follows `<T as Trait>`
    }
    while let Some(Token { kind: Kind::Word(word), line }) = tokens.get(at) {
        segments.push(word.clone());
        at += 1;
        match (kind(at), kind(at + 1)) {
            (Some(Kind::Joint), Some(Kind::Word(_))) => at += 1,
            (Some(Kind::Joint), Some(Kind::Other('{'))) if depth < MAX_DEPTH => {
                return group_at(tokens, at + 2, &segments, found, depth + 1);
            }
            _ => {
                found.push(NamedPath { segments, line: *line });
                return at;
            }
        }
    }
    at + 1
}

/// Reads the paths of a group up to its closing brace.
fn group_at(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    found: &mut Vec<NamedPath>,
    depth: usize,
) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Other('}') => return at + 1,
            // `as other` gives a new name to what was named before it.
            Kind::Word(ref word) if word == "as" => at += 2,
            Kind::Word(_) | Kind::Joint => at = path_at(tokens, at, prefix, found, depth),
            Kind::Other(_) => at += 1,
        }
    }
    at
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = length_at(rest, first);
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if is_word_start(first) && !piece.contains('"') {
            tokens.push(Token { kind: Kind::Word(piece.trim_start_matches("r#").to_owned()), line });
        } else if piece == "::" {
            tokens.push(Token { kind: Kind::Joint, line });
        } else if piece.len() == first.len_utf8() && !first.is_whitespace() {
            tokens.push(Token { kind: Kind::Other(first), line });
        }
        line += piece.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length in bytes of the token, comment, string or single character that the text begins with.
fn length_at(text: &str, first: char) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment_length(text);
    }
    if let Some(length) = raw_string_length(text) {
        return length;
    }
    if first == '"' || text.starts_with("b\"") || text.starts_with("c\"") {
        return string_length(text);
    }
    if first == '\'' {
        return char_length(text);
    }
    if text.starts_with("::") {
        return 2;
    }
    if is_word_start(first) {
        let body = text.strip_prefix("r#").unwrap_or(text);
        let word = body.find(|c: char| !is_word_start(c) && !c.is_ascii_digit()).unwrap_or(body.len());
        return text.len() - body.len() + word;
    }
    first.len_utf8()
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

/// Block comments nest in Rust.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        match (last, c) {
            ('/', '*') => (depth, last) = (depth + 1, ' '),
            ('*', '/') if depth == 1 => return at + 1,
            ('*', '/') => (depth, last) = (depth - 1, ' '),
            _ => last = c,
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#` and so on, also after `b` or `c`.
fn raw_string_length(text: &str) -> Option<usize> {
    let body =
        text.strip_prefix("br").or_else(|| text.strip_prefix("cr")).or_else(|| text.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let inside = body.trim_start_matches('#').strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let close = inside.find(&end).map_or(inside.len(), |at| at + end.len());
    Some(text.len() - inside.len() + close)
}

fn string_length(text: &str) -> usize {
    let start = text.find('"').map_or(0, |at| at + 1);
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < start) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// `'a'` and `'\n'` are characters; `'a` alone is a lifetime, of which only the quote is taken.
fn char_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<(String, usize)> {
        named_paths(text).into_iter().map(|path| (path.segments.join("::"), path.line)).collect()
    }

    #[test]
    fn groups_are_opened_with_their_lines() {
        let text = "use crate::{\n    media::{Reader, Writer as W},\n    detect::*,\n};\nfn f() { crate::redact::go::<u8>(); }";
        let expected = [
            ("crate::media::Reader", 2),
            ("crate::media::Writer", 2),
            ("crate::detect", 3),
            ("crate::redact::go", 5),
        ];
        let found = paths(text);
        for (path, line) in expected {
            assert!(found.contains(&(path.to_owned(), line)), "{path} in {found:?}");
        }
        assert_eq!(found.len(), expected.len(), "{found:?}");
    }

    #[test]
    fn comments_strings_and_characters_name_nothing() {
        let text = r##"
            //! crate::a::b
            /* crate::a /* crate::b::c */ crate::d::e */
            const A: &str = "crate::a::b \" crate::c::d";
            const B: &str = r#"crate::a::b " crate::c::d"#;
            const C: [char; 3] = ['"', '\'', '\u{22}'];
            fn f<'a>(x: &'a str) -> &'a str { x }
            const D: &[u8] = b"crate::a::b";
        "##;
        assert_eq!(paths(text), []);
    }

    #[test]
    fn macros_and_raw_words_are_seen() {
        assert_eq!(paths("vec![crate::r#mod::x; 3]"), [("crate::mod::x".to_owned(), 1)]);
        assert_eq!(paths("m! { ::std::io::Read }"), [("std::io::Read".to_owned(), 1)]);
    }

    #[test]
    fn broken_text_ends_without_a_fault() {
        for text in [
            "use a::{b::{",
            "\"open",
            "r#\"open",
            "/* open",
            "'",
            "'\\",
            "a::",
            "::",
            "é::ß::",
            "r#",
            "b\"",
            "}",
        ] {
            let _ = named_paths(text);
        }
        assert_eq!(paths("use a::{b::{"), []);
        let deep = "a::{".repeat(10_000);
        assert!(paths(&deep).iter().all(|(path, _)| path.len() < 4 * MAX_DEPTH));
    }
}
