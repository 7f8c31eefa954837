//! What one worker has of a GPU: the memory that a picture passes through on its way to the maps of the network.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::centerface;
use super::super::error::DetectError;
use super::super::layout::Turn;
use super::super::prepare::{Sides, View};
use super::super::runtime::Plain;
use super::accelerator::Accelerator;
use super::arrangement::{self, Arrangement, InputShape, SETTINGS_STRIDE};
use super::look::GpuLook;
use super::planes;
use crate::gpu::{Gpu, GpuError, buffer, read};
use crate::model::FrameSize;

/// Columns and rows of a workgroup in the shaders that prepare.
const GROUP: u32 = 16;

/// Small pictures that are kept: for turns by right angles, for the others, and of the surroundings of a small face.
pub(super) const STRAIGHT: usize = 0;
pub(super) const DIAGONAL: usize = 1;
pub(super) const CLOSE: usize = 2;

/// Memory of one worker, kept from picture to picture. It grows and never shrinks.
#[derive(Debug)]
pub(in crate::detect) struct Eye {
    pub(super) shared: Arc<Accelerator>,
    pub(super) sides: Sides,
    picture: Memory,
    pub(super) smalls: [Memory; 3],
    slots: Vec<Memory>,
    arrangements: HashMap<InputShape, Arrangement>,
    scalings: Memory,
    turnings: Memory,
    back: Memory,
    pub(super) found: Vec<Plain>,
}

/// One list on the device, as long as the longest that was asked for.
#[derive(Debug)]
pub(super) struct Memory {
    what: &'static str,
    usage: wgpu::BufferUsages,
    held: Option<wgpu::Buffer>,
}

impl Memory {
    fn new(what: &'static str, usage: wgpu::BufferUsages) -> Self {
        Self { what, usage, held: None }
    }

    /// Makes room; whether that made a new list, so that whatever binds the old one is stale.
    pub(super) fn reserve(&mut self, gpu: &Gpu, bytes: u64) -> Result<bool, GpuError> {
        if self.held.as_ref().is_some_and(|held| held.size() >= bytes) {
            return Ok(false);
        }
        gpu.check_size(self.what, bytes)?;
        self.held = None;
        let made = || Ok(buffer(&gpu.device, self.what, bytes, self.usage));
        self.held = Some(gpu.guarded("making room", made)?);
        Ok(true)
    }

    fn get(&self) -> Result<&wgpu::Buffer, String> {
        self.held.as_ref().ok_or_else(|| format!("{} has no memory", self.what))
    }
}

/// What has to happen before the network runs.
#[derive(Debug, Default)]
pub(super) struct Preparation {
    /// Settings of each step, a stride apart.
    pub(super) scalings: Vec<u8>,
    pub(super) turnings: Vec<u8>,
    pub(super) steps: Vec<Step>,
}

/// A dispatch: of which small picture, with which settings, over so many columns and rows.
#[derive(Debug)]
pub(super) enum Step {
    Scale { small: usize, offset: u32, size: [u32; 2] },
    Turn { small: usize, offset: u32, size: [u32; 2] },
}

impl Eye {
    pub(in crate::detect) fn new(shared: Arc<Accelerator>) -> Self {
        use wgpu::BufferUsages as Use;
        let list = Use::STORAGE | Use::COPY_DST;
        let settings = Use::UNIFORM | Use::COPY_DST;
        let slot = || Memory::new("what the network calculates", list | Use::COPY_SRC);
        Self {
            sides: Sides::new(0),
            picture: Memory::new("a picture", list),
            smalls: std::array::from_fn(|_| Memory::new("a scaled picture", Use::STORAGE)),
            slots: (0..shared.slot_count).map(|_| slot()).collect(),
            arrangements: HashMap::new(),
            scalings: Memory::new("settings", settings),
            turnings: Memory::new("settings", settings),
            back: Memory::new("what comes back", Use::MAP_READ | Use::COPY_DST),
            found: Vec::new(),
            shared,
        }
    }

