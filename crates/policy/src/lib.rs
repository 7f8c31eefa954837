//! The gate: facts, rules, a permit with obligations, rendering under it, evidence, and the receipt.
//!
//! ```text
//!  sheet + input + request ──facts──▶ rules::decide ──▶ Permit ──consumed by──▶ render ──▶ output + receipt
//!                                          └──────────▶ Decision with every reason against it
//! ```
//!
//! This is the only crate that calls the engine, and [`render`] takes a [`Permit`] that nobody else can make.

#![forbid(unsafe_code)]

pub mod checklist;
pub mod config;
mod evidence;
#[cfg(feature = "cedar")]
pub mod extra;
pub mod fhir;
mod gate;
mod permit;
mod receipt;
pub mod rules;
pub mod sheet;

pub use gate::{GateError, Order, Verdict, judge, render};
pub use permit::Permit;
pub use receipt::{Receipt, receipt_path};

pub mod media {
    //! What the engine offers to those who may look but not render.

    pub use obscura_core::engine::{
        AdapterInfo, AssetError, AssetStatus, Assets, Component, EngineError, FailureKind, InputFile, Link,
        MediaError, OpenError, OutputError, Phase, Progress, home_folder, list_adapters, list_assets,
        list_components, start_framework,
    };
    pub use obscura_core::model;
}
