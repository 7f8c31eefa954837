// 3 x 3 places of all channels make one place; black around the picture.
//
// One invocation makes one place of four channels:
//   global_invocation_id.x  place, row by row, .y  group of four channels, .z  picture

@compute @workgroup_size(64, 1, 1)
fn full(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= layer.out_width * layer.out_height {
        return;
    }
    let row = place.x / layer.out_width * layer.stride;
    let column = place.x % layer.out_width * layer.stride;
    let groups = (layer.channels_out + 3u) / 4u;
    var sum = weights[layer.bias + place.y];
    for (var channel = 0u; channel < layer.channels_in; channel += 1u) {
        let plane = (place.z * layer.channels_in + channel) * layer.in_plane * 4u;
        let kernel = layer.weights + channel * 9u * groups + place.y;
        for (var dy = 0u; dy < 3u; dy += 1u) {
            // One more than the row, so that what lies above the picture is not below 0.
            let y = row + dy;
            if y >= 1u && y <= layer.in_height {
                let line = plane + (y - 1u) * layer.in_width;
                for (var dx = 0u; dx < 3u; dx += 1u) {
                    let x = column + dx;
                    if x >= 1u && x <= layer.in_width {
                        sum += weights[kernel + (dy * 3u + dx) * groups] * input[line + x - 1u];
                    }
                }
            }
        }
    }
    store(place.z, place.y, place.x, sum);
}
