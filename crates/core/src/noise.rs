//! Reproducible noise, for trials and measurements; nothing that hides anything takes it.

/// Bytes without an end, the same for the same seed.
pub(crate) fn bytes(seed: u32) -> impl Iterator<Item = u8> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        // The generator of "Numerical Recipes": its upper bits are random enough for pictures.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [value, ..] = state.to_be_bytes();
        value
    })
}
