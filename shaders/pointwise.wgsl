// A weighted sum of all channels at each place: the matrix product of weights (out x in) and a picture (in x places).
//
// A workgroup works out a tile of 4 * ROWS channels by 4 * COLUMNS places, an invocation 4 by 4 of them. Both factors are brought
// into shared memory, 16 channels of the input at a time, so that each value is fetched once for a whole tile.
//   workgroup_id.x  tile of places, .y  tile of channels, .z  picture
// Planes are padded to whole groups of four places. What lies in the padding is never read by a layer that sees neighbours.

@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> input: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> added: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4<f32>>;

const INVOCATIONS: u32 = 256u;
const DEPTH: u32 = 16u;
// Invocations side by side along the places, 16 or 32; the others go along the channels.
override COLUMNS: u32 = 16u;

var<workgroup> weight_tile: array<vec4<f32>, 256>;
var<workgroup> input_tile: array<vec4<f32>, 512>;

fn store(picture: u32, channel: u32, group: u32, sum: vec4<f32>, bias: f32) {
    if channel >= layer.channels_out || group >= layer.out_plane {
        return;
    }
    let at = (picture * layer.channels_out + channel) * layer.out_plane + group;
    var value = activated(sum + bias);
    if layer.adds != 0u {
        value += added[at];
    }
    output[at] = value;
}

@compute @workgroup_size(256, 1, 1)
fn pointwise(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    let rows = INVOCATIONS / COLUMNS;
    let column = invocation % COLUMNS;
    let row = invocation / COLUMNS;
    let out_groups = (layer.channels_out + 3u) / 4u;
    let first_row = tile.y * rows;
    let first_column = tile.x * COLUMNS;

    var sum_0 = vec4<f32>(0.0);
    var sum_1 = vec4<f32>(0.0);
    var sum_2 = vec4<f32>(0.0);
    var sum_3 = vec4<f32>(0.0);
    for (var depth = 0u; depth < layer.channels_in; depth += DEPTH) {
        for (var at = invocation; at < DEPTH * rows; at += INVOCATIONS) {
            let channel = depth + at / rows;
            let group = first_row + at % rows;
            var value = vec4<f32>(0.0);
            if channel < layer.channels_in && group < out_groups {
                value = weights[layer.weights + channel * out_groups + group];
            }
            weight_tile[at] = value;
        }
        for (var at = invocation; at < DEPTH * COLUMNS; at += INVOCATIONS) {
            let channel = depth + at / COLUMNS;
            let group = first_column + at % COLUMNS;
            var value = vec4<f32>(0.0);
            if channel < layer.channels_in && group < layer.in_plane {
                value = input[(tile.z * layer.channels_in + channel) * layer.in_plane + group];
            }
            input_tile[at] = value;
        }
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k += 1u) {
            let weight = weight_tile[k * rows + row];
            let value = input_tile[k * COLUMNS + column];
            sum_0 += weight.x * value;
            sum_1 += weight.y * value;
            sum_2 += weight.z * value;
            sum_3 += weight.w * value;
        }
        workgroupBarrier();
    }

    if first_row + row < out_groups {
        let bias = weights[layer.bias + first_row + row];
        let channel = (first_row + row) * 4u;
        let group = first_column + column;
        store(tile.z, channel, group, sum_0, bias.x);
        store(tile.z, channel + 1u, group, sum_1, bias.y);
        store(tile.z, channel + 2u, group, sum_2, bias.z);
        store(tile.z, channel + 3u, group, sum_3, bias.w);
    }
}
