// A rectangle of a picture in planes (4:2:0, 8 bits) becomes a small picture in red, green and blue, 0 to 255.
//
// Each sample is the mean of what it covers where an axis shrinks, so that nothing falls through the grid, and lies between its two
// neighbours where it grows. One invocation makes one pixel:
//   global_invocation_id.x  column, .y  row of the small picture

struct Scaling {
    // Where the rectangle begins in each plane and how long the plane's rows are, in bytes.
    luma_start: u32,
    u_start: u32,
    v_start: u32,
    luma_stride: u32,
    chroma_stride: u32,
    // The rectangle's size in luma samples, even.
    from_width: u32,
    from_height: u32,
    to_width: u32,
    to_height: u32,
    padding_0: u32,
    padding_1: u32,
    padding_2: u32,
    // Factors: luma; red from Cr; green from Cb; green from Cr.
    factors: vec4<f32>,
    // Blue from Cb; then what is added to red, green and blue.
    rest: vec4<f32>,
}

@group(0) @binding(0) var<uniform> scaling: Scaling;
@group(0) @binding(1) var<storage, read> picture: array<u32>;
// Red, green, blue and nothing.
@group(0) @binding(2) var<storage, read_write> small: array<vec4<f32>>;

fn sample(at: u32) -> f32 {
    return f32((picture[at / 4u] >> (8u * (at % 4u))) & 0xffu);
}

// The source samples of one target sample along an axis: the first, how many, and the weights of the first and of the last; those
// between weigh `inner`.
struct Span {
    first: u32,
    count: u32,
    head: f32,
    inner: f32,
    tail: f32,
}

fn span(source: u32, target_length: u32, at: u32) -> Span {
    if source > target_length {
        // In units of 1 / target of a source sample all numbers are whole.
        let start = at * source;
        let end = start + source;
        let first = start / target_length;
        let behind = (end + target_length - 1u) / target_length;
        let head = min(end, (first + 1u) * target_length) - start;
        let tail = end - max(start, (behind - 1u) * target_length);
        let unit = 1.0 / f32(source);
        return Span(first, behind - first, f32(head) * unit, f32(target_length) * unit, f32(tail) * unit);
    }
    let doubled = (2u * at + 1u) * source;
    let position = max(doubled, target_length) - target_length;
    let first = position / (2u * target_length);
    let rest = position % (2u * target_length);
    if rest == 0u || first + 1u >= source {
        return Span(min(first, source - 1u), 1u, 1.0, 0.0, 0.0);
    }
    let next = f32(rest) / f32(2u * target_length);
    return Span(first, 2u, 1.0 - next, 0.0, next);
}

fn weight(span: Span, nth: u32) -> f32 {
    if nth == 0u {
        return span.head;
    }
    return select(span.inner, span.tail, nth + 1u == span.count);
}

fn mean(start: u32, stride: u32, columns: Span, rows: Span) -> f32 {
    var sum = 0.0;
    for (var y = 0u; y < rows.count; y += 1u) {
        let line = start + (rows.first + y) * stride + columns.first;
        var along = 0.0;
        for (var x = 0u; x < columns.count; x += 1u) {
            along += weight(columns, x) * sample(line + x);
        }
        sum += weight(rows, y) * along;
    }
    return sum;
}

@compute @workgroup_size(16, 16, 1)
fn scale(@builtin(global_invocation_id) place: vec3<u32>) {
    if place.x >= scaling.to_width || place.y >= scaling.to_height {
        return;
    }
    let columns = span(scaling.from_width, scaling.to_width, place.x);
    let rows = span(scaling.from_height, scaling.to_height, place.y);
    let luma = mean(scaling.luma_start, scaling.luma_stride, columns, rows) * scaling.factors.x;
    let half_columns = span(scaling.from_width / 2u, scaling.to_width, place.x);
    let half_rows = span(scaling.from_height / 2u, scaling.to_height, place.y);
    let cb = mean(scaling.u_start, scaling.chroma_stride, half_columns, half_rows);
    let cr = mean(scaling.v_start, scaling.chroma_stride, half_columns, half_rows);
    let red = luma + cr * scaling.factors.y + scaling.rest.y;
    let green = luma + cb * scaling.factors.z + cr * scaling.factors.w + scaling.rest.z;
    let blue = luma + cb * scaling.rest.x + scaling.rest.w;
    let colour = clamp(vec4<f32>(red, green, blue, 0.0), vec4<f32>(0.0), vec4<f32>(255.0));
    small[place.y * scaling.to_width + place.x] = colour;
}
