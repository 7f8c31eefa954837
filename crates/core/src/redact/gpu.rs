//! The kernels on a GPU: upload, measure, sums back, paint, what was painted back.
//!
//! Of the picture, only the rows that masks lie on go there and come back.
//!
//! Whatever goes wrong here ends in an error, see [`crate::gpu`].

use std::ops::Range;

use super::backend::{Backend, Job};
use super::error::RedactError;
use super::gpu_buffers as layout;
use super::gpu_buffers::Buffers;
use super::grid::CellGrid;
use super::rows::reached;
use crate::gpu::{Binding, Gpu, GpuError, read};
use crate::model::{Frame, FrameSize};

/// The shader that adds up cells.
pub(crate) const MEASURE_WGSL: &str = include_str!("../../../../shaders/measure.wgsl");

/// The shader that paints surfaces.
pub(crate) const PAINT_WGSL: &str = include_str!("../../../../shaders/paint.wgsl");

/// Words that one invocation of the paint shader owns; the same number as in the shader.
const RUN_WORDS: u32 = 8;

/// Columns and rows of one workgroup, as in the shaders.
const MEASURE_GROUP: [u32; 2] = [8, 8];
const PAINT_GROUP: [u32; 2] = [4, 16];

/// The one group of bindings that both shaders share: one mask, the picture, spans, surfaces, tallies.
const BINDINGS: [Binding; 5] =
    [Binding::Settings(layout::JOB_BYTES), Binding::Write, Binding::Read, Binding::Read, Binding::Write];

/// A GPU with its pipelines and memory.
#[derive(Debug)]
pub(crate) struct GpuBackend {
    gpu: Gpu,
    bindings: wgpu::BindGroupLayout,
    measure: wgpu::ComputePipeline,
    paint: wgpu::ComputePipeline,
    buffers: Buffers,
    size: FrameSize,
    smooth: bool,
}

impl GpuBackend {
    /// Opens the adapter for pictures of one size. `smooth` draws a surface, otherwise flat cells.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`], or [`GpuError::Failed`] where the device cannot be opened.
    pub(crate) fn new(
        adapter: &wgpu::Adapter,
        name: &str,
        size: FrameSize,
        smooth: bool,
    ) -> Result<Self, GpuError> {
        let gpu = Gpu::open(adapter, name, "redaction")?;
        gpu.check_size("a picture", size.byte_len() as u64)?;
        let (bindings, measure, paint, buffers) = gpu.guarded("opening it", || {
            let bindings = gpu.layout("redaction", &BINDINGS);
            let measure = gpu.pipeline(&bindings, "measure", MEASURE_WGSL, &[]);
            let paint = gpu.pipeline(&bindings, "paint", PAINT_WGSL, &[]);
            let buffers = Buffers::new(&gpu.device, &bindings, size);
            Ok((bindings, measure, paint, buffers))
        })?;
        Ok(Self { gpu, bindings, measure, paint, buffers, size, smooth })
    }

    fn upload(&mut self, frame: &Frame, jobs: &[Job]) -> Result<(), GpuError> {
        let Self { gpu, bindings, buffers, size, .. } = self;
        gpu.guarded("sending the picture", || {
            if frame.size() != *size {
                return Err("the picture has another size than the memory made for it".to_owned());
            }
            buffers.reserve(&gpu.device, bindings, jobs);
            let lists = &buffers.lists;
            for rows in reached(jobs, *size) {
                let bytes = frame.bytes().get(rows.clone()).ok_or("a mask is outside the picture")?;
                gpu.queue.write_buffer(&buffers.picture, rows.start as u64, bytes);
            }
            gpu.queue.write_buffer(&lists.job_buffer, 0, &layout::job_bytes(jobs, *size));
            gpu.queue.write_buffer(&lists.span_buffer, 0, &layout::span_bytes(jobs));
            Ok(())
        })
    }

