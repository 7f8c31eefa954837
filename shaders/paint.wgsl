// Paints the surface of one mask over the picture, inside its spans only, in all three planes.
//
// One invocation owns a run of 8 words (32 samples) of one row, so that no two of them write the same word:
//   global_invocation_id.x  run, counted from the word that holds the left edge of the mask's box
//   global_invocation_id.y  row: first the luma rows of the box, then those of U, then those of V
// Masks are painted by one dispatch each, in order.
//
// The surface comes spread out along x: for each row of cells a line of 16-bit values that were weighed along x, 256
// times too large. Here three lines are weighed along y. All arithmetic is in whole numbers.

// One mask. Columns and rows are in chroma samples; words are 4 samples.
struct Job {
    cols_start: u32,
    cols_len: u32,
    rows_start: u32,
    rows_len: u32,
    cells_x: u32,
    cells_y: u32,
    index: u32,
    first_span: u32,
    stride_y_words: u32,
    stride_uv_words: u32,
    u_start_word: u32,
    v_start_word: u32,
    surface_y: u32,
    surface_u: u32,
    surface_v: u32,
    // A uniform block is a whole number of 16 bytes.
    padding: u32,
}

const RUN_WORDS: u32 = 8u;
const TALLY_WORDS: u32 = 385u;
const PAINTED: u32 = 384u;

@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read_write> picture: array<u32>;
// One per chroma row of a mask: start in the low half, end in the high half.
@group(0) @binding(2) var<storage, read> spans: array<u32>;
// For each mask and plane: one word per row (cell row << 16 | weight after << 8 | weight before), then one line per
// row of cells, two words for every word of the picture.
@group(0) @binding(3) var<storage, read> surfaces: array<u32>;
@group(0) @binding(4) var<storage, read_write> tallies: array<atomic<u32>>;

// Four values of a line.
fn four_of(at: u32) -> vec4<u32> {
    let low = surfaces[at];
    let high = surfaces[at + 1u];
    return vec4<u32>(low & 0xffffu, low >> 16u, high & 0xffffu, high >> 16u);
}

@compute @workgroup_size(4, 16, 1)
fn paint(@builtin(global_invocation_id) place: vec3<u32>) {
    var plane = 0u;
    var y = place.y;
    if y >= job.rows_len * 2u {
        y -= job.rows_len * 2u;
        plane = 1u + y / job.rows_len;
        y = y % job.rows_len;
    }
    if plane >= 3u {
        return;
    }
    let scale = select(1u, 2u, plane == 0u);
    let stride = select(job.stride_uv_words, job.stride_y_words, plane == 0u);
    let plane_start = select(select(job.v_start_word, job.u_start_word, plane == 1u), 0u, plane == 0u);
    let surface = select(select(job.surface_v, job.surface_u, plane == 1u), job.surface_y, plane == 0u);
    let first_word = job.cols_start * scale / 4u;
    let line_words = ((job.cols_start + job.cols_len) * scale + 3u) / 4u - first_word;
    let row = plane_start + (job.rows_start * scale + y) * stride + first_word;

    let span = spans[job.first_span + y / scale];
    let span_start = (span & 0xffffu) * scale;
    let span_end = (span >> 16u) * scale;

    let taps = surfaces[surface + y];
    let before = taps & 0xffu;
    let after = (taps >> 8u) & 0xffu;
    let here = 256u - before - after;
    let cell = taps >> 16u;
    let lines = surface + job.rows_len * scale;
    let line_before = lines + (max(cell, 1u) - 1u) * line_words * 2u;
    let line_here = lines + cell * line_words * 2u;
    let line_after = lines + min(cell + 1u, job.cells_y - 1u) * line_words * 2u;

    var written = 0u;
    let end_word = min((place.x + 1u) * RUN_WORDS, line_words);
    for (var word = place.x * RUN_WORDS; word < end_word; word += 1u) {
        let x = (first_word + word) * 4u;
        let from_x = max(span_start, x);
        let to_x = min(span_end, x + 4u);
        if from_x < to_x {
            let sum = four_of(line_before + word * 2u) * before
                + four_of(line_here + word * 2u) * here
                + four_of(line_after + word * 2u) * after;
            let values = (sum + vec4<u32>(32768u)) >> vec4<u32>(16u);
            let painted = values.x | (values.y << 8u) | (values.z << 16u) | (values.w << 24u);
            let inside = (0xffffffffu << (8u * (from_x - x))) & (0xffffffffu >> (8u * (x + 4u - to_x)));
            picture[row + word] = (picture[row + word] & ~inside) | (painted & inside);
            written += to_x - from_x;
        }
    }
    if written > 0u {
        atomicAdd(&tallies[job.index * TALLY_WORDS + PAINTED], written);
    }
}
