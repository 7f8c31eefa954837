//! Places: the repository, its target folder, and the Obscura home folder outside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;
use crate::process;

/// The repository root: the folder above this package, else the nearest one upwards with a workspace in it.
pub(crate) fn root() -> Result<PathBuf, Error> {
    if let Some(root) =
        std::env::var_os("CARGO_MANIFEST_DIR").and_then(|dir| workspace_above(Path::new(&dir)))
    {
        return Ok(root);
    }
    let here = std::env::current_dir().map_err(Error::file("cannot find", "."))?;
    workspace_above(&here).ok_or(Error::NoRoot)
}

fn workspace_above(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|dir| dir.join("models/manifest.toml").is_file() && dir.join("Cargo.toml").is_file())
        .map(Path::to_path_buf)
}

/// The Obscura home folder, which holds `models/`, `lib/` and `media/`, as the product looks it up:
/// `OBSCURA_HOME`, else `$XDG_DATA_HOME/obscura`, else `~/.local/share/obscura`.
pub(crate) fn obscura_home() -> Result<PathBuf, Error> {
    home_from(|name| std::env::var_os(name)).ok_or(Error::NoHome)
}

/// A relative `XDG_DATA_HOME` is ignored, as the XDG base directory specification asks.
fn home_from(var: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("OBSCURA_HOME")
        .or_else(|| set("XDG_DATA_HOME").filter(|dir| dir.is_absolute()).map(|dir| dir.join("obscura")))
        .or_else(|| set("HOME").map(|dir| dir.join(".local/share/obscura")))
}

/// What `cargo metadata` says about the workspace; only what the tasks ask.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// A member of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A dependency as the member's manifest declares it.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
}

impl Metadata {
    /// Asks cargo; works off line.
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let mut command = process::cargo(root);
        let out = process::output(command.args(["metadata", "--no-deps", "--format-version", "1"]))?;
        if !out.status.success() {
            return Err(Error::Cargo(format!(
                "cargo metadata: {}",
                String::from_utf8_lossy(&out.stderr).trim()
            )));
        }
        serde_json::from_slice(&out.stdout)
            .map_err(|source| Error::Cargo(format!("cargo metadata: {source}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(vars: &[(&str, &str)]) -> Option<PathBuf> {
        home_from(|name| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn home_is_looked_up_in_order() {
        let all = [("OBSCURA_HOME", "here"), ("XDG_DATA_HOME", "/data"), ("HOME", "/me")];
        assert_eq!(home(&all), Some(PathBuf::from("here")));
        assert_eq!(home(&all[1..]), Some(PathBuf::from("/data/obscura")));
        assert_eq!(home(&all[2..]), Some(PathBuf::from("/me/.local/share/obscura")));
        assert_eq!(home(&[]), None);
    }

    #[test]
    fn empty_and_relative_settings_are_ignored() {
        let vars = [("OBSCURA_HOME", ""), ("XDG_DATA_HOME", "data"), ("HOME", "/me")];
        assert_eq!(home(&vars), Some(PathBuf::from("/me/.local/share/obscura")));
    }
}
