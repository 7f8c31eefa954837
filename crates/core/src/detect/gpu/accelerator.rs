//! What all workers of a run share of a GPU: the open device, the shaders, the weights.

use std::sync::Arc;

use super::super::arithmetic::Numbers;
use super::super::centerface::{self, CenterFace};
use super::super::error::DetectError;
use super::super::layout::Turn;
use super::super::onnx::{Kind, Layers};
use super::super::prepare::{ChannelOrder, Preparer, Sides, View};
use super::super::runtime::{Network, Runtime};
use super::eye::Eye;
use super::{arrangement, planes, slots};
use crate::gpu::{self, Binding, Gpu, GpuError, SoftwareGpu, buffer};
use crate::model::{ColorMatrix, Colorimetry, Device, FramePool, FrameSize, PtsNanos};
use crate::noise;

pub(super) const POINTWISE_WGSL: &str = concat!(
    include_str!("../../../../../shaders/layer.wgsl"),
    include_str!("../../../../../shaders/pointwise.wgsl")
);
pub(super) const DEPTHWISE_WGSL: &str = concat!(
    include_str!("../../../../../shaders/layer.wgsl"),
    include_str!("../../../../../shaders/depthwise.wgsl")
);
pub(super) const FULL_WGSL: &str = concat!(
    include_str!("../../../../../shaders/layer.wgsl"),
    include_str!("../../../../../shaders/four_channels.wgsl"),
    include_str!("../../../../../shaders/full.wgsl")
);
pub(super) const DOUBLE_WGSL: &str = concat!(
    include_str!("../../../../../shaders/layer.wgsl"),
    include_str!("../../../../../shaders/four_channels.wgsl"),
    include_str!("../../../../../shaders/double.wgsl")
);
pub(super) const SCALE_WGSL: &str = include_str!("../../../../../shaders/scale.wgsl");
pub(super) const TURN_WGSL: &str = include_str!("../../../../../shaders/turn.wgsl");

/// The largest difference between an output of the GPU and the same of the processor, where both calculate in 32 bits:
/// scores run from 0 to 1, logarithms of sizes from -2 to 6. On Mesa's software rasteriser it is 2e-5.
const MAX_DIFFERENCE: f32 = 5e-3;

/// The same for maps of a picture that was scaled and turned as well, where the processor rounds pixels to bytes. On the
/// software rasteriser it is 0.026, and 1.2 where the picture is turned the other way.
const MAX_PREPARED_DIFFERENCE: f32 = 0.2;

/// Size of the picture that is prepared for the same end, and the longest side of the input made of it, in pixels.
const PREPARED: (usize, usize) = (240, 136);
const PREPARED_SIDE_PX: u16 = 128;

/// Size of the pictures of noise on which it has to show what it calculates, in pixels: each kind of layer has borders
/// there.
const TRIAL: [usize; 3] = [2, 96, 160];

/// An open GPU that can calculate the finder of faces.
#[derive(Debug)]
pub struct Accelerator {
    pub(super) gpu: Gpu,
    pub(super) network: Layers,
    /// The memory that each tensor lies in, by number.
    pub(super) slots: Vec<usize>,
    pub(super) slot_count: usize,
    pub(super) weights: wgpu::Buffer,
    pub(super) shaders: Shaders,
}

/// All pipelines, and the layouts of their groups.
#[derive(Debug)]
pub(super) struct Shaders {
    pub(super) layer_group: wgpu::BindGroupLayout,
    pub(super) scale_group: wgpu::BindGroupLayout,
    pub(super) turn_group: wgpu::BindGroupLayout,
    /// For layers with few channels, and with many.
    pub(super) pointwise: [wgpu::ComputePipeline; 2],
    pub(super) depthwise: wgpu::ComputePipeline,
    pub(super) full: wgpu::ComputePipeline,
    pub(super) double: wgpu::ComputePipeline,
    pub(super) scale: wgpu::ComputePipeline,
    pub(super) turn: wgpu::ComputePipeline,
}

