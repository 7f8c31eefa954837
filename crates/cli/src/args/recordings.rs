//! Arguments of the verbs that look at a recording: redact, check, analyze.

use std::path::PathBuf;

use clap::Args;

use obscura_policy::media::model::{
    Alarms, Arithmetic, Bitrate, Device, FaceStyle, Heads, Hide, MuteWith, OnUncertain, Plan, Region, Search,
    Speed, Text, TimeSpan, VideoCodec, VoiceMode,
};

use super::words::{live_seconds, margin};

/// A live source is taken for 12 hours at most.
pub(crate) const MAX_LIVE_SECONDS: u64 = 43_200;

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
    /// Take so much of a live source, in seconds; else until it ends, or Ctrl-C
    #[arg(long = "for", value_name = "SECONDS", value_parser = live_seconds)]
    pub(crate) length_seconds: Option<u64>,
    #[command(flatten)]
    pub(crate) look: LookArgs,
    #[command(flatten)]
    pub(crate) encode: EncodeArgs,
    /// Say at the end where the time went, stage by stage
    #[arg(long)]
    pub(crate) stages: bool,
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
    /// The recording; or a live source: <rtsp://…>, <udp://HOST:PORT> (MPEG-TS), or `v4l2:/dev/video0`
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
    /// In which directions faces are looked for: upright, turned (all eight, by turns), thorough (all eight on every
    /// picture)
    #[arg(long, value_name = "WAY", default_value_t = Search::Turned)]
    pub(crate) search: Search,
    /// The same as --search thorough
    #[arg(long, conflicts_with = "search")]
    pub(crate) thorough: bool,
    /// Room around a face, in percent of its size, 0 to 200
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = margin, allow_negative_numbers = true)]
    pub(crate) margin: u8,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    /// What numbers the finder of faces is calculated in: auto (8 bits where the processor can, twice as fast), float
    /// (the same on every machine, unless --device asks for a GPU)
    #[arg(long, value_name = "NUMBERS", default_value_t = Arithmetic::Auto)]
    pub(crate) arithmetic: Arithmetic,
    /// What looks for faces: auto (a GPU where there is one), cpu, gpu, gpu:N; a GPU that is asked for and absent is an
    /// error
    #[arg(long, value_name = "DEVICE", default_value_t = Device::Auto)]
    pub(crate) device: Device,
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
        let search = if self.thorough { Search::Thorough } else { self.search };
        let (margin_percent, allow_truncated) = (self.margin, self.allow_truncated);
        let (arithmetic, device) = (self.arithmetic, self.device);
        self.beside.put_into(Plan {
            margin_percent,
            allow_truncated,
            arithmetic,
            device,
            ..Plan::searching(search)
        })
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
    #[arg(long, value_name = "TRACKS", conflicts_with_all = ["search", "arithmetic", "margin", "heads", "text", "bodies"])]
    pub(crate) tracks: Option<PathBuf>,
    /// Also hide a part of the picture: X,Y,WIDTH,HEIGHT or X,Y;X,Y;X,Y in pixels, or `frame`; then @FROM-TO in
    /// seconds; `clear:` before it keeps a part free of everything but masks of faces. May be given often
    #[arg(long, value_name = "REGION", allow_hyphen_values = true)]
    pub(crate) region: Vec<Region>,
    /// In which directions faces are looked for: upright, turned (all eight, by turns), thorough (all eight on every
    /// picture, several times slower)
    #[arg(long, value_name = "WAY", default_value_t = Search::Turned)]
    pub(crate) search: Search,
    /// What numbers the finder of faces is calculated in: auto (8 bits where the processor can, twice as fast), float
    /// (the same on every machine, unless --device asks for a GPU)
    #[arg(long, value_name = "NUMBERS", default_value_t = Arithmetic::Auto)]
    pub(crate) arithmetic: Arithmetic,
    /// Room around a face, in percent of its size, 0 to 200
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = margin, allow_negative_numbers = true)]
    pub(crate) margin: u8,
    /// What happens to the sound: disguise; pitch (weak: anyone can shift it back); mute (silence where somebody may be
    /// speaking, the rest stays); remove (no sound at all); original (needs consent)
    #[arg(long, value_name = "MODE", default_value_t = VoiceMode::Disguise)]
    pub(crate) voice: VoiceMode,
    /// What `mute` puts in the place of speech: silence, beep (a soft steady tone)
    #[arg(long, value_name = "WHAT", default_value_t = MuteWith::Silence)]
    pub(crate) mute_with: MuteWith,
    /// What happens to alarms and monitor tones: list (times and pitch go into the receipt), resynth (clean tones are
    /// played in their places as well), drop; they are never let through for being alarms
    #[arg(long, value_name = "WAY", default_value_t = Alarms::List)]
    pub(crate) alarms: Alarms,
    /// What happens where a face could not be followed: widen, blur-frame, stop
    #[arg(long, value_name = "WAY", default_value_t = OnUncertain::Widen)]
    pub(crate) on_uncertain: OnUncertain,
    #[command(flatten)]
    pub(crate) beside: BesideArgs,
    /// Accept a recording that was cut off, up to the cut
    #[arg(long)]
    pub(crate) allow_truncated: bool,
    /// Accept settings that hide less than what was measured to be enough, such as a margin below 30; the receipt names
    /// them
    #[arg(long)]
    pub(crate) i_accept_weak: bool,
}

