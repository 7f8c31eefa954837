//! What Matroska, AVI and MPEG-TS files promise about themselves: time scale, and whether the file is cut off.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::index::{CutOff, InputIndex};

/// Bytes of one transport-stream packet, without and with the camcorders' time stamp.
const TS_PACKETS: [u64; 2] = [188, 192];

const EBML_SEGMENT: u32 = 0x1853_8067;
const EBML_CLUSTER: u32 = 0x1f43_b675;
const EBML_INFO: u32 = 0x1549_a966;
const EBML_TIMESTAMP_SCALE: u32 = 0x002a_d7b1;
const MAX_ELEMENTS: usize = 1 << 20;

/// Walks the top level of the segment. Block times are in units of the file's own time scale, 1 ms unless it says
/// otherwise.
pub(super) fn read_matroska(file: &File, file_length: u64) -> InputIndex {
    let mut index = InputIndex { timescale: Some(1000), ..InputIndex::default() };
    let (mut offset, mut end, mut in_segment) = (0u64, file_length, false);
    for _ in 0..MAX_ELEMENTS {
        if offset >= end {
            break;
        }
        let Some(element) = element_at(file, offset) else { break };
        let body = offset + element.header;
        match element.length {
            Some(length) if body.saturating_add(length) > file_length => {
                index.cut = Some(CutOff { picture_ends: None });
                break;
            }
            Some(length) if element.id == EBML_SEGMENT => {
                (offset, end, in_segment) = (body, body + length, true);
            }
            None if element.id == EBML_SEGMENT => (offset, in_segment) = (body, true),
            // A live recording writes clusters of unknown length; only decoding tells where they end.
            None if in_segment && element.id == EBML_CLUSTER => break,
            None => break,
            Some(length) => {
                if in_segment && element.id == EBML_INFO {
                    index.timescale = timestamp_scale(file, body, body + length).or(index.timescale);
                }
                offset = body + length;
            }
        }
    }
    index
}

/// Units per second where the file's time stamps are not in milliseconds.
fn timestamp_scale(file: &File, mut offset: u64, end: u64) -> Option<u32> {
    for _ in 0..MAX_ELEMENTS {
        let element = element_at(file, offset).filter(|_| offset < end)?;
        let body = offset + element.header;
        let length = element.length?;
        if element.id == EBML_TIMESTAMP_SCALE {
            let mut bytes = [0u8; 8];
            let number = bytes.get_mut(8usize.checked_sub(usize::try_from(length).ok()?)?..)?;
            file.read_exact_at(number, body).ok()?;
            let nanos = u64::from_be_bytes(bytes);
            return 1_000_000_000u64
                .checked_div(nanos)
                .and_then(|units| u32::try_from(units).ok())
                .filter(|u| *u > 0);
        }
        offset = body.checked_add(length)?;
    }
    None
}

struct Element {
    id: u32,
    header: u64,
    length: Option<u64>,
}

/// Reads an element's id and length (RFC 8794, clauses 4 and 5); a length of all ones is "unknown".
fn element_at(file: &File, offset: u64) -> Option<Element> {
    let mut head = [0u8; 12];
    let have = file.read_at(&mut head, offset).ok()?;
    let head = head.get(..have)?;
    let id_len = usize::try_from(head.first()?.leading_zeros()).ok()? + 1;
    if id_len > 4 {
        return None;
    }
    let id = head.get(..id_len)?.iter().fold(0u32, |id, b| id << 8 | u32::from(*b));
    let size = head.get(id_len..)?;
    let size_len = usize::try_from(size.first()?.leading_zeros()).ok()? + 1;
    if size_len > 8 {
        return None;
    }
    let raw = size.get(..size_len)?.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let mask = (1u64 << (7 * size_len)) - 1;
    let value = raw & mask;
    Some(Element { id, header: (id_len + size_len) as u64, length: (value != mask).then_some(value) })
}

/// Compares the RIFF chunks' own length with the file's. Time stamps follow from the frame rate.
pub(super) fn read_avi(file: &File, file_length: u64) -> InputIndex {
    let (mut offset, mut cut) = (0u64, None);
    // Files of more than 2 GiB are several RIFF chunks in a row (OpenDML).
    for _ in 0..MAX_ELEMENTS {
        let mut head = [0u8; 8];
        if offset >= file_length
            || file.read_exact_at(&mut head, offset).is_err()
            || !head.starts_with(b"RIFF")
        {
            break;
        }
        let [_, _, _, _, length @ ..] = head;
        let end = offset.saturating_add(8).saturating_add(u64::from(u32::from_le_bytes(length)));
        if end > file_length {
            cut = Some(CutOff { picture_ends: None });
        }
        offset = end.next_multiple_of(2);
    }
    InputIndex { timescale: None, cut, ..InputIndex::default() }
}

/// A transport stream has no index: only a broken last packet shows that something is missing.
pub(super) fn read_mpeg_ts(file_length: u64) -> InputIndex {
    let whole = TS_PACKETS.iter().any(|packet| file_length.is_multiple_of(*packet));
    let cut = (!whole).then_some(CutOff { picture_ends: None });
    InputIndex { timescale: Some(90_000), cut, ..InputIndex::default() }
}
