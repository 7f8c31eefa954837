// What shaders begin with, after `layer.wgsl`, that make one place of four channels at a time.

@group(0) @binding(1) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> added: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

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
