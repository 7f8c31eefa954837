//! Settings with a closed set of words: what can be chosen, and what each word is called.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is not one of a setting's choices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of: {}", .choices.trim_end().replace(' ', ", "))]
pub struct UnknownWord {
    word: String,
    choices: &'static str,
}

impl UnknownWord {
    /// What was written.
    pub fn word(&self) -> &str {
        &self.word
    }

    /// What can be chosen.
    pub fn choices(&self) -> Vec<&'static str> {
        self.choices.split_whitespace().collect()
    }
}

/// Declares a setting with a closed set of words, which display, parse and serialise alike.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every choice, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the command line and in files.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text).ok_or_else(|| UnknownWord {
                    word: text.to_owned(),
                    choices: concat!($($word, " "),+),
                })
            }
        }
    };
}

words! {
    /// How a face is made unreadable.
    FaceStyle {
        /// A smooth surface through at most 8x8 values.
        Blur = "blur",
        /// At most 8x8 flat cells.
        Pixelate = "pixelate",
        /// One flat colour, drawn by chance for each track.
        Solid = "solid",
    }
}

words! {
    /// Whose faces are hidden.
    Hide {
        /// Everyone's.
        All = "all",
        /// Everyone's but of those who agreed to be identifiable, as far as a file of tracks says who they are.
        NotConsented = "not_consented",
    }
}

words! {
    /// What happens to the sound.
    VoiceMode {
        /// Band vocoder: words and timing stay, pitch and timbre are replaced.
        Disguise = "disguise",
        /// Random shift of pitch. Anyone can shift it back.
        Pitch = "pitch",
        /// Silence wherever somebody may be speaking; the rest stays as it was.
        Mute = "mute",
        /// No sound stream at all.
        Remove = "remove",
        /// Untouched; only under a permit that allows it.
        Original = "original",
    }
}

impl VoiceMode {
    /// What whoever chooses this mode must be told, wherever it is chosen.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Pitch => Some("a shifted pitch can be shifted back by anyone: it hides no speaker"),
            Self::Original => Some("the voices stay as they were recorded"),
            Self::Mute => {
                Some("speech that is not recognised as speech stays as it was recorded: listen to the result")
            }
            Self::Disguise | Self::Remove => None,
        }
    }
}

words! {
    /// What happens to alarms and monitor tones. In no case do they get past the treatment of the voice.
    Alarms {
        /// They are listed with their times.
        List = "list",
        /// They are listed, and clean tones are played in their places.
        Resynth = "resynth",
        /// They are not looked for.
        Drop = "drop",
    }
}

words! {
    /// What stands where `mute` takes speech out.
    MuteWith {
        /// Nothing.
        Silence = "silence",
        /// A soft steady tone, so that a listener knows that something was said.
        Beep = "beep",
    }
}

words! {
    /// In which directions faces are looked for. The networks know upright faces only, so the picture is turned for
    /// them.
    Search {
        /// Upright faces alone.
        Upright = "upright",
        /// Upright on every frame, and seven more directions, 45 degrees apart, one after the other.
        Turned = "turned",
        /// All eight directions on every frame.
        Thorough = "thorough",
    }
}

words! {
    /// What numbers the finder of faces is calculated in.
    Arithmetic {
        /// Whole numbers of 8 bits where the processor has instructions for them.
        Auto = "auto",
        /// Floating point everywhere: machines of different kinds then find the same.
        Float = "float",
    }
}

words! {
    /// What happens to people whose face no detector sees: from behind, from above, or covered.
    Heads {
        /// Their heads are hidden; the whole person where it is not known which end the head is at.
        Hide = "hide",
        /// They are reported as uncertain.
        Flag = "flag",
        /// They are not looked for.
        Off = "off",
    }
}

words! {
    /// What happens to text: badges, wristbands, whiteboards, clocks.
    Text {
        /// It is not looked for.
        Off = "off",
        /// Every line that is found is hidden.
        Mask = "mask",
    }
}

words! {
    /// What happens to a span in which a face may be present but could not be followed.
    OnUncertain {
        /// The last known mask is kept and widened.
        Widen = "widen",
        /// The whole frame is hidden.
        BlurFrame = "blur-frame",
        /// Nothing is written.
        Stop = "stop",
    }
}

words! {
    /// Trade between time and size of the output.
    Speed {
        /// Quickest, larger files.
        Fastest = "fastest",
        /// The default.
        Balanced = "balanced",
        /// Slowest, smallest files.
        Smallest = "smallest",
    }
}

words! {
    /// How the size of the output follows from that of the recording.
    Bitrate {
        /// As near to the recording as at most a fifth more bytes allow.
        Near = "near",
        /// About as large as the recording.
        Keep = "keep",
        /// Constant quality, however large.
        Free = "free",
    }
}

words! {
    /// Codec of the output picture.
    VideoCodec {
        /// H.264 by x264.
        X264 = "x264",
        /// H.264 by Cisco's openh264.
        OpenH264 = "openh264",
        /// VP9 by libvpx.
        Vp9 = "vp9",
        /// H.264 by an encoder in hardware; its absence is an error.
        Hardware = "hardware",
    }
}

/// Where redaction runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// A GPU where a real one is present, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// The n-th GPU; its absence is an error.
    Gpu(u8),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(n) => write!(f, "gpu:{n}"),
        }
    }
}

impl FromStr for Device {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(0)),
            _ => text
                .strip_prefix("gpu:")
                .and_then(|n| n.parse().ok())
                .map(Self::Gpu)
                .ok_or_else(|| UnknownWord { word: text.to_owned(), choices: "auto cpu gpu gpu:N" }),
        }
    }
}

impl Serialize for Device {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Device {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Search {
    /// Longest side of the detector's input in pixels. With 640, 234 of 22,003 faces leaked over 28 composed scenes
    /// (252 of 17,637 over 20 others), with 736, 141 (252), with 800, 138 (278). A picture that is turned by 45 degrees fits
    /// into either only when it is made smaller, and small faces are lost: hence the size of thorough searches,
    /// measured on photographs of 640x360 pixels (`cargo xtask quality faces`).
    #[must_use]
    pub const fn detector_side_px(self) -> u16 {
        match self {
            Self::Upright | Self::Turned => 736,
            Self::Thorough => 896,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_parses_to_what_it_displays() {
        for style in FaceStyle::ALL {
            assert_eq!(style.to_string().parse(), Ok(*style));
        }
        assert_eq!("gpu:3".parse(), Ok(Device::Gpu(3)));
        let error = "smooth".parse::<FaceStyle>().unwrap_err().to_string();
        assert!(error.ends_with("is not one of: blur, pixelate, solid"), "{error}");
    }
}
