//! The repository's own text files, and what a check finds in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::process;

/// Files of these kinds are read by the checks.
const TEXT: [&str; 12] =
    ["rs", "md", "toml", "wgsl", "yaml", "yml", "json", "sh", "html", "css", "ts", "sql"];
/// A source file larger than this is no source file.
const MAX_BYTES: u64 = 2_000_000;

/// One text file of the repository.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Whether the file is Rust.
    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == Some("rs")
    }

    /// What follows the last dot of the name.
    pub(crate) fn extension(&self) -> Option<&str> {
        extension(&self.path)
    }
}

/// One broken rule, at one place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) path: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Reads every text file that git tracks, or would track; without git, every one outside target folders.
pub(crate) fn read(root: &Path) -> Result<Vec<Source>, Error> {
    let mut paths = from_git(root).map_or_else(|| from_folder(root), Ok)?;
    paths.sort();
    let mut sources = Vec::new();
    for path in paths {
        let full = root.join(&path);
        let is_script = path.starts_with(".ci/");
        let is_text = is_script || extension(&path).is_some_and(|ext| TEXT.contains(&ext));
        // git still lists a file that was deleted but not yet staged; links are judged where they lead to.
        let is_file = full.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES);
        if is_text && is_file {
            let bytes = std::fs::read(&full).map_err(Error::file("cannot read", full))?;
            sources.push(Source { path, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(sources)
}

/// Only where the root itself is a repository: a folder inside another one may be ignored there.
fn from_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let out = process::output(&mut git).ok().filter(|out| out.status.success())?;
    let names = out.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Some(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

fn from_folder(root: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(Error::file("cannot read", &folder))?.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && name != "target" && name != ".git" && name != "node_modules" => {
                    folders.push(path);
                }
                Ok(kind) if kind.is_file() => found.extend(relative(root, &path)),
                _ => {}
            }
        }
    }
    Ok(found)
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let parts: PathBuf = path.strip_prefix(root).ok()?.to_path_buf();
    Some(parts.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
}

fn extension(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ext)| ext)
}

/// Writes a tree of files for a test and reads it back as sources.
#[cfg(test)]
pub(crate) fn fixture(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<Source>) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let sources = read(root.path()).unwrap();
    (root, sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_files_outside_target_are_read_in_order() {
        let files = [
            ("b/x.rs", "1"),
            ("a.md", "2"),
            ("target/y.rs", "3"),
            ("clip.mp4", "4"),
            (".ci/run", "5"),
            (".toml", "6"),
        ];
        let (_root, sources) = fixture(&files);
        let paths: Vec<&str> = sources.iter().map(|source| source.path.as_str()).collect();
        assert_eq!(paths, [".ci/run", "a.md", "b/x.rs"]);
        assert!(sources.last().unwrap().is_rust());
    }
}
