//! What a network gave, from ONNX Runtime or from a GPU: read only where its shape is that of the contract.

use ort::session::SessionOutputs;

use crate::detect::error::DetectError;

/// What a model gave for one picture after another.
pub(crate) struct Outputs<'s> {
    model: &'static str,
    values: Values<'s>,
    pictures: usize,
    /// The picture that is read.
    nth: usize,
}

/// Where the values of outputs are.
enum Values<'s> {
    /// With ONNX Runtime.
    Session(SessionOutputs<'s>),
    /// Here: they came back from a GPU.
    Plain(&'s [Plain]),
}

/// An output that was brought from elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) name: &'static str,
    /// Pictures, channels, rows, columns.
    pub(crate) shape: [usize; 4],
    pub(crate) values: Vec<f32>,
}

impl<'s> Outputs<'s> {
    /// What a session gave for so many pictures.
    pub(super) fn of_session(model: &'static str, values: SessionOutputs<'s>, pictures: usize) -> Self {
        Self { model, values: Values::Session(values), pictures, nth: 0 }
    }

    /// Outputs for so many pictures that are here already.
    pub(crate) fn plain(model: &'static str, values: &'s [Plain], pictures: usize) -> Self {
        Self { model, values: Values::Plain(values), pictures, nth: 0 }
    }
}

impl Outputs<'_> {
    /// Goes to the nth of the pictures that the model ran on.
    pub(crate) fn go_to(&mut self, nth: usize) {
        self.nth = nth;
    }

    /// The values of one output for one picture, after checking that they have the shape of the contract (`shape` is
    /// that for a single picture) and are all finite: one value that is no number makes every comparison with it false,
    /// and the face under it would pass unseen.
    ///
    /// # Errors
    /// [`DetectError::OutputShape`], [`DetectError::OutputNotFinite`].
    pub(crate) fn tensor(&self, tensor: &'static str, shape: &[usize]) -> Result<&[f32], DetectError> {
        let wrong = || DetectError::OutputShape { model: self.model, tensor };
        let (found, values) = self.values.get(tensor).ok_or_else(wrong)?;
        let (Some((first, rest)), Some((one, rest_of_one))) = (found.split_first(), shape.split_first())
        else {
            return Err(wrong());
        };
        let length: usize = shape.iter().product();
        if *first != one * self.pictures || rest != rest_of_one {
            return Err(wrong());
        }
        let values = values.chunks_exact(length.max(1)).nth(self.nth).ok_or_else(wrong)?;
        if all_finite(values) {
            Ok(values)
        } else {
            Err(DetectError::OutputNotFinite { model: self.model, tensor })
        }
    }

    /// The largest difference to the same outputs from elsewhere, over all pictures.
    ///
    /// # Errors
    /// [`DetectError::OutputShape`] where one is missing or longer.
    pub(crate) fn worst_difference(&self, others: &[Plain]) -> Result<f32, DetectError> {
        let mut worst = 0.0f32;
        for other in others {
            let wrong = || DetectError::OutputShape { model: self.model, tensor: other.name };
            let (shape, values) = self.values.get(other.name).ok_or_else(wrong)?;
            if shape != other.shape || values.len() != other.values.len() {
                return Err(wrong());
            }
            // What is no number is as far off as can be.
            if !all_finite(values) || !all_finite(&other.values) {
                return Ok(f32::INFINITY);
            }
            let differences = values.iter().zip(&other.values).map(|(a, b)| (a - b).abs());
            worst = differences.fold(worst, f32::max);
        }
        Ok(worst)
    }
}

impl Values<'_> {
    /// Shape and values of one output.
    fn get(&self, tensor: &str) -> Option<(Vec<usize>, &[f32])> {
        match self {
            Self::Session(values) => {
                let (shape, values) = values.get(tensor)?.try_extract_tensor::<f32>().ok()?;
                let shape = shape.iter().map(|size| usize::try_from(*size).ok());
                Some((shape.collect::<Option<_>>()?, values))
            }
            Self::Plain(values) => {
                let found = values.iter().find(|plain| plain.name == tensor)?;
                Some((found.shape.to_vec(), &found.values))
            }
        }
    }
}

/// Without an early end, so that it runs on many values at a time.
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |finite, value| finite & value.is_finite())
}
