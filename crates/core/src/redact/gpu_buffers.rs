//! Memory on the GPU, kept from frame to frame, and the byte layout that host and shaders agree on.

use super::backend::Job;
use super::grid::{CellGrid, GRID_LEN, GridLayout, MAX_CELLS, rounded_mean};
use super::surface::{PLANE_SCALES, PlaneSurface, pack, packed_lens};
use crate::gpu::buffer;
use crate::model::FrameSize;

/// Bytes from one job to the next: the alignment that WebGPU asks of dynamic offsets.
pub(crate) const JOB_STRIDE: u32 = 256;

/// Bytes of `struct Job` in the shaders.
pub(crate) const JOB_BYTES: u64 = 64;

/// Words that the shaders write for each mask: low and high sums of all cells, then the samples painted.
const TALLY_WORDS: usize = 3 * GRID_LEN * 2 + 1;

const WORD: u64 = 4;

/// All buffers, and the group that binds them. They grow with the masks of a frame and never shrink.
#[derive(Debug)]
pub(crate) struct Buffers {
    /// The picture as storage.
    pub(crate) picture: wgpu::Buffer,
    /// The picture on its way back.
    pub(crate) picture_back: wgpu::Buffer,
    /// What depends on the number of masks.
    pub(crate) lists: Lists,
}

/// The buffers whose length depends on the masks.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Room for this many masks.
    masks: u64,
    /// Room for this many spans.
    spans: u64,
    /// Room for this many words of surfaces.
    surface_words: u64,
    pub(crate) job_buffer: wgpu::Buffer,
    pub(crate) span_buffer: wgpu::Buffer,
    pub(crate) surface_buffer: wgpu::Buffer,
    pub(crate) tally_buffer: wgpu::Buffer,
    pub(crate) tally_back: wgpu::Buffer,
    pub(crate) bind_group: wgpu::BindGroup,
}

impl Buffers {
    pub(crate) fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, size: FrameSize) -> Self {
        use wgpu::BufferUsages as Use;
        let bytes = size.byte_len() as u64;
        let picture = buffer(device, "picture", bytes, Use::STORAGE | Use::COPY_DST | Use::COPY_SRC);
        let picture_back = buffer(device, "picture back", bytes, Use::MAP_READ | Use::COPY_DST);
        let lists = Lists::new(device, layout, &picture, [16, 1 << 12, 1 << 16]);
        Self { picture, picture_back, lists }
    }

    /// Makes room for the masks of a frame.
    pub(crate) fn reserve(&mut self, device: &wgpu::Device, layout: &wgpu::BindGroupLayout, jobs: &[Job]) {
        let spans = jobs.iter().map(|job| job.coverage.spans().len() as u64).sum::<u64>();
        let surface_words = jobs.iter().flat_map(|job| packed_lens(&job.layout)).map(u64::from).sum::<u64>();
        let held = [self.lists.masks, self.lists.spans, self.lists.surface_words];
        let mut wanted = held;
        for (wanted, needed) in wanted.iter_mut().zip([jobs.len() as u64, spans, surface_words]) {
            *wanted = needed.max(*wanted).next_power_of_two();
        }
        if wanted != held {
            self.lists = Lists::new(device, layout, &self.picture, wanted);
        }
    }
}

impl Lists {
    fn new(
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        picture: &wgpu::Buffer,
        [masks, spans, surface_words]: [u64; 3],
    ) -> Self {
        use wgpu::BufferUsages as Use;
        let tally_bytes = masks * TALLY_WORDS as u64 * WORD;
        let list = Use::STORAGE | Use::COPY_DST;
        let job_buffer = buffer(device, "jobs", masks * u64::from(JOB_STRIDE), Use::UNIFORM | Use::COPY_DST);
        let span_buffer = buffer(device, "spans", spans * WORD, list);
        let surface_buffer = buffer(device, "surfaces", surface_words * WORD, list);
        let tally_buffer = buffer(device, "tallies", tally_bytes, list | Use::COPY_SRC);
        let tally_back = buffer(device, "tallies back", tally_bytes, Use::MAP_READ | Use::COPY_DST);
        let one_job = wgpu::BufferBinding {
            buffer: &job_buffer,
            offset: 0,
            size: std::num::NonZeroU64::new(JOB_BYTES),
        };
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("redaction"),
            layout,
            entries: &[
                entry(0, wgpu::BindingResource::Buffer(one_job)),
                entry(1, picture.as_entire_binding()),
                entry(2, span_buffer.as_entire_binding()),
                entry(3, surface_buffer.as_entire_binding()),
                entry(4, tally_buffer.as_entire_binding()),
            ],
        });
        Self {
            masks,
            spans,
            surface_words,
            job_buffer,
            span_buffer,
            surface_buffer,
            tally_buffer,
            tally_back,
            bind_group,
        }
    }
}

