// Each place of all channels makes 2 x 2 places: a transposed convolution whose steps are as long as its kernel.
//
// One invocation makes one place of four channels:
//   global_invocation_id.x  place of the output, row by row, .y  group of four channels, .z  picture

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
