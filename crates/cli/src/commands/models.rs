//! `obscura models`: what is installed, with digests and licences.

use obscura_policy::media::{home_folder, list_assets};

use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::printer::Printer;

pub(crate) fn run(_: &ReportArgs, printer: &Printer) -> Result<(), Failure> {
    let assets = list_assets(&home_folder()?)?;
    if printer.wants_json() {
        return printer.json(&assets);
    }
    for asset in &assets {
        let state = asset.problem.as_deref().unwrap_or("installed");
        printer.data(&format!(
            "{} {}: {state}\n    {}\n    from {}, licence {}, sha256 {}\n",
            asset.kind, asset.name, asset.purpose, asset.package, asset.licence, asset.sha256
        ))?;
    }
    Ok(())
}
