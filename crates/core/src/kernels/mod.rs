//! Single kernels behind plain types, for the micro-benchmarks in `benches/benches/kernels.rs` and the table of the
//! GPU. None of them opens a recording or writes one, and the product calls none of them.

mod gpu;

use std::path::{Path, PathBuf};

pub use crate::detect::PassCost;
use crate::detect::{
    CenterFace, DetectorSettings, FaceDetector, Numbers, PeopleDetector, Place, Runtime, Turn, YuNet,
    thumbnail,
};
use crate::media::{self, Goal, Material, SoundSpec};
use crate::model::{
    Arithmetic, Bitrate, Detection, Device, DurationNanos, EllipsePx, FaceStyle, Frame, FrameMasks,
    FrameSize, Mask, MaskArea, MaskSource, Plan, PtsNanos, Search, Speed, TrackId, VideoCodec, VoiceMode,
};
use crate::noise;
pub use crate::pipeline::home_folder;
use crate::pipeline::library_file;
use crate::redact::Redactor;
use crate::track::{Follower, Looked, Observation};
use crate::voice::{SoundFormat, VoiceStage};
pub use gpu::{GpuWork, GpuWorker};

/// Why a kernel could not be made or run.
pub type Failure = Box<dyn std::error::Error>;

const SETTINGS: DetectorSettings = DetectorSettings {
    side_px: Search::Turned.detector_side_px(),
    score_threshold: 0.1,
    numbers: Numbers::Float32,
};

/// How x264 is set at the defaults, or at the fastest, for the floor that the speed is measured against.
#[derive(Clone, Debug)]
pub struct EncoderSettings {
    /// What it is told beside its preset, in its own words; the floor has all cores to encode with.
    pub parameters: String,
    /// Its constant rate factor.
    pub quality: u8,
    /// The most kilobits a second, and how many it may run ahead of them.
    pub limit_kilobits: Option<(u64, u64)>,
}

/// The settings for a recording in H.264 of so many columns and rows, bytes and milliseconds, whose sound has a rate and
/// channels.
pub fn encoder_settings(
    fastest: bool,
    (width, height): (usize, usize),
    (bytes, millis): (u64, u64),
    sound: Option<(u32, u16)>,
) -> EncoderSettings {
    let speed = if fastest { Speed::Fastest } else { Speed::Balanced };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let sound = sound.map(|(rate_hz, channels)| SoundSpec { rate_hz, channels });
    let duration = Some(DurationNanos::from_millis(millis));
    let material = Material { bytes, duration, newer_codec: false, sound };
    let Goal { quality, rate } = media::goal(VideoCodec::X264, Bitrate::Near, speed, &material);
    EncoderSettings {
        parameters: media::x264_parameters(speed, FrameSize::rounded_up(width, height), cores),
        quality,
        limit_kilobits: rate.and_then(|rate| {
            let kilobits = rate.bits_per_second / 1000;
            Some((kilobits, kilobits * u64::from(rate.ahead_millis?) / 1000))
        }),
    }
}

/// The library that set-up installs.
///
/// # Errors
/// No home folder, or no library for this kind of machine.
pub fn library() -> Result<PathBuf, Failure> {
    Ok(library_file(&home_folder()?)?)
}

/// The bytes of a model that set-up installs, by the name of its file.
///
/// # Errors
/// It is not there.
pub fn model(file: &str) -> Result<Vec<u8>, Failure> {
    Ok(std::fs::read(home_folder()?.join("models").join(file))?)
}

/// A kernel that takes a picture.
pub trait Look {
    /// Looks at a picture; how much was found.
    ///
    /// # Errors
    /// A failure of ONNX Runtime.
    fn look(&mut self, frame: &Frame) -> Result<usize, Failure>;
}

/// `CenterFace` on whole pictures, or on crops of them.
#[derive(Debug)]
pub struct Finder {
    detector: CenterFace,
    turn: Turn,
    crops: usize,
}

impl Finder {
    /// Looks at whole pictures turned by so many eighths, or at so many crops where that is not none; calculated as a
    /// choice means on this machine.
    ///
    /// # Errors
    /// A library or model that cannot be loaded.
    pub fn load(
        library: &Path,
        model: &[u8],
        arithmetic: Arithmetic,
        eighths: u8,
        crops: usize,
    ) -> Result<Self, Failure> {
        let settings = DetectorSettings { numbers: Numbers::here(arithmetic), ..SETTINGS };
        let detector = CenterFace::new(&Runtime::load(library)?, model, settings)?.with_small_diagonals();
        Ok(Self { detector, turn: Turn::eighths(eighths), crops })
    }
}

impl Look for Finder {
    fn look(&mut self, frame: &Frame) -> Result<usize, Failure> {
        let places: Vec<Place> = ellipses(self.crops, frame.size(), 60.0).map(Place::of).collect();
        let mut look = self.detector.look_at(frame)?;
        let found = if places.is_empty() { look.whole(self.turn)? } else { look.near(&places)? };
        Ok(found.len())
    }
}

/// `YuNet`, which searches the finished file.
#[derive(Debug)]
pub struct Checker(YuNet);

impl Checker {
    /// # Errors
    /// A library or model that cannot be loaded.
    pub fn load(library: &Path, model: &[u8]) -> Result<Self, Failure> {
        Ok(Self(YuNet::new(&Runtime::load(library)?, model, SETTINGS)?))
    }
}

