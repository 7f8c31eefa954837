//! The kernels on a GPU: upload, measure, sums back, paint, picture back.
//!
//! Whatever goes wrong here ends in an error: a lost device, a refused command, an answer that does not come within
//! [`ANSWER_WITHIN`], a panic inside the driver layer. After the first one the device is not used again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::adapters::ready;
use super::backend::{Backend, Job};
use super::error::RedactError;
use super::gpu_buffers as layout;
use super::gpu_buffers::Buffers;
use super::grid::CellGrid;
use crate::model::{Frame, FrameSize};

/// The shader that adds up cells.
pub(crate) const MEASURE_WGSL: &str = include_str!("../../../../shaders/measure.wgsl");

/// The shader that paints surfaces.
pub(crate) const PAINT_WGSL: &str = include_str!("../../../../shaders/paint.wgsl");

/// How long a frame may take on the device. A healthy one answers within milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Words that one invocation of the paint shader owns; the same number as in the shader.
const RUN_WORDS: u32 = 8;

/// Columns and rows of one workgroup, as in the shaders.
const MEASURE_GROUP: [u32; 2] = [8, 8];
const PAINT_GROUP: [u32; 2] = [4, 16];

/// The largest picture, in bytes: the storage binding that every WebGPU device offers.
const MAX_PICTURE_BYTES: u64 = 128 << 20;

/// A GPU with its pipelines and memory.
#[derive(Debug)]
pub(crate) struct GpuBackend {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    bindings: wgpu::BindGroupLayout,
    measure: wgpu::ComputePipeline,
    paint: wgpu::ComputePipeline,
    buffers: Buffers,
    size: FrameSize,
    smooth: bool,
    /// The first thing that went wrong, told by any thread of the driver.
    fault: Arc<OnceLock<String>>,
}

type Answer = Result<(), String>;

impl GpuBackend {
    /// Opens the adapter for pictures of one size. `smooth` draws a surface, otherwise flat cells.
    ///
    /// # Errors
    /// [`RedactError::TooLargeForGpu`], or [`RedactError::Gpu`] where the device cannot be opened.
    pub(crate) fn new(
        adapter: &wgpu::Adapter,
        name: &str,
        size: FrameSize,
        smooth: bool,
    ) -> Result<Self, RedactError> {
        if size.byte_len() as u64 > MAX_PICTURE_BYTES {
            return Err(RedactError::TooLargeForGpu { bytes: size.byte_len(), limit: MAX_PICTURE_BYTES });
        }
        let failed =
            |detail: String| RedactError::Gpu { adapter: name.to_owned(), step: "opening it", detail };
        let backend = catch_unwind(AssertUnwindSafe(|| Self::open(adapter, name, size, smooth)))
            .map_err(|panic| failed(panic_text(panic.as_ref())))?
            .map_err(failed)?;
        match backend.fault.get() {
            Some(detail) => Err(failed(detail.clone())),
            None => Ok(backend),
        }
    }

    fn open(adapter: &wgpu::Adapter, name: &str, size: FrameSize, smooth: bool) -> Result<Self, String> {
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("redaction"),
            required_limits: wgpu::Limits {
                max_storage_buffer_binding_size: MAX_PICTURE_BYTES,
                ..wgpu::Limits::downlevel_defaults()
            },
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = ready(adapter.request_device(&descriptor)).ok_or("it does not open")?;
        let (device, queue) = opened.map_err(|error| error.to_string())?;
        let fault = watch(&device);
        let bindings = layout::bind_group_layout(&device);
        Ok(Self {
            name: name.to_owned(),
            measure: pipeline(&device, &bindings, "measure", MEASURE_WGSL),
            paint: pipeline(&device, &bindings, "paint", PAINT_WGSL),
            buffers: Buffers::new(&device, &bindings, size),
            device,
            queue,
            bindings,
            size,
            smooth,
            fault,
        })
    }

