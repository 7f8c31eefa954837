//! Dropping the NAL units that carry text about the encoder from H.264 access units.

/// NAL unit types of ITU-T H.264, table 7-1, that a decoder needs: slices, parameter sets, delimiters. Everything
/// else (supplemental information with encoder settings, filler, private types) is left out.
fn is_allowed(nal_header: u8) -> bool {
    matches!(nal_header & 0x1f, 1..=5 | 7 | 8 | 9)
}

/// Rewrites a length-prefixed access unit (four length bytes, as in `avcC` with `lengthSizeMinusOne` 3) without the
/// units that are not allowed. `None` where the bytes do not parse.
pub(super) fn keep_allowed(access_unit: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(access_unit.len());
    let mut rest = access_unit;
    while !rest.is_empty() {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (unit, behind) = behind.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if unit.first().copied().is_some_and(is_allowed) {
            out.extend_from_slice(length);
            out.extend_from_slice(unit);
        }
        rest = behind;
    }
    Some(out)
}

/// Whether a length-prefixed access unit holds allowed units only.
pub(super) fn is_clean(access_unit: &[u8]) -> bool {
    keep_allowed(access_unit).is_some_and(|kept| kept.len() == access_unit.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supplemental_information_is_dropped_and_slices_stay() {
        let unit = [0, 0, 0, 3, 6, 5, 1, 0, 0, 0, 2, 0x65, 9];
        assert!(!is_clean(&unit));
        assert_eq!(keep_allowed(&unit).unwrap(), [0, 0, 0, 2, 0x65, 9]);
        assert_eq!(keep_allowed(&[0, 0, 0, 9, 1]), None);
    }
}
