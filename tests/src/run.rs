//! The binary under test, and what it said.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Words that belong to the program's inside and never to a sentence for its user.
const INSIDE: [&str; 10] = [
    "panicked",
    "RUST_BACKTRACE",
    "unwrap",
    "Err(",
    "Some(",
    "Error {",
    "::",
    ".rs:",
    "called `",
    "thread '",
];

/// A finished run.
#[derive(Clone, Debug)]
pub struct Run {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// Asserts the exit code, and shows what was said where it is another.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard error:\n{}", self.stderr);
        self
    }

    /// Asserts a refusal that a user understands: the exit code, exactly one line that begins with `error:`, no
    /// words from inside the program, and every one of `words` (in any case).
    #[track_caller]
    pub fn refused(self, code: i32, words: &[&str]) -> Self {
        let run = self.expect(code);
        let errors = run.stderr.lines().filter(|line| line.starts_with("error:")).count();
        assert_eq!(errors, 1, "one clear sentence is wanted:\n{}", run.stderr);
        for inside in INSIDE {
            assert!(!run.stderr.contains(inside), "{inside:?} is not for a user:\n{}", run.stderr);
        }
        let said = run.stderr.to_lowercase();
        for word in words {
            assert!(said.contains(&word.to_lowercase()), "{word:?} is not said:\n{}", run.stderr);
        }
        run
    }

    /// The receipt that `--json` printed.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

/// The binary: `OBSCURA_BIN`, else the release build of this program's target folder.
///
/// # Panics
/// Where it was not built.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("OBSCURA_BIN") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().unwrap();
    let places = own.ancestors().map(|folder| folder.join("release").join("obscura"));
    let path = places.into_iter().find(|path| path.is_file());
    path.expect("the release binary is needed: run `cargo build --release --workspace` first")
}

/// The state folder of commands that do not name one: never that of whoever runs the tests.
fn shared_state() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let place =
            test.ancestors().nth(3).expect("tests run from TARGET/PROFILE/deps").join("tmp/test-states");
        std::fs::create_dir_all(&place).unwrap();
        // What earlier runs left behind goes, as far as they have ended.
        for old in std::fs::read_dir(&place).unwrap().flatten() {
            if !Path::new("/proc").join(old.file_name()).exists() {
                let _ = std::fs::remove_dir_all(old.path());
            }
        }
        place.join(std::process::id().to_string())
    })
}

/// The binary with its input closed, ready for arguments.
pub fn obscura() -> Command {
    let mut command = Command::new(binary());
    command.env("OBSCURA_STATE", shared_state());
    command.stdin(Stdio::null()).env("NO_COLOR", "1");
    // As on a server: no login session, no display.
    command.env_remove("XDG_RUNTIME_DIR").env_remove("NODEVICE_SELECT");
    command
}

/// Waits for something that happens while a run goes on.
///
/// # Panics
/// Where the run ends before, or it does not happen within `patience`.
pub fn wait_until(child: &mut Child, patience: Duration, has_happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !has_happened() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        assert!(began.elapsed() < patience, "it did not happen within {patience:?}");
        // Short beside any run, and long enough to leave the cores to it.
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a run a signal such as `-INT`.
///
/// # Panics
/// Where it is gone.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success(), "kill {name}");
}

/// Runs it to its end.
pub fn finish(command: &mut Command) -> Run {
    command.output().unwrap_or_else(|e| panic!("{}: {e}", binary().display())).into()
}
