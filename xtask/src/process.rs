//! Other programs: how they are started, named in messages, and judged.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::error::Error;

/// Names the folder of longer clips; the tests that need it say so where it is not set.
const TEST_DATA: &str = "OBSCURA_TEST_DATA";

/// The folder of longer clips, by a whole path, where one was named.
pub(crate) fn test_data() -> Option<PathBuf> {
    let named = std::env::var_os(TEST_DATA).filter(|folder| !folder.is_empty())?;
    std::path::absolute(named).ok()
}

/// The cargo that runs this task, so that the toolchain stays the same. Tests run in the folders of their packages: where
/// the test data are is told by a whole path, whatever was given.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(root);
    match test_data() {
        Some(folder) => command.env(TEST_DATA, folder),
        None => command.env_remove(TEST_DATA),
    };
    command
}

/// Runs to the end with the terminal's own streams; a non-zero exit is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Error> {
    let status = command.status().map_err(|source| not_started(command, source))?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: shown(command), status }) }
}

/// As [`run`], but what the program prints counts as talk: it goes to standard error.
pub(crate) fn run_as_talk(command: &mut Command) -> Result<(), Error> {
    run(command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr())))
}

/// Runs to the end and keeps what the program prints; the exit status is for the caller to judge.
pub(crate) fn output(command: &mut Command) -> Result<Output, Error> {
    command.stdin(Stdio::null()).output().map_err(|source| not_started(command, source))
}

/// Whether the program starts, exits with success, and says so in silence.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    output(command).is_ok_and(|out| out.status.success())
}

/// The command as a person would type it, with the program's bare name.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

fn not_started(command: &Command, source: std::io::Error) -> Error {
    let program = Path::new(command.get_program());
    Error::Start {
        program: program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned(),
        source,
    }
}
