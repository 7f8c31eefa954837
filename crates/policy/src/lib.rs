//! The gate: facts, rules, a permit with obligations, rendering under it, evidence, and the receipt.
//!
//! ```text
//!  sheet + input + request ──facts──▶ rules::decide ──▶ audit log ──▶ Permit ──▶ render ──▶ output + receipt
//!                  policy ────┘                            └───────▶ Decision with every reason against it
//! ```
//!
//! This is the only crate that calls the engine, and [`render`] takes a [`Permit`] that nobody else can make, and that
//! cannot be made of a decision that the audit log does not have.

#![forbid(unsafe_code)]

mod account;
mod canonical;
pub mod checklist;
pub mod config;
mod dsse;
mod durable;
mod evidence;
pub mod extra;
pub mod fhir;
mod gate;
mod keys;
mod log;
mod per_person;
mod permit;
mod policy_file;
mod receipt;
pub mod rules;
pub mod sheet;
mod state;
mod verify;

/// Looking without showing needs no permit: what comes back are numbers and, on request, a contact sheet on which every
/// face is a flat grey, a working paper for those who may see the recording anyway.
pub use obscura_core::engine::analyze;

pub use dsse::EnvelopeError;
pub use durable::open_regular;
pub use gate::{GateError, Order, Source, Verdict, consider, judge, note_unusable_sheet, render};
pub use keys::{KeyError, PublicKey};
pub use log::{Audit, CheckpointError, LogError};
pub use permit::Permit;
pub use policy_file::{Difference, Installed, MAX_POLICY_BYTES, Policy, Site, Storage};
pub use receipt::{Receipt, receipt_path};
pub use state::{ClockAnswer, InstallError, State, StateError};
pub use verify::{Verified, VerifyError, verify};

pub mod media {
    //! What the engine offers to those who may look but not render.

    pub use obscura_core::engine::{
        AdapterInfo, Address, Analysis, AssetError, AssetStatus, Assets, BesideReport, Component,
        EngineError, FailureKind, InputFile, Link, MAX_TRACKS_BYTES, MediaError, OpenError, OutputError,
        Phase, Progress, StageReport, TrackFile, TrackReport, TracksError, home_folder, list_adapters,
        list_assets, list_components, prepare,
    };
    pub use obscura_core::model;
}
