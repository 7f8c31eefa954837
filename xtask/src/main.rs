//! `cargo xtask`: set-up, demo and checks of this repository, on a machine that has cargo and Python 3 and nothing
//! else.

mod checks;
mod clock;
mod debian;
mod demo;
mod download;
mod error;
mod fetch;
mod layers;
mod manifest;
mod printer;
mod process;
mod repo;
mod rust_paths;
mod setup;
mod sources;
mod tidy;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::Error;
use crate::printer::{Steps, data, talk};

const HELP: &str = "\
cargo xtask TASK: the tasks of this repository. Each says what it does before it does it.

  setup             install what is missing: Debian packages, models, ONNX Runtime, test clips
  setup --dry-run   only say what is missing (exit code 1 if anything is)
  setup --without people
                    leave out what finds people without a visible face (a download of 144.5 MB, of which 7.7 MB stay);
                    `redact` then needs --heads off. OBSCURA_SETUP_WITHOUT=people does the same for every task
  demo              set up, build, de-identify a sample clip; results in target/demo/
  test              set up, then format, tidy, layers, clippy and all tests
  test --cedar      the same with the feature `cedar`, in target/cedar; compiling it takes minutes
  ci                what `test` does, and the check of licences and sources of dependencies
  bench ARGS…       build and run the benches with these arguments
  quality [faces|voice|sound]…  build, and measure what is hidden and what is kept; results in benches/RESULTS.md
  help              this text

Models and libraries go to the Obscura home folder: $OBSCURA_HOME, else $XDG_DATA_HOME/obscura, else
~/.local/share/obscura. Every task can be run again: what is there is not fetched or built again.
Results go to standard output, talk to standard error. Exit codes: 0 done, 2 usage, 7 something is missing on this
machine, 1 the rest.
Example: cargo xtask demo";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Setup { dry_run: bool, without: Vec<String> },
    Demo,
    Test { cedar: bool },
    Ci,
    Bench(Vec<OsString>),
    Help,
}

fn main() -> ExitCode {
    match parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            talk(format_args!("error: {error}"));
            for (number, line) in error.help().unwrap_or_default().lines().enumerate() {
                talk(format_args!("{} {line}", if number == 0 { "help:" } else { "     " }));
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(task: Task) -> Result<(), Error> {
    if task == Task::Help {
        data(HELP);
        return Ok(());
    }
    let root = repo::root()?;
    let home = repo::obscura_home()?;
    match task {
        Task::Setup { dry_run, without } => {
            setup::run(&mut Steps::new(setup::STEPS), &root, &home, dry_run, &without)?;
            data(home.display());
            Ok(())
        }
        Task::Demo => demo::run(&root, &home),
        Task::Test { cedar } => checks::test(&root, &home, cedar),
        Task::Ci => checks::ci(&root, &home),
        Task::Bench(args) => checks::bench(&root, &home, &args),
        Task::Help => Ok(()),
    }
}

fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, Error> {
    use lexopt::prelude::{Long, Short, Value, ValueExt as _};
    let usage = |error: lexopt::Error| Error::Usage(error.to_string());
    let mut parser = lexopt::Parser::from_args(args);
    let mut task = None;
    while let Some(arg) = parser.next().map_err(usage)? {
        match (arg, &mut task) {
            (Long("help") | Short('h'), _) => return Ok(Task::Help),
            (Value(word), None) => {
                task = Some(named(&word)?);
                if let Some(Task::Bench(args)) = &mut task {
                    args.extend(parser.raw_args().map_err(usage)?);
                }
            }
            (Long("dry-run"), Some(Task::Setup { dry_run, .. })) => *dry_run = true,
            (Long("without"), Some(Task::Setup { without, .. })) => {
                without.push(parser.value().and_then(|word| word.parse()).map_err(usage)?);
            }
            (Long("cedar"), Some(Task::Test { cedar })) => *cedar = true,
            (arg, _) => return Err(usage(arg.unexpected())),
        }
    }
    Ok(task.unwrap_or(Task::Help))
}

fn named(word: &OsString) -> Result<Task, Error> {
    match word.to_str() {
        Some("setup") => Ok(Task::Setup { dry_run: false, without: Vec::new() }),
        Some("demo") => Ok(Task::Demo),
        Some("test") => Ok(Task::Test { cedar: false }),
        Some("ci") => Ok(Task::Ci),
        Some("bench") => Ok(Task::Bench(Vec::new())),
        // The same program measures both.
        Some("quality") => Ok(Task::Bench(vec![OsString::from("quality")])),
        Some("help") => Ok(Task::Help),
        _ => Err(Error::Usage(format!("no task is called `{}`", word.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &str) -> Result<Task, Error> {
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn tasks_and_flags_are_understood() {
        assert_eq!(asked("").unwrap(), Task::Help);
        assert_eq!(asked("setup").unwrap(), Task::Setup { dry_run: false, without: Vec::new() });
        assert_eq!(
            asked("setup --dry-run --without people").unwrap(),
            Task::Setup { dry_run: true, without: vec!["people".to_owned()] }
        );
        assert_eq!(asked("test --cedar").unwrap(), Task::Test { cedar: true });
        assert_eq!(asked("demo --help").unwrap(), Task::Help);
        assert_eq!(
            asked("bench speed --runs 3").unwrap(),
            Task::Bench(["speed", "--runs", "3"].map(OsString::from).into())
        );
    }

    #[test]
    fn anything_else_is_a_usage_error() {
        for words in
            ["tset", "--dry-run", "demo --dry-run", "ci --cedar", "test twice", "setup -x", "setup --without"]
        {
            let refused = asked(words).unwrap_err();
            assert_eq!(refused.exit_code(), 2, "{words}");
            assert!(refused.help().is_some());
        }
    }
}
