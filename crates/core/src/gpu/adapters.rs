//! Which GPUs are there, and which one a setting means.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::error::GpuError;
use crate::model::Device;

/// Lets a software rasteriser count as a GPU when set to `1`. For tests on machines without one.
pub const ALLOW_SOFTWARE_GPU: &str = "OBSCURA_ALLOW_SOFTWARE_GPU";

/// What an adapter is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the processor's memory.
    Integrated,
    /// A GPU lent to a virtual machine.
    Virtual,
    /// The driver does not say.
    Unknown,
    /// The processor in the guise of a GPU; slower than the `cpu` device.
    Software,
}

impl AdapterKind {
    /// Whether it is a processor of its own, with memory of its own, or lent as such.
    pub(crate) fn has_memory_of_its_own(self) -> bool {
        matches!(self, Self::Discrete | Self::Virtual)
    }
}

impl fmt::Display for AdapterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Unknown => "unknown kind",
            Self::Software => "software",
        })
    }
}

/// One adapter that the system offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterInfo {
    /// Name of the device and its driver.
    pub name: String,
    /// The interface that it is reached by, such as `vulkan`.
    pub backend: String,
    /// What it is made of.
    pub kind: AdapterKind,
}

impl fmt::Display for AdapterInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.name, self.backend, self.kind)
    }
}

/// The adapter that a setting means, with its description; none for the processor, which also stands in for a real GPU
/// that [`Device::Auto`] does not find.
///
/// # Errors
/// [`GpuError::Missing`] where a GPU was asked for by number and is not there.
pub(crate) fn chosen(
    device: Device,
    software: SoftwareGpu,
) -> Result<Option<(AdapterInfo, wgpu::Adapter)>, GpuError> {
    if device == Device::Cpu || (device == Device::Auto && !may_have_gpu()) {
        return Ok(None);
    }
    let mut adapters = enumerate();
    let infos: Vec<AdapterInfo> = adapters.iter().map(|(info, _)| info.clone()).collect();
    let place = choose(device, &infos, software)?.filter(|place| *place < adapters.len());
    Ok(place.map(|place| adapters.swap_remove(place)))
}

/// Whether the kernel shows a graphics device at all. Where it shows none, starting Vulkan would only cost time, and
/// its loader writes complaints about missing displays.
fn may_have_gpu() -> bool {
    ["/dev/dri", "/dev/nvidiactl", "/dev/kfd", "/dev/dxg"]
        .iter()
        .any(|node| std::path::Path::new(node).exists())
}

/// Every adapter, real GPUs first. `gpu:n` is the n-th of them, counted from 0; those of kind
/// [`AdapterKind::Software`] count only where [`ALLOW_SOFTWARE_GPU`] is set.
pub fn list_adapters() -> Vec<AdapterInfo> {
    enumerate().into_iter().map(|(info, _)| info).collect()
}

/// Whether a software rasteriser may be used as a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SoftwareGpu {
    Allowed,
    Refused,
}

impl SoftwareGpu {
    /// What the environment says.
    pub(crate) fn from_env() -> Self {
        if std::env::var_os(ALLOW_SOFTWARE_GPU).is_some_and(|value| value == "1") {
            Self::Allowed
        } else {
            Self::Refused
        }
    }
}

/// The place in `adapters` that `device` means; none for the processor.
///
/// # Errors
/// [`GpuError::Missing`] where a GPU was asked for by number and is not there.
fn choose(
    device: Device,
    adapters: &[AdapterInfo],
    software: SoftwareGpu,
) -> Result<Option<usize>, GpuError> {
    let is_real = |info: &AdapterInfo| info.kind != AdapterKind::Software;
    match device {
        Device::Cpu => Ok(None),
        Device::Auto => Ok(adapters.iter().position(is_real)),
        Device::Gpu(wanted) => {
            let counts = |info: &AdapterInfo| software == SoftwareGpu::Allowed || is_real(info);
            let mut eligible = adapters.iter().enumerate().filter(|(_, info)| counts(info));
            match eligible.nth(wanted.into()) {
                Some((place, _)) => Ok(Some(place)),
                None => Err(GpuError::Missing { wanted, found: describe(adapters) }),
            }
        }
    }
}

fn describe(adapters: &[AdapterInfo]) -> String {
    if adapters.is_empty() {
        return "this machine offers no graphics adapter at all".to_owned();
    }
    let names: Vec<String> = adapters.iter().map(ToString::to_string).collect();
    let hint = if adapters.iter().any(|info| info.kind == AdapterKind::Software) {
        ", of which software does not count as a GPU"
    } else {
        ""
    };
    format!("this machine offers {}{hint}", names.join(" and "))
}

/// Every adapter of the system with its description, real GPUs first.
pub(crate) fn enumerate() -> Vec<(AdapterInfo, wgpu::Adapter)> {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = wgpu::Backends::VULKAN;
    let instance = wgpu::Instance::new(descriptor);
    let adapters = ready(instance.enumerate_adapters(wgpu::Backends::VULKAN)).unwrap_or_default();
    let mut found: Vec<_> = adapters.into_iter().map(|adapter| (info_of(&adapter), adapter)).collect();
    found.sort_by_key(|(info, _)| info.kind);
    found
}

fn info_of(adapter: &wgpu::Adapter) -> AdapterInfo {
    let info = adapter.get_info();
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
        wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
        wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
        wgpu::DeviceType::Cpu => AdapterKind::Software,
        wgpu::DeviceType::Other => AdapterKind::Unknown,
    };
    let driver = [info.driver, info.driver_info].join(" ").trim().to_owned();
    let name = if driver.is_empty() { info.name } else { format!("{}, {driver}", info.name) };
    AdapterInfo { name, backend: info.backend.to_string(), kind }
}

/// The value of a future that is complete from the start, as those of wgpu are on all systems but the web.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: AdapterKind) -> AdapterInfo {
        AdapterInfo { name: name.to_owned(), backend: "vulkan".to_owned(), kind }
    }

    #[test]
    fn a_software_rasteriser_is_no_gpu_unless_allowed() {
        let only_software = [adapter("llvmpipe", AdapterKind::Software)];
        let pick = |device, software| choose(device, &only_software, software);
        assert_eq!(pick(Device::Gpu(0), SoftwareGpu::Allowed).unwrap(), Some(0));
        assert_eq!(pick(Device::Auto, SoftwareGpu::Allowed).unwrap(), None);
        assert_eq!(pick(Device::Cpu, SoftwareGpu::Allowed).unwrap(), None);
        let refusal = pick(Device::Gpu(0), SoftwareGpu::Refused).unwrap_err().to_string();
        assert!(refusal.contains("no GPU number 0") && refusal.contains("llvmpipe"), "{refusal}");
    }

    #[test]
    fn numbers_count_the_gpus_that_are_there() {
        let adapters = [
            adapter("big", AdapterKind::Discrete),
            adapter("small", AdapterKind::Integrated),
            adapter("llvmpipe", AdapterKind::Software),
        ];
        let pick = |device| choose(device, &adapters, SoftwareGpu::Refused);
        assert_eq!(pick(Device::Auto).unwrap(), Some(0));
        assert_eq!(pick(Device::Gpu(1)).unwrap(), Some(1));
        let refusal = pick(Device::Gpu(2)).unwrap_err().to_string();
        assert!(refusal.contains("big") && refusal.contains("small"), "{refusal}");
        let none = choose(Device::Gpu(0), &[], SoftwareGpu::Allowed).unwrap_err().to_string();
        assert!(none.contains("no graphics adapter at all"), "{none}");
    }
}
