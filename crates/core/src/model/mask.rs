//! What detection finds and what redaction hides.

use serde::{Deserialize, Serialize};

use super::{BoxPx, EllipsePx, PtsNanos};

/// A face that a detector reports in one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// The face itself, without any margin, in frame pixels.
    pub ellipse: EllipsePx,
    /// Confidence of the detector, 0..=1.
    pub score: f32,
}

/// Number of a track, unique within a recording and meaningless outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u32);

/// What a track follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackKind {
    /// A face: its masks are ellipses.
    #[default]
    Face,
    /// A person, or the head of one, without a face that a detector sees: rectangles.
    Person,
    /// A line of text: rectangles.
    Text,
}

impl TrackId {
    /// People are numbered from here on, far from faces, so that no two masks of a recording have one number.
    const FIRST_PERSON: u32 = 0x2000_0000;
    /// Lines of text are numbered from here on.
    const FIRST_TEXT: u32 = 0x3000_0000;
    const END_OF_TEXT: u32 = 0x4000_0000;
    /// Regions that a person draws are numbered from here down to the end of text, far from tracks, and from the masks
    /// of the self-check, which are counted down from the top.
    const FIRST_REGION: u32 = u32::MAX / 2;

    /// The `nth` track of a kind.
    #[must_use]
    pub const fn of(kind: TrackKind, nth: u32) -> Self {
        let nth = nth % Self::FIRST_PERSON;
        match kind {
            TrackKind::Face => Self(nth),
            TrackKind::Person => Self(Self::FIRST_PERSON + nth % (Self::FIRST_TEXT - Self::FIRST_PERSON)),
            TrackKind::Text => Self(Self::FIRST_TEXT + nth % (Self::END_OF_TEXT - Self::FIRST_TEXT)),
        }
    }

    /// The number of the `nth` region that a person drew.
    #[must_use]
    pub const fn of_region(nth: u32) -> Self {
        Self(Self::FIRST_REGION - nth % (Self::FIRST_REGION - Self::END_OF_TEXT))
    }

    /// Whether a track may have it, and not only a region or the self-check.
    pub const fn is_of_a_track(self) -> bool {
        self.0 < Self::END_OF_TEXT
    }

    /// Whether it stands for a region that a person drew.
    pub const fn is_region(self) -> bool {
        matches!(self.0, Self::END_OF_TEXT..=Self::FIRST_REGION)
    }

    /// What it follows, by its number. Masks that no track stands behind count as faces.
    pub const fn kind(self) -> TrackKind {
        match self.0 {
            Self::FIRST_PERSON..Self::FIRST_TEXT => TrackKind::Person,
            Self::FIRST_TEXT..Self::END_OF_TEXT => TrackKind::Text,
            _ => TrackKind::Face,
        }
    }
}

/// Where the place of a mask comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskSource {
    /// A detector found the face in this very frame.
    Detected,
    /// A detector saw something in this frame that is a face only because one was followed to this place.
    Tracked,
    /// Interpolated between two frames in which it was found.
    Filled,
    /// Carried before the first or behind the last frame in which it was found, and widened.
    Held,
    /// A person drew it; it need not be a face.
    Drawn,
    /// The whole frame, because something about it could not be resolved.
    WholeFrame,
}

/// Corners of a polygon at most.
pub const MAX_POLYGON_POINTS: usize = 64;

/// A point in frame pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PointPx {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// The part of a picture that a mask covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskArea {
    /// A turned ellipse, margin included.
    Ellipse(EllipsePx),
    /// The turned rectangle around such an ellipse.
    Rectangle(EllipsePx),
    /// An upright box.
    Box(BoxPx),
    /// Straight lines from corner to corner, back to the first: 3 to [`MAX_POLYGON_POINTS`] of them. Where it is not
    /// convex, what lies between its parts in a row is covered too.
    Polygon(Vec<PointPx>),
    /// Everything.
    WholeFrame,
}

impl MaskArea {
    /// Whether a point of the picture is covered. Only as exact as a check needs it.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        match self {
            Self::WholeFrame => true,
            Self::Ellipse(ellipse) => ellipse.contains(x, y),
            Self::Rectangle(inside) => is_inside(&inside.corners(), x, y),
            Self::Box(bbox) => (bbox.x0..=bbox.x1).contains(&x) && (bbox.y0..=bbox.y1).contains(&y),
            Self::Polygon(points) => is_inside(points, x, y),
        }
    }

    /// Every number is finite and the area is not empty.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::WholeFrame => true,
            Self::Ellipse(ellipse) | Self::Rectangle(ellipse) => ellipse.is_sound(),
            Self::Box(bbox) => bbox.is_sound(),
            Self::Polygon(points) => {
                (3..=MAX_POLYGON_POINTS).contains(&points.len())
                    && points.iter().all(|p| p.x.is_finite() && p.y.is_finite())
                    && !are_in_line(points)
            }
        }
    }
}

