//! The `obscura` command: reads the arguments, runs one verb, and turns its outcome into an exit code.

mod args;
mod clock;
mod commands;
mod failure;
mod interrupt;
mod printer;
mod progress;
mod quiet_start;
mod stages;
mod wording;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Verb, with_suggestion};
use printer::Printer;

fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| with_suggestion(error).exit());
    quiet_start::settle(&cli.verb);
    start_log();
    let printer = Printer::new(cli.verb.wants_json());
    let state = cli.state.as_deref();
    let outcome = match &cli.verb {
        Verb::Redact(args) => commands::redact::run(args, state, &printer),
        Verb::Analyze(args) => commands::analyze::run(args, &printer),
        Verb::Check(args) => commands::check::run(args, state, &printer),
        Verb::Sheet(args) => commands::sheet::run(args, state, &printer),
        Verb::Policy(args) => commands::policy::run(args, state, &printer),
        Verb::Verify(args) => commands::verify::run(args, state, &printer),
        Verb::Audit(args) => commands::audit::run(args, state, &printer),
        Verb::Report(args) => commands::report::run(args, state, &printer),
        Verb::Doctor(args) => commands::doctor::run(args, &printer),
        Verb::Models(args) => commands::models::run(args, &printer),
        Verb::Completions { shell } => commands::completions::run(*shell, &printer),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(failure.exit as u8)
        }
    }
}

/// Technical messages go to standard error and only where `OBSCURA_LOG` asks for them; they carry no personal data.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OBSCURA_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
