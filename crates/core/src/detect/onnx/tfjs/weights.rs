//! The constants of a `TensorFlow.js` graph: the list in its JSON file, the numbers in its binary file.

use std::collections::HashMap;

use serde::Deserialize;

use super::super::ModelError;
use super::unknown;

/// Numbers of a constant.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    Floats(Vec<f32>),
    Integers(Vec<i64>),
}

/// A constant with its shape, outermost dimension first; no dimension for a single number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    pub(super) values: Values,
}

impl Constant {
    /// Whole numbers in a row.
    pub(super) fn row(values: Vec<i64>) -> Self {
        Self { shape: vec![values.len()], values: Values::Integers(values) }
    }

    pub(super) fn integers(&self) -> Result<&[i64], ModelError> {
        match &self.values {
            Values::Integers(values) => Ok(values),
            Values::Floats(_) => Err(unknown("a constant with a fraction where a whole number belongs")),
        }
    }

    pub(super) fn floats(&self) -> Result<&[f32], ModelError> {
        match &self.values {
            Values::Floats(values) => Ok(values),
            Values::Integers(_) => Err(unknown("a whole number where a fraction belongs")),
        }
    }
}

/// One group of the weights manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    weights: Vec<Weight>,
}

#[derive(Debug, Deserialize)]
struct Weight {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Debug, Deserialize)]
struct Quantization {
    dtype: String,
}

/// Reads all constants; the binary file holds them one after the other, in the order of the list.
///
/// # Errors
/// Types that are not known, and a binary file that is shorter or longer than the list says.
pub(super) fn read(groups: &[Group], binary: &[u8]) -> Result<HashMap<String, Constant>, ModelError> {
    let mut rest = binary;
    let mut constants = HashMap::new();
    for weight in groups.iter().flat_map(|group| &group.weights) {
        let stored = weight.quantization.as_ref().map_or(weight.dtype.as_str(), |q| q.dtype.as_str());
        let count = weight.shape.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
        let values = match stored {
            "float16" => Values::Floats(words::<2>(&mut rest, count)?.map(f16).collect()),
            "float32" => Values::Floats(words::<4>(&mut rest, count)?.map(f32::from_le_bytes).collect()),
            "int32" => Values::Integers(
                words::<4>(&mut rest, count)?.map(|w| i32::from_le_bytes(w).into()).collect(),
            ),
            other => return Err(unknown(&format!("weights of type {other}"))),
        };
        constants.insert(weight.name.clone(), Constant { shape: weight.shape.clone(), values });
    }
    if rest.is_empty() { Ok(constants) } else { Err(unknown("weights that its list does not name")) }
}

/// Splits `count` little-endian words of `N` bytes off the front.
fn words<'a, const N: usize>(
    rest: &mut &'a [u8],
    count: Option<usize>,
) -> Result<impl Iterator<Item = [u8; N]> + 'a, ModelError> {
    let bytes = count.and_then(|count| count.checked_mul(N));
    let split = bytes.and_then(|bytes| rest.split_at_checked(bytes));
    let (own, behind) = split.ok_or_else(|| unknown("fewer weights than its list names"))?;
    *rest = behind;
    Ok(own.as_chunks::<N>().0.iter().copied())
}

/// A number of IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
fn f16(bytes: [u8; 2]) -> f32 {
    let bits = u32::from(u16::from_le_bytes(bytes));
    let (sign, exponent, fraction) = ((bits & 0x8000) << 16, (bits >> 10) & 0x1f, bits & 0x3ff);
    let magnitude = match exponent {
        // Exact: the fraction has ten bits and the factor is a power of two.
        0 => fraction as f32 / 16_777_216.0,
        0x1f => f32::from_bits(0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(((exponent + 112) << 23) | (fraction << 13)),
    };
    f32::from_bits(magnitude.to_bits() | sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_widened_exactly() {
        for (bits, value) in [
            (0x3c00u16, 1.0f32),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x0001, 5.960_464_5e-8),
            (0x8000, -0.0),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(f16(bits.to_le_bytes()).to_bits(), value.to_bits(), "{bits:#x}");
        }
        assert!(f16(0x7e00u16.to_le_bytes()).is_nan());
    }

    #[test]
    fn weights_that_are_cut_off_or_left_over_are_refused() {
        let list = r#"[{"weights":[{"name":"a","shape":[2],"dtype":"int32"},{"name":"b","shape":[],"dtype":"float32"}]}]"#;
        let groups: Vec<Group> = serde_json::from_str(list).unwrap();
        let read_of = |length: usize| read(&groups, &vec![0; length]);
        assert_eq!(read_of(12).unwrap().get("a"), Some(&Constant::row(vec![0, 0])));
        assert!(read_of(11).is_err() && read_of(13).is_err());
    }
}
