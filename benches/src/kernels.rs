//! The micro-benchmarks of `benches/benches/kernels.rs`, as a table.

use std::process::Command;

use crate::results::Section;

/// Runs them; the table is divan's own.
pub(crate) fn section() -> Result<Section, String> {
    crate::talk("kernels");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["bench", "-p", "obscura-benches", "--bench", "kernels"];
    let run = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|e| format!("cargo cannot be started: {e}"))?;
    if !run.status.success() {
        return Err(format!("the micro-benchmarks failed: {}", String::from_utf8_lossy(&run.stderr)));
    }
    let table = String::from_utf8_lossy(&run.stdout);
    let table: Vec<&str> = table.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let body = format!("Each on one thread, on noise.\n\n```text\n{}\n```\n", table.join("\n"));
    Ok(Section { name: "kernels", title: "Kernels", body })
}
