//! What was measured inside a network, so that it can be calculated in whole numbers of 8 bits.

use std::collections::HashMap;

use serde::Deserialize;

use super::ModelError;

/// Factors are powers of the fourth root of two, written as one digit for each channel.
const DIGITS_PER_OCTAVE: f32 = 4.0;
const RADIX: u32 = 17;

/// A file that `cargo xtask quality calibrate` wrote.
#[derive(Deserialize)]
struct File {
    tensor: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    low: f32,
    high: f32,
    factors: String,
}

/// The values of one tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measured {
    /// The least value that must be told apart, once the channels are evened out; at most 0.
    pub(super) low: f32,
    /// The greatest; above `low`.
    pub(super) high: f32,
    /// By what each channel is multiplied to even them out: 1 to 16.
    pub(super) factors: Vec<f32>,
}

/// The tensors of a network that may be written in 8 bits, by name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Calibration(HashMap<String, Measured>);

impl Calibration {
    /// Reads what was measured.
    ///
    /// # Errors
    /// [`ModelError::Calibration`] where it cannot be read, or a range is none.
    pub(super) fn parse(text: &str) -> Result<Self, ModelError> {
        let wrong = |what: &str| ModelError::Calibration(what.to_owned());
        let file: File = toml::from_str(text).map_err(|error| wrong(error.message()))?;
        let read = |entry: Entry| {
            let is_range = entry.low <= 0.0 && entry.high > entry.low && entry.high.is_finite();
            let factors = entry.factors.chars().map(factor).collect::<Option<Vec<f32>>>();
            let factors = factors.filter(|factors| is_range && entry.low.is_finite() && !factors.is_empty());
            let factors = factors.ok_or_else(|| wrong(&format!("tensor `{}`", entry.name)))?;
            Ok((entry.name, Measured { low: entry.low, high: entry.high, factors }))
        };
        file.tensor.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn of(&self, tensor: &str) -> Option<&Measured> {
        self.0.get(tensor)
    }
}

fn factor(digit: char) -> Option<f32> {
    digit.to_digit(RADIX).map(|steps| (steps as f32 / DIGITS_PER_OCTAVE).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_quarters_of_octaves() {
        let text = "[[tensor]]\nname = \"a\"\nlow = -1.5\nhigh = 2.0\nfactors = \"04g\"\n";
        let read = Calibration::parse(text).unwrap();
        let expected = Measured { low: -1.5, high: 2.0, factors: vec![1.0, 2.0, 16.0] };
        assert_eq!((read.of("a"), read.of("b")), (Some(&expected), None));
        for wrong in [
            text.replace("04g", "04h"),
            text.replace("04g", ""),
            text.replace("2.0", "nan"),
            text.replace("-1.5", "2.0"),
            text.replace("high", "top"),
        ] {
            assert!(matches!(Calibration::parse(&wrong), Err(ModelError::Calibration(_))), "{wrong}");
        }
    }
}
