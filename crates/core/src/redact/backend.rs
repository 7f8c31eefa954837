//! What a device has to do: measure the cells of masks in the untouched picture, then paint surfaces over it.

use super::error::RedactError;
use super::grid::{CellGrid, GridLayout};
use super::spans::Coverage;
use crate::model::Frame;

/// One mask, ready to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The samples that it covers.
    pub(crate) coverage: Coverage,
    /// Its cells.
    pub(crate) layout: GridLayout,
}

/// A device that hides. All of them give the same bytes.
///
/// For each frame: `begin`, then `measure` where means are wanted, then `paint`.
pub(crate) trait Backend: Send {
    /// Name for people, such as `cpu` or that of the adapter.
    fn name(&self) -> &str;

    /// Takes the picture and the masks of a frame.
    ///
    /// # Errors
    /// The device failed; the picture is untouched.
    fn begin(&mut self, frame: &Frame, jobs: &[Job]) -> Result<(), RedactError>;

    /// The rounded mean of every cell of every mask in the picture as it came.
    ///
    /// # Errors
    /// The device failed; the picture is untouched.
    fn measure(&mut self, frame: &Frame, jobs: &[Job]) -> Result<Vec<CellGrid>, RedactError>;

    /// Paints one surface for each mask, in order, and returns how many samples it wrote for each.
    ///
    /// # Errors
    /// The device failed; the picture may be partly painted.
    fn paint(
        &mut self,
        frame: &mut Frame,
        jobs: &[Job],
        surfaces: &[CellGrid],
    ) -> Result<Vec<u64>, RedactError>;
}
