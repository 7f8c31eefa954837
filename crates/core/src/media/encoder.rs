//! Encoders of the picture stream and how they are set.

use gstreamer as gst;
use gstreamer::prelude::*;

use super::chain::make;
use super::error::MediaError;
use super::hardware;
use super::writer::WriterSettings;
use crate::model::{FrameSize, Speed, VideoCodec};

/// Pictures that x264 looks ahead to share out bits. With 11 instead of 25, seven scenes are .02 to .17 dB further from
/// the recording at the same size, and nothing is quicker.
const PICTURES_AHEAD: usize = 25;

/// Of all pictures ahead, so many pixels at most where they are large, eleven at 1080p: each that waits is held twice,
/// by x264 and by the framework, and takes some 10 MB there. With four, two scenes are .3 dB further from the recording.
const PIXELS_AHEAD: usize = 23_000_000;

/// The fewest ahead. Without any, a picture that stays is as coarse as one that goes.
const LEAST_AHEAD: usize = 3;

/// Pictures that are predicted from both sides in a row; one in pictures larger than [`PIXELS_OF_HD`].
const PICTURES_BETWEEN: u32 = 3;

/// Pictures of more pixels are large: fewer of them are held back.
const PIXELS_OF_LARGE: usize = 1280 * 736;

/// Pixels of 1080p, whose 1080 rows are coded as 1088.
const PIXELS_OF_HD: usize = 1920 * 1088;

/// What "balanced" takes from slower presets for large pictures: how a block is coded is chosen by what it costs and
/// how near it comes, blocks between pictures are as small as 8x8, and those within one are never 4x4. At the same size,
/// two recordings of seven people at 1080p come .1 dB nearer to the scene; 4x4 costs another 6 % of the time and
/// brings nothing.
const TOOLS_OF_LARGE: &str = ":subme=7:partitions=p8x8,i8x8";

/// A large picture is cut into as many slices at most, one for each thread. Slices hold no picture back, and what is
/// left to encode when the search has ended takes all cores: 1080p is ready 5 to 6 % sooner on two, at the same loss.
const MOST_SLICES: usize = 4;

/// What is still gets as many bits as those after it are spared ("qcomp" of 0 is the full strength of "mbtree", which
/// "ultrafast" leaves out, as it does "aq-mode"), and bits go where they bring pictures nearer to the recording, not
/// where they look sharper. On scenes filmed by a camera at rest, at the same size, pictures come 2 to 3 dB nearer to
/// the recording outside the masks than with x264's defaults; "ultrafast" needs less than half the bits.
const STILL_CAMERA: &str = "qcomp=0:no-psy=1:mbtree=1:aq-mode=1";

/// Added where the rate is given: flat parts get more of the bits than by default. Outside the masks, pictures of two
/// scenes come 1.3 dB nearer to the recording, 2.2 and 3.0 dB from it instead of 3.5 and 4.4. Where the quality is
/// given, the same loss takes as many bits either way.
const STEADY_RATE: &str = ":aq-strength=1.5";

/// More threads of x264 only hold back pictures.
const MAX_ENCODER_THREADS: usize = 16;

/// The most that x264's element takes, in kilobits a second.
pub(super) const MAX_KILOBITS: u32 = 2_048_000;

/// The elements from raw pictures of this size to a parsed stream, and a queue behind them.
///
/// # Errors
/// [`MediaError::MissingPlugin`] where an encoder is not installed.
pub(super) fn chain(settings: &WriterSettings, size: FrameSize) -> Result<Vec<gst::Element>, MediaError> {
    let queue = make("queue")?;
    let mut chain = match settings.codec {
        VideoCodec::X264 => vec![x264(settings, size)?, make("h264parse")?],
        VideoCodec::OpenH264 => vec![openh264(settings)?, make("h264parse")?],
        VideoCodec::Vp9 => vec![vp9(settings)?, make("vp9parse")?],
        VideoCodec::Hardware => hardware::chain(settings)?,
    };
    chain.push(queue);
    Ok(chain)
}

