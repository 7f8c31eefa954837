//! The system packages: which are missing, and the commands that install them, with the rights this user has.

use std::collections::HashSet;
use std::process::Command;

use crate::error::Error;
use crate::printer::note;
use crate::process;

/// What the product needs to build and run, by Debian's names. A pip from elsewhere is as good as `python3-pip`.
pub(crate) const PACKAGES: [&str; 17] = [
    "pkg-config",
    "build-essential",
    "libgstreamer1.0-dev",
    "libgstreamer-plugins-base1.0-dev",
    "libgstrtspserver-1.0-dev",
    "gstreamer1.0-tools",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-libav",
    "mesa-vulkan-drivers",
    "libvulkan1",
    "ffmpeg",
    "ca-certificates",
    "python3",
    PIP,
];
const PIP: &str = "python3-pip";

/// How this user can install packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    Root,
    /// `sudo` works without asking for a password.
    Sudo,
    None,
}

impl Rights {
    /// Asks the system.
    pub(crate) fn of_this_user() -> Self {
        let is_root =
            process::output(Command::new("id").arg("-u")).is_ok_and(|out| out.stdout.trim_ascii() == b"0");
        if is_root {
            Self::Root
        } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
            Self::Sudo
        } else {
            Self::None
        }
    }

    /// `apt-get` with these rights; without any, the command is only for showing.
    fn apt_get(self, args: &[&str]) -> Command {
        // Packages that ask questions would wait for ever in an unattended run.
        let quiet = "DEBIAN_FRONTEND=noninteractive";
        let mut command = Command::new(if self == Self::Root { "env" } else { "sudo" });
        match self {
            Self::Root => command.args([quiet, "apt-get"]),
            Self::Sudo => command.args(["-n", "env", quiet, "apt-get"]),
            Self::None => command.arg("apt-get"),
        };
        command.args(args);
        command
    }
}

/// Whether this is a Debian system, or one of its family.
pub(crate) fn is_debian() -> bool {
    ["dpkg-query", "apt-get"].iter().all(|tool| process::succeeds(Command::new(tool).arg("--version")))
}

/// Those of [`PACKAGES`] that are not there; pip is asked for only where there is something to download.
pub(crate) fn missing(needs_pip: bool) -> Result<Vec<&'static str>, Error> {
    let mut query = Command::new("dpkg-query");
    let out = process::output(query.args(["-W", "-f", "${db:Status-Status}\t${Package}\t${Provides}\n"]))?;
    Ok(missing_from(&String::from_utf8_lossy(&out.stdout), !needs_pip || pip_works()))
}

fn pip_works() -> bool {
    process::succeeds(Command::new("python3").args(["-m", "pip", "--version"]))
}

/// `listing` has a line for each known package: its state, its name, and what else it provides.
fn missing_from(listing: &str, pip_is_fine: bool) -> Vec<&'static str> {
    let mut present: HashSet<&str> = HashSet::new();
    for line in listing.lines() {
        let mut fields = line.split('\t');
        if fields.next() != Some("installed") {
            continue;
        }
        let names =
            fields.flat_map(|field| field.split(',')).filter_map(|name| name.split_whitespace().next());
        present.extend(names);
    }
    if pip_is_fine {
        present.insert(PIP);
    }
    PACKAGES.into_iter().filter(|name| !present.contains(name)).collect()
}

/// Installs the packages. The package lists are refreshed only where apt does not know a package or cannot get it.
///
/// # Errors
/// [`Error::PackagesMissing`] with the commands to run where this user may not install.
pub(crate) fn install(rights: Rights, missing: &[&str]) -> Result<(), Error> {
    if rights == Rights::None {
        return Err(by_hand(missing));
    }
    let mut known = Command::new("apt-get");
    let known = process::succeeds(known.args(install_args(missing)).arg("--simulate"));
    if known && run(rights, &install_args(missing)).is_ok() {
        return Ok(());
    }
    run(rights, &["update"])?;
    run(rights, &install_args(missing))
}

fn run(rights: Rights, args: &[&str]) -> Result<(), Error> {
    let mut command = rights.apt_get(args);
    note(process::shown(&command));
    process::run_as_talk(&mut command)
}

fn install_args<'a>(missing: &[&'a str]) -> Vec<&'a str> {
    ["install", "-y", "--no-install-recommends"].into_iter().chain(missing.iter().copied()).collect()
}

fn by_hand(missing: &[&str]) -> Error {
    let commands = [vec!["update"], install_args(missing)];
    Error::PackagesMissing {
        missing: missing.iter().map(|name| (*name).to_owned()).collect(),
        commands: commands.iter().map(|args| process::shown(&Rights::None.apt_get(args))).collect(),
    }
}

/// On other systems packages have other names, so what they bring is looked for instead.
pub(crate) fn missing_elsewhere(needs_pip: bool) -> Vec<&'static str> {
    // The last is for a server that a test runs.
    let modules =
        ["gstreamer", "gstreamer-app", "gstreamer-audio", "gstreamer-video", "gstreamer-rtsp-server"];
    let probes: [(&'static str, bool); 4] = [
        (
            "GStreamer 1.22 with its development files",
            modules.iter().all(|module| {
                process::succeeds(
                    Command::new("pkg-config").args(["--atleast-version=1.22", &format!("{module}-1.0")]),
                )
            }),
        ),
        (
            "the GStreamer plugins (avdec_h264, x264enc, pitch)",
            ["avdec_h264", "x264enc", "pitch"]
                .iter()
                .all(|name| process::succeeds(Command::new("gst-inspect-1.0").args(["--exists", name]))),
        ),
        ("ffmpeg", process::succeeds(Command::new("ffmpeg").arg("-version"))),
        ("Python 3 with pip", !needs_pip || pip_works()),
    ];
    probes.into_iter().filter(|(_, there)| !there).map(|(what, _)| what).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_and_provided_packages_count_and_removed_ones_do_not() {
        let mut listing = format!("installed\t{}\t\n", PACKAGES.join("\t\ninstalled\t"));
        assert_eq!(missing_from(&listing, false), Vec::<&str>::new());
        listing = listing.replace("installed\tffmpeg\t", "config-files\tffmpeg\t");
        listing =
            listing.replace("installed\tpkg-config\t", "installed\tpkgconf\tpkg-config (= 1.8), pkgconf-x");
        assert_eq!(missing_from(&listing, false), ["ffmpeg"]);
    }

    #[test]
    fn pip_from_elsewhere_is_good_enough() {
        assert!(missing_from("", false).contains(&PIP));
        assert!(!missing_from("", true).contains(&PIP));
    }

    #[test]
    fn without_rights_the_exact_commands_are_told() {
        let refused = install(Rights::None, &["ffmpeg", "libvulkan1"]).unwrap_err();
        assert_eq!(refused.exit_code(), 7);
        let help = refused.help().unwrap();
        assert!(help.contains("sudo apt-get update\n"), "{help}");
        assert!(help.contains("sudo apt-get install -y --no-install-recommends ffmpeg libvulkan1"), "{help}");
        assert!(refused.to_string().contains("ffmpeg libvulkan1"));
    }

    #[test]
    fn rights_decide_how_apt_is_called() {
        assert_eq!(
            process::shown(&Rights::Sudo.apt_get(&["update"])),
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update"
        );
        assert_eq!(
            process::shown(&Rights::Root.apt_get(&["update"])),
            "env DEBIAN_FRONTEND=noninteractive apt-get update"
        );
    }
}