    /// Runs a shader once for each mask, in order, on freshly cleared tallies.
    fn encode(
        &self,
        pipeline: &wgpu::ComputePipeline,
        jobs: &[Job],
        groups: fn(&Job) -> [u32; 2],
    ) -> wgpu::CommandEncoder {
        let lists = &self.buffers.lists;
        let tally_bytes = layout::tally_bytes(jobs.len());
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.clear_buffer(&lists.tally_buffer, 0, Some(tally_bytes));
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(pipeline);
            for (job, index) in jobs.iter().zip(0u32..) {
                let [x, y] = groups(job);
                pass.set_bind_group(0, &lists.bind_group, &[index * layout::JOB_STRIDE]);
                pass.dispatch_workgroups(x, y, 1);
            }
        }
        encoder.copy_buffer_to_buffer(&lists.tally_buffer, 0, &lists.tally_back, 0, tally_bytes);
        encoder
    }

    fn measure_now(&self, jobs: &[Job]) -> Result<Vec<CellGrid>, String> {
        let encoder = self.encode(&self.measure, jobs, measure_groups);
        let tally_back = &self.buffers.lists.tally_back;
        let bytes = layout::tally_bytes(jobs.len());
        self.gpu.submit(encoder, &[(tally_back, bytes)])?;
        let means = read(tally_back, bytes, |bytes| layout::means(bytes, jobs));
        tally_back.unmap();
        means
    }

    fn paint_now(&self, frame: &mut Frame, jobs: &[Job], surfaces: &[CellGrid]) -> Result<Vec<u64>, String> {
        let packed = layout::surface_bytes(jobs, surfaces, self.smooth);
        let Buffers { picture, picture_back, lists } = &self.buffers;
        self.gpu.queue.write_buffer(&lists.surface_buffer, 0, &packed);
        let mut encoder = self.encode(&self.paint, jobs, paint_groups);
        let rows = reached(jobs, self.size);
        let mut end = 0;
        for rows in &rows {
            let bytes = rows.len() as u64;
            encoder.copy_buffer_to_buffer(picture, rows.start as u64, picture_back, end, bytes);
            end += bytes;
        }
        let tally_bytes = layout::tally_bytes(jobs.len());
        self.gpu.submit(encoder, &[(&lists.tally_back, tally_bytes), (picture_back, end)])?;
        let written = read(&lists.tally_back, tally_bytes, layout::painted);
        let copied = read(picture_back, end, |bytes| put_back(frame, &rows, bytes));
        lists.tally_back.unmap();
        picture_back.unmap();
        if copied? { written } else { Err("the picture came back in another size".to_owned()) }
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> &str {
        self.gpu.name()
    }

    fn begin(&mut self, frame: &Frame, jobs: &[Job]) -> Result<(), RedactError> {
        Ok(self.upload(frame, jobs)?)
    }

    fn measure(&mut self, _frame: &Frame, jobs: &[Job]) -> Result<Vec<CellGrid>, RedactError> {
        Ok(self.gpu.guarded("measuring", || self.measure_now(jobs))?)
    }

    fn paint(
        &mut self,
        frame: &mut Frame,
        jobs: &[Job],
        surfaces: &[CellGrid],
    ) -> Result<Vec<u64>, RedactError> {
        Ok(self.gpu.guarded("painting", || self.paint_now(frame, jobs, surfaces))?)
    }
}

/// Puts rows that came back where they belong; whether they are as many as were asked for.
fn put_back(frame: &mut Frame, rows: &[Range<usize>], mut bytes: &[u8]) -> bool {
    for rows in rows {
        let Some((these, rest)) = bytes.split_at_checked(rows.len()) else { return false };
        let Some(target) = frame.bytes_mut().get_mut(rows.clone()) else { return false };
        target.copy_from_slice(these);
        bytes = rest;
    }
    bytes.is_empty()
}

/// An invocation for each cell of each row of the box in all three planes.
fn measure_groups(job: &Job) -> [u32; 2] {
    let [cells_x, _] = job.layout.cells();
    workgroups([cells_x, job.layout.rows.len * 4], MEASURE_GROUP)
}

/// An invocation for each run of words of each row of the box in all three planes.
fn paint_groups(job: &Job) -> [u32; 2] {
    // The box may begin and end inside a word.
    let words = job.layout.cols.len * 2 / 4 + 2;
    workgroups([words.div_ceil(RUN_WORDS), job.layout.rows.len * 4], PAINT_GROUP)
}

fn workgroups([columns, rows]: [u32; 2], [group_columns, group_rows]: [u32; 2]) -> [u32; 2] {
    [columns.div_ceil(group_columns), rows.div_ceil(group_rows)]
}

#[cfg(test)]
impl GpuBackend {
    /// Takes the device away, as a driver reset does.
    pub(crate) fn lose_device(&self) {
        self.gpu.lose();
    }
}
