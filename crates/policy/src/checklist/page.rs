//! The checklist as a page of its own: no script, nothing loaded from elsewhere.

use std::fmt::Write;

use super::{Line, Status};
use crate::rules::Instant;

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Checklist of a compliant recording</title>
<meta name=\"viewport\" content=\"width=device-width\">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.4rem .6rem;text-align:left;vertical-align:top}
th{background:#eee}.pass{background:#e3f4e3}.fail{background:#f9dcdc;font-weight:bold}.gap{background:#fff6d6}.said{background:#e6eefb}
</style></head><body>
";

/// A page with one row for each line. States are told by words, not by colour alone.
pub fn to_html(lines: &[Line], at: Instant) -> String {
    let mut page = HEAD.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<h1>Checklist of a compliant recording</h1>\n<p>As of {at}, from the evidence on file. A line without evidence is \
         <em>not evidenced</em>; <em>attested</em> means that somebody says so and nothing measured shows it.</p>\n<table>\n\
         <thead><tr><th scope=\"col\">Line</th><th scope=\"col\">Answer</th><th scope=\"col\">Evidence</th></tr></thead>\n<tbody>\n"
    );
    for line in lines {
        let class = match line.status {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::NotEvidenced => "gap",
            Status::Attested => "said",
        };
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"{class}\">{}</td><td>{}</td></tr>",
            escape(line.requirement),
            line.status.as_str(),
            escape(&line.evidence)
        );
    }
    page.push_str("</tbody></table>\n</body></html>\n");
    page
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
