// What every shader of a layer begins with.

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

fn activated(sum: vec4<f32>) -> vec4<f32> {
    if layer.activation == 1u {
        return max(sum, vec4<f32>(0.0));
    }
    if layer.activation == 2u {
        return 1.0 / (1.0 + exp(-sum));
    }
    return sum;
}
