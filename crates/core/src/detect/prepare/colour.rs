//! YCbCr to RGB for one row, with the meaning of the sample values folded into ten numbers.

use crate::model::Colorimetry;

/// Factors and constants that turn raw sample sums into R, G and B in 0..=255.
///
/// From ITU-R BT.601, BT.709 and BT.2020: `R = Y + 2 (1 - Kr) Cr`, `B = Y + 2 (1 - Kb) Cb`, `Kr R + Kg G + Kb
/// B = Y`; limited range has luma in 16..=235 and chroma in 16..=240, both around 128 for chroma.
#[derive(Clone, Copy, Debug)]
pub(super) struct RgbFromYuv {
    luma: f32,
    red_cr: f32,
    green_cb: f32,
    green_cr: f32,
    blue_cb: f32,
    /// Added to R, G and B.
    constant: [f32; 3],
}

/// One row of R, G and B.
pub(super) struct RgbRow<'a> {
    pub(super) red: &'a mut [f32],
    pub(super) green: &'a mut [f32],
    pub(super) blue: &'a mut [f32],
}

impl RgbFromYuv {
    /// `luma_unit` and `chroma_unit` say how large a sample value of 1 is in the sums that
    /// [`Self::convert_row`] gets.
    pub(super) fn new(colour: Colorimetry, luma_unit: f32, chroma_unit: f32) -> Self {
        let (kr, kb) = colour.matrix.kr_kb();
        let kg = 1.0 - kr - kb;
        let (black, luma, chroma) =
            if colour.full_range { (0.0, 1.0, 1.0) } else { (16.0, 255.0 / 219.0, 255.0 / 224.0) };
        let (cr, cb) = (2.0 * (1.0 - kr) * chroma, 2.0 * (1.0 - kb) * chroma);
        let (green_cb, green_cr) = (-cb * kb / kg, -cr * kr / kg);
        let base = -black * luma;
        Self {
            luma: luma / luma_unit,
            red_cr: cr / chroma_unit,
            green_cb: green_cb / chroma_unit,
            green_cr: green_cr / chroma_unit,
            blue_cb: cb / chroma_unit,
            constant: [base - 128.0 * cr, base - 128.0 * (green_cb + green_cr), base - 128.0 * cb],
        }
    }

    /// For a shader: the factors of luma, of Cr in red, of Cb and Cr in green, of Cb in blue, and what is added to R, G
    /// and B.
    pub(super) fn factors(&self) -> [f32; 8] {
        let [red, green, blue] = self.constant;
        [self.luma, self.red_cr, self.green_cb, self.green_cr, self.blue_cb, red, green, blue]
    }

    /// Converts a row; all slices have the same length.
    pub(super) fn convert_row(&self, luma: &[f32], cb: &[f32], cr: &[f32], out: RgbRow<'_>) {
        let [red_0, green_0, blue_0] = self.constant;
        let samples = luma.iter().zip(cb).zip(cr);
        let pixels = out.red.iter_mut().zip(out.green).zip(out.blue);
        for (((red, green), blue), ((luma, cb), cr)) in pixels.zip(samples) {
            let luma = luma * self.luma;
            *red = (luma + cr * self.red_cr + red_0).clamp(0.0, 255.0);
            *green = (luma + cb * self.green_cb + cr * self.green_cr + green_0).clamp(0.0, 255.0);
            *blue = (luma + cb * self.blue_cb + blue_0).clamp(0.0, 255.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ColorMatrix;

    fn rgb(full_range: bool, matrix: ColorMatrix, yuv: [f32; 3]) -> [f32; 3] {
        let [mut red, mut green, mut blue] = [[0.0]; 3];
        let row = RgbRow { red: &mut red, green: &mut green, blue: &mut blue };
        let [luma, cb, cr] = yuv.map(|value| [value * 256.0]);
        RgbFromYuv::new(Colorimetry { full_range, matrix }, 256.0, 256.0).convert_row(&luma, &cb, &cr, row);
        [red, green, blue].map(|[value]| value.round())
    }

    /// Code values of the 100 % colour bars, from the standards' own equations rounded to 8 bits.
    #[test]
    fn primaries_of_the_standards_come_back() {
        use ColorMatrix::{Bt601, Bt709, Bt2020};
        for (full_range, matrix, yuv, expected) in [
            (false, Bt601, [81.0, 90.0, 240.0], [254u8, 0, 0]),
            (false, Bt601, [145.0, 54.0, 34.0], [0u8, 255, 1]),
            (false, Bt601, [41.0, 240.0, 110.0], [0u8, 0, 255]),
            (false, Bt709, [63.0, 102.0, 240.0], [255u8, 1, 0]),
            (false, Bt709, [173.0, 42.0, 26.0], [0u8, 255, 1]),
            (false, Bt709, [32.0, 240.0, 118.0], [1u8, 0, 255]),
            (false, Bt2020, [74.0, 97.0, 240.0], [255u8, 0, 1]),
            (true, Bt601, [76.0, 85.0, 255.0], [254u8, 0, 0]),
            (true, Bt709, [54.0, 99.0, 255.0], [254u8, 0, 1]),
        ] {
            let found = rgb(full_range, matrix, yuv);
            let near = found.iter().zip(expected).all(|(a, b)| (a - f32::from(b)).abs() <= 1.0);
            assert!(near, "{matrix:?} full {full_range}: {yuv:?} became {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn grey_stays_grey_and_the_ends_of_the_range_are_black_and_white() {
        for matrix in [ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020] {
            for (full_range, luma, grey) in [
                (false, 16.0, 0.0),
                (false, 235.0, 255.0),
                (false, 1.0, 0.0),
                (true, 0.0, 0.0),
                (true, 255.0, 255.0),
                (true, 119.0, 119.0),
            ] {
                let found = rgb(full_range, matrix, [luma, 128.0, 128.0]);
                assert!(found.iter().all(|value| (value - grey).abs() < 1e-3), "{luma}: {found:?}");
            }
        }
    }
}
