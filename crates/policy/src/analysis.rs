//! Looking without showing: the analysis of a recording needs no permit, since no picture with a readable face leaves it.

use obscura_core::engine::{self, Analysis, Assets, EngineError, InputFile, Link};
use obscura_core::model::Plan;

/// Finds out where faces and tones are in a recording. What comes back are numbers, and, where it is asked for, a contact sheet
/// on which every face is a flat grey: a working paper for those who may see the recording anyway. It is no derivative,
/// and nothing of it goes into one but masks.
///
/// # Errors
/// [`EngineError`], as for a rendering.
pub fn analyze(
    plan: &Plan,
    input: &InputFile,
    assets: &Assets,
    wants_contact_sheet: bool,
    link: &Link,
) -> Result<Analysis, EngineError> {
    engine::analyze(plan, input, assets, wants_contact_sheet, link)
}
