//! The arrows between crates and between the engine's stages point one way; this finds those that do not.

use std::path::Path;

use crate::repo::{Metadata, Package};
use crate::rust_paths::{NamedPath, named_paths};
use crate::sources::{Finding, Source};

/// Which members of the workspace each member may depend on, tests included. A new member needs a row.
const CRATES: [(&str, &[&str]); 8] = [
    ("obscura-core", &[]),
    ("obscura-policy", &["obscura-core"]),
    ("obscura-registry", &["obscura-policy"]),
    ("obscura-server", &["obscura-registry", "obscura-policy"]),
    ("obscura-cli", &["obscura-server", "obscura-registry", "obscura-policy"]),
    // The kernels alone: the engine is out of its reach too, see `ENGINE`.
    ("obscura-benches", &["obscura-core", "obscura-policy", "obscura-tests"]),
    // Whole-product tests go through the binary, not through the code.
    ("obscura-tests", &["obscura-policy"]),
    ("xtask", &[]),
];

/// The engine runs only under a permit, so only the gate may start it.
const ENGINE: [&str; 2] = ["obscura_core", "engine"];
/// The folder of the gate.
const GATE: &str = "crates/policy/";

const CORE: &str = "crates/core/src/";
/// The stages, which do not see one another.
const STAGES: [&str; 5] = ["media", "detect", "track", "redact", "voice"];
/// Where the stages meet: it sees them, they do not see it.
const MEETING_PLACES: [&str; 2] = ["pipeline", "engine"];

/// Checks the members' manifests and every Rust source.
pub(crate) fn check(root: &Path, metadata: &Metadata, sources: &[Source]) -> Vec<Finding> {
    let names: Vec<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut findings: Vec<Finding> =
        metadata.packages.iter().flat_map(|package| dependencies(root, package, &names, sources)).collect();
    for source in sources.iter().filter(|source| source.is_rust()) {
        let paths = named_paths(&source.text);
        findings.extend(engine(source, &paths));
        findings.extend(stages(source, &paths));
    }
    findings.sort();
    findings.dedup();
    findings
}

fn dependencies(root: &Path, package: &Package, names: &[&str], sources: &[Source]) -> Vec<Finding> {
    let path = package.manifest_path.strip_prefix(root).unwrap_or(&package.manifest_path);
    let path = path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    let finding = |word: &str, what: String| {
        let manifest = sources.iter().find(|source| source.path == path);
        let line = manifest
            .and_then(|source| source.text.lines().position(|line| line.trim_start().starts_with(word)));
        Finding { path: path.clone(), line: line.map_or(1, |line| line + 1), what }
    };
    let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == package.name) else {
        let what = format!(
            "`{}` has no row in the layers (xtask/src/layers.rs): say what it may depend on",
            package.name
        );
        return vec![finding("name", what)];
    };
    let inside = package.dependencies.iter().filter(|dependency| names.contains(&dependency.name.as_str()));
    inside
        .filter(|dependency| !allowed.contains(&dependency.name.as_str()))
        .map(|dependency| {
            let what =
                if allowed.is_empty() { "nothing in this workspace".to_owned() } else { allowed.join(", ") };
            finding(
                &dependency.name,
                format!("`{}` may not depend on `{}`: it sees only {what}", package.name, dependency.name),
            )
        })
        .collect()
}

fn engine(source: &Source, paths: &[NamedPath]) -> Vec<Finding> {
    if source.path.starts_with(GATE) {
        return Vec::new();
    }
    let named = paths.iter().filter(|path| path.starts_with(&ENGINE));
    named
        .map(|path| {
            finding(
                source,
                path,
                format!("only {GATE} may name `{}`: ask the gate instead", ENGINE.join("::")),
            )
        })
        .collect()
}

fn stages(source: &Source, paths: &[NamedPath]) -> Vec<Finding> {
    let Some(inside) = source.path.strip_prefix(CORE) else { return Vec::new() };
    let own = inside.split(['/', '.']).next().unwrap_or(inside);
    if !STAGES.contains(&own) && own != "model" {
        return Vec::new();
    }
    let depth = depth_below_crate(inside);
    paths
        .iter()
        .filter_map(|path| {
            let other = from_crate_root(path, depth)?;
            let is_other_stage = STAGES.contains(&other) && other != own;
            let what = format!("`{own}` may not see `{other}`: they meet in `pipeline`, through `model`");
            (is_other_stage || MEETING_PLACES.contains(&other)).then(|| finding(source, path, what))
        })
        .collect()
}

/// How many `super` lead from a file to the root of its crate: one for `media/mod.rs`, two for `media/reader.rs`.
fn depth_below_crate(inside: &str) -> usize {
    let folders = inside.matches('/').count();
    if inside.ends_with("/mod.rs") { folders } else { folders + 1 }
}

/// The module right under the crate's root that the path names, where it begins at the root. More `super` than the file
/// is deep come from a module inside the file, and may lead there too.
fn from_crate_root(path: &NamedPath, depth: usize) -> Option<&str> {
    if path.starts_with(&["crate"]) {
        return path.segment(1);
    }
    let ups = path.segments.iter().take_while(|segment| *segment == "super").count();
    (ups >= depth).then(|| path.segment(ups)).flatten()
}

