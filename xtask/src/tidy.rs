//! House rules that no compiler checks: a first line that says what a file is for, its length, no paths of one
//! machine, no shader that nothing uses.

use crate::sources::{Finding, Source};

/// Longer files are split by concern.
const MAX_LINES: usize = 450;
/// Rust files under these folders are ours.
const RUST_FOLDERS: [&str; 4] = ["crates/", "tests/", "benches/", "xtask/"];
/// Folders of one machine. Written in two halves, so that this file does not name them.
const MACHINE_FOLDERS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
const MACRO: &str = "include_str!";

/// Checks every source; the findings come in the order of the files.
pub(crate) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources {
        if source.is_rust() && RUST_FOLDERS.iter().any(|folder| source.path.starts_with(folder)) {
            findings.extend(opening(source));
            findings.extend(length(source));
        }
        findings.extend(machine_paths(source));
    }
    findings.extend(unused_shaders(sources));
    findings.sort();
    findings
}

fn opening(source: &Source) -> Option<Finding> {
    let says = source.text.lines().next().and_then(|line| line.strip_prefix("//!"));
    let silent = says.is_none_or(|text| text.trim().is_empty());
    silent.then(|| finding(source, 1, "the first line must be `//!` and say what the file is for"))
}

fn length(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    (lines > MAX_LINES).then(|| {
        finding(source, MAX_LINES + 1, format!("{lines} lines, at most {MAX_LINES}: split it by concern"))
    })
}

fn machine_paths(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            if line.match_indices(folder).any(|(at, _)| begins_a_path(line, at)) {
                let what =
                    format!("`{folder}…` is a path of one machine: use a relative path, or a variable");
                findings.push(finding(source, number + 1, what));
            }
        }
    }
    findings
}

/// `/x/` after a letter, a dot or a closing brace is a part of a longer path or of an address.
fn begins_a_path(line: &str, at: usize) -> bool {
    let before = line.get(..at).and_then(|head| head.chars().next_back());
    before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '-' | '~' | '}' | ')' | '*'))
}

fn unused_shaders(sources: &[Source]) -> Vec<Finding> {
    let included: Vec<&str> =
        sources.iter().filter(|source| source.is_rust()).flat_map(|source| included(&source.text)).collect();
    let shaders = sources
        .iter()
        .filter(|source| source.path.starts_with("shaders/") && source.extension() == Some("wgsl"));
    shaders
        .filter_map(|shader| {
            let name = shader.path.rsplit('/').next()?;
            let is_used = included.iter().any(|path| path.rsplit('/').next() == Some(name));
            (!is_used).then(|| finding(shader, 1, format!("no Rust file has an {MACRO} of this shader")))
        })
        .collect()
}

/// The string literals inside each `include_str!(…)`, also those of a `concat!` in it.
fn included(text: &str) -> Vec<&str> {
    let calls = text.match_indices(MACRO).filter_map(|(at, _)| text.get(at + MACRO.len()..));
    calls.flat_map(|call| argument(call).split('"').skip(1).step_by(2)).collect()
}

/// What stands between the parentheses that the text begins with; empty where it begins with none.
fn argument(call: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in call.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 1 => depth -= 1,
            ')' => return call.get(..at).unwrap_or(""),
            _ if depth == 0 => return "",
            _ => {}
        }
    }
    ""
}

fn finding(source: &Source, line: usize, what: impl Into<String>) -> Finding {
    Finding { path: source.path.clone(), line, what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::fixture;

    const GOOD: &str = "//! What it is for.\n";

    fn found(files: &[(&str, &str)]) -> Vec<(String, usize)> {
        let (_root, sources) = fixture(files);
        check(&sources).into_iter().map(|finding| (finding.path, finding.line)).collect()
    }

    #[test]
    fn a_good_tree_is_clean() {
        let lines = format!("{GOOD}{}", "//\n".repeat(MAX_LINES - 1));
        let user =
            format!("{GOOD}const A: &str = include_str!(concat!(env!(\"DIR\"), \"/shaders/used.wgsl\"));\n");
        let text = format!("see ..{0}x, $HOME{0}x, a.example{1}y", MACHINE_FOLDERS[0], MACHINE_FOLDERS[2]);
        let files = [
            ("crates/a/src/lib.rs", lines.as_str()),
            ("crates/a/src/user.rs", &user),
            ("shaders/used.wgsl", "// used"),
            ("README.md", &text),
            ("elsewhere/x.rs", "fn main() {}"),
        ];
        assert_eq!(found(&files), []);
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_found() {
        for text in ["use std::fs;\n", "", "\n//! Late.\n", "//!\n", "/// Not this.\n"] {
            assert_eq!(found(&[("xtask/src/a.rs", text)]), [("xtask/src/a.rs".to_owned(), 1)], "{text:?}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        let text = format!("{GOOD}{}", "//\n".repeat(MAX_LINES));
        assert_eq!(found(&[("tests/a.rs", &text)]), [("tests/a.rs".to_owned(), MAX_LINES + 1)]);
    }

    #[test]
    fn paths_of_one_machine_are_found_in_every_kind_of_file() {
        for folder in MACHINE_FOLDERS {
            for text in [
                format!("one\nx = \"{folder}main\""),
                format!("\n{folder}"),
                format!("\n- `{folder}me` (file:{folder})"),
            ] {
                for path in ["a.md", "b.toml", "shaders.yaml", ".ci/run"] {
                    assert_eq!(found(&[(path, &text)]), [(path.to_owned(), 2)], "{text}");
                }
            }
        }
    }

    #[test]
    fn a_shader_that_nothing_includes_is_found() {
        let user = format!(
            "{GOOD}// used.wgsl\nconst A: &str = include_str!(\"unused_not.wgsl\"); const B: &str = \"used.wgsl\";\n"
        );
        let files = [("benches/a.rs", user.as_str()), ("shaders/used.wgsl", "// w")];
        assert_eq!(found(&files), [("shaders/used.wgsl".to_owned(), 1)]);
    }
}
