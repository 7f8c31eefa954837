//! An open GPU: commands go in, bytes come back, and whatever goes wrong becomes an error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::adapters::ready;
use super::error::GpuError;

/// How long an answer may take, with what other workers of the run have sent before. A healthy device answers within
/// milliseconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Bytes of a storage binding that every WebGPU device offers.
const USUAL_BINDING_BYTES: u64 = 128 << 20;

/// An open device. Several threads may use it at once.
#[derive(Debug)]
pub(crate) struct Gpu {
    name: String,
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    /// Bytes of the largest storage binding.
    max_binding_bytes: u64,
    /// The first thing that went wrong, told by any thread of the driver.
    fault: Arc<OnceLock<String>>,
}

/// What a shader finds at one number of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Settings, of so many bytes, at an offset that each dispatch gives.
    Settings(u64),
    /// A list that is read.
    Read,
    /// A list that is read and written.
    Write,
}

impl Gpu {
    /// Opens an adapter; `label` names it in messages of the driver.
    ///
    /// # Errors
    /// [`GpuError::Failed`] where the driver does not open it.
    pub(crate) fn open(adapter: &wgpu::Adapter, name: &str, label: &'static str) -> Result<Self, GpuError> {
        let failed =
            |detail: String| GpuError::Failed { adapter: name.to_owned(), step: "opening it", detail };
        let gpu = catch_unwind(AssertUnwindSafe(|| Self::request(adapter, name, label)))
            .map_err(|panic| failed(panic_text(panic.as_ref())))?
            .map_err(failed)?;
        gpu.guarded("opening it", || Ok(()))?;
        Ok(gpu)
    }

    fn request(adapter: &wgpu::Adapter, name: &str, label: &'static str) -> Result<Self, String> {
        let offered = adapter.limits().max_storage_buffer_binding_size;
        let max_binding_bytes = offered.clamp(USUAL_BINDING_BYTES, 8 * USUAL_BINDING_BYTES);
        let descriptor = wgpu::DeviceDescriptor {
            label: Some(label),
            required_limits: wgpu::Limits {
                max_storage_buffer_binding_size: max_binding_bytes,
                max_buffer_size: max_binding_bytes.max(wgpu::Limits::downlevel_defaults().max_buffer_size),
                ..wgpu::Limits::downlevel_defaults()
            },
            ..wgpu::DeviceDescriptor::default()
        };
        let opened = ready(adapter.request_device(&descriptor)).ok_or("it does not open")?;
        let (device, queue) = opened.map_err(|error| error.to_string())?;
        let fault = watch(&device);
        Ok(Self { name: name.to_owned(), device, queue, max_binding_bytes, fault })
    }

    /// Name of the adapter and its driver.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Refuses a list that is larger than one binding.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`].
    pub(crate) fn check_size(&self, what: &'static str, bytes: u64) -> Result<(), GpuError> {
        let limit = self.max_binding_bytes;
        if bytes <= limit {
            return Ok(());
        }
        Err(GpuError::TooLarge { adapter: self.name.clone(), what, bytes, limit })
    }

