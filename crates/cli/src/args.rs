//! The command line: verbs, options, their defaults and their help.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use obscura_policy::media::model::{
    Alarms, Device, FaceStyle, Heads, Hide, OnUncertain, Plan, Region, Search, Speed, Text, VideoCodec,
    VoiceMode,
};

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
            Self::Audit(AuditArgs { command: AuditCommand::Forget { .. } })
            | Self::Sheet(_)
            | Self::Completions { .. } => false,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    obscura redact resus.mp4 --sheet resus.yaml --purpose HQUALIMP -o resus.deid.mp4\n  \
    obscura redact resus.mp4 --sheet resus.yaml --purpose TRAIN --audience small_group --voice mute -o out.mp4\n\n\
    The receipt is written beside the output as OUT.receipt.json.")]
pub(crate) struct RedactArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// Where the result goes; an MP4 file
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// Replace an existing output and its receipt
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) look: LookArgs,
    #[command(flatten)]
    pub(crate) encode: EncodeArgs,
    /// Print the receipt on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  obscura check resus.mp4 --sheet resus.yaml --purpose HQUALIMP --audience plenary"
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) request: RequestArgs,
    /// What would happen to the sound: disguise; pitch (weak: anyone can shift it back); mute; remove; original
    #[arg(long, value_name = "MODE", default_value_t = VoiceMode::Disguise)]
    pub(crate) voice: VoiceMode,
    /// Whose faces would be hidden: all; `not_consented` (everyone's but of those who agreed to be identifiable)
    #[arg(long, value_name = "WHOSE", default_value_t = Hide::All)]
    pub(crate) hide: Hide,
    /// Print the decision as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Who asks for what.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// The recording
    #[arg(value_name = "CLIP")]
    pub(crate) clip: PathBuf,
    /// The consent sheet of this recording
    #[arg(long, value_name = "SHEET")]
    pub(crate) sheet: PathBuf,
    /// The purpose of use, such as HQUALIMP (review), TRAIN (teaching), HRESCH (research)
    #[arg(long, value_name = "PURPOSE")]
    pub(crate) purpose: String,
    /// Who will see it: individual, `small_group`, plenary, external
    #[arg(long, value_name = "AUDIENCE", default_value = "plenary")]
    pub(crate) audience: String,
    /// Pseudonym of who asks; by default one made from this account
    #[arg(long, value_name = "ID")]
    pub(crate) actor: Option<String>,
    /// The role in which they ask
    #[arg(long, value_name = "ROLE", default_value = "reviewer")]
    pub(crate) role: String,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    obscura analyze resus.mp4 -o resus.tracks.json --contact-sheet resus.tracks.png\n  \
    obscura redact resus.mp4 --sheet resus.yaml --purpose HQUALIMP --tracks resus.tracks.json -o resus.deid.mp4\n\n\
    The file is JSON of the layout obscura-tracks/1; docs/tracks.md describes it. It holds no picture and no name.")]
pub(crate) struct AnalyzeArgs {
    /// The recording
    #[arg(value_name = "CLIP")]
    pub(crate) clip: PathBuf,
    /// Where the tracks go; a JSON file
    #[arg(short, long, value_name = "TRACKS")]
    pub(crate) output: PathBuf,
    /// Also make a picture (PNG) with one small view a track, every face hidden, to tell who is who
    #[arg(long, value_name = "FILE")]
    pub(crate) contact_sheet: Option<PathBuf>,
    /// In which directions faces are looked for: upright, turned (all eight, by turns), thorough (all eight on every picture)
    #[arg(long, value_name = "WAY", default_value_t = Search::Turned)]
    pub(crate) search: Search,
    /// The same as --search thorough
    #[arg(long, conflicts_with = "search")]
    pub(crate) thorough: bool,
    /// Room around a face, in percent of its size, 0 to 200
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=200))]
    pub(crate) margin: u8,
    /// Accept a recording that was cut off, up to the cut
    #[arg(long)]
    pub(crate) allow_truncated: bool,
    /// Replace existing files
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Print a summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl AnalyzeArgs {
    /// The settings that these arguments ask for.
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            search: if self.thorough { Search::Thorough } else { self.search },
            margin_percent: self.margin,
            allow_truncated: self.allow_truncated,
            ..Plan::default()
        }
    }
}

