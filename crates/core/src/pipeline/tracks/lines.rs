//! `TRACKS.json` in lines, for whoever edits it: one for each key, for each track and for each of its boxes.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::file::TrackFile;

impl TrackFile {
    /// The file as it is written: JSON in UTF-8, each track and each box on a line of its own.
    ///
    /// # Errors
    /// Where a number is none that JSON knows.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut json = Vec::new();
        self.serialize(&mut Serializer::with_formatter(&mut json, Lines::default()))?;
        json.push(b'\n');
        Ok(json)
    }
}

/// Begins a line for each key of the outermost object, and for each object in a list. What lies deeper stays on it.
#[derive(Debug, Default)]
struct Lines {
    /// Of each object and list around what is written, whether it is a list.
    around: Vec<bool>,
}

impl Lines {
    /// Begins a line, with a space for each list and object around it.
    fn begin(&self, writer: &mut (impl ?Sized + Write)) -> io::Result<()> {
        writer.write_all(b"\n")?;
        self.around.iter().try_for_each(|_| writer.write_all(b" "))
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.around.push(true);
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.around.pop();
        writer.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b",") }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.around.last() == Some(&true) {
            self.begin(writer)?;
        }
        self.around.push(false);
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.around.pop();
        if self.around.is_empty() {
            self.begin(writer)?;
        }
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        match self.around.as_slice() {
            [_outermost] => self.begin(writer),
            _ if !first => writer.write_all(b" "),
            _ => Ok(()),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn each_track_and_each_box_has_a_line_and_nothing_is_lost() {
        let file = testing::file_of(3);
        let json = file.to_json().unwrap();
        assert_eq!(TrackFile::read(json.as_slice()).unwrap(), file);
        let text = String::from_utf8(json).unwrap();
        let boxes: usize = file.tracks.iter().map(|track| track.boxes.len()).sum();
        let lines = |start: &str| text.lines().filter(|line| line.trim_start().starts_with(start)).count();
        assert!(boxes > 0 && text.ends_with("\n}\n"));
        assert_eq!((lines("{\"id\": "), lines("{\"frame\": ")), (file.tracks.len(), boxes));
        assert_eq!((lines("\"pts_nanos\": ["), lines("\"settings\": {")), (1, 1));
    }
}