fn finding(source: &Source, path: &NamedPath, what: String) -> Finding {
    Finding { path: source.path.clone(), line: path.line, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Dependency;
    use crate::sources::fixture;

    fn package(root: &Path, name: &str, folder: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest_path: root.join(folder).join("Cargo.toml"),
            dependencies: dependencies.iter().map(|name| Dependency { name: (*name).to_owned() }).collect(),
        }
    }

    /// The findings as `path:line`, for members given as (name, folder, dependencies) and files.
    fn found(members: &[(&str, &str, &[&str])], files: &[(&str, &str)]) -> Vec<String> {
        let (root, sources) = fixture(files);
        let packages = members
            .iter()
            .map(|(name, folder, dependencies)| package(root.path(), name, folder, dependencies))
            .collect();
        let metadata = Metadata { packages, target_directory: root.path().join("target") };
        let findings = check(root.path(), &metadata, &sources);
        findings.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
    }

    #[test]
    fn the_planned_arrows_are_allowed() {
        let members: [(&str, &str, &[&str]); 5] = [
            ("obscura-core", "crates/core", &["serde"]),
            ("obscura-policy", "crates/policy", &["obscura-core", "serde"]),
            ("obscura-cli", "crates/cli", &["obscura-policy"]),
            ("obscura-benches", "benches", &["obscura-core"]),
            ("xtask", "xtask", &["serde"]),
        ];
        let files = [
            ("crates/policy/src/run.rs", "use obscura_core::engine::Engine;"),
            ("benches/src/main.rs", "use obscura_core::redact;"),
            ("crates/core/src/pipeline/mod.rs", "use crate::{media, detect::Detector};"),
            ("crates/core/src/engine.rs", "use crate::pipeline; use crate::voice;"),
            (
                "crates/core/src/media/mod.rs",
                "mod reader; use crate::media::reader; use super::model::Frame;",
            ),
            ("crates/core/src/media/reader.rs", "// crate::detect\nuse crate::model; use super::detect;"),
            (
                "crates/cli/src/main.rs",
                "//! Never obscura_core::engine.\nconst A: &str = \"obscura_core::engine\";",
            ),
        ];
        assert_eq!(found(&members, &files), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_back_is_found_with_its_line() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nobscura-core.workspace = true\n";
        let back: [(&str, &str, &[&str]); 3] = [
            ("obscura-core", "crates/core", &[]),
            ("obscura-policy", "crates/policy", &["obscura-core"]),
            ("obscura-cli", "crates/cli", &["obscura-core"]),
        ];
        assert_eq!(found(&back, &[("crates/cli/Cargo.toml", manifest)]), ["crates/cli/Cargo.toml:4"]);
        let cycle: [(&str, &str, &[&str]); 2] =
            [("obscura-core", "crates/core", &["obscura-policy"]), ("obscura-policy", "crates/policy", &[])];
        assert_eq!(found(&cycle, &[]), ["crates/core/Cargo.toml:1"]);
    }

    #[test]
    fn a_member_without_a_row_is_found() {
        assert_eq!(found(&[("obscura-new", "crates/new", &[])], &[]), ["crates/new/Cargo.toml:1"]);
    }

    #[test]
    fn the_engine_outside_the_gate_is_found_however_it_is_written() {
        let texts = [
            "\nuse obscura_core::engine::Engine;",
            "\nuse obscura_core::{model::Plan, engine};",
            "\nfn f() { obscura_core::engine::run() }",
            "\nuse obscura_core::{\n    engine::{self, Engine}};",
        ];
        for (text, line) in texts.iter().zip([2, 2, 2, 3]) {
            for path in ["crates/cli/src/a.rs", "benches/src/a.rs", "tests/src/a.rs"] {
                assert_eq!(found(&[], &[(path, text)]), [format!("{path}:{line}")], "{text}");
            }
        }
    }

    #[test]
    fn a_stage_that_sees_another_is_found() {
        let cases = [
            ("crates/core/src/media/reader.rs", "\nuse crate::detect::Detector;"),
            ("crates/core/src/detect/mod.rs", "\nuse crate::{model::Frame, redact};"),
            ("crates/core/src/track.rs", "\nuse super::voice::Voice;"),
            ("crates/core/src/redact/mod.rs", "\nuse super::media::Reader;"),
            ("crates/core/src/voice/pitch.rs", "\nuse super::super::track::Track;"),
            ("crates/core/src/voice/a/b.rs", "\nuse super::super::super::track::Track;"),
            ("crates/core/src/redact/gpu.rs", "\nuse crate::pipeline::Queue;"),
            ("crates/core/src/model/plan.rs", "\nuse crate::media::Codec;"),
        ];
        for (path, text) in cases {
            assert_eq!(found(&[], &[(path, text)]), [format!("{path}:2")], "{text}");
        }
    }
}