/// What is hidden, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Hiding")]
pub(crate) struct LookArgs {
    /// How faces are hidden: blur, pixelate, solid
    #[arg(long, value_name = "STYLE", default_value_t = FaceStyle::Blur)]
    pub(crate) faces: FaceStyle,
    /// Whose faces are hidden: all; `not_consented` (everyone's but of those who agreed to be identifiable and to whom
    /// --tracks assigns a track)
    #[arg(long, value_name = "WHOSE", default_value_t = Hide::All)]
    pub(crate) hide: Hide,
    /// Hide the faces that this file of `obscura analyze` lists, exactly there, instead of looking for them
    #[arg(long, value_name = "TRACKS", conflicts_with_all = ["search", "margin"])]
    pub(crate) tracks: Option<PathBuf>,
    /// Also hide a part of the picture: X,Y,WIDTH,HEIGHT or X,Y;X,Y;X,Y in pixels, or `frame`; then @FROM-TO in seconds;
    /// `clear:` before it keeps a part free of everything but masks of faces. May be given often
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<Region>,
    /// In which directions faces are looked for: upright, turned (all eight, by turns), thorough (all eight on every
    /// picture, several times slower)
    #[arg(long, value_name = "WAY", default_value_t = Search::Turned)]
    pub(crate) search: Search,
    /// Room around a face, in percent of its size, 0 to 200
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=200))]
    pub(crate) margin: u8,
    /// What happens to the sound: disguise; pitch (weak: anyone can shift it back); mute (silence where somebody may be
    /// speaking, the rest stays); remove (no sound at all); original (needs consent)
    #[arg(long, value_name = "MODE", default_value_t = VoiceMode::Disguise)]
    pub(crate) voice: VoiceMode,
    /// What happens to alarms and monitor tones: list (times and pitch go into the receipt), resynth (clean tones are played
    /// in their places as well), drop; they are never let through for being alarms
    #[arg(long, value_name = "WAY", default_value_t = Alarms::List)]
    pub(crate) alarms: Alarms,
    /// What happens where a face could not be followed: widen, blur-frame, stop
    #[arg(long, value_name = "WAY", default_value_t = OnUncertain::Widen)]
    pub(crate) on_uncertain: OnUncertain,
    /// What happens to people whose face no detector sees, from behind, from above or covered: hide (the head, or the whole
    /// person where nobody knows which end it is at), flag (they are listed as uncertain), off (not looked for)
    #[arg(long, value_name = "WAY", default_value_t = Heads::Flag)]
    pub(crate) heads: Heads,
    /// What happens to text, such as badges, wristbands, whiteboards and clocks: off, mask
    #[arg(long, value_name = "WAY", default_value_t = Text::Off)]
    pub(crate) text: Text,
    /// Accept a recording that was cut off, up to the cut
    #[arg(long)]
    pub(crate) allow_truncated: bool,
}

/// How the result is encoded, and where the work runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Encoding")]
pub(crate) struct EncodeArgs {
    /// Trade between time and size: fastest, balanced, smallest
    #[arg(long, value_name = "SPEED", default_value_t = Speed::Balanced)]
    pub(crate) speed: Speed,
    /// Picture quality, 0 (best, largest) to 51
    #[arg(long, value_name = "CRF", default_value_t = 21, value_parser = clap::value_parser!(u8).range(0..=51))]
    pub(crate) quality: u8,
    /// Codec of the picture: x264, openh264, vp9
    #[arg(long, value_name = "CODEC", default_value_t = VideoCodec::X264)]
    pub(crate) codec: VideoCodec,
    /// Where faces are hidden: auto, cpu, gpu, gpu:N; a GPU that is asked for and absent is an error
    #[arg(long, value_name = "DEVICE", default_value_t = Device::Auto)]
    pub(crate) device: Device,
}

impl RedactArgs {
    /// The settings that these arguments ask for.
    pub(crate) fn plan(&self) -> Plan {
        Plan {
            faces: self.look.faces,
            hide: self.look.hide,
            regions: self.look.region.clone(),
            search: self.look.search,
            margin_percent: self.look.margin,
            voice: self.look.voice,
            alarms: self.look.alarms,
            on_uncertain: self.look.on_uncertain,
            heads: self.look.heads,
            text: self.look.text,
            allow_truncated: self.look.allow_truncated,
            speed: self.encode.speed,
            quality: self.encode.quality,
            codec: self.encode.codec,
            device: self.encode.device,
            ..Plan::default()
        }
    }
}

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
    /// Say whether a sheet is complete and well-formed, with line and column of what is not
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
    #[command(after_help = "Examples:\n  obscura report checklist sheets/ --html checklist.html\n  \
                            obscura report checklist resus.yaml resus.deid.mp4.receipt.json --json\n\n\
                            A file of attestations holds one key:\n  attestations:\n  \
                            - {line: awareness, role: dpo, at: \"2026-11-01T00:00:00Z\", until: \"2027-11-01T00:00:00Z\"}")]
    Checklist {
        /// Consent sheets (.yaml), receipts (.json), or folders that hold them
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Statements of people in office that lines are met; they fill gaps and outweigh nothing
        #[arg(long, value_name = "FILE")]
        attested: Vec<PathBuf>,
        /// Also write a page
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
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
        /// A file of the form `obscura-cases/1`
        cases: PathBuf,
        /// Print one JSON array instead of a table
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
        after_help = "Example:\n  obscura audit forget subject-17\n\nThe log still verifies. This cannot be undone."
    )]
    Forget {
        /// The person's pseudonym, as it stood in the consent sheets
        subject: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}