/// `struct Job` of every mask, [`JOB_STRIDE`] bytes apart.
pub(crate) fn job_bytes(jobs: &[Job], size: FrameSize) -> Vec<u8> {
    let words = |bytes: usize| u32::try_from(bytes / 4).unwrap_or(u32::MAX);
    let [_, u_start, v_start] = size.plane_offsets();
    let mut bytes = Vec::with_capacity(jobs.len() * JOB_STRIDE as usize);
    let (mut first_span, mut surface) = (0u32, 0u32);
    for (job, index) in jobs.iter().zip(0u32..) {
        let GridLayout { cols, rows } = job.layout;
        let surfaces = packed_lens(&job.layout).map(|len| {
            let start = surface;
            surface += len;
            start
        });
        let fields = [
            [cols.start, cols.len, rows.start, rows.len],
            [cols.cells, rows.cells, index, first_span],
            [words(size.stride_y()), words(size.stride_uv()), words(u_start), words(v_start)],
        ];
        push_words(&mut bytes, fields.into_iter().flatten().chain(surfaces));
        bytes.resize((index as usize + 1) * JOB_STRIDE as usize, 0);
        first_span += u32::try_from(job.coverage.spans().len()).unwrap_or(u32::MAX);
    }
    bytes
}

/// The spans of all masks, one after the other: start in the low half of a word, end in the high half.
pub(crate) fn span_bytes(jobs: &[Job]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for job in jobs {
        let spans = job.coverage.spans().iter();
        push_words(&mut bytes, spans.map(|s| u32::from(s.start) | u32::from(s.end) << 16));
    }
    bytes
}

/// All surfaces in the form in which the paint shader reads them.
pub(crate) fn surface_bytes(jobs: &[Job], surfaces: &[CellGrid], smooth: bool) -> Vec<u8> {
    let (mut words, mut scratch) = (Vec::new(), PlaneSurface::default());
    for (job, surface) in jobs.iter().zip(surfaces) {
        pack(&job.layout, surface, smooth, &mut scratch, &mut words);
    }
    let mut bytes = Vec::with_capacity(words.len() * 4);
    push_words(&mut bytes, words.into_iter());
    bytes
}

/// Bytes of the tallies of so many masks.
pub(crate) fn tally_bytes(masks: usize) -> u64 {
    masks as u64 * TALLY_WORDS as u64 * WORD
}

/// Means of the cells of every mask out of the sums that the shader left.
pub(crate) fn means(tallies: &[u8], jobs: &[Job]) -> Vec<CellGrid> {
    let per_mask = tallies.chunks_exact(TALLY_WORDS * 4);
    jobs.iter().zip(per_mask).map(|(job, tally)| mask_means(tally, &job.layout)).collect()
}

fn mask_means(tally: &[u8], layout: &GridLayout) -> CellGrid {
    let mut grid = CellGrid::flat([0; 3]);
    let planes = tally.chunks_exact(GRID_LEN * 8).zip(&mut grid.planes).zip(PLANE_SCALES.map(u64::from));
    for ((sums, values), scale) in planes {
        let lines = sums.chunks_exact(MAX_CELLS * 8).zip(values.chunks_exact_mut(MAX_CELLS));
        for ((sums, values), j) in lines.zip(0..layout.rows.cells) {
            let height = layout.rows.bound(j + 1) - layout.rows.bound(j);
            for ((sum, value), i) in sums.chunks_exact(8).zip(values).zip(0..layout.cols.cells) {
                let width = layout.cols.bound(i + 1) - layout.cols.bound(i);
                let sum = <[u8; 8]>::try_from(sum).map_or(0, u64::from_le_bytes);
                *value = rounded_mean(sum, u64::from(width) * u64::from(height) * scale * scale);
            }
        }
    }
    grid
}

/// Samples that the shader painted for each mask.
pub(crate) fn painted(tallies: &[u8]) -> Vec<u64> {
    let last_word = |tally: &[u8]| tally.last_chunk::<4>().map_or(0, |w| u64::from(u32::from_le_bytes(*w)));
    tallies.chunks_exact(TALLY_WORDS * 4).map(last_word).collect()
}

fn push_words(bytes: &mut Vec<u8>, words: impl Iterator<Item = u32>) {
    bytes.extend(words.flat_map(u32::to_le_bytes));
}
