//! Parts of the picture that a person marks: to be hidden, or to stay clear of everything but faces.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{BoxPx, DurationNanos, FrameMasks, Mask, MaskArea, MaskSource, PointPx, PtsNanos, TrackId};

/// What a region is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegionUse {
    /// It is hidden.
    Hide,
    /// No mask but that of a face may cover it, such as an operating field. Faces are hidden in it all the same.
    KeepClear,
}

/// A part of the picture that a person marked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// What it is for.
    #[serde(rename = "use")]
    pub what: RegionUse,
    /// Which part, in pixels of the upright picture.
    pub area: MaskArea,
    /// From this presentation time on, in nanoseconds.
    pub from: PtsNanos,
    /// Until this presentation time, in nanoseconds.
    pub to: PtsNanos,
}

impl Region {
    /// The shape has an extent, all numbers are finite, and it does not end before it begins.
    pub fn is_sound(&self) -> bool {
        self.area.is_sound() && self.from <= self.to
    }

    /// Adds the `nth` region to the masks of a frame if it lies in its time, and says whether.
    pub fn apply(&self, nth: u32, frame: &mut FrameMasks) -> bool {
        if frame.pts < self.from || self.to < frame.pts {
            return false;
        }
        match self.what {
            RegionUse::KeepClear => frame.keep_clear.push(self.area.clone()),
            RegionUse::Hide => frame.masks.push(Mask {
                track: TrackId::of_region(nth),
                area: self.area.clone(),
                source: MaskSource::Drawn,
                score: None,
            }),
        }
        true
    }
}

/// A part of the recording, by presentation time; both ends belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeSpan {
    /// First time, in nanoseconds.
    pub from: PtsNanos,
    /// Last time, in nanoseconds.
    pub to: PtsNanos,
}

impl TimeSpan {
    /// Whether a time lies in it.
    pub fn contains(&self, pts: PtsNanos) -> bool {
        (self.from..=self.to).contains(&pts)
    }
}

/// Times that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a part of a recording: write FROM-TO in seconds, or in minutes and seconds as 1:23.5; either may be left out"
)]
pub struct NotASpan(String);

impl FromStr for TimeSpan {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let span = times_of(text).map(|(from, to)| Self { from, to }).filter(|span| span.from <= span.to);
        span.ok_or_else(|| NotASpan(text.chars().take(80).collect()))
    }
}

/// A region that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a region: write X,Y,WIDTH,HEIGHT for a box, X,Y;X,Y;X,Y for a polygon, or `frame`, in pixels; behind it \
     @FROM-TO in seconds for a part of the time; before it `clear:` for a part that only faces may cover"
)]
pub struct NotARegion(String);

impl FromStr for Region {
    type Err = NotARegion;

    fn from_str(text: &str) -> Result<Self, NotARegion> {
        let fail = || NotARegion(text.chars().take(80).collect());
        let (what, rest) = match text.strip_prefix("clear:") {
            Some(rest) => (RegionUse::KeepClear, rest),
            None => (RegionUse::Hide, text.strip_prefix("hide:").unwrap_or(text)),
        };
        let (shape, times) = rest.split_once('@').map_or((rest, None), |(shape, times)| (shape, Some(times)));
        let (from, to) = match times {
            None => (PtsNanos(0), PtsNanos(u64::MAX)),
            Some(times) => times_of(times).ok_or_else(fail)?,
        };
        let area = area_of(shape).ok_or_else(fail)?;
        // Nothing may be covered anywhere: that is no region.
        let is_pointless = what == RegionUse::KeepClear && area == MaskArea::WholeFrame;
        Some(Self { what, area, from, to }).filter(|r| r.is_sound() && !is_pointless).ok_or_else(fail)
    }
}

fn times_of(text: &str) -> Option<(PtsNanos, PtsNanos)> {
    let (from, to) = text.split_once('-')?;
    let end = if to.is_empty() { Some(PtsNanos(u64::MAX)) } else { time_of(to) };
    Some((if from.is_empty() { PtsNanos(0) } else { time_of(from)? }, end?))
}

/// Seconds, or minutes and seconds as `1:23.5`.
fn time_of(text: &str) -> Option<PtsNanos> {
    let (minutes, seconds, limit) =
        text.split_once(':').map_or(("0", text, 1e8), |(minutes, seconds)| (minutes, seconds, 60.0));
    let minutes: u64 = minutes.parse().ok().filter(|m| *m < 1_000_000)?;
    let seconds: f64 = seconds.parse().ok().filter(|s| (0.0..limit).contains(s))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1e11")]
    let millis = (seconds * 1000.0).round() as u64;
    Some(PtsNanos(0).saturating_add(DurationNanos::from_millis(minutes * 60_000 + millis)))
}

fn area_of(text: &str) -> Option<MaskArea> {
    if text == "frame" {
        return Some(MaskArea::WholeFrame);
    }
    let numbers =
        |part: &str| part.split(',').map(|n| n.trim().parse::<f32>().ok()).collect::<Option<Vec<_>>>();
    if text.contains(';') {
        let corner = |part: &str| match numbers(part)?.as_slice() {
            &[x, y] => Some(PointPx { x, y }),
            _ => None,
        };
        return text.split(';').map(corner).collect::<Option<Vec<_>>>().map(MaskArea::Polygon);
    }
    match numbers(text)?.as_slice() {
        &[x, y, width, height] => Some(MaskArea::Box(BoxPx { x0: x, y0: y, x1: x + width, y1: y + height })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_polygons_and_whole_frames_with_times_are_read() {
        let region: Region = "640,80,200,100@1:05.5-70".parse().unwrap();
        assert_eq!(region.area, MaskArea::Box(BoxPx { x0: 640.0, y0: 80.0, x1: 840.0, y1: 180.0 }));
        assert_eq!((region.from, region.to), (PtsNanos(65_500_000_000), PtsNanos(70_000_000_000)));
        let region: Region = "clear:0,0;10,0;5,9".parse().unwrap();
        assert_eq!(region.what, RegionUse::KeepClear);
        assert!(region.area.contains(5.0, 3.0) && !region.area.contains(0.0, 8.0));
        assert_eq!("frame@2-".parse::<Region>().unwrap().area, MaskArea::WholeFrame);
    }

    #[test]
    fn what_is_no_region_is_refused() {
        for text in [
            "",
            "1,2,3",
            "1,2,0,4",
            "1,2,nan,4",
            "0,0;1,1",
            "0,0;9,0;5,0",
            "frame@5-2",
            "frame@1:75-",
            "1,2,3,4@x-y",
            "clear:frame",
        ] {
            assert!(text.parse::<Region>().is_err(), "{text}");
        }
    }
}
