// Copies a small picture onto the input of a network, turned: three planes of red, green and blue. Black where the picture is not.
//
// One invocation makes one pixel of the input:
//   global_invocation_id.x  column, .y  row

struct Turning {
    // The small picture's point of an input pixel's point: x = across.x * column + across.y * row + across.z, and y by `down`.
    across: vec4<f32>,
    down: vec4<f32>,
    from_width: u32,
    from_height: u32,
    to_width: u32,
    to_height: u32,
    // Where the planes begin in the input, and how long each is, in values.
    start: u32,
    plane: u32,
    // Whether pixels stay pixels, as in turns by right angles; otherwise four neighbours are mixed.
    keeps_pixels: u32,
    padding: u32,
}

@group(0) @binding(0) var<uniform> turning: Turning;
@group(0) @binding(1) var<storage, read> small: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> input: array<f32>;

fn colour_at(column: u32, row: u32) -> vec4<f32> {
    return small[row * turning.from_width + column];
}

// The pixel at or before a position, of those that have a next one, and how far it is to that next one.
fn position(at: f32, length: u32) -> vec2<f32> {
    let centred = clamp(at - 0.5, 0.0, f32(length) - 1.0);
    let pixel = floor(min(centred, max(f32(length) - 2.0, 0.0)));
    return vec2<f32>(pixel, centred - pixel);
}

fn between(x: f32, y: f32) -> vec4<f32> {
    let across = position(x, turning.from_width);
    let down = position(y, turning.from_height);
    let column = u32(across.x);
    let row = u32(down.x);
    let next_column = min(column + 1u, turning.from_width - 1u);
    let next_row = min(row + 1u, turning.from_height - 1u);
    let upper = mix(colour_at(column, row), colour_at(next_column, row), across.y);
    let lower = mix(colour_at(column, next_row), colour_at(next_column, next_row), across.y);
    return mix(upper, lower, down.y);
}

@compute @workgroup_size(16, 16, 1)
fn turn(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= turning.to_width || place.y >= turning.to_height {
        return;
    }
    let point = vec3<f32>(f32(place.x) + 0.5, f32(place.y) + 0.5, 1.0);
    let x = dot(turning.across.xyz, point);
    let y = dot(turning.down.xyz, point);
    var colour = vec4<f32>(0.0);
    if x >= 0.0 && y >= 0.0 && x <= f32(turning.from_width) && y <= f32(turning.from_height) {
        if turning.keeps_pixels != 0u {
            let column = min(u32(x), turning.from_width - 1u);
            colour = colour_at(column, min(u32(y), turning.from_height - 1u));
        } else {
            colour = between(x, y);
        }
    }
    let at = turning.start + place.y * turning.to_width + place.x;
    input[at] = colour.x;
    input[at + turning.plane] = colour.y;
    input[at + 2u * turning.plane] = colour.z;
}
