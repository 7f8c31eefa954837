//! Slips of the hand that a YAML parser notices only lines later: a missing blank, a lost indentation, an open bracket.
//! And its complaints in words for people who have never heard of YAML.

/// Lines above the parser's complaint that are looked at; blank lines and comments do not count.
const LOOK_BACK: usize = 4;

const INDENTED_OTHERWISE: &str = "this line is not indented as those that it belongs to";

/// Parts of what `saphyr-parser` 0.3 says, the first that fits, and what that means to whoever fills in a sheet.
const IN_WORDS: [(&str, &str); 15] = [
    ("tab", "a tab stands here; indent with blanks, and put a value that holds a tab in quotes"),
    ("unexpected character", "no value may begin with this character; put the value in quotes"),
    ("unprintable", "a character that cannot be printed stands here"),
    ("escape", "a backslash is not understood here; put the value in single quotes"),
    ("trailing content", "something stands behind the quotation mark that closes a value"),
    ("quoted scalar", "a quotation mark that opens here, or above, is not closed"),
    ("multiline text", "a comment stands in the middle of a value"),
    ("simple key", "a colon is missing in this line"),
    (
        "mapping values",
        "a second colon stands in this line, or it is indented too far; put a value with a colon in quotes",
    ),
    ("anchor", "no value may begin with & or *; put the value in quotes"),
    ("tag", "no value may begin with !; put the value in quotes"),
    ("flow", "a bracket is not closed, or a comma is missing before this"),
    ("block mapping", INDENTED_OTHERWISE),
    ("block collection", INDENTED_OTHERWISE),
    ("indent", INDENTED_OTHERWISE),
];

/// What a complaint of the parser means; its own words where they are none that a sheet usually meets.
pub(super) fn in_words(complaint: &str) -> String {
    let known = IN_WORDS.iter().find(|(part, _)| complaint.contains(part));
    known.map_or_else(|| format!("this is not valid YAML: {complaint}"), |(_, words)| (*words).to_owned())
}

/// A slip, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) what: &'static str,
}

struct Line<'t> {
    /// From 1.
    number: usize,
    indent: usize,
    /// Without indentation and without what follows the last letter.
    text: &'t str,
}

/// The slip behind a complaint about a line, where one can be seen: the nearest at or above it.
pub(super) fn find(text: &str, complaint: usize) -> Option<Slip> {
    if let Some(slip) = tab(text, complaint) {
        return Some(slip);
    }
    let is_content = |line: &Line<'_>| !line.text.is_empty() && !line.text.starts_with('#');
    let all = text.lines().enumerate().take(complaint).map(|(index, line)| {
        let trimmed = line.trim_start_matches(' ');
        Line { number: index + 1, indent: line.len() - trimmed.len(), text: trimmed.trim_end() }
    });
    let content: Vec<Line<'_>> = all.filter(is_content).collect();
    let near = content.iter().rev().take(LOOK_BACK);
    near.clone()
        .find_map(missing_blank)
        .or_else(|| near.clone().find_map(open_bracket))
        .or_else(|| lost_indent(&content))
}

/// A tab in front of a line. The parser may complain of the line before, which it takes to go on there.
fn tab(text: &str, complaint: usize) -> Option<Slip> {
    let near = text.lines().zip(1usize..).skip(complaint.saturating_sub(2)).take(3);
    let found = near.filter_map(|(line, number)| {
        let blank = line.len() - line.trim_start().len();
        let column = line.get(..blank)?.find('\t')?;
        Some(Slip { line: number, column: column + 1, what: "a tab stands here; indent with blanks" })
    });
    found.min_by_key(|slip| slip.line.abs_diff(complaint))
}

/// `state:active`, `-id: c1`.
fn missing_blank(line: &Line<'_>) -> Option<Slip> {
    let slip = |offset: usize, what| Some(Slip { line: line.number, column: line.indent + offset + 1, what });
    let starts_word = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    if line.text.strip_prefix('-').is_some_and(starts_word) {
        return slip(1, "a blank is missing after this dash");
    }
    let item = line.text.strip_prefix("- ").unwrap_or(line.text).trim_start();
    let (key, value) = item.split_once(':')?;
    let is_key = starts_word(key) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_key && !value.is_empty() && !value.starts_with([' ', '\t']) {
        return slip(line.text.len() - value.len(), "a blank is missing after the colon before this");
    }
    None
}

