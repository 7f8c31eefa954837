//! `RESULTS.md`: one marked section a measurement, replaced by the next run of the same measurement.

use std::fs;
use std::io;
use std::path::Path;

use crate::machine;

/// One measurement's part of the file.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    /// The word of the command line.
    pub(crate) name: &'static str,
    /// What was measured.
    pub(crate) title: &'static str,
    /// Table and remarks, in Markdown.
    pub(crate) body: String,
}

impl Section {
    /// Its Markdown, with the command and the machine.
    pub(crate) fn text(&self) -> String {
        format!(
            "## {}\n\n`cargo xtask {} {}`, {}\n\n{}",
            self.title,
            if crate::QUALITY.contains(&self.name) { "quality" } else { "bench" },
            self.name,
            machine::describe(),
            self.body.trim_end()
        )
    }

    fn marks(&self) -> [String; 2] {
        ["begin", "end"].map(|edge| format!("<!-- {}:{edge} -->", self.name))
    }

    /// The file with this section replaced, or added at its end.
    fn put_into(&self, file: &str) -> String {
        let [begin, end] = self.marks();
        let new = format!("{begin}\n{}\n{end}", self.text());
        match (file.split_once(&begin), file.split_once(&end)) {
            (Some((before, _)), Some((_, after))) => format!("{before}{new}{after}"),
            _ => format!("{}\n\n{new}\n", file.trim_end()),
        }
    }
}

/// Writes the section into the file; what other measurements wrote stays.
pub(crate) fn write(section: &Section) -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
    fs::write(&path, section.put_into(&fs::read_to_string(&path)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_itself_and_nothing_else() {
        let section = |body: &str| Section { name: "speed", title: "Speed", body: body.to_owned() };
        let first = section("one").put_into("# Results\n\n<!-- leak:begin -->\nleak\n<!-- leak:end -->\n");
        let second = section("two").put_into(&first);
        assert!(first.contains("one") && first.contains("leak\n<!-- leak:end -->"));
        assert_eq!(second, first.replace("one", "two"));
    }
}
