//! Detection and redaction alone, of pictures in memory, on a GPU: measured where there is one, and what it has to cost
//! at least.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use obscura_core::kernels::{GpuWork, GpuWorker, PassCost, fill_with_noise, library, model};
use obscura_core::model::{ColorMatrix, Colorimetry, Device, FramePool, FrameSize, PtsNanos};

use crate::results::Section;

/// Sizes that are measured, and faces in each picture.
const SIZES: [(usize, usize); 3] = [(1280, 720), (1920, 1080), (3840, 2160)];
const FACES: usize = 4;

/// However fast a GPU is, and however slow.
const MAX_PICTURES: u64 = 4000;
const MAX_TIME: Duration = Duration::from_secs(10);

/// Pictures in memory for each worker: enough that none is in the processor's cache.
const PICTURES_EACH: usize = 8;

/// What a large GPU of today is taken to do (NVIDIA H100 SXM, data sheet of 2023): bytes a second in its memory,
/// multiply-adds a second in 32 bits, of which a shader with tiles of 4 x 4 in registers reaches about a fifth; and the
/// bus, and the time of a launch.
const DEVICE_BYTES: f64 = 3.35e12;
const MULTIPLY_ADDS: f64 = 0.2 * 67e12 / 2.0;
const BUS_BYTES: f64 = 25e9;
const LAUNCH_SECONDS: f64 = 4e-6;

/// The part of the results.
pub(crate) fn section() -> Result<Section, String> {
    crate::talk("gpu");
    let (mut body, mut costs) = (String::new(), String::new());
    let words = |error: Box<dyn std::error::Error>| error.to_string();
    for (width, height) in SIZES {
        let size = FrameSize::rounded_up(width, height);
        let bytes = model("centerface.onnx").map_err(|e| format!("the model cannot be read: {e}"))?;
        let library = library().map_err(|e| e.to_string())?;
        let open = |device| GpuWork::open(&library, &bytes, device, size);
        // A software rasteriser counts only where nothing else is there.
        let work = open(Device::Auto).or_else(|_none| open(Device::Gpu(0))).map_err(words)?;
        if body.is_empty() {
            let _ = writeln!(
                body,
                "On {}. Pictures of noise in memory, {FACES} faces in each, searched as at the defaults (every second picture, \
                 half of those as a whole in two directions, the others in crops), all faces hidden. Looks for small \
                 and lost faces and for people, which the processor does beside it, are left out.\n\n\
                 | pictures | workers | a second |\n|---|---|---|",
                work.name()
            );
        }
        let (workers, rate) = measure(&work, size).map_err(|what| format!("{width}x{height}: {what}"))?;
        let _ = writeln!(body, "| {width}x{height} | {workers} | {rate:.1} |");
        let _ = writeln!(costs, "{}", cost_row((width, height), &work)?);
    }
    let _ = write!(
        body,
        "\nWhat a picture has to cost on average, counted from the layers and the schedule, and how long that would take on a device \
         with {:.2} TB/s, {:.1} T multiply-adds a second (a fifth of what an H100 has in 32 bits), {:.0} GB/s to the host and {:.0} us \
         a launch, one after the other, nothing overlapping:\n\n\
         | pictures | multiply-adds | device memory | up | back | launches | time | pictures a second |\n\
         |---|---|---|---|---|---|---|---|\n{costs}",
        DEVICE_BYTES / 1e12,
        MULTIPLY_ADDS / 1e12,
        BUS_BYTES / 1e9,
        LAUNCH_SECONDS * 1e6,
    );
    Ok(Section { name: "gpu", title: "Detection and redaction alone, on a GPU", body })
}

/// Workers, and pictures a second that they treat together.
fn measure(work: &GpuWork, size: FrameSize) -> Result<(usize, f64), String> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(16);
    let mut ready: Vec<_> =
        (0..workers).map(|_| work.worker(FACES).map_err(|e| e.to_string())).collect::<Result<_, _>>()?;
    let (next, began) = (AtomicU64::new(0), Instant::now());
    let treated = thread::scope(|scope| -> Result<u64, String> {
        let next = &next;
        let start = |worker| scope.spawn(move || treat(worker, size, next, began));
        let running: Vec<_> = ready.iter_mut().map(start).collect();
        running.into_iter().map(|one| one.join().map_err(|_panic| "a worker broke down".to_owned())?).sum()
    })?;
    Ok((workers, treated as f64 / began.elapsed().as_secs_f64()))
}

/// Treats pictures with the next numbers until enough were, or for long enough; how many.
fn treat(worker: &mut GpuWorker, size: FrameSize, next: &AtomicU64, began: Instant) -> Result<u64, String> {
    let pool = FramePool::new(size, PICTURES_EACH);
    let colour = Colorimetry { full_range: false, matrix: ColorMatrix::Bt709 };
    let mut frames: VecDeque<_> =
        (0u64..).take(PICTURES_EACH).map(|seq| pool.take(seq, PtsNanos(0), colour)).collect();
    for frame in &mut frames {
        fill_with_noise(frame, 1);
    }
    let mut treated = 0;
    while let Some(mut frame) = frames.pop_front() {
        frame.seq = next.fetch_add(1, Ordering::Relaxed);
        if frame.seq >= MAX_PICTURES || began.elapsed() > MAX_TIME {
            break;
        }
        worker.treat(&mut frame).map_err(|e| e.to_string())?;
        treated += 1;
        frames.push_back(frame);
    }
    Ok(treated)
}

fn cost_row((width, height): (usize, usize), work: &GpuWork) -> Result<String, String> {
    let (passes, pictures) = work.cycle(FACES);
    let sum = |of: fn(&PassCost) -> u64| passes.iter().map(of).sum::<u64>() as f64 / pictures as f64;
    let hidden = work.bytes_hidden(FACES).map_err(|e| e.to_string())? as f64;
    let (adds, launches) = (sum(|pass| pass.multiply_adds), sum(|pass| pass.launches));
    // Redaction sends the rows that faces are on up and back, and reads and writes them once in between, with two
    // launches a face.
    let (up, back) = (sum(|pass| pass.up_bytes) + hidden, sum(|pass| pass.back_bytes) + hidden);
    let (device, launches) = (sum(|pass| pass.device_bytes) + 2.0 * hidden, launches + 2.0 * FACES as f64);
    let seconds =
        adds / MULTIPLY_ADDS + device / DEVICE_BYTES + (up + back) / BUS_BYTES + launches * LAUNCH_SECONDS;
    Ok(format!(
        "| {width}x{height} | {:.2} G | {:.0} MB | {:.1} MB | {:.1} MB | {launches:.0} | {:.2} ms | {:.0} |",
        adds / 1e9,
        device / 1e6,
        up / 1e6,
        back / 1e6,
        seconds * 1e3,
        1.0 / seconds
    ))
}