    /// Runs one step, unless an earlier one failed, and turns whatever goes wrong in it into an error.
    ///
    /// # Errors
    /// [`GpuError::Failed`].
    pub(crate) fn guarded<T>(
        &self,
        step: &'static str,
        run: impl FnOnce() -> Result<T, String>,
    ) -> Result<T, GpuError> {
        let before = self.fault.get().cloned();
        let outcome = match before {
            Some(detail) => Err(detail),
            None => {
                catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(panic_text(panic.as_ref())))
            }
        };
        match (outcome, self.fault.get()) {
            (Ok(value), None) => Ok(value),
            (Ok(_), Some(detail)) => Err(self.failed(step, detail.clone())),
            (Err(detail), _) => Err(self.failed(step, self.fault.get_or_init(|| detail).clone())),
        }
    }

    fn failed(&self, step: &'static str, detail: String) -> GpuError {
        GpuError::Failed { adapter: self.name.clone(), step, detail }
    }

    /// Submits the commands and maps the first bytes of `wanted` buffers, which the caller reads and unmaps.
    ///
    /// # Errors
    /// In words: no answer in time, or memory that does not come back.
    pub(crate) fn submit(
        &self,
        encoder: wgpu::CommandEncoder,
        wanted: &[(&wgpu::Buffer, u64)],
    ) -> Result<(), String> {
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
            // Another thread that polls may be the one that tells it.
            let mapped = answers
                .recv_timeout(ANSWER_WITHIN)
                .map_err(|error| format!("its memory did not come back: {error}"))?;
            mapped.map_err(|error| format!("its memory cannot be read: {error}"))?;
        }
        Ok(())
    }

    /// The layout of a group with these bindings, numbered from 0.
    pub(crate) fn layout(&self, label: &str, bindings: &[Binding]) -> wgpu::BindGroupLayout {
        let entry = |(binding, number): (&Binding, u32)| wgpu::BindGroupLayoutEntry {
            binding: number,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: match *binding {
                Binding::Settings(bytes) => wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: true,
                    min_binding_size: std::num::NonZeroU64::new(bytes),
                },
                Binding::Read | Binding::Write => wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: *binding == Binding::Read },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
            },
            count: None,
        };
        let entries: Vec<_> = bindings.iter().zip(0..).map(entry).collect();
        self.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(label),
            entries: &entries,
        })
    }

    /// A pipeline whose shader has one group of bindings, with constants by name.
    pub(crate) fn pipeline(
        &self,
        group: &wgpu::BindGroupLayout,
        entry_point: &str,
        wgsl: &'static str,
        constants: &[(&str, f64)],
    ) -> wgpu::ComputePipeline {
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(entry_point),
            bind_group_layouts: &[Some(group)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(entry_point),
            source: wgpu::ShaderSource::Wgsl(wgsl.into()),
        });
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry_point),
            layout: Some(&layout),
            module: &module,
            entry_point: Some(entry_point),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                ..wgpu::PipelineCompilationOptions::default()
            },
            cache: None,
        })
    }

    /// Takes the device away, as a driver reset does.
    #[cfg(test)]
    pub(crate) fn lose(&self) {
        self.device.destroy();
    }
}

/// Memory on a device.
pub(crate) fn buffer(gpu: &wgpu::Device, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
    gpu.create_buffer(&descriptor)
}

/// Hands the bytes of a mapped buffer to `decode`.
///
/// # Errors
/// In words: it is not mapped.
pub(crate) fn read<T>(
    buffer: &wgpu::Buffer,
    bytes: u64,
    decode: impl FnOnce(&[u8]) -> T,
) -> Result<T, String> {
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

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("the driver layer gave up").to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::testing::software;
    use super::*;

    fn invalid_buffer(gpu: &Gpu) {
        drop(buffer(&gpu.device, "too large", u64::MAX / 2, wgpu::BufferUsages::STORAGE));
    }

    #[test]
    fn an_error_that_the_driver_only_reports_on_the_side_fails_the_step_and_all_later_ones() {
        let gpu = software();
        assert!(gpu.guarded("a good step", || Ok(())).is_ok());
        let bad = gpu.guarded("a bad step", || {
            invalid_buffer(&gpu);
            Ok(())
        });
        assert!(bad.unwrap_err().to_string().contains("a bad step"));
        assert!(gpu.guarded("a later step", || Ok(())).is_err());
    }

    #[test]
    fn a_panic_in_the_driver_layer_is_an_error() {
        let gpu = software();
        let outcome: Result<(), _> = gpu.guarded("a step", || panic!("parent device is lost"));
        assert!(outcome.unwrap_err().to_string().contains("parent device is lost"));
        assert!(gpu.guarded("a later step", || Ok(())).is_err());
    }

    #[test]
    fn what_is_larger_than_a_binding_is_refused_by_name() {
        let gpu = software();
        assert!(gpu.check_size("a picture", 1 << 20).is_ok());
        let error = gpu.check_size("a picture", 1 << 40).unwrap_err();
        assert!(error.is_of_the_machine() && error.to_string().contains("a picture"), "{error}");
    }
}