impl Accelerator {
    /// Opens the GPU that a setting means, and has it show that it calculates `CenterFace` (whose bytes as shipped the
    /// caller has compared) as the processor does. None where the processor is meant: by `cpu`, or by `auto` where no
    /// GPU with memory of its own is fit. One that shares the processor's memory is often the slower of the two, and is
    /// used where it is asked for.
    ///
    /// # Errors
    /// [`DetectError::Gpu`] where one was asked for by number; [`DetectError::Model`], [`DetectError::Runtime`].
    pub fn open(
        device: Device,
        runtime: &Runtime,
        model_bytes: &[u8],
    ) -> Result<Option<Arc<Self>>, DetectError> {
        let opened = match gpu::chosen(device, SoftwareGpu::from_env()) {
            Ok(None) => return Ok(None),
            Ok(Some((info, _))) if device == Device::Auto && !info.kind.has_memory_of_its_own() => {
                return Ok(None);
            }
            Ok(Some((info, adapter))) => Self::new(&adapter, &info.name, runtime, model_bytes),
            Err(error) => Err(error.into()),
        };
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(DetectError::Gpu(error)) if device == Device::Auto => {
                tracing::warn!(%error, "the GPU is left alone and the processor looks for faces instead");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) fn new(
        adapter: &wgpu::Adapter,
        name: &str,
        runtime: &Runtime,
        model_bytes: &[u8],
    ) -> Result<Arc<Self>, DetectError> {
        let opened = Self::load(Gpu::open(adapter, name, "detection")?, centerface::layers(model_bytes)?)?;
        let (opened, adapted) = (Arc::new(opened), CenterFace::adapt(model_bytes, Numbers::Float32)?);
        opened.prove(adapted.network(runtime, centerface::NAME)?)?;
        Ok(opened)
    }

    /// A network on an open device.
    pub(super) fn load(gpu: Gpu, network: Layers) -> Result<Self, GpuError> {
        let bytes: Vec<u8> = network.weights.iter().flat_map(|value| value.to_le_bytes()).collect();
        gpu.check_size("the list of weights", bytes.len() as u64)?;
        let (slots, slot_count) = slots::assign(&network);
        let (weights, shaders) = gpu.guarded("loading the network", || {
            let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
            let weights = buffer(&gpu.device, "weights", bytes.len() as u64, usage);
            gpu.queue.write_buffer(&weights, 0, &bytes);
            Ok((weights, Shaders::new(&gpu)))
        })?;
        Ok(Self { gpu, network, slots, slot_count, weights, shaders })
    }

    /// Compares what this calculates with what a processor does.
    pub(super) fn prove(self: &Arc<Self>, mut processor: Network) -> Result<(), DetectError> {
        let [pictures, height, width] = TRIAL;
        let pixels: Vec<f32> = noise::bytes(1).map(f32::from).take(pictures * 3 * height * width).collect();
        let mut eye = Eye::new(Arc::clone(self)).with_sides(Sides::new(PREPARED_SIDE_PX));
        let found = eye.trial(&pixels, TRIAL)?;
        let wrong = |off| Err(GpuError::Wrong { adapter: self.gpu.name().to_owned(), off }.into());
        let off = processor.run_planes(&pixels, height, width)?.worst_difference(&found)?;
        if off > MAX_DIFFERENCE {
            return wrong(off);
        }
        let off = prepared_difference(&mut eye, &mut processor)?;
        if off > MAX_PREPARED_DIFFERENCE {
            return wrong(off);
        }
        Ok(())
    }

    /// Name of the adapter and its driver.
    pub fn name(&self) -> &str {
        self.gpu.name()
    }

    /// The pipeline that calculates a layer.
    pub(super) fn pipeline(&self, kind: Kind, channels: usize) -> &wgpu::ComputePipeline {
        let Shaders { pointwise: [narrow, wide], depthwise, full, double, .. } = &self.shaders;
        match kind {
            Kind::Pointwise if arrangement::is_narrow(channels) => narrow,
            Kind::Pointwise => wide,
            Kind::Depthwise => depthwise,
            Kind::Full => full,
            Kind::Double => double,
        }
    }
}

impl Shaders {
    fn new(gpu: &Gpu) -> Self {
        use Binding::{Read, Settings, Write};
        let layer_group = gpu.layout("layer", &[Settings(arrangement::LAYER_BYTES), Read, Read, Read, Write]);
        let scale_group = gpu.layout("scale", &[Settings(planes::SCALING_BYTES), Read, Write]);
        let turn_group = gpu.layout("turn", &[Settings(planes::TURNING_BYTES), Read, Write]);
        let pointwise = [arrangement::NARROW, arrangement::WIDE].map(|columns| {
            gpu.pipeline(&layer_group, "pointwise", POINTWISE_WGSL, &[("COLUMNS", f64::from(columns))])
        });
        Self {
            pointwise,
            depthwise: gpu.pipeline(&layer_group, "depthwise", DEPTHWISE_WGSL, &[]),
            full: gpu.pipeline(&layer_group, "full", FULL_WGSL, &[]),
            double: gpu.pipeline(&layer_group, "double", DOUBLE_WGSL, &[]),
            scale: gpu.pipeline(&scale_group, "scale", SCALE_WGSL, &[]),
            turn: gpu.pipeline(&turn_group, "turn", TURN_WGSL, &[]),
            layer_group,
            scale_group,
            turn_group,
        }
    }
}

/// How far the maps of a picture that the device prepares are from those of one that the processor does, upright,
/// turned by half a right angle and by a whole one.
fn prepared_difference(eye: &mut Eye, processor: &mut Network) -> Result<f32, DetectError> {
    let size = FrameSize::rounded_up(PREPARED.0, PREPARED.1);
    let colour = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };
    let mut frame = FramePool::new(size, 1).take(0, PtsNanos(0), colour);
    for (byte, value) in frame.bytes_mut().iter_mut().zip(noise::bytes(1)) {
        *byte = value;
    }
    let mut preparer = Preparer::new(Sides::new(PREPARED_SIDE_PX), ChannelOrder::Rgb);
    let mut worst = 0.0f32;
    for turn in (0..3).map(Turn::eighths) {
        let found = eye.prepared_trial(View::from(&frame), turn)?;
        let mut loaded = preparer.load(&frame);
        let input = loaded.whole(turn);
        let outputs = processor.run(input.pixels, input.height, input.width)?;
        worst = worst.max(outputs.worst_difference(&found)?);
    }
    Ok(worst)
}