    /// Runs one step, unless an earlier one failed, and turns whatever goes wrong in it into an error.
    fn guarded<T>(
        &mut self,
        step: &'static str,
        run: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, RedactError> {
        let before = self.fault.get().cloned();
        let outcome = match before {
            Some(detail) => Err(detail),
            None => catch_unwind(AssertUnwindSafe(|| run(self)))
                .unwrap_or_else(|panic| Err(panic_text(panic.as_ref()))),
        };
        match (outcome, self.fault.get()) {
            (Ok(value), None) => Ok(value),
            (Ok(_), Some(detail)) => Err(self.failed(step, detail.clone())),
            (Err(detail), _) => {
                let first = self.fault.get_or_init(|| detail).clone();
                Err(self.failed(step, first))
            }
        }
    }

    fn failed(&self, step: &'static str, detail: String) -> RedactError {
        RedactError::Gpu { adapter: self.name.clone(), step, detail }
    }

    fn upload(&mut self, frame: &Frame, jobs: &[Job]) -> Answer {
        if frame.size() != self.size {
            return Err("the picture has another size than the memory made for it".to_owned());
        }
        self.buffers.reserve(&self.device, &self.bindings, jobs);
        let lists = &self.buffers.lists;
        self.queue.write_buffer(&self.buffers.picture, 0, frame.bytes());
        self.queue.write_buffer(&lists.job_buffer, 0, &layout::job_bytes(jobs, self.size));
        self.queue.write_buffer(&lists.span_buffer, 0, &layout::span_bytes(jobs));
        Ok(())
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
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
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
        let answer = self.submit(encoder, &[(tally_back, layout::tally_bytes(jobs.len()))])?;
        let means = read(tally_back, answer, |bytes| layout::means(bytes, jobs));
        tally_back.unmap();
        means
    }

    fn paint_now(&self, frame: &mut Frame, jobs: &[Job], surfaces: &[CellGrid]) -> Result<Vec<u64>, String> {
        let packed = layout::surface_bytes(jobs, surfaces, self.smooth);
        let Buffers { picture, picture_back, lists } = &self.buffers;
        self.queue.write_buffer(&lists.surface_buffer, 0, &packed);
        let mut encoder = self.encode(&self.paint, jobs, paint_groups);
        let picture_bytes = self.size.byte_len() as u64;
        encoder.copy_buffer_to_buffer(picture, 0, picture_back, 0, picture_bytes);
        let tally_bytes = layout::tally_bytes(jobs.len());
        self.submit(encoder, &[(&lists.tally_back, tally_bytes), (picture_back, picture_bytes)])?;
        let written = read(&lists.tally_back, tally_bytes, layout::painted);
        let copied = read(picture_back, picture_bytes, |bytes| {
            let target = frame.bytes_mut();
            let fits = target.len() == bytes.len();
            if fits {
                target.copy_from_slice(bytes);
            }
            fits
        });
        lists.tally_back.unmap();
        picture_back.unmap();
        if copied? { written } else { Err("the picture came back in another size".to_owned()) }
    }

    /// Submits the commands and maps the first bytes of `wanted` buffers. Returns the length of the first one.
    fn submit(&self, encoder: wgpu::CommandEncoder, wanted: &[(&wgpu::Buffer, u64)]) -> Result<u64, String> {
        let submission = self.queue.submit([encoder.finish()]);
        let (told, answers) = crossbeam_channel::bounded(wanted.len());
        for (buffer, bytes) in wanted {
            let told = told.clone();
            // A full or closed channel means that nobody waits any more.
            buffer.map_async(wgpu::MapMode::Read, 0..*bytes, move |mapped| drop(told.try_send(mapped)));
        }
        let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(ANSWER_WITHIN) };
        self.device.poll(wait).map_err(|error| format!("no answer: {error}"))?;
        for _ in wanted {
            let mapped =
                answers.try_recv().map_err(|error| format!("its memory did not come back: {error}"))?;
            mapped.map_err(|error| format!("its memory cannot be read: {error}"))?;
        }
        Ok(wanted.first().map_or(0, |(_, bytes)| *bytes))
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn begin(&mut self, frame: &Frame, jobs: &[Job]) -> Result<(), RedactError> {
        self.guarded("sending the picture", |gpu| gpu.upload(frame, jobs))
    }

    fn measure(&mut self, _frame: &Frame, jobs: &[Job]) -> Result<Vec<CellGrid>, RedactError> {
        self.guarded("measuring", |gpu| gpu.measure_now(jobs))
    }

    fn paint(
        &mut self,
        frame: &mut Frame,
        jobs: &[Job],
        surfaces: &[CellGrid],
    ) -> Result<Vec<u64>, RedactError> {
        self.guarded("painting", |gpu| gpu.paint_now(frame, jobs, surfaces))
    }
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

/// Hands the bytes of a mapped buffer to `decode`.
fn read<T>(buffer: &wgpu::Buffer, bytes: u64, decode: impl FnOnce(&[u8]) -> T) -> Result<T, String> {
    let view = buffer.get_mapped_range(0..bytes).map_err(|error| error.to_string())?;
    Ok(decode(&view))
}

/// Keeps the first error that the device reports, whoever causes it.
fn watch(device: &wgpu::Device) -> Arc<OnceLock<String>> {
    let fault = Arc::new(OnceLock::new());
    let note = |fault: &Arc<OnceLock<String>>, detail: String| {
        // Only the first one counts: those that follow come from it.
        drop(fault.set(detail));
    };
    let (on_error, on_loss) = (Arc::clone(&fault), Arc::clone(&fault));
    device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| note(&on_error, error.to_string())));
    device.set_device_lost_callback(move |reason, message| {
        note(&on_loss, format!("the device is lost ({reason:?}) {message}"));
    });
    fault
}