/// What is looked for beside faces.
#[derive(Debug, Args)]
pub(crate) struct BesideArgs {
    /// What happens to people whose face no detector sees, from behind, from above or covered: hide (the head, or the
    /// whole person where nobody knows which end it is at), flag (they are listed as uncertain), off (not looked for)
    #[arg(long, value_name = "WAY", default_value_t = Heads::Flag)]
    pub(crate) heads: Heads,
    /// What happens to text, such as badges, wristbands, whiteboards and clocks: off, mask
    #[arg(long, value_name = "WAY", default_value_t = Text::Off)]
    pub(crate) text: Text,
    /// Hide people from head to foot between these times: FROM-TO in seconds, or in minutes and seconds as 1:23.5. May
    /// be given often
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) bodies: Vec<TimeSpan>,
}

impl BesideArgs {
    /// The same settings in a plan.
    fn put_into(&self, plan: Plan) -> Plan {
        Plan { heads: self.heads, text: self.text, bodies: self.bodies.clone(), ..plan }
    }
}

/// How the result is encoded, and where the work runs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Encoding")]
pub(crate) struct EncodeArgs {
    /// Trade between time and size: fastest, balanced, smallest
    #[arg(long, value_name = "SPEED", default_value_t = Speed::Balanced)]
    pub(crate) speed: Speed,
    /// Picture quality, 0 (best, largest) to 51, however large the file becomes [default: as near to the recording as
    /// at most a fifth more bytes allow; 20 for the fastest and for a live source, 23 for the smallest]
    #[arg(long, value_name = "CRF", value_parser = clap::value_parser!(u8).range(0..=51))]
    pub(crate) quality: Option<u8>,
    /// Make the output about as large as the recording
    #[arg(long, conflicts_with = "quality")]
    pub(crate) keep_bitrate: bool,
    /// Codec of the picture: x264, openh264, vp9, hardware (H.264 by an encoder of NVIDIA, of Intel, or by VA-API, of constant
    /// quality or, with --keep-bitrate, as large as the recording; where there is none, that is an error)
    #[arg(long, value_name = "CODEC", default_value_t = VideoCodec::X264)]
    pub(crate) codec: VideoCodec,
    /// What looks for faces and hides them: auto (a GPU where there is one), cpu, gpu, gpu:N; a GPU that is asked for
    /// and absent is an error
    #[arg(long, value_name = "DEVICE", default_value_t = Device::Auto)]
    pub(crate) device: Device,
}

impl EncodeArgs {
    /// Whoever names a quality gets it, whatever it costs.
    fn bitrate(&self) -> Bitrate {
        match self.quality {
            _ if self.keep_bitrate => Bitrate::Keep,
            Some(_) => Bitrate::Free,
            None => Bitrate::Near,
        }
    }
}

impl RedactArgs {
    /// The settings that these arguments ask for.
    pub(crate) fn plan(&self) -> Plan {
        self.look.beside.put_into(Plan {
            faces: self.look.faces,
            hide: self.look.hide,
            regions: self.look.region.clone(),
            margin_percent: self.look.margin,
            voice: self.look.voice,
            mute_with: self.look.mute_with,
            alarms: self.look.alarms,
            on_uncertain: self.look.on_uncertain,
            allow_truncated: self.look.allow_truncated,
            accept_weak: self.look.i_accept_weak,
            speed: self.encode.speed,
            quality: self.encode.quality,
            bitrate: self.encode.bitrate(),
            codec: self.encode.codec,
            device: self.encode.device,
            arithmetic: self.look.arithmetic,
            ..Plan::searching(self.look.search)
        })
    }
}
