//! `cargo xtask setup`: system packages, models, ONNX Runtime and clips; says what it will do before it does it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::debian::{self, Rights};
use crate::error::Error;
use crate::fetch::{self, Presence};
use crate::manifest::{Manifest, Package, Wanted, this_target};
use crate::printer::{Steps, count, note, size, took};

/// The numbered steps that [`run`] announces.
pub(crate) const STEPS: usize = 1;

/// What set-up found missing.
#[derive(Debug)]
pub(crate) struct Plan {
    home: PathBuf,
    debian: Vec<&'static str>,
    files: Vec<Wanted>,
    packages: Vec<Package>,
    present: usize,
}

impl Plan {
    /// Looks at the machine and at the home folder; changes nothing and asks no network.
    ///
    /// # Errors
    /// When this machine can never have all that is needed: see [`Error::NotDebian`] and [`Error::NoLibrary`].
    pub(crate) fn make(root: &Path, home: &Path, without: &[String]) -> Result<Self, Error> {
        let target = this_target();
        let manifest = Manifest::read(root)?;
        if let Some(name) = without.iter().find(|name| !manifest.options().contains(name.as_str())) {
            let known = manifest.options().into_iter().collect::<Vec<_>>().join(", ");
            return Err(Error::Usage(format!("set-up has no option `{name}`; it has: {known}")));
        }
        let wanted = manifest.wanted(&target, without);
        let wanted = wanted.ok_or_else(|| Error::NoLibrary { target, home: home.join("lib") })?;
        let mut plan = Self::for_files(home, wanted)?;
        let needs_pip = !plan.files.is_empty();
        plan.debian =
            if debian::is_debian() { debian::missing(needs_pip)? } else { elsewhere(home, needs_pip)? };
        Ok(plan)
    }

    fn for_files(home: &Path, wanted: Vec<Wanted>) -> Result<Self, Error> {
        let mut files = Vec::new();
        let all = wanted.len();
        for file in wanted {
            if fetch::presence(home, &file)? != Presence::Right {
                files.push(file);
            }
        }
        let packages = fetch::packages(&files);
        let present = all - files.len();
        Ok(Self { home: home.to_path_buf(), debian: Vec::new(), files, packages, present })
    }

    /// Whether all is there already.
    pub(crate) fn is_empty(&self) -> bool {
        self.debian.is_empty() && self.files.is_empty()
    }

    fn print(&self) {
        if !self.debian.is_empty() {
            let number = count(self.debian.len(), "Debian package");
            note(format_args!("will install {number}: {}", self.debian.join(" ")));
        }
        if !self.files.is_empty() {
            let bytes: u64 = self.packages.iter().map(|package| package.bytes).sum();
            let number = count(self.packages.len(), "package");
            note(format_args!("will download {number} ({}) and take out:", size(bytes)));
        }
        for (option, bytes) in self.optional() {
            note(format_args!(
                "  of it {} are for the option `{option}`; leave it out with --without {option} or {WITHOUT}={option}",
                size(bytes)
            ));
        }
        for file in &self.files {
            let entry = &file.entry;
            let place = self.home.join(&file.place);
            // A listed file that exists all the same is the wrong one.
            let again = if place.exists() { " (again: the file there is not the listed one)" } else { "" };
            note(format_args!("  {} ({}, {}){again}", place.display(), size(entry.bytes), entry.licence));
            note(format_args!("    {}", entry.purpose));
        }
    }

    /// Options that are to be fetched, with the size of their packages.
    fn optional(&self) -> Vec<(&str, u64)> {
        let mut options: Vec<(&str, u64)> = Vec::new();
        for package in &self.packages {
            let mut files = self.files.iter().filter(|file| file.entry.package() == *package);
            let option = files.find_map(|file| file.entry.option.as_deref());
            options.extend(option.map(|option| (option, package.bytes)));
        }
        options
    }

