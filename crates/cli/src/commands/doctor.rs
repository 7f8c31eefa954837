//! `obscura doctor`: what is here, what is missing, and how to get it.

use obscura_policy::media::{Component, home_folder, list_adapters, list_assets, list_components};
use serde::Serialize;

use crate::args::ReportArgs;
use crate::failure::{Exit, Failure};
use crate::printer::Printer;

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    state: &'static str,
    note: String,
}

pub(crate) fn run(_: &ReportArgs, printer: &Printer) -> Result<(), Failure> {
    let mut lines = Vec::new();
    for asset in list_assets(&home_folder()?)? {
        let state = if asset.installed { "ok" } else { "missing" };
        let purpose = asset.purpose.trim_end_matches('.');
        let get =
            |problem| format!("{problem}; {purpose}; `cargo xtask setup` fetches it from {}", asset.package);
        let note = asset.problem.map_or_else(|| purpose.to_owned(), get);
        lines.push(Line { name: asset.name, state, note });
    }
    lines.extend(list_components().into_iter().map(component_line));
    lines.extend(list_adapters().into_iter().map(|adapter| Line {
        name: adapter.name.clone(),
        state: "ok",
        note: format!("graphics adapter ({:?})", adapter.kind),
    }));
    if printer.wants_json() {
        printer.json(&lines)?;
    } else {
        for Line { name, state, note } in &lines {
            printer.data(&format!("{state:8} {name}: {note}\n"))?;
        }
    }
    if lines.iter().any(|line| line.state == "missing") {
        return Err(Failure::new(Exit::Environment, "something that every run needs is missing")
            .with_help("`cargo xtask setup` in the source folder installs it"));
    }
    Ok(())
}

fn component_line(component: Component) -> Line {
    let state = match (component.present, component.required) {
        (true, _) => "ok",
        (false, true) => "missing",
        (false, false) => "absent",
    };
    let note = if component.present {
        component.purpose.to_owned()
    } else {
        format!("{}; Debian package {}", component.purpose, component.debian_package)
    };
    Line { name: component.element.to_owned(), state, note }
}
