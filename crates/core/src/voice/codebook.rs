//! The codebook of speech shapes that replace the speaker's own. Layout and origin: `codebook/ATTRIBUTION.md`.

use super::VoiceError;
use super::bands::{BANDS, COEFFICIENTS, Cepstrum, Shape};

/// Entries in the codebook.
const ENTRIES: usize = 256;
/// Entries, coefficients and bands, as the header gives them.
const SIZES: [u32; 3] = [256, 16, 28];
const MAGIC: &[u8; 4] = b"OBCB";
const HEADER_BYTES: usize = 20;
const VERSION: u32 = 1;
/// Largest plausible magnitude of a value; the data lie within 32.
const LIMIT: f32 = 64.0;
static DATA: &[u8] = include_bytes!("codebook/codebook256.bin");

/// One replacement shape.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    key: Cepstrum,
    /// Shape in natural log of power, relative to the mean over time.
    pub(super) shape: Shape,
    /// Mean voicing, 0 (noise) to 1 (voiced).
    pub(super) voicing: f32,
}

/// All shapes, and the mean spectrum of speech.
pub(super) struct Codebook {
    first: Entry,
    rest: Vec<Entry>,
    /// Mean levelled shape of active speech over many speakers, natural log of power.
    pub(super) mean_speech: Shape,
}

impl Codebook {
    /// Reads and checks the built-in data.
    pub(super) fn built_in() -> Result<Self, VoiceError> {
        Self::parse(DATA)
    }

    fn parse(data: &[u8]) -> Result<Self, VoiceError> {
        let damaged = |detail| VoiceError::Codebook { detail };
        let (header, body) = data.split_at_checked(HEADER_BYTES).ok_or(damaged("too short"))?;
        let (magic, sizes) = header.split_at(MAGIC.len());
        if magic != MAGIC || !words(sizes).map(u32::from_le_bytes).eq([VERSION].into_iter().chain(SIZES)) {
            return Err(damaged("header"));
        }
        let values: Vec<f32> = words(body).map(f32::from_le_bytes).collect();
        if body.len() != 4 * (ENTRIES * (COEFFICIENTS + BANDS + 1) + BANDS) {
            return Err(damaged("length"));
        }
        if !values.iter().all(|value| value.abs() <= LIMIT) {
            return Err(damaged("value out of range"));
        }
        Self::from_values(&values).ok_or(damaged("length"))
    }

    fn from_values(values: &[f32]) -> Option<Self> {
        let (keys, values) = values.split_at_checked(ENTRIES * COEFFICIENTS)?;
        let (shapes, values) = values.split_at_checked(ENTRIES * BANDS)?;
        let (voicing, mean_speech) = values.split_at_checked(ENTRIES)?;
        let mut entries =
            keys.as_chunks::<COEFFICIENTS>().0.iter().zip(shapes.as_chunks::<BANDS>().0).zip(voicing).map(
                |((key, shape), voicing)| Entry {
                    key: *key,
                    shape: *shape,
                    voicing: voicing.clamp(0.0, 1.0),
                },
            );
        let first = entries.next()?;
        Some(Self { first, rest: entries.collect(), mean_speech: mean_speech.try_into().ok()? })
    }

    /// The entry whose key is nearest, by Euclidean distance.
    pub(super) fn nearest(&self, key: &Cepstrum) -> &Entry {
        let mut best = (&self.first, distance(&self.first.key, key));
        for entry in &self.rest {
            let squared = distance(&entry.key, key);
            if squared < best.1 {
                best = (entry, squared);
            }
        }
        best.0
    }
}

fn distance(a: &Cepstrum, b: &Cepstrum) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    bytes.as_chunks::<4>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_data_are_sound() {
        let codebook = Codebook::built_in().unwrap();
        assert_eq!(codebook.rest.len(), ENTRIES - 1);
        let voiced = codebook.rest.iter().filter(|entry| entry.voicing > 0.5).count();
        assert!((100..230).contains(&voiced), "{voiced} voiced entries");
        assert!(codebook.mean_speech[1] > codebook.mean_speech[27], "speech falls off with frequency");
    }

    #[test]
    fn an_entry_is_its_own_nearest() {
        let codebook = Codebook::built_in().unwrap();
        for entry in &codebook.rest {
            assert!(std::ptr::eq(codebook.nearest(&entry.key), entry));
        }
    }

    #[test]
    fn damaged_data_are_refused() {
        let detail = |data: &[u8]| match Codebook::parse(data) {
            Err(VoiceError::Codebook { detail }) => detail,
            _ => "accepted",
        };
        assert_eq!(detail(&DATA[..10]), "too short");
        assert_eq!(detail(&DATA[..DATA.len() - 1]), "length");
        assert_eq!(detail(&[DATA, &[0; 4]].concat()), "length");
        let mut changed = DATA.to_vec();
        changed[5] = 9;
        assert_eq!(detail(&changed), "header");
        let mut not_a_number = DATA.to_vec();
        not_a_number[40..44].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(detail(&not_a_number), "value out of range");
    }
}
