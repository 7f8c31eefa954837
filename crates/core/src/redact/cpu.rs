//! The kernels on the processor: the reference for the shaders, and what runs where there is no GPU.

use rayon::prelude::*;

use super::backend::{Backend, Job};
use super::error::RedactError;
use super::grid::{CellGrid, GridLayout, MAX_CELLS, WEIGHT_ONE, rounded_mean};
use super::surface::{PLANE_SCALES, PlaneSurface};
use crate::model::{Frame, PlaneMut, PlaneRef};

/// Masks whose box has fewer chroma samples than this (512x512 luma pixels) are done by one thread: the other
/// cores have decoding, detection and encoding to do, and waking them costs more than it brings.
const PARALLEL_FROM_CHROMA: u64 = 256 * 256;

/// Rows that a thread takes at a time.
const ROWS_PER_TASK: usize = 32;

/// The processor, with memory that is reused from frame to frame.
#[derive(Debug)]
pub(crate) struct CpuBackend {
    smooth: bool,
    surface: PlaneSurface,
    /// Sums of the columns of a row of cells.
    columns: Vec<u32>,
}

impl CpuBackend {
    /// `smooth` draws a surface, otherwise flat cells.
    pub(crate) fn new(smooth: bool) -> Self {
        Self { smooth, surface: PlaneSurface::default(), columns: Vec::new() }
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn begin(&mut self, _frame: &Frame, _jobs: &[Job]) -> Result<(), RedactError> {
        Ok(())
    }

    fn measure(&mut self, frame: &Frame, jobs: &[Job]) -> Result<Vec<CellGrid>, RedactError> {
        let planes = frame.planes();
        Ok(jobs.iter().map(|job| measure_job(&planes, &job.layout, &mut self.columns)).collect())
    }

    fn paint(
        &mut self,
        frame: &mut Frame,
        jobs: &[Job],
        surfaces: &[CellGrid],
    ) -> Result<Vec<u64>, RedactError> {
        let mut planes = frame.planes_mut();
        let mut written = Vec::with_capacity(jobs.len());
        for (job, surface) in jobs.iter().zip(surfaces) {
            let mut samples = 0;
            for ((plane, values), scale) in planes.iter_mut().zip(&surface.planes).zip(PLANE_SCALES) {
                self.surface.prepare(&job.layout, values, scale, self.smooth);
                samples += paint_plane(&self.surface, plane, job, scale as usize);
            }
            written.push(samples);
        }
        Ok(written)
    }
}

fn is_large(layout: &GridLayout) -> bool {
    u64::from(layout.cols.len) * u64::from(layout.rows.len) >= PARALLEL_FROM_CHROMA
}

fn measure_job(planes: &[PlaneRef<'_>; 3], layout: &GridLayout, columns: &mut Vec<u32>) -> CellGrid {
    let mut grid = CellGrid::flat([0; 3]);
    for ((plane, values), scale) in planes.iter().zip(&mut grid.planes).zip(PLANE_SCALES) {
        let rows = values.chunks_exact_mut(MAX_CELLS).zip(0..layout.rows.cells);
        if is_large(layout) {
            rows.collect::<Vec<_>>()
                .into_par_iter()
                .for_each_with(Vec::new(), |own, (row, j)| cell_row(plane, layout, scale, j, own, row));
        } else {
            rows.for_each(|(row, j)| cell_row(plane, layout, scale, j, columns, row));
        }
    }
    grid
}

/// Means of the cells of one row of cells. Columns are added up first, which runs along the picture's rows.
fn cell_row(
    plane: &PlaneRef<'_>,
    layout: &GridLayout,
    scale: u32,
    j: u32,
    columns: &mut Vec<u32>,
    means: &mut [u8],
) {
    let (cols, rows) = (layout.cols, layout.rows);
    let along_x = |bound: u32| (bound * scale) as usize;
    let along_y = |bound: u32| ((rows.start + bound) * scale) as usize;
    let lines = along_y(rows.bound(j))..along_y(rows.bound(j + 1));
    let left = along_x(cols.start);
    columns.clear();
    columns.resize(along_x(cols.len), 0);
    for y in lines.clone() {
        // At most 16384 rows of 255: no column comes near 2^32.
        let row = plane.row(y).get(left..left + columns.len()).unwrap_or(&[]);
        columns.iter_mut().zip(row).for_each(|(sum, sample)| *sum += u32::from(*sample));
    }
    for (i, mean) in (0..cols.cells).zip(means) {
        let cell = columns.get(along_x(cols.bound(i))..along_x(cols.bound(i + 1))).unwrap_or(&[]);
        let sum = cell.iter().map(|column| u64::from(*column)).sum();
        *mean = rounded_mean(sum, cell.len() as u64 * lines.len() as u64);
    }
}

/// Writes the surface inside the spans of one plane and returns the samples written.
fn paint_plane(surface: &PlaneSurface, plane: &mut PlaneMut<'_>, job: &Job, scale: usize) -> u64 {
    let stride = plane.stride.max(1);
    let first = job.layout.rows.start as usize * scale * stride;
    let end = first + surface.row_taps().len() * stride;
    let Some(band) = plane.data.get_mut(first..end) else { return 0 };
    let paint = |(y, row): (usize, &mut [u8])| paint_row(surface, row, y, job, scale).unwrap_or(0);
    if is_large(&job.layout) {
        band.par_chunks_mut(stride).enumerate().with_min_len(ROWS_PER_TASK).map(paint).sum()
    } else {
        band.chunks_mut(stride).enumerate().map(paint).sum()
    }
}

/// Writes row `y` of the mask's box; none where a row is missing, which the count of samples brings to light.
fn paint_row(surface: &PlaneSurface, row: &mut [u8], y: usize, job: &Job, scale: usize) -> Option<u64> {
    let span = job.coverage.spans().get(y / scale)?;
    let (start, end) = (usize::from(span.start) * scale, usize::from(span.end) * scale);
    let left = job.layout.cols.start as usize * scale;
    let inside = start.saturating_sub(left)..end.saturating_sub(left);
    let taps = surface.row_taps().get(y)?;
    let lines =
        job.layout.rows.neighbours(taps.cell).map(|j| surface.line(j).get(inside.clone()).unwrap_or(&[]));
    Some(blend(row.get_mut(start..end)?, lines, taps.weights))
}

/// Weighs three spread lines into `samples`, rounding once at the end, and returns how many were written.
fn blend(samples: &mut [u8], [before, here, after]: [&[u16]; 3], weights: [u32; 3]) -> u64 {
    const HALF: u32 = WEIGHT_ONE * WEIGHT_ONE / 2;
    let [w_before, w_here, w_after] = weights;
    let written = samples.len().min(before.len()).min(here.len()).min(after.len());
    for (((sample, b), h), a) in samples.iter_mut().zip(before).zip(here).zip(after) {
        let sum = u32::from(*b) * w_before + u32::from(*h) * w_here + u32::from(*a) * w_after;
        // The sum is at most 255 * 65536, so the third byte of the rounded sum is the value.
        let [_, _, value, _] = (sum + HALF).to_le_bytes();
        *sample = value;
    }
    written as u64
}
