//! YCbCr to RGB for one row, with the meaning of the sample values folded into ten numbers.

use super::{ChannelOrder, Pixel};
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

/// Added to a number from 0 to a few millions, it leaves the nearest whole number in the lowest bits: from there on, single
/// precision has no fractions.
const WHOLE: f32 = 8_388_608.0;

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
    pub(super) fn convert_row(&self, [luma, cb, cr]: [&[f32]; 3], order: ChannelOrder, out: &mut [Pixel]) {
        match order {
            ChannelOrder::Rgb => self.convert(luma, cb, cr, out, |[red, green, blue]| [red, green, blue]),
            ChannelOrder::Bgr => self.convert(luma, cb, cr, out, |[red, green, blue]| [blue, green, red]),
        }
    }

    fn convert(
        &self,
        luma: &[f32],
        cb: &[f32],
        cr: &[f32],
        out: &mut [Pixel],
        ordered: impl Fn([u32; 3]) -> [u32; 3],
    ) {
        let [red_0, green_0, blue_0] = self.constant;
        let byte = |value: f32| (value.clamp(0.0, 255.0) + WHOLE).to_bits() & 0xff;
        for (pixel, ((luma, cb), cr)) in out.iter_mut().zip(luma.iter().zip(cb).zip(cr)) {
            let luma = luma * self.luma;
            let [first, second, third] = ordered([
                byte(luma + cr * self.red_cr + red_0),
                byte(luma + cb * self.green_cb + cr * self.green_cr + green_0),
                byte(luma + cb * self.blue_cb + blue_0),
            ]);
            *pixel = (first | second << 8 | third << 16).to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ColorMatrix;

    fn rgb(full_range: bool, matrix: ColorMatrix, yuv: [f32; 3]) -> [u8; 3] {
        let mut row = [Pixel::default()];
        let [luma, cb, cr] = yuv.map(|value| [value * 256.0]);
        let from = RgbFromYuv::new(Colorimetry { full_range, matrix }, 256.0, 256.0);
        from.convert_row([&luma, &cb, &cr], ChannelOrder::Bgr, &mut row);
        let [[blue, green, red, _]] = row;
        from.convert_row([&luma, &cb, &cr], ChannelOrder::Rgb, &mut row);
        assert_eq!(row, [[red, green, blue, 0]]);
        [red, green, blue]
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
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1);
            assert!(near, "{matrix:?} full {full_range}: {yuv:?} became {found:?}, not {expected:?}");
        }
    }

    #[test]
    fn grey_stays_grey_and_the_ends_of_the_range_are_black_and_white() {
        for matrix in [ColorMatrix::Bt601, ColorMatrix::Bt709, ColorMatrix::Bt2020] {
            for (full_range, luma, grey) in [
                (false, 16.0, 0),
                (false, 235.0, 255),
                (false, 1.0, 0),
                (true, 0.0, 0),
                (true, 255.0, 255),
                (true, 119.0, 119),
            ] {
                let found = rgb(full_range, matrix, [luma, 128.0, 128.0]);
                assert_eq!(found, [grey; 3], "{luma}");
            }
        }
    }
}