fn x264(settings: &WriterSettings, size: FrameSize) -> Result<gst::Element, MediaError> {
    let encoder = make("x264enc")?;
    let preset = match settings.speed {
        Speed::Fastest => "ultrafast",
        Speed::Balanced => "veryfast",
        Speed::Smallest => "medium",
    };
    encoder.set_property_from_str("speed-preset", preset);
    let ahead_millis = settings.rate.map(|rate| rate.ahead_millis);
    let is_steady = ahead_millis == Some(None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads =
        if settings.is_beside_detectors { threads_beside(settings.speed, size, cores) } else { cores };
    let mut parameters = x264_parameters(settings.speed, size, threads);
    if is_steady {
        parameters.push_str(STEADY_RATE);
    }
    encoder.set_property("option-string", parameters);
    encoder.set_property_from_str("pass", if is_steady { "cbr" } else { "qual" });
    encoder.set_property("quantizer", u32::from(settings.quality));
    let kilobits = settings.rate.map(|rate| u32::try_from(rate.bits_per_second / 1000).unwrap_or(u32::MAX));
    if let Some(kilobits) = kilobits {
        encoder.set_property("bitrate", kilobits.clamp(1, MAX_KILOBITS));
    }
    // Without a limit of ours the element would cap the rate at its default of 2 Mbit/s, whatever the quality asks for.
    encoder.set_property("vbv-buf-capacity", ahead_millis.flatten().unwrap_or(0));
    Ok(encoder)
}

/// What x264 is told beside its preset and the goal of its rate, in its own words.
pub fn x264_parameters(speed: Speed, size: FrameSize, threads: usize) -> String {
    let (ahead, between) = pictures_kept(size);
    let threads = threads.min(MAX_ENCODER_THREADS);
    let kept = match speed {
        Speed::Fastest => format!(":rc-lookahead={ahead}"),
        Speed::Balanced => {
            let tools = if is_large(size) { TOOLS_OF_LARGE } else { "" };
            format!(":rc-lookahead={ahead}:bframes={between}{tools}")
        }
        Speed::Smallest => String::new(),
    };
    let slices = if is_sliced(speed, size, threads) { ":sliced-threads=1" } else { "" };
    format!("{STILL_CAMERA}:sync-lookahead=0:threads={threads}{kept}{slices}")
}

fn openh264(settings: &WriterSettings) -> Result<gst::Element, MediaError> {
    let encoder = make("openh264enc")?;
    let complexity = match settings.speed {
        Speed::Fastest => "low",
        Speed::Balanced => "medium",
        Speed::Smallest => "high",
    };
    encoder.set_property_from_str("complexity", complexity);
    encoder.set_property_from_str("rate-control", "off");
    encoder.set_property("qp-min", u32::from(settings.quality));
    encoder.set_property("qp-max", u32::from(settings.quality).saturating_add(6).min(51));
    Ok(encoder)
}

fn vp9(settings: &WriterSettings) -> Result<gst::Element, MediaError> {
    let encoder = make("vp9enc")?;
    let cpu_used = match settings.speed {
        Speed::Fastest => 8i32,
        Speed::Balanced => 6,
        Speed::Smallest => 3,
    };
    encoder.set_property("cpu-used", cpu_used);
    encoder.set_property("deadline", 1i64);
    // What it holds back it is asked for once, at the end, and libvpx stops giving when half of its memory for a picture
    // is used: the last pictures of a recording were lost.
    encoder.set_property("lag-in-frames", 0i32);
    encoder.set_property("row-mt", true);
    encoder.set_property("threads", 2i32);
    encoder.set_property_from_str("end-usage", "cq");
    // VP9's constant-quality scale runs to 63 where x264's runs to 51.
    encoder.set_property("cq-level", i32::from(settings.quality) * 63 / 51);
    encoder.set_property("target-bitrate", 100_000_000i32);
    Ok(encoder)
}

/// Threads of x264 for pictures of a size, beside detectors that keep the cores busy anyway. Each that has a picture of
/// its own, and the thread that looks ahead, holds pictures back: at 1080p on two cores, one thread and none ahead take
/// 95 MB less than the default.
fn threads_beside(speed: Speed, size: FrameSize, cores: usize) -> usize {
    if is_large(size) && !is_sliced(speed, size, cores) { cores.div_ceil(2) } else { cores }
}

/// Whether threads share each picture.
fn is_sliced(speed: Speed, size: FrameSize, threads: usize) -> bool {
    speed == Speed::Balanced && is_large(size) && (2..=MOST_SLICES).contains(&threads)
}

fn is_large(size: FrameSize) -> bool {
    size.width() * size.height() > PIXELS_OF_LARGE
}

/// Pictures ahead and between for pictures of a size.
fn pictures_kept(size: FrameSize) -> (usize, u32) {
    if !is_large(size) {
        return (PICTURES_AHEAD, PICTURES_BETWEEN);
    }
    let pixels = size.width() * size.height();
    let between = if pixels > PIXELS_OF_HD { 1 } else { PICTURES_BETWEEN };
    ((PIXELS_AHEAD / pixels.max(1)).clamp(LEAST_AHEAD, PICTURES_AHEAD), between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_are_held_back_in_small_numbers() {
        let kept = |width, height| pictures_kept(FrameSize::rounded_up(width, height));
        assert_eq!(kept(1280, 720), (25, 3));
        assert_eq!(kept(1920, 1080), (11, 3));
        assert_eq!(kept(3840, 2160), (3, 1));
        assert_eq!(kept(16384, 16384), (3, 1));
        let (small, large) = (FrameSize::rounded_up(1280, 720), FrameSize::rounded_up(1920, 1080));
        assert_eq!([1, 2, 3, 40].map(|cores| threads_beside(Speed::Balanced, small, cores)), [1, 2, 3, 40]);
        assert_eq!([1, 2, 4, 40].map(|cores| threads_beside(Speed::Balanced, large, cores)), [1, 2, 4, 20]);
        assert_eq!([1, 2, 4, 40].map(|cores| threads_beside(Speed::Fastest, large, cores)), [1, 1, 2, 20]);
    }

    #[test]
    fn large_pictures_are_cut_into_slices_where_there_are_few_cores() {
        let told = |size, threads| x264_parameters(Speed::Balanced, size, threads);
        let (small, large) = (FrameSize::rounded_up(1280, 720), FrameSize::rounded_up(1920, 1080));
        let is_cut = |parameters: &str| parameters.contains("sliced-threads=1");
        assert_eq!([1, 2, 4, 5].map(|threads| is_cut(&told(large, threads))), [false, true, true, false]);
        assert!(!is_cut(&told(small, 2)) && !told(small, 2).contains("subme"));
    }
}
