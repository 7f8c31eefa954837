//! Looks at a shared library's file before it is loaded, so that a missing or damaged one is an error and not
//! a crash.
//!
//! The loader maps the file and runs its start-up code. Of a file that was cut off (a full disk, a broken
//! download) it maps pages that do not exist, and the process dies on the first touch.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Size of an ELF-64 file header.
const HEADER_BYTES: usize = 64;

/// What is wrong with a library's file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// There is nothing at that place.
    Missing,
    /// There is something, but it cannot be a library of this machine.
    Unusable(&'static str),
}

/// Checks that `path` is a readable ordinary file and, on Linux, a 64-bit ELF file that is there to its end.
///
/// # Errors
/// The first flaw found.
pub(crate) fn inspect(path: &Path) -> Result<(), Flaw> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Flaw::Missing,
        io::ErrorKind::PermissionDenied => Flaw::Unusable("it may not be read"),
        _ => Flaw::Unusable("it cannot be read"),
    };
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(Flaw::Unusable("it is not an ordinary file"));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let bytes = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
    if cfg!(not(target_os = "linux")) {
        return Ok(());
    }
    let mut header = [0; HEADER_BYTES];
    file.rewind().and_then(|()| file.read_exact(&mut header)).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Flaw::Unusable("it is not a shared library"),
        _ => unreadable(error),
    })?;
    whole_elf(&header, bytes)
}

/// Linkers put the table of sections at the end of the file: where that table fits, nothing was cut off.
fn whole_elf(header: &[u8; HEADER_BYTES], file_bytes: u64) -> Result<(), Flaw> {
    // 64-bit (2), least significant byte first (1): ELF specification, `e_ident`.
    let [0x7f, b'E', b'L', b'F', 2, 1, ..] = header else {
        return Err(Flaw::Unusable("it is not a shared library"));
    };
    let field = |at: usize, bytes: usize| {
        let value = header.get(at..at + bytes).unwrap_or(&[]);
        value.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let (table_at, entry_bytes, entries) = (field(0x28, 8), field(0x3a, 2), field(0x3c, 2));
    match table_at.checked_add(entry_bytes * entries) {
        Some(end) if end <= file_bytes => Ok(()),
        _ => Err(Flaw::Unusable("it is cut off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(table_at: u64, entries: u8) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        header[0x28..0x30].copy_from_slice(&table_at.to_le_bytes());
        (header[0x3a], header[0x3c]) = (64, entries);
        header
    }

    #[test]
    fn a_file_that_ends_before_its_section_table_is_cut_off() {
        assert_eq!(whole_elf(&header(1000, 2), 1128), Ok(()));
        assert_eq!(whole_elf(&header(1000, 2), 1127), Err(Flaw::Unusable("it is cut off")));
        assert_eq!(whole_elf(&header(u64::MAX, 2), u64::MAX), Err(Flaw::Unusable("it is cut off")));
        assert_eq!(whole_elf(&[0; HEADER_BYTES], 1000), Err(Flaw::Unusable("it is not a shared library")));
    }

    #[test]
    fn only_a_whole_library_passes() {
        assert_eq!(inspect(Path::new("/no/such/library.so")), Err(Flaw::Missing));
        assert_eq!(inspect(&std::env::temp_dir()), Err(Flaw::Unusable("it is not an ordinary file")));
        // The test program itself is an ELF file of this machine.
        assert_eq!(inspect(&std::env::current_exe().unwrap()), Ok(()));
    }
}