impl Look for Checker {
    fn look(&mut self, frame: &Frame) -> Result<usize, Failure> {
        Ok(self.0.detect(frame, Turn::NONE)?.len())
    }
}

/// `NanoDet`.
#[derive(Debug)]
pub struct People(PeopleDetector);

impl People {
    /// # Errors
    /// A library or model that cannot be loaded.
    pub fn load(library: &Path, graph: &[u8], weights: &[u8]) -> Result<Self, Failure> {
        Ok(Self(PeopleDetector::new(&Runtime::load(library)?, graph, weights, 0.25)?))
    }
}

impl Look for People {
    fn look(&mut self, frame: &Frame) -> Result<usize, Failure> {
        Ok(self.0.detect(frame, Turn::NONE)?.len())
    }
}

/// The small picture by which scene cuts are found.
#[derive(Debug)]
pub struct Summary;

impl Look for Summary {
    fn look(&mut self, frame: &Frame) -> Result<usize, Failure> {
        Ok(thumbnail(frame).iter().map(|value| usize::from(*value)).sum())
    }
}

/// Hides ellipses on the processor.
#[derive(Debug)]
pub struct Painter {
    redactor: Redactor,
    masks: FrameMasks,
}

impl Painter {
    /// So many masks of 128 px, in pictures of one size.
    ///
    /// # Errors
    /// No random numbers.
    pub fn new(size: FrameSize, style: FaceStyle, masks: usize) -> Result<Self, Failure> {
        let redactor = Redactor::new(Device::Cpu, size, style)?;
        Ok(Self { redactor, masks: masks_of(ellipses(masks, size, 128.0)) })
    }

    /// Hides them in a picture; how many samples of luma that were.
    ///
    /// # Errors
    /// Masks of another picture.
    pub fn paint(&mut self, frame: &mut Frame) -> Result<u64, Failure> {
        (self.masks.seq, self.masks.pts) = (frame.seq, frame.pts);
        Ok(self.redactor.redact(frame, &self.masks)?.hidden_luma_px)
    }
}

/// The voice stage on stereo sound of 48 kHz.
pub struct Voice(VoiceStage);

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Voice({:?})", self.0.mode())
    }
}

impl Voice {
    /// # Errors
    /// No random numbers.
    pub fn new(mode: VoiceMode) -> Result<Self, Failure> {
        let format = SoundFormat { rate_hz: 48_000, channels: 2 };
        Ok(Self(VoiceStage::new(mode, Plan::default().alarms, format)?))
    }

    /// Treats interleaved samples; how many came out.
    ///
    /// # Errors
    /// Sound behind the end.
    pub fn treat(&mut self, samples: &[f32]) -> Result<usize, Failure> {
        let mut out = Vec::with_capacity(samples.len());
        self.0.process(samples, &mut out)?;
        Ok(out.len())
    }
}

/// The tracker with a crowd in the picture.
#[derive(Debug)]
pub struct Crowd {
    follower: Follower,
    size: FrameSize,
    faces: usize,
    next: u64,
}

impl Crowd {
    /// So many faces in each picture.
    ///
    /// # Errors
    /// None with the default plan.
    pub fn new(size: FrameSize, faces: usize) -> Result<Self, Failure> {
        Ok(Self { follower: Follower::new(&Plan::default(), size)?, size, faces, next: 0 })
    }

    /// Takes the next picture, 40 ms later; how many masks one that left has.
    pub fn step(&mut self) -> usize {
        let faces = ellipses(self.faces, self.size, 40.0);
        let faces = Observation {
            seq: self.next,
            pts: PtsNanos(self.next * 40_000_000),
            detections: faces.map(|ellipse| Detection { ellipse, score: 0.8 }).collect(),
            thumbnail: [128; _],
            damaged: false,
            late: false,
        };
        self.next += 1;
        self.follower.push(Looked { faces, people: Vec::new(), text: Vec::new() });
        std::iter::from_fn(|| self.follower.pop_ready()).map(|frame| frame.masks.len()).sum()
    }
}

/// A mask for each ellipse, on a track of its own.
fn masks_of(ellipses: impl Iterator<Item = EllipsePx>) -> FrameMasks {
    let mask = |(ellipse, nth): (EllipsePx, u32)| Mask {
        track: TrackId(nth),
        area: MaskArea::Ellipse(ellipse),
        source: MaskSource::Detected,
        score: Some(0.9),
    };
    FrameMasks::new(0, PtsNanos(0), ellipses.zip(1..).map(mask).collect())
}

/// Fills a picture with reproducible noise.
pub fn fill_with_noise(frame: &mut Frame, seed: u32) {
    for (byte, value) in frame.bytes_mut().iter_mut().zip(noise::bytes(seed)) {
        *byte = value;
    }
}

/// Ellipses of one height, spread over a picture.
fn ellipses(count: usize, size: FrameSize, height_px: f32) -> impl Iterator<Item = EllipsePx> {
    let (width, height) = (size.width() as f32, size.height() as f32);
    // Steps of the golden ratio fall evenly, however many there are.
    (0..count).map(move |n| {
        let (x, y) = ((n as f32 * 0.618_034).fract(), (n as f32 + 0.5) / count as f32);
        EllipsePx { cx: x * width, cy: y * height, rx: height_px * 0.4, ry: height_px * 0.5, angle_rad: 0.0 }
    })
}
