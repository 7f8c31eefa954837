// Each place of all channels makes 2 x 2 places: a transposed convolution whose steps are as long as its kernel.
//
// One invocation makes one place of four channels:
//   global_invocation_id.x  place of the output, row by row, .y  group of four channels, .z  picture

// One layer for pictures of one size. Planes are counted in groups of four values, and so are the places in the list of weights.
struct Layer {
    channels_in: u32,
    channels_out: u32,
    in_width: u32,
    in_height: u32,
    out_width: u32,
    out_height: u32,
    in_plane: u32,
    out_plane: u32,
    weights: u32,
    bias: u32,
    stride: u32,
    // 0 none, 1 no negative values, 2 sigmoid.
    activation: u32,
    // Whether another tensor of the same shape is added at the end.
    adds: u32,
    // A uniform block is a whole number of 16 bytes.
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
}

@group(0) @binding(0) var<uniform> layer: Layer;
@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> added: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

fn activated(sum: vec4<f32>) -> vec4<f32> {
    if layer.activation == 1u {
        return max(sum, vec4<f32>(0.0));
    }
    if layer.activation == 2u {
        return 1.0 / (1.0 + exp(-sum));
    }
    return sum;
}

// Stores four channels of one place.
fn store(picture: u32, group: u32, place: u32, sum: vec4<f32>) {
    let values = activated(sum);
    for (var nth = 0u; nth < 4u && group * 4u + nth < layer.channels_out; nth += 1u) {
        let at = (picture * layer.channels_out + group * 4u + nth) * layer.out_plane * 4u + place;
        var value = values[nth];
        if layer.adds != 0u {
            value += added[at];
        }
        output[at] = value;
    }
}

@compute @workgroup_size(64, 1, 1)
fn double(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= layer.out_width * layer.out_height {
        return;
    }
    let row = place.x / layer.out_width;
    let column = place.x % layer.out_width;
    let groups = (layer.channels_out + 3u) / 4u;
    let corner = row % 2u * 2u + column % 2u;
    let source = row / 2u * layer.in_width + column / 2u;
    var sum = weights[layer.bias + place.y];
    for (var channel = 0u; channel < layer.channels_in; channel += 1u) {
        let value = input[(place.z * layer.channels_in + channel) * layer.in_plane * 4u + source];
        sum += weights[layer.weights + (corner * layer.channels_in + channel) * groups + place.y] * value;
    }
    store(place.z, place.y, place.x, sum);
}
