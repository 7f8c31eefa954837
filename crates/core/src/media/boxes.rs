//! Walking the boxes of ISO base media files (MP4, MOV): ISO/IEC 14496-12, clause 4.2. Bounded, and total on any input.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The largest index (`moov`) that is read into memory; an hour at 30 frames/s needs about 3 MiB.
const MAX_INDEX_BYTES: u64 = 256 << 20;

/// More boxes than this at the top level is hostile, not long: fragments of one frame each for two days.
const MAX_TOP_LEVEL_BOXES: usize = 1 << 22;

/// A box inside bytes that are in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaBox<'a> {
    /// Four-character code.
    pub(crate) kind: [u8; 4],
    /// Everything behind the header.
    pub(crate) body: &'a [u8],
}

/// The boxes side by side in `data`; stops at the first one that does not fit.
pub(crate) fn children(data: &[u8]) -> impl Iterator<Item = MediaBox<'_>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (header, length) = header_and_length(rest, rest.len() as u64)?;
        let length = usize::try_from(length).ok()?;
        let (whole, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(MediaBox { kind: four(whole, 4)?, body: whole.get(header..)? })
    })
}

/// The first child of a kind.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "byte literals are references")]
pub(crate) fn child<'a>(data: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    children(data).find(|b| &b.kind == kind).map(|b| b.body)
}

/// The child at the end of a path of kinds.
pub(crate) fn descend<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(data, |inner, kind| child(inner, kind))
}

/// Units per second of a movie or media header (`mvhd`, `mdhd`: clauses 8.2.2 and 8.4.2), which version 1 writes
/// further back.
pub(crate) fn header_timescale(header: &[u8]) -> Option<u32> {
    be_u32(header, if header.first() == Some(&1) { 20 } else { 12 })
}

/// The duration of the same headers in those units; version 1 has it in 64 bits.
pub(crate) fn header_duration(header: &[u8]) -> Option<u64> {
    if header.first() == Some(&1) { be_u64(header, 24) } else { be_u32(header, 16).map(u64::from) }
}

/// A box at the top level of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TopBox {
    /// Four-character code.
    pub(crate) kind: [u8; 4],
    /// Offset of the header in the file.
    pub(crate) offset: u64,
    /// Bytes of the header.
    pub(crate) header: u64,
    /// Bytes of header and body as the header says, whether or not the file goes on that far.
    pub(crate) length: u64,
}

impl TopBox {
    /// Whether the file ends inside this box.
    pub(crate) fn is_cut(&self, file_length: u64) -> bool {
        self.offset.saturating_add(self.length) > file_length
    }

    /// Reads the body into memory.
    pub(crate) fn read_body(&self, file: &File) -> io::Result<Vec<u8>> {
        let length = self.length.saturating_sub(self.header);
        if length > MAX_INDEX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the index is larger than 256 MiB"));
        }
        let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
        file.read_exact_at(&mut body, self.offset.saturating_add(self.header))?;
        Ok(body)
    }
}

/// The boxes at the top level, up to and including one that the file cuts off.
pub(crate) fn top_level(file: &File, file_length: u64) -> io::Result<Vec<TopBox>> {
    let (mut offset, mut found) = (0u64, Vec::new());
    while offset < file_length && found.len() < MAX_TOP_LEVEL_BOXES {
        let mut head = [0u8; 16];
        let have = read_up_to(file, &mut head, offset)?;
        let Some((header, length)) = header_and_length(head.get(..have).unwrap_or(&[]), file_length - offset)
        else {
            break;
        };
        let Some(kind) = four(&head, 4) else { break };
        found.push(TopBox { kind, offset, header: header as u64, length });
        offset = offset.saturating_add(length);
    }
    Ok(found)
}

fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut have = 0;
    while let Some(rest) = buffer.get_mut(have..).filter(|r| !r.is_empty()) {
        match file.read_at(rest, offset + have as u64)? {
            0 => break,
            n => have += n,
        }
    }
    Ok(have)
}

/// Header bytes and total length of the box at the start of `data`; a length of 0 means "to the end".
fn header_and_length(data: &[u8], available: u64) -> Option<(usize, u64)> {
    let (header, length) = match be_u32(data, 0)? {
        0 => (8, available),
        1 => (16, be_u64(data, 8)?),
        n => (8, u64::from(n)),
    };
    (length >= header as u64).then_some((header, length))
}

/// Four bytes at `at`.
pub(crate) fn four(data: &[u8], at: usize) -> Option<[u8; 4]> {
    data.get(at..at.checked_add(4)?)?.try_into().ok()
}

/// A big-endian 32-bit number at `at`.
pub(crate) fn be_u32(data: &[u8], at: usize) -> Option<u32> {
    four(data, at).map(u32::from_be_bytes)
}

/// A big-endian 64-bit number at `at`.
pub(crate) fn be_u64(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(data.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(kind: [u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 8).unwrap();
        [&length.to_be_bytes()[..], &kind, body].concat()
    }

    #[test]
    fn nested_boxes_are_found_by_path() {
        let data =
            plain(*b"moov", &[plain(*b"free", b""), plain(*b"trak", &plain(*b"tkhd", b"abc"))].concat());
        assert_eq!(descend(&data, &[b"moov", b"trak", b"tkhd"]), Some(&b"abc"[..]));
        assert_eq!(descend(&data, &[b"moov", b"mdia"]), None);
    }

    #[test]
    fn nonsense_ends_the_walk_instead_of_looping() {
        assert_eq!(children(&[0, 0, 0, 3, b'm', b'o', b'o', b'v', 1, 2]).count(), 0);
        assert_eq!(children(&[0xff; 40]).count(), 0);
        assert_eq!(children(&plain(*b"free", b"x")[..8]).count(), 0);
    }

    #[test]
    fn a_box_that_the_file_cuts_off_says_so() {
        let mut data = plain(*b"ftyp", b"isom");
        data.extend(&plain(*b"mdat", &[0; 100])[..50]);
        let file = tempfile_with(&data);
        let boxes = top_level(&file, data.len() as u64).unwrap();
        assert_eq!(boxes.len(), 2);
        assert!(!boxes[0].is_cut(data.len() as u64) && boxes[1].is_cut(data.len() as u64));
    }

    fn tempfile_with(data: &[u8]) -> File {
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(data).unwrap();
        file
    }
}
