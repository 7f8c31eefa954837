//! What one worker has of a GPU: the memory that a picture passes through on its way to the maps of the network.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::centerface;
use super::super::error::DetectError;
use super::super::layout::{FrameFromModel, InputLayout, Turn};
use super::super::prepare::{CLOSE_SIDE_PX, CROP_SIDE_PX, Place, Sides, View};
use super::super::runtime::{Outputs, Plain};
use super::accelerator::Accelerator;
use super::arrangement::{self, Arrangement, InputShape, SETTINGS_STRIDE};
use super::planes;
use crate::gpu::{Gpu, GpuError, buffer, read};
use crate::model::FrameSize;

/// Columns and rows of a workgroup in the shaders that prepare.
const GROUP: u32 = 16;

/// Small pictures that are kept: for turns by right angles, for the others, and of the surroundings of a small face.
const STRAIGHT: usize = 0;
const DIAGONAL: usize = 1;
const CLOSE: usize = 2;

/// Memory of one worker, kept from picture to picture. It grows and never shrinks.
#[derive(Debug)]
pub(in crate::detect) struct Eye {
    shared: Arc<Accelerator>,
    sides: Sides,
    picture: Memory,
    smalls: [Memory; 3],
    slots: Vec<Memory>,
    arrangements: HashMap<InputShape, Arrangement>,
    scalings: Memory,
    turnings: Memory,
    back: Memory,
    found: Vec<Plain>,
}

/// One list on the device, as long as the longest that was asked for.
#[derive(Debug)]
struct Memory {
    what: &'static str,
    usage: wgpu::BufferUsages,
    held: Option<wgpu::Buffer>,
}

impl Memory {
    fn new(what: &'static str, usage: wgpu::BufferUsages) -> Self {
        Self { what, usage, held: None }
    }

    /// Makes room; whether that made a new list, so that whatever binds the old one is stale.
    fn reserve(&mut self, gpu: &Gpu, bytes: u64) -> Result<bool, GpuError> {
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
struct Preparation {
    /// Settings of each step, a stride apart.
    scalings: Vec<u8>,
    turnings: Vec<u8>,
    steps: Vec<Step>,
}

/// A dispatch: of which small picture, with which settings, over so many columns and rows.
#[derive(Debug)]
enum Step {
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
        Ok(GpuLook { eye: self, view, starts, is_scaled: [false; 2] })
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
    fn run(&mut self, preparation: &Preparation, input: InputShape) -> Result<(), GpuError> {
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

/// A picture in front of the network.
#[derive(Debug)]
pub(in crate::detect) struct GpuLook<'a> {
    eye: &'a mut Eye,
    view: View<'a>,
    starts: [usize; 3],
    is_scaled: [bool; 2],
}

impl GpuLook<'_> {
    /// What the network makes of the whole picture, turned, and how the input lies in the frame.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(in crate::detect) fn whole(&mut self, turn: Turn) -> Result<(Outputs<'_>, InputLayout), DetectError> {
        let layout = self.eye.sides.layout(self.view.size(), turn);
        let small = if turn.is_diagonal() { DIAGONAL } else { STRAIGHT };
        let mut preparation = Preparation::default();
        self.scale_whole(small, &layout, &mut preparation)?;
        turn_onto(&mut preparation, small, &layout, 0)?;
        self.eye.run(&preparation, [1, layout.height, layout.width])?;
        let placed =
            InputLayout { frame_from_model: layout.frame_from_model.moved(self.view.origin_px()), ..layout };
        Ok((Outputs::plain(centerface::NAME, &self.eye.found, 1), placed))
    }

    /// What the network makes of a crop around each place, and how each lies in the frame. Those that `is_close` picks
    /// are cut out of the frame itself.
    ///
    /// # Errors
    /// [`GpuError`].
    pub(in crate::detect) fn crops(
        &mut self,
        places: &[Place],
        is_close: impl Fn(&Place) -> bool,
    ) -> Result<(Outputs<'_>, Vec<FrameFromModel>), DetectError> {
        let mut preparation = Preparation::default();
        let mut frame_from_model = Vec::with_capacity(places.len());
        for (nth, place) in places.iter().enumerate() {
            let (small, view, whole) = if is_close(place) {
                let part = place.surroundings(&self.view);
                let layout = Sides::new(CLOSE_SIDE_PX).layout(part.size(), Turn::NONE);
                self.scale(CLOSE, &part, &layout, &mut preparation)?;
                (CLOSE, part, layout)
            } else {
                let layout = self.eye.sides.layout(self.view.size(), Turn::NONE);
                self.scale_whole(STRAIGHT, &layout, &mut preparation)?;
                (STRAIGHT, self.view, layout)
            };
            let layout = place.layout(&whole, view.origin_px());
            turn_onto(&mut preparation, small, &layout, nth)?;
            frame_from_model.push(layout.frame_from_model.moved(view.origin_px()));
        }
        self.eye.run(&preparation, [places.len(), CROP_SIDE_PX, CROP_SIDE_PX])?;
        Ok((Outputs::plain(centerface::NAME, &self.eye.found, places.len()), frame_from_model))
    }

    /// Scales the whole picture, unless that was done.
    fn scale_whole(
        &mut self,
        small: usize,
        layout: &InputLayout,
        preparation: &mut Preparation,
    ) -> Result<(), GpuError> {
        let done = self.is_scaled.get_mut(small).is_some_and(|done| std::mem::replace(done, true));
        if done {
            return Ok(());
        }
        let view = self.view;
        self.scale(small, &view, layout, preparation)
    }

    fn scale(
        &mut self,
        small: usize,
        part: &View<'_>,
        layout: &InputLayout,
        preparation: &mut Preparation,
    ) -> Result<(), GpuError> {
        let to = (layout.content_width, layout.content_height);
        let gpu = &self.eye.shared.gpu;
        if let Some(memory) = self.eye.smalls.get_mut(small) {
            memory.reserve(gpu, 16 * (to.0 * to.1) as u64)?;
        }
        let settings = planes::scaling(&self.view, self.starts, part, to);
        let settings =
            gpu.guarded("scaling", || settings.ok_or_else(|| "the picture is too large".to_owned()))?;
        let offset = append(&mut preparation.scalings, &settings);
        preparation.steps.push(Step::Scale { small, offset, size: [to.0, to.1].map(dispatch_size) });
        Ok(())
    }
}

/// Adds the turn of a small picture onto the nth of an input.
fn turn_onto(
    preparation: &mut Preparation,
    small: usize,
    layout: &InputLayout,
    nth: usize,
) -> Result<(), DetectError> {
    let settings = planes::turning(layout, nth).ok_or(DetectError::Setting {
        setting: "side_px",
        value: layout.width as f64,
        range: "smaller",
    })?;
    let offset = append(&mut preparation.turnings, &settings);
    preparation.steps.push(Step::Turn {
        small,
        offset,
        size: [layout.width, layout.height].map(dispatch_size),
    });
    Ok(())
}

/// Appends settings a stride behind the last; where they begin.
fn append(list: &mut Vec<u8>, settings: &[u8]) -> u32 {
    let offset = list.len().next_multiple_of(SETTINGS_STRIDE as usize);
    list.resize(offset, 0);
    list.extend_from_slice(settings);
    u32::try_from(offset).unwrap_or(u32::MAX)
}

fn dispatch_size(side: usize) -> u32 {
    u32::try_from(side).unwrap_or(u32::MAX)
}
