//! The command line: verbs, options, their defaults and their help.

mod papers;
mod recordings;
mod words;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use papers::{
    AuditArgs, AuditCommand, PolicyArgs, PolicyCommand, ReportArgs, ReportCommand, ReportVerbArgs, SheetArgs,
    SheetCommand, VerifyArgs,
};
pub(crate) use recordings::{AnalyzeArgs, CheckArgs, MAX_LIVE_SECONDS, RedactArgs, RequestArgs};
pub(crate) use words::with_suggestion;

/// De-identifies recordings of people in care: asks whether consent covers the purpose, hides every face, disguises
/// every voice, drops every other trace, checks its own output, and leaves a receipt.
#[derive(Debug, Parser)]
#[command(name = "obscura", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    /// Folder of the signing key, the policy and the audit log; else `OBSCURA_STATE`, else the XDG folder for state
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) state: Option<PathBuf>,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 2 usage, 3 denied, 4 needs approval, 5 input unusable, 6 output refused by \
                          the self-check, 7 something is missing on this machine, 8 interrupted, 1 anything else.";

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// De-identify a recording under a consent sheet
    Redact(RedactArgs),
    /// Find faces and tones, and write down where they are, to be looked at or edited before `redact --tracks`
    Analyze(AnalyzeArgs),
    /// Say whether a recording may be de-identified for a purpose, with every reason
    Check(CheckArgs),
    /// Make or check a consent sheet
    Sheet(SheetArgs),
    /// Decide cases without touching any recording; check, compare and sign a policy file
    Policy(PolicyArgs),
    /// Say whether an output is the one that its receipt was signed for
    Verify(VerifyArgs),
    /// Verify or export the audit log
    Audit(AuditArgs),
    /// Report what the evidence on file shows
    Report(ReportVerbArgs),
    /// Say what is installed, what is missing and how to get it
    Doctor(ReportArgs),
    /// List the models with their digests and licences
    Models(ReportArgs),
    /// Print completions for a shell
    #[command(
        after_help = "Example:\n  obscura completions bash > ~/.local/share/bash-completion/completions/obscura"
    )]
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Verb {
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::Redact(args) => args.json,
            Self::Analyze(args) => args.json,
            Self::Check(args) => args.json,
            Self::Policy(PolicyArgs {
                command: PolicyCommand::Eval { json, .. } | PolicyCommand::Check { json, .. },
            })
            | Self::Verify(VerifyArgs { json, .. })
            | Self::Audit(AuditArgs { command: AuditCommand::Verify { json, .. } })
            | Self::Report(ReportVerbArgs { command: ReportCommand::Checklist { json, .. } }) => *json,
            Self::Audit(AuditArgs { command: AuditCommand::Export }) => true,
            Self::Doctor(args) | Self::Models(args) => args.json,
            Self::Audit(AuditArgs {
                command: AuditCommand::Forget { .. } | AuditCommand::AcceptClock { .. },
            })
            | Self::Sheet(_)
            | Self::Completions { .. } => false,
        }
    }
}