    fn carry_out(&self, rights: Rights) -> Result<(), Error> {
        if !self.debian.is_empty() {
            let start = Instant::now();
            debian::install(rights, &self.debian)?;
            note(format_args!("Debian packages installed in {}", took(start.elapsed())));
        }
        for package in &self.packages {
            let start = Instant::now();
            note(format_args!("downloading {} {} ({})", package.name, package.version, size(package.bytes)));
            fetch::fetch(&self.home, package, &self.files)?;
            note(format_args!("{} done in {}", package.name, took(start.elapsed())));
        }
        Ok(())
    }
}

/// Names options of the manifest that are to be left out, separated by commas, for every task that sets up.
pub(crate) const WITHOUT: &str = "OBSCURA_SETUP_WITHOUT";

/// The options that the variable [`WITHOUT`] names.
fn left_out_by_variable() -> Vec<String> {
    let words = std::env::var(WITHOUT).unwrap_or_default();
    words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Sets the machine up; a second run changes nothing and needs no network. With `dry_run` it only says what is missing.
/// What belongs to an option in `without`, or in the variable [`WITHOUT`], is not asked for.
///
/// # Errors
/// Whatever is missing and cannot be had, with the command or the place that mends it.
pub(crate) fn run(
    steps: &mut Steps,
    root: &Path,
    home: &Path,
    dry_run: bool,
    without: &[String],
) -> Result<(), Error> {
    let start = Instant::now();
    let without: Vec<String> = without.iter().cloned().chain(left_out_by_variable()).collect();
    let plan = Plan::make(root, home, &without)?;
    if plan.is_empty() {
        let files = plan.present;
        steps.next(format_args!(
            "set-up: nothing to do: system packages and {files} files in {} are there, digests match ({})",
            home.display(),
            took(start.elapsed())
        ));
        return Ok(());
    }
    steps.next("set-up");
    plan.print();
    if dry_run {
        return Err(Error::Check {
            what: "set-up is not complete".to_owned(),
            help: "`cargo xtask setup` gets it".to_owned(),
        });
    }
    plan.carry_out(Rights::of_this_user())?;
    note(format_args!("set-up done in {}", took(start.elapsed())));
    Ok(())
}

/// Not Debian: nothing can be installed by name, but where all is there under other names, the work can go on.
fn elsewhere(home: &Path, needs_pip: bool) -> Result<Vec<&'static str>, Error> {
    let missing = debian::missing_elsewhere(needs_pip);
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    Err(Error::NotDebian { missing, wanted: debian::PACKAGES.to_vec(), home: home.to_path_buf() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Vec<Wanted> {
        let manifest = Manifest::parse(include_str!("../../models/manifest.toml")).unwrap();
        manifest.wanted("x86_64-linux", &[]).unwrap()
    }

    #[test]
    fn an_empty_home_needs_every_file_and_each_package_once() {
        let home = tempfile::tempdir().unwrap();
        let plan = Plan::for_files(home.path(), wanted()).unwrap();
        assert_eq!((plan.files.len(), plan.present), (wanted().len(), 0));
        assert!(plan.packages.len() < plan.files.len(), "{:?}", plan.packages);
        assert!(!plan.is_empty());
    }

    #[test]
    fn the_size_of_an_option_is_told_once() {
        let home = tempfile::tempdir().unwrap();
        let plan = Plan::for_files(home.path(), wanted()).unwrap();
        assert_eq!(plan.optional(), [("people", 144_509_169)]);
    }

    #[test]
    fn a_missing_system_package_alone_is_work_to_do() {
        let home = tempfile::tempdir().unwrap();
        let mut plan = Plan::for_files(home.path(), Vec::new()).unwrap();
        assert!(plan.is_empty());
        plan.debian = vec!["ffmpeg"];
        assert!(!plan.is_empty());
    }

    #[test]
    fn a_wrong_file_of_the_right_size_is_fetched_again() {
        let home = tempfile::tempdir().unwrap();
        let smallest = wanted().into_iter().min_by_key(|wanted| wanted.entry.bytes).unwrap();
        let place = home.path().join(&smallest.place);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, vec![0; usize::try_from(smallest.entry.bytes).unwrap()]).unwrap();
        let plan = Plan::for_files(home.path(), vec![smallest]).unwrap();
        assert_eq!((plan.files.len(), plan.present), (1, 0));
    }
}
