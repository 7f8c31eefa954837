//! The network laid out for so many pictures of one size: settings, bindings and numbers of workgroups of each layer.

use super::super::onnx::{Activation, Kind, Layer, TensorShape};
use super::accelerator::Accelerator;
use crate::gpu::buffer;

/// Bytes of `struct Layer` in the shaders.
pub(super) const LAYER_BYTES: u64 = 64;

/// Bytes from the settings of one dispatch to the next: the alignment that WebGPU asks of dynamic offsets.
pub(super) const SETTINGS_STRIDE: u32 = 256;

/// Invocations side by side along the places, in the pointwise shader: where there are few channels, and many. The rest
/// of 256 goes along the channels, four each.
pub(super) const NARROW: u32 = 32;
pub(super) const WIDE: u32 = 16;
const POINTWISE_INVOCATIONS: u32 = 256;

/// Invocations of a workgroup in the other shaders.
const GROUP: u32 = 64;

/// Whether a pointwise layer with so many channels takes workgroups with fewer channels and more places.
pub(super) fn is_narrow(channels: usize) -> bool {
    // Two tiles of 32 channels instead of one of 64 that is mostly empty.
    let tile = 4 * (POINTWISE_INVOCATIONS / WIDE) as usize;
    (channels - 1) % tile < tile / 2
}

/// Pictures, rows and columns of an input.
pub(super) type InputShape = [usize; 3];

/// Values of one plane of a tensor, padded to a multiple of 4.
pub(super) fn plane(tensor: TensorShape, [_, height, width]: InputShape) -> usize {
    let [rows, columns] = sides(tensor, height, width);
    (rows * columns).next_multiple_of(4)
}

/// Rows and columns of a tensor.
pub(super) fn sides(tensor: TensorShape, height: usize, width: usize) -> [usize; 2] {
    [height >> tensor.halvings, width >> tensor.halvings]
}

/// Bytes that each slot needs for an input.
pub(super) fn slot_bytes(shared: &Accelerator, input: InputShape) -> Vec<u64> {
    let mut bytes = vec![0u64; shared.slot_count];
    for (tensor, slot) in shared.network.tensors.iter().zip(&shared.slots) {
        let [pictures, ..] = input;
        let needed = 4 * (pictures * tensor.channels * plane(*tensor, input)) as u64;
        if let Some(bytes) = bytes.get_mut(*slot) {
            *bytes = needed.max(*bytes);
        }
    }
    bytes
}

/// Everything that is ready before a picture comes.
#[derive(Debug)]
pub(super) struct Arrangement {
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    kind: Kind,
    channels: usize,
    group: wgpu::BindGroup,
    /// Where its settings begin.
    offset: u32,
    workgroups: [u32; 3],
}

impl Arrangement {
    /// Lays the network out over memory that is large enough.
    pub(super) fn new(shared: &Accelerator, slots: &[wgpu::Buffer], input: InputShape) -> Option<Self> {
        let tensor = |number: usize| shared.network.tensors.get(number).copied();
        let mut settings: Vec<u8> = Vec::new();
        let mut planned = Vec::new();
        for (layer, nth) in shared.network.steps.iter().zip(0u32..) {
            let (from, to) = (tensor(layer.from)?, tensor(layer.to)?);
            settings.resize((nth * SETTINGS_STRIDE) as usize, 0);
            let fields = fields(layer, (from, to), input)?;
            settings.extend(fields.into_iter().flat_map(u32::to_le_bytes));
            planned.push((layer, nth * SETTINGS_STRIDE, to, workgroups(layer.kind, to, input)?));
        }
        settings.resize(planned.len() * SETTINGS_STRIDE as usize, 0);
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let buffer = buffer(&shared.gpu.device, "layers", settings.len() as u64, usage);
        shared.gpu.queue.write_buffer(&buffer, 0, &settings);
        let steps = planned.into_iter().map(|(layer, offset, to, workgroups)| {
            let group = bind(shared, slots, &buffer, layer)?;
            Some(Step { kind: layer.kind, channels: to.channels, group, offset, workgroups })
        });
        Some(Self { steps: steps.collect::<Option<_>>()? })
    }

    /// Appends the whole network to a pass.
    pub(super) fn encode(&self, shared: &Accelerator, pass: &mut wgpu::ComputePass<'_>) {
        for step in &self.steps {
            let [x, y, z] = step.workgroups;
            pass.set_pipeline(shared.pipeline(step.kind, step.channels));
            pass.set_bind_group(0, &step.group, &[step.offset]);
            pass.dispatch_workgroups(x, y, z);
        }
    }
}

fn bind(
    shared: &Accelerator,
    slots: &[wgpu::Buffer],
    settings: &wgpu::Buffer,
    layer: &Layer,
) -> Option<wgpu::BindGroup> {
    let of = |tensor: usize| slots.get(*shared.slots.get(tensor)?);
    let one =
        wgpu::BufferBinding { buffer: settings, offset: 0, size: std::num::NonZeroU64::new(LAYER_BYTES) };
    let settings = wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(one) };
    // Where nothing is added, any list that is only read will do.
    let added = layer.add.map_or(Some(&shared.weights), of)?;
    Some(shared.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("layer"),
        layout: &shared.shaders.layer_group,
        entries: &[
            settings,
            list(1, &shared.weights),
            list(2, of(layer.from)?),
            list(3, added),
            list(4, of(layer.to)?),
        ],
    }))
}

fn list(binding: u32, buffer: &wgpu::Buffer) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() }
}

/// `struct Layer` of the shaders.
fn fields(
    layer: &Layer,
    (from, to): (TensorShape, TensorShape),
    input: InputShape,
) -> Option<[u32; (LAYER_BYTES / 4) as usize]> {
    let [_, height, width] = input;
    let ([from_rows, from_columns], [to_rows, to_columns]) =
        (sides(from, height, width), sides(to, height, width));
    let numbers = [
        [from.channels, to.channels, from_columns, from_rows],
        [to_columns, to_rows, plane(from, input) / 4, plane(to, input) / 4],
        [layer.weights / 4, layer.bias / 4, layer.stride, layer.activation as usize],
        [usize::from(layer.add.is_some()), 0, 0, 0],
    ];
    let mut fields = [0; _];
    for (field, number) in fields.iter_mut().zip(numbers.into_iter().flatten()) {
        *field = u32::try_from(number).ok()?;
    }
    Some(fields)
}

fn workgroups(kind: Kind, to: TensorShape, input: InputShape) -> Option<[u32; 3]> {
    let [pictures, height, width] = input;
    let [rows, columns] = sides(to, height, width);
    let number = |value: usize| u32::try_from(value).ok();
    let (places, channels) = (number(rows * columns)?, number(to.channels)?);
    let [x, y] = match kind {
        Kind::Pointwise => {
            let across = if is_narrow(to.channels) { NARROW } else { WIDE };
            [places.div_ceil(4 * across), channels.div_ceil(4 * (POINTWISE_INVOCATIONS / across))]
        }
        Kind::Depthwise => [places.div_ceil(GROUP), channels],
        Kind::Full | Kind::Double => [places.div_ceil(GROUP), channels.div_ceil(4)],
    };
    Some([x, y, number(pictures)?])
}

const _: () = assert!(
    Activation::None as usize == 0 && Activation::Relu as usize == 1 && Activation::Sigmoid as usize == 2,
    "the numbers that the shaders know"
);