/// `[TRAIN` with nothing behind it.
fn open_bracket(line: &Line<'_>) -> Option<Slip> {
    let is_quoted = line.text.contains(['"', '\'']);
    let count = |c: char| line.text.matches(c).count();
    let at = ['[', '{'].into_iter().zip([']', '}']).find_map(|(open, close)| {
        (!is_quoted && count(open) > count(close)).then(|| line.text.find(open)).flatten()
    })?;
    let what = "a bracket that is opened here is not closed on this line";
    Some(Slip { line: line.number, column: line.indent + at + 1, what })
}

/// A line that stands further left than the lines around it, which belong together.
fn lost_indent(content: &[Line<'_>]) -> Option<Slip> {
    let [.., before, line, complaint] = content else { return None };
    let is_item = |line: &Line<'_>| line.text.starts_with('-');
    let is_pair = |line: &Line<'_>| line.text.contains(": ") && !is_item(line);
    let fits = before.indent == complaint.indent && line.indent < complaint.indent;
    let what = "this line stands further left than the lines around it";
    (fits && is_pair(line) && !is_item(complaint)).then(|| Slip {
        line: line.number,
        column: line.indent + 1,
        what,
    })
}

#[cfg(test)]
mod tests {
    const SHEET: &str = "recording:\n  id: rec-a\n  state: active\n\n  # why\n  label: bay\nconsents:\n- id: c1\n  purposes: [TRAIN]\n  by: p\n";

    /// Line and column after one change, as the reader of YAML tells them.
    fn place(from: &str, to: &str) -> (usize, usize) {
        let changed = SHEET.replacen(from, to, 1);
        assert_ne!(changed, SHEET);
        let error = super::super::load(&changed, 1000).unwrap_err();
        (error.line, error.column)
    }

    #[test]
    fn a_slip_is_found_on_its_own_line() {
        assert_eq!(place("state: active", "state:active"), (3, 9));
        assert_eq!(place("id: rec-a", "id:rec-a"), (2, 6));
        assert_eq!(place("label: bay", "label:bay"), (6, 9));
        assert_eq!(place("- id: c1", "-id: c1"), (8, 2));
        assert_eq!(place("- id: c1", "- id:c1"), (8, 6));
        assert_eq!(place("by: p", "by:p"), (10, 6));
        assert_eq!(place("[TRAIN]", "[TRAIN"), (9, 13));
        assert_eq!(place("  state: active", "state: active"), (3, 1));
    }

    #[test]
    fn complaints_are_told_without_words_of_the_parser() {
        let told = |from: &str, to: &str| {
            let error = super::super::load(&SHEET.replacen(from, to, 1), 1000).unwrap_err();
            (error.line, error.to_string())
        };
        for (from, to, line, words) in [
            ("  state: active", "\tstate: active", 3, "a tab"),
            ("label: bay", "label: @bay", 6, "in quotes"),
            ("label: bay", "label: 'bay", 6, "quotation mark"),
            ("label: bay", "label: \"a\\q\"", 6, "backslash"),
            ("label: bay", "label: \"a\" b", 6, "behind the quotation mark"),
            ("label: bay", "label bay", 7, "colon is missing"),
            ("label: bay", "label: bay: 4", 6, "second colon"),
            ("label: bay", "label: &", 6, "& or *"),
            ("  by: p", "   by: p", 10, "indented"),
            ("  by: p", " by: p", 10, "not indented as"),
        ] {
            let (at, said) = told(from, to);
            assert!(said.contains(words) && !said.contains("YAML"), "{to}: line {at}: {said}");
            assert_eq!(at, line, "{to}: {said}");
        }
    }

    #[test]
    fn what_the_parser_places_well_stays() {
        assert_eq!(place("  by: p", "   by: p"), (10, 4));
        assert_eq!(place("label: bay", "label: bay: 4"), (6, 13));
        assert!(super::super::load(SHEET, 1000).is_ok());
    }
}