fn pipeline(
    device: &wgpu::Device,
    bindings: &wgpu::BindGroupLayout,
    entry_point: &str,
    wgsl: &'static str,
) -> wgpu::ComputePipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(entry_point),
        bind_group_layouts: &[Some(bindings)],
        ..wgpu::PipelineLayoutDescriptor::default()
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(entry_point),
        source: wgpu::ShaderSource::Wgsl(wgsl.into()),
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(entry_point),
        layout: Some(&layout),
        module: &module,
        entry_point: Some(entry_point),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the driver layer gave up").to_owned()
}

#[cfg(test)]
impl GpuBackend {
    /// Takes the device away, as a driver reset does.
    pub(crate) fn lose_device(&self) {
        self.device.destroy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::adapters;

    fn small_gpu() -> GpuBackend {
        let (info, adapter) = adapters::enumerate().into_iter().next().expect("run `cargo xtask setup`");
        GpuBackend::new(&adapter, &info.name, FrameSize::rounded_up(16, 16), true).unwrap()
    }

    fn invalid_buffer(gpu: &GpuBackend) {
        let too_large = wgpu::BufferDescriptor {
            label: None,
            size: u64::MAX / 2,
            usage: wgpu::BufferUsages::STORAGE,
            mapped_at_creation: false,
        };
        drop(gpu.device.create_buffer(&too_large));
    }

    #[test]
    fn an_error_that_the_driver_only_reports_on_the_side_fails_the_step_and_all_later_ones() {
        let mut gpu = small_gpu();
        assert!(gpu.guarded("a good step", |_| Ok(())).is_ok());
        let bad = gpu.guarded("a bad step", |gpu| {
            invalid_buffer(gpu);
            Ok(())
        });
        assert!(bad.unwrap_err().to_string().contains("a bad step"));
        assert!(gpu.guarded("a later step", |_| Ok(())).is_err());
    }

    #[test]
    fn a_panic_in_the_driver_layer_is_an_error() {
        let mut gpu = small_gpu();
        let outcome: Result<(), _> = gpu.guarded("a step", |_| panic!("parent device is lost"));
        assert!(outcome.unwrap_err().to_string().contains("parent device is lost"));
        assert!(gpu.guarded("a later step", |_| Ok(())).is_err());
    }
}