/// Whether all points lie on one line, so that there is nothing between them.
fn are_in_line(points: &[PointPx]) -> bool {
    let Some((first, rest)) = points.split_first() else { return true };
    let from_first = |p: &PointPx| (f64::from(p.x - first.x), f64::from(p.y - first.y));
    let Some((x, y)) = rest.iter().map(from_first).find(|(x, y)| *x != 0.0 || *y != 0.0) else { return true };
    rest.iter().map(from_first).all(|(px, py)| (x * py - y * px).abs() < f64::EPSILON)
}

/// Crossing number: a ray to the right of the point crosses the outline an odd number of times.
fn is_inside(points: &[PointPx], x: f32, y: f32) -> bool {
    let nexts = points.iter().cycle().skip(1);
    let crossings = points
        .iter()
        .zip(nexts)
        .filter(|(a, b)| (a.y > y) != (b.y > y) && x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
    crossings.count() % 2 == 1
}

/// Why a span is uncertain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UncertainReason {
    /// A face was last seen inside the picture and has not been found again.
    BrokeOff,
    /// A face turned up inside the picture and may have been there before.
    AppearedInside,
    /// A face was lost inside the picture for long and found again.
    LongGap,
    /// The frame was damaged and is hidden whole.
    Damaged,
    /// The frame came too late to be searched, and is hidden whole; from live sources only.
    Late,
    /// A detector reported a face without a usable place; the frame is hidden whole.
    UnusableDetection,
    /// More faces than can be followed; the frame is hidden whole.
    TooManyFaces,
    /// More pictures in a moment than can wait until what is found behind them is known; the frame is hidden whole.
    TooManyPictures,
    /// A person was seen, and no face where the head is: from behind, from above, or covered. Nothing is hidden there.
    HeadWithoutFace,
}

impl UncertainReason {
    /// What a person should look for.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::BrokeOff => "a face was followed no further",
            Self::AppearedInside => "a face was found that may have been there before",
            Self::LongGap => "a face was lost for a while",
            Self::Damaged => "damaged pictures, hidden whole",
            Self::Late => "pictures that came too late to be searched, hidden whole",
            Self::UnusableDetection => "a face without a usable place; the pictures are hidden whole",
            Self::TooManyFaces => "more faces than can be followed; the pictures are hidden whole",
            Self::TooManyPictures => "more pictures a second than can be held back; they are hidden whole",
            Self::HeadWithoutFace => {
                "a person without a visible face, who stays open unless another mask lies there"
            }
        }
    }
}

/// A span of presentation time in which a face may be where no mask lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UncertainSpan {
    /// First frame of the span.
    pub from: PtsNanos,
    /// Last frame of the span.
    pub to: PtsNanos,
    /// Why.
    pub reason: UncertainReason,
    /// The track that it is about; none where it is about a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackId>,
}

/// One area of one frame that must be made unreadable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// The track that it belongs to; surfaces are held steady per track.
    pub track: TrackId,
    /// What it covers.
    pub area: MaskArea,
    /// Why it is there.
    pub source: MaskSource,
    /// The detector's confidence, 0..=1, where it saw something in this frame.
    pub score: Option<f32>,
}

/// All masks of one frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameMasks {
    /// The frame's position in decode output order.
    pub seq: u64,
    /// The frame's presentation time.
    pub pts: PtsNanos,
    /// In a fixed order: whoever draws them draws them in this order.
    pub masks: Vec<Mask>,
    /// Areas that only masks of faces may cover; those win.
    pub keep_clear: Vec<MaskArea>,
    /// Faces that are meant to be seen. No mask is lifted for them; the self-check leaves them alone.
    pub seen_faces: Vec<EllipsePx>,
}

impl FrameMasks {
    /// Masks of one frame, in the order of their tracks, and nothing else.
    #[must_use]
    pub fn new(seq: u64, pts: PtsNanos, mut masks: Vec<Mask>) -> Self {
        masks.sort_by_key(|mask| mask.track);
        Self { seq, pts, masks, keep_clear: Vec::new(), seen_faces: Vec::new() }
    }

    /// Whether one of the masks hides the whole picture.
    pub fn hide_all(&self) -> bool {
        self.masks.iter().any(|mask| mask.area == MaskArea::WholeFrame)
    }

    /// Whether a point of the picture is hidden. Only as exact as a check needs it.
    pub fn hides(&self, x: f32, y: f32) -> bool {
        let is_kept = self.keep_clear.iter().any(|area| area.contains(x, y));
        self.masks.iter().any(|mask| (mask.may_be_a_face() || !is_kept) && mask.area.contains(x, y))
    }
}

impl Mask {
    /// A mask that nothing may cut: it hides a face, or stands for one that may be anywhere.
    ///
    /// A face's mask is one whoever placed it. Of people, the mask of a whole body is drawn, that of a head is not.
    pub fn may_be_a_face(&self) -> bool {
        match self.track.kind() {
            TrackKind::Face => !self.track.is_region(),
            TrackKind::Person => self.source != MaskSource::Drawn,
            TrackKind::Text => false,
        }
    }
}
