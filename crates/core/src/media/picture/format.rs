//! What all pictures of a recording have in common: size, rate, colours; and what is refused for it.

use gstreamer as gst;
use gstreamer_video as gst_video;

use crate::media::error::MediaError;
use crate::media::pace::LIVE_SEARCH_RATE;
use crate::model::{ColorMatrix, Colorimetry, FrameSize};

/// The largest side of a picture that is accepted.
const MAX_SIDE_PX: u32 = 8192;

/// More pictures a second are not believed: a header may say anything, and by it is decided how seldom faces are looked
/// for. Where the rate is not known, every picture is searched.
const MAX_RATE: u32 = 240;

/// What all pictures of a recording have in common.
#[derive(Clone, Debug)]
pub struct PictureFormat {
    /// Size of the frames, rounded up to even sides.
    pub size: FrameSize,
    /// Size as decoded and turned upright, before rounding.
    pub source_size_px: (u32, u32),
    /// Shape of a pixel, width to height.
    pub pixel_aspect: (u32, u32),
    /// The recording has a codec that needs about half the bits of H.264.
    pub newer_codec: bool,
    /// Pictures per second where constant and known.
    pub rate: Option<(u32, u32)>,
    /// They come from a live source, which may give fewer than it says.
    pub is_live: bool,
    /// Meaning of the sample values.
    pub colour: Colorimetry,
    /// The same for `GStreamer`'s caps, transfer function and primaries included.
    pub(in crate::media) colorimetry_caps: String,
    /// Where chroma samples lie between luma samples, in the words of the media framework.
    pub(in crate::media) chroma_site_caps: &'static str,
}

impl PictureFormat {
    /// Pictures a second among those that may be searched, as far as it is known.
    pub fn search_rate(&self) -> Option<(u32, u32)> {
        if self.is_live { LIVE_SEARCH_RATE } else { self.rate }
    }
}

/// High dynamic range would come out pale or dark without tone mapping.
pub(in crate::media) fn refuse_hdr(caps: &gst::Caps) -> Option<String> {
    let structure = caps.structure(0)?;
    if structure.name() != "video/x-raw" {
        return Some("its picture is in a protected or hardware-only format".to_owned());
    }
    let colorimetry: gst_video::VideoColorimetry = structure.get::<&str>("colorimetry").ok()?.parse().ok()?;
    let is_hdr = matches!(
        colorimetry.transfer(),
        gst_video::VideoTransferFunction::Smpte2084 | gst_video::VideoTransferFunction::AribStdB67
    );
    is_hdr.then(|| {
        "its picture is in high dynamic range (PQ or HLG), which would come out washed out; export it in standard \
         dynamic range (BT.709)"
            .to_owned()
    })
}

pub(super) fn video_info(sample: &gst::Sample) -> Result<gst_video::VideoInfo, MediaError> {
    let caps = sample.caps().ok_or_else(|| MediaError::Framework("a picture without a format".to_owned()))?;
    Ok(gst_video::VideoInfo::from_caps(caps)?)
}

/// What the caps say about colour. `VideoInfo` drops a statement that is not complete, range included.
pub(super) fn stated_colorimetry(sample: &gst::Sample) -> Option<gst_video::VideoColorimetry> {
    sample.caps()?.structure(0)?.get::<&str>("colorimetry").ok()?.parse().ok()
}

pub(super) fn picture_format(
    info: &gst_video::VideoInfo,
    stated: Option<gst_video::VideoColorimetry>,
    says_full_range: bool,
) -> Result<PictureFormat, MediaError> {
    let (width, height) = (info.width(), info.height());
    if width.min(height) < 16 || width.max(height) > MAX_SIDE_PX {
        return Err(MediaError::Unusable(format!(
            "its picture is {width} x {height}; sides of 16 to {MAX_SIDE_PX} pixels are accepted"
        )));
    }
    let colorimetry = complete(&stated.unwrap_or_else(|| info.colorimetry()), height, says_full_range);
    let matrix = match colorimetry.matrix() {
        gst_video::VideoColorMatrix::Bt709 => ColorMatrix::Bt709,
        gst_video::VideoColorMatrix::Bt2020 => ColorMatrix::Bt2020,
        _ => ColorMatrix::Bt601,
    };
    let full_range = colorimetry.range() == gst_video::VideoColorRange::Range0_255;
    let positive = |n: i32| u32::try_from(n).ok().filter(|n| *n > 0);
    let ratio = |numer, denom| Some((positive(numer)?, positive(denom)?));
    let (par, fps) = (info.par(), info.fps());
    Ok(PictureFormat {
        size: FrameSize::rounded_up(width as usize, height as usize),
        source_size_px: (width, height),
        pixel_aspect: ratio(par.numer(), par.denom()).unwrap_or((1, 1)),
        newer_codec: false,
        rate: ratio(fps.numer(), fps.denom()).filter(|(frames, per)| *frames <= MAX_RATE * *per),
        is_live: false,
        colour: Colorimetry { full_range, matrix },
        colorimetry_caps: colorimetry.to_string(),
        chroma_site_caps: if info.chroma_site() == gst_video::VideoChromaSite::JPEG {
            "jpeg"
        } else {
            "mpeg2"
        },
    })
}

/// What the recording does not say about its colours, as players assume it: BT.709 for more than 576 lines, else
/// BT.601. Half a statement would make the encoder forget the other half, such as the full range of a telephone's
/// picture.
fn complete(given: &gst_video::VideoColorimetry, height: u32, full: bool) -> gst_video::VideoColorimetry {
    use gst_video::{VideoColorMatrix, VideoColorPrimaries, VideoColorRange, VideoTransferFunction};
    let assumed = if height > 576 {
        (VideoColorMatrix::Bt709, VideoTransferFunction::Bt709, VideoColorPrimaries::Bt709)
    } else {
        (VideoColorMatrix::Bt601, VideoTransferFunction::Bt601, VideoColorPrimaries::Smpte170m)
    };
    gst_video::VideoColorimetry::new(
        if full || given.range() == VideoColorRange::Range0_255 {
            VideoColorRange::Range0_255
        } else {
            VideoColorRange::Range16_235
        },
        if given.matrix() == VideoColorMatrix::Unknown { assumed.0 } else { given.matrix() },
        if given.transfer() == VideoTransferFunction::Unknown { assumed.1 } else { given.transfer() },
        if given.primaries() == VideoColorPrimaries::Unknown { assumed.2 } else { given.primaries() },
    )
}
