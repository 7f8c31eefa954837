// Sums the samples of every cell of one mask, in all three planes, before anything is painted.
//
// One invocation adds up one row of one cell:
//   global_invocation_id.x  cell column
//   global_invocation_id.y  row: first the luma rows of the mask's box, then those of U, then those of V
// A row is at most 16384 samples, so its sum stays below 2^22. A cell's total may pass 2^32, so it is kept in two
// words with the carry added by hand.

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

const CELLS: u32 = 64u;
// For each mask: 3 planes of 64 cells of two words (low, high), then the number of samples painted.
const TALLY_WORDS: u32 = 385u;

@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read_write> picture: array<u32>;
@group(0) @binding(4) var<storage, read_write> tallies: array<atomic<u32>>;

// First position of a cell along an axis, in chroma samples from the start of the axis.
fn bound(cell: u32, len: u32, cells: u32) -> u32 {
    return cell * len / cells;
}

// Sum of those of a word's four samples that lie in from_x..to_x; the word starts at x.
fn word_sum(word: u32, x: u32, from_x: u32, to_x: u32) -> u32 {
    let skip = max(from_x, x) - x;
    let stop = min(to_x, x + 4u) - x;
    let kept = word & (0xffffffffu << (8u * skip)) & (0xffffffffu >> (8u * (4u - stop)));
    let pairs = (kept & 0x00ff00ffu) + ((kept >> 8u) & 0x00ff00ffu);
    return (pairs & 0xffffu) + (pairs >> 16u);
}

@compute @workgroup_size(8, 8, 1)
fn measure(@builtin(global_invocation_id) place: vec3<u32>) {
    var plane = 0u;
    var y = place.y;
    if y >= job.rows_len * 2u {
        y -= job.rows_len * 2u;
        plane = 1u + y / job.rows_len;
        y = y % job.rows_len;
    }
    if plane >= 3u || place.x >= job.cells_x {
        return;
    }
    let scale = select(1u, 2u, plane == 0u);
    let stride = select(job.stride_uv_words, job.stride_y_words, plane == 0u);
    let plane_start = select(select(job.v_start_word, job.u_start_word, plane == 1u), 0u, plane == 0u);
    let row = plane_start + (job.rows_start * scale + y) * stride;
    let from_x = (job.cols_start + bound(place.x, job.cols_len, job.cells_x)) * scale;
    let to_x = (job.cols_start + bound(place.x + 1u, job.cols_len, job.cells_x)) * scale;

    var sum = 0u;
    for (var word = from_x / 4u; word * 4u < to_x; word += 1u) {
        sum += word_sum(picture[row + word], word * 4u, from_x, to_x);
    }

    // The last cell row that begins at or above this row.
    let cell_y = ((y / scale + 1u) * job.cells_y - 1u) / job.rows_len;
    let at = job.index * TALLY_WORDS + (plane * CELLS + cell_y * 8u + place.x) * 2u;
    let before = atomicAdd(&tallies[at], sum);
    if before + sum < before {
        atomicAdd(&tallies[at + 1u], 1u);
    }
}