    /// For inputs of these sizes.
    #[must_use]
    pub(in crate::detect) fn with_sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// Makes room for whole pictures of a size in every direction, so that a device that is too small is found out
    /// before the run.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`].
    pub(in crate::detect) fn reserve(&mut self, size: FrameSize) -> Result<(), GpuError> {
        self.picture.reserve(&self.shared.gpu, size.byte_len() as u64)?;
        for turn in (0..3).map(Turn::eighths) {
            let layout = self.sides.layout(size, turn);
            self.make_room([1, layout.height, layout.width])?;
        }
        Ok(())
    }

    /// Sends a picture to the device, to be looked at in several ways.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(in crate::detect) fn look_at<'a>(&'a mut self, view: View<'a>) -> Result<GpuLook<'a>, GpuError> {
        let (starts, bytes) = planes::placed(&view);
        let Self { shared, picture, .. } = self;
        picture.reserve(&shared.gpu, bytes as u64)?;
        shared.gpu.guarded("sending the picture", || {
            let picture = picture.get()?;
            for (plane, start) in view.planes().iter().zip(starts) {
                let (whole, rest) = plane.data.split_at(plane.data.len() / 4 * 4);
                shared.gpu.queue.write_buffer(picture, start as u64, whole);
                if !rest.is_empty() {
                    let mut last = [0; 4];
                    last.iter_mut().zip(rest).for_each(|(last, value)| *last = *value);
                    shared.gpu.queue.write_buffer(picture, (start + whole.len()) as u64, &last);
                }
            }
            Ok(())
        })?;
        Ok(GpuLook::new(self, view, starts))
    }

    /// What the network makes of values that are laid in front of it.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(super) fn trial(&mut self, pixels: &[f32], input: InputShape) -> Result<Vec<Plain>, GpuError> {
        self.make_room(input)?;
        self.shared.gpu.guarded("sending the picture", || {
            let bytes: Vec<u8> = pixels.iter().flat_map(|value| value.to_le_bytes()).collect();
            let slot = self.shared.slots.first().and_then(|slot| self.slots.get(*slot));
            self.shared.gpu.queue.write_buffer(slot.ok_or("no input")?.get()?, 0, &bytes);
            Ok(())
        })?;
        self.run(&Preparation::default(), input)?;
        Ok(std::mem::take(&mut self.found))
    }

    /// What the network makes of a picture that the device prepares.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(super) fn prepared_trial(&mut self, view: View<'_>, turn: Turn) -> Result<Vec<Plain>, DetectError> {
        self.look_at(view)?.whole(turn)?;
        Ok(std::mem::take(&mut self.found))
    }

    /// Lays the network out for an input, with all the memory that it needs.
    fn make_room(&mut self, input: InputShape) -> Result<(), GpuError> {
        let shared = Arc::clone(&self.shared);
        for (slot, bytes) in self.slots.iter_mut().zip(arrangement::slot_bytes(&shared, input)) {
            if slot.reserve(&shared.gpu, bytes)? {
                self.arrangements.clear();
            }
        }
        if !self.arrangements.contains_key(&input) {
            let arranged = shared.gpu.guarded("laying out the network", || {
                let slots: Vec<wgpu::Buffer> =
                    self.slots.iter().map(|slot| slot.get().cloned()).collect::<Result<_, _>>()?;
                Arrangement::new(&shared, &slots, input).ok_or_else(|| "it is too large".to_owned())
            })?;
            self.arrangements.insert(input, arranged);
        }
        Ok(())
    }

    /// Prepares, calculates and brings back the outputs.
    pub(super) fn run(&mut self, preparation: &Preparation, input: InputShape) -> Result<(), GpuError> {
        self.make_room(input)?;
        let shared = Arc::clone(&self.shared);
        let tensors: Vec<_> =
            shared.network.outputs.iter().filter_map(|tensor| shared.network.tensors.get(*tensor)).collect();
        let [pictures, height, width] = input;
        let lengths: Vec<usize> = tensors
            .iter()
            .map(|tensor| pictures * tensor.channels * arrangement::plane(**tensor, input))
            .collect();
        let bytes = 4 * lengths.iter().sum::<usize>() as u64;
        self.back.reserve(&shared.gpu, bytes)?;
        self.scalings
            .reserve(&shared.gpu, (preparation.scalings.len() as u64).max(SETTINGS_STRIDE.into()))?;
        self.turnings
            .reserve(&shared.gpu, (preparation.turnings.len() as u64).max(SETTINGS_STRIDE.into()))?;
        let values = shared.gpu.guarded("looking for faces", || {
            let encoder = self.encode(&shared, preparation, input, &lengths)?;
            let back = self.back.get()?;
            shared.gpu.submit(encoder, &[(back, bytes)])?;
            let values = read(back, bytes, |bytes| {
                let words = bytes.as_chunks::<4>().0.iter();
                words.map(|word| f32::from_le_bytes(*word)).collect::<Vec<f32>>()
            });
            back.unmap();
            values
        })?;
        let (mut rest, mut found) = (values.as_slice(), Vec::new());
        for ((tensor, length), name) in tensors.iter().zip(lengths).zip(centerface::OUTPUTS) {
            let (values, others) = rest.split_at(length.min(rest.len()));
            rest = others;
            let [rows, columns] = arrangement::sides(**tensor, height, width);
            let shape = [pictures, tensor.channels, rows, columns];
            found.push(Plain { name, shape, values: values.to_vec() });
        }
        self.found = found;
        Ok(())
    }

    fn encode(
        &self,
        shared: &Accelerator,
        preparation: &Preparation,
        input: InputShape,
        lengths: &[usize],
    ) -> Result<wgpu::CommandEncoder, String> {
        let gpu = &shared.gpu;
        gpu.queue.write_buffer(self.scalings.get()?, 0, &preparation.scalings);
        gpu.queue.write_buffer(self.turnings.get()?, 0, &preparation.turnings);
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for step in &preparation.steps {
                self.prepare(shared, step, &mut pass)?;
            }
            self.arrangements.get(&input).ok_or("it is not laid out")?.encode(shared, &mut pass);
        }
        let mut end = 0;
        for (tensor, length) in shared.network.outputs.iter().zip(lengths) {
            let slot = shared.slots.get(*tensor).and_then(|slot| self.slots.get(*slot)).ok_or("no output")?;
            let bytes = 4 * *length as u64;
            encoder.copy_buffer_to_buffer(slot.get()?, 0, self.back.get()?, end, bytes);
            end += bytes;
        }
        Ok(encoder)
    }

    fn prepare(
        &self,
        shared: &Accelerator,
        step: &Step,
        pass: &mut wgpu::ComputePass<'_>,
    ) -> Result<(), String> {
        let shaders = &shared.shaders;
        let small = |nth: usize| self.smalls.get(nth).ok_or("no such picture")?.get();
        let input = || {
            let slot = shared.slots.first().and_then(|slot| self.slots.get(*slot));
            slot.ok_or("no input")?.get()
        };
        let (pipeline, layout, settings, length, lists, offset, size) = match *step {
            Step::Scale { small: nth, offset, size } => {
                let lists = [self.picture.get()?, small(nth)?];
                let settings = self.scalings.get()?;
                (&shaders.scale, &shaders.scale_group, settings, planes::SCALING_BYTES, lists, offset, size)
            }
            Step::Turn { small: nth, offset, size } => {
                let lists = [small(nth)?, input()?];
                let settings = self.turnings.get()?;
                (&shaders.turn, &shaders.turn_group, settings, planes::TURNING_BYTES, lists, offset, size)
            }
        };
        let one =
            wgpu::BufferBinding { buffer: settings, offset: 0, size: std::num::NonZeroU64::new(length) };
        let [from, to] = lists.map(wgpu::Buffer::as_entire_binding);
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let group = shared.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("preparation"),
            layout,
            entries: &[entry(0, wgpu::BindingResource::Buffer(one)), entry(1, from), entry(2, to)],
        });
        let [columns, rows] = size;
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &group, &[offset]);
        pass.dispatch_workgroups(columns.div_ceil(GROUP), rows.div_ceil(GROUP), 1);
        Ok(())
    }
}
