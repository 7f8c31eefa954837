// 3 x 3 places of one channel make one place of the same channel; black around the picture.
//
// One invocation makes one value:
//   global_invocation_id.x  place, row by row, .y  channel, .z  picture

@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
@group(0) @binding(3) var<storage, read> added: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn depthwise(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= layer.out_width * layer.out_height {
        return;
    }
    let row = place.x / layer.out_width * layer.stride;
    let column = place.x % layer.out_width * layer.stride;
    let plane = (place.z * layer.channels_in + place.y) * layer.in_plane * 4u;
    let kernel = layer.weights * 4u + place.y * 9u;
    var sum = weights[layer.bias * 4u + place.y];
    for (var dy = 0u; dy < 3u; dy += 1u) {
        // One more than the row, so that what lies above the picture is not below 0.
        let y = row + dy;
        if y >= 1u && y <= layer.in_height {
            let line = plane + (y - 1u) * layer.in_width;
            for (var dx = 0u; dx < 3u; dx += 1u) {
                let x = column + dx;
                if x >= 1u && x <= layer.in_width {
                    sum += weights[kernel + dy * 3u + dx] * input[line + x - 1u];
                }
            }
        }
    }
    let at = (place.z * layer.channels_out + place.y) * layer.out_plane * 4u + place.x;
    var value = activated(vec4<f32>(sum)).x;
    if layer.adds != 0u {
        value += added[at];
    }
    output[at] = value;
}
