//! Arguments of the verbs around a recording: sheets, policy, receipts, audit log, reports.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use obscura_policy::checklist::LINE_IDS;

#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    #[command(subcommand)]
    pub(crate) command: SheetCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SheetCommand {
    /// Print a commented sheet for a recording, with blanks to fill
    #[command(after_help = "Example:\n  obscura sheet new resus.mp4 > resus.yaml")]
    New {
        /// The recording
        clip: PathBuf,
    },
    /// Say whether a sheet is well-formed, with line and column of what is not, and what it leaves blank
    #[command(after_help = "Example:\n  obscura sheet check resus.yaml")]
    Check {
        /// The sheet
        sheet: PathBuf,
    },
    /// Add consents that are on file as FHIR resources (R5, or R4 for patients) to a sheet
    #[command(
        after_help = "Example:\n  obscura sheet import consent.json --into resus.yaml --subject Patient/f001=p1 \
                            --stage before_recording --max-audience plenary"
    )]
    Import {
        /// FHIR Consent resources as JSON
        #[arg(required = true, value_name = "CONSENT")]
        consents: Vec<PathBuf>,
        /// The sheet that gets the rows; comments stay
        #[arg(long, value_name = "SHEET")]
        into: PathBuf,
        /// Which person of the sheet a reference stands for, such as Patient/f001=p1
        #[arg(long, required = true, value_name = "REFERENCE=ID")]
        subject: Vec<String>,
        /// The stage at which the person was asked; FHIR does not say
        #[arg(long, value_parser = ["before_recording", "after_recording", "before_use"])]
        stage: String,
        /// The widest audience that was agreed to; FHIR does not say
        #[arg(long, value_name = "AUDIENCE", default_value = "individual")]
        max_audience: String,
        /// The end of a permit that has none, such as 2027-01-01T00:00:00Z; an earlier end in the resource wins
        #[arg(long, value_name = "INSTANT")]
        until: Option<String>,
        /// Print the new sheet instead of writing it
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReportVerbArgs {
    #[command(subcommand)]
    pub(crate) command: ReportCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Answer the checklist of a compliant recording: pass, fail, not evidenced or attested
    #[command(after_help = format!("Examples:\n  obscura report checklist sheets/ --html checklist.html\n  \
                            obscura report checklist resus.yaml resus.deid.mp4.receipt.json --json\n\n\
                            A file of attestations holds one key:\n  attestations:\n  \
                            - {{line: awareness, role: dpo, at: \"2026-11-01T00:00:00Z\", until: \"2027-11-01T00:00:00Z\"}}\n\n\
                            The lines, in order: {}. The last says that a person has looked at what came out.",
                            LINE_IDS.join(", ")))]
    Checklist {
        /// Consent sheets (.yaml), receipts (.json), or folders that hold them
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The public key that must have signed the receipts: a PEM file, or 64 hexadecimal digits; else those of the
        /// state folder
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Statements of people in office that lines are met; they fill gaps and outweigh nothing
        #[arg(long, value_name = "FILE")]
        attested: Vec<PathBuf>,
        /// Also write a page; a name that ends in .html
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Replace an existing page
        #[arg(long, requires = "html")]
        overwrite: bool,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Decide every case of a file
    #[command(after_help = "Example:\n  obscura policy eval cases.yaml --json")]
    Eval {
        /// A file of the form `obscura-cases/1`: that name under `format`, a `config`, and a list of `cases`, each with an
        /// `id` and its `facts`
        cases: PathBuf,
        /// Print one JSON array instead of a line for each case
        #[arg(long)]
        json: bool,
    },
    /// Check a policy file, show what it changes, sign it and put it in force
    #[command(after_help = "Example:\n  obscura policy check policy.toml\n\n\
        The policy in force is policy.toml in the state folder. Change a copy, or that file, then run this.")]
    Check {
        /// The policy file
        file: PathBuf,
        /// Check and show only: sign nothing
        #[arg(long)]
        dry_run: bool,
        /// Print JSON instead of lines
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  obscura verify resus.deid.mp4\n  \
    obscura verify clip.mp4 --receipt clip.json --key hospital.pub.pem")]
pub(crate) struct VerifyArgs {
    /// The output
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Its receipt; by default OUT.receipt.json
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: Option<PathBuf>,
    /// The public key that must have signed: a PEM file, or 64 hexadecimal digits; else those of the state folder
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Print JSON instead of a sentence
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Say whether the audit log is whole and unchanged
    #[command(after_help = "Example:\n  obscura audit verify --checkpoint last-month.checkpoint\n\n\
        Keep a copy of the file `audit/checkpoint` of the state folder somewhere else from time to time: with an older \
        copy, this also finds a log that was rolled back or written anew.")]
    Verify {
        /// An older checkpoint, or an older export, that the log must still agree with
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// Print JSON instead of a sentence
        #[arg(long)]
        json: bool,
    },
    /// Print every entry, the checkpoint and the public key as JSON
    #[command(after_help = "Example:\n  obscura audit export > log.json")]
    Export,
    /// Destroy the key of a person, so that nothing in the log leads to them any more
    #[command(
        after_help = "Example:\n  obscura audit forget subject-17\n\nThe log still verifies. This cannot be undone: at a terminal, the pseudonym has to be written again."
    )]
    Forget {
        /// The person's pseudonym, as it stood in the consent sheets
        subject: String,
    },
    /// Go on after an entry was written under a clock that was ahead; the log keeps that this was done, and who did it
    #[command(after_help = "Examples:\n  obscura audit accept-clock\n  \
        obscura audit accept-clock --latest 2031-01-01T00:00:00Z\n\n\
        Set the clock right first. Without --latest this only says what it would accept.")]
    AcceptClock {
        /// The time of the entry that lies ahead, repeated from what this command says without it
        #[arg(long, value_name = "INSTANT")]
        latest: Option<String>,
        /// Pseudonym of who accepts it; by default one made from this account
        #[arg(long, value_name = "ID")]
        actor: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}
