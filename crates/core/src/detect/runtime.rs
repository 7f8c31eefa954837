//! ONNX Runtime: loaded once per process from a given file, and one-thread sessions on it.

mod outputs;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorElementType, TensorRef, ValueType};

pub(crate) use outputs::{Outputs, Plain};

use super::arena;
use super::error::DetectError;
use super::library::{self, Flaw};
use super::prepare::Pixel;

/// The library that this process loaded. It cannot be unloaded, and ONNX Runtime allows one environment per
/// process.
static LOADED: Mutex<Option<(PathBuf, Runtime)>> = Mutex::new(None);

/// The loaded ONNX Runtime; cheap to clone.
#[derive(Clone, Debug)]
pub struct Runtime {
    environment: Environment,
}

impl Runtime {
    /// Loads ONNX Runtime from `library`, or gives the one that was loaded from there before. After a failure
    /// a later call tries again. Loading runs the library's code: the caller has compared its digest before.
    ///
    /// # Errors
    /// [`DetectError::LibraryMissing`], [`DetectError::LibraryUnusable`] where it is damaged, not ONNX
    /// Runtime or older than version 1.24, [`DetectError::LibraryTaken`] where this process uses another file
    /// already.
    pub fn load(library: &Path) -> Result<Self, DetectError> {
        let file = library.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        library::inspect(library).map_err(|flaw| match flaw {
            Flaw::Missing => DetectError::LibraryMissing { file: file.clone() },
            Flaw::Unusable(reason) => {
                DetectError::LibraryUnusable { file: file.clone(), reason: reason.to_owned() }
            }
        })?;
        let unusable = |reason: String| DetectError::LibraryUnusable { file: file.clone(), reason };
        // ort panics where it has to guess what a relative path is relative to, so it always gets an absolute
        // one.
        let path = library.canonicalize().map_err(|error| unusable(error.kind().to_string()))?;
        match loaded.as_ref() {
            Some((earlier, runtime)) if *earlier == path => return Ok(runtime.clone()),
            Some(_) => return Err(DetectError::LibraryTaken { file }),
            None => {}
        }
        let runtime = Self { environment: load(&path).map_err(unusable)? };
        *loaded = Some((path, runtime.clone()));
        Ok(runtime)
    }

    /// For tests that make their own sessions.
    #[cfg(test)]
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Loads and starts ONNX Runtime, or says why not, without naming folders.
fn load(path: &Path) -> Result<Environment, String> {
    use ort::LoadDynamicError as Error;
    use std::error::Error as _;
    let builder = ort::init_from(path).map_err(|error| match error {
        Error::Dlopen { error, path } => {
            let folder = path.parent().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            reason.replace(&folder, "")
        }
        Error::MissingApi { .. } => "it is some other library".to_owned(),
        Error::InvalidVersionString => "it does not say its version".to_owned(),
        Error::BadVersion { version_str, .. } => {
            format!("it is version {version_str}, and 1.{} or later is needed", ort::MINOR_VERSION)
        }
    })?;
    let environment =
        builder.with_name("obscura").with_telemetry(false).build().map_err(|error| error.to_string())?;
    arena::share(&environment).map_err(|error| error.to_string())?;
    // The default reports every step of every run to `tracing`.
    environment.set_log_level(LogLevel::Warning);
    Ok(environment)
}

/// A model ready to run on one thread.
#[derive(Debug)]
pub(crate) struct Network {
    model: &'static str,
    session: Session,
    form: Form,
}

/// How a model takes pictures.
#[derive(Debug)]
enum Form {
    /// Pixel by pixel, as they are prepared.
    Pixels,
    /// As three planes of numbers, which are kept from run to run.
    Planes(Vec<f32>),
}

impl Network {
    /// Prepares an adapted model. `model` names the detector in messages.
    ///
    /// # Errors
    /// [`DetectError::Runtime`] where ONNX Runtime does not accept the model.
    pub(crate) fn new(runtime: &Runtime, model: &'static str, onnx: &[u8]) -> Result<Self, DetectError> {
        let session = one_thread_session(runtime, onnx).map_err(|error| failed(model, "loading", &error))?;
        let takes_bytes =
            |kind: &ValueType| matches!(kind, ValueType::Tensor { ty: TensorElementType::Uint8, .. });
        let takes_pixels = session.inputs().first().is_some_and(|input| takes_bytes(input.dtype()));
        let form = if takes_pixels { Form::Pixels } else { Form::Planes(Vec::new()) };
        Ok(Self { model, session, form })
    }

    /// Runs the model on pictures of one size: `height` x `width` pixels for each.
    ///
    /// # Errors
    /// [`DetectError::Runtime`] where ONNX Runtime reports a failure.
    pub(crate) fn run(
        &mut self,
        pixels: &[Pixel],
        height: usize,
        width: usize,
    ) -> Result<Outputs<'_>, DetectError> {
        let Self { model, session, form } = self;
        match form {
            Form::Pixels => run_pixels(session, model, pixels, height, width),
            Form::Planes(planes) => {
                into_planes(pixels, height * width, planes);
                run_planes(session, model, planes, height, width)
            }
        }
    }

    /// The same for three planes of `height` x `width` values in 0..=255 for each picture, where the model takes those.
    ///
    /// # Errors
    /// [`DetectError::Runtime`] where ONNX Runtime reports a failure.
    pub(crate) fn run_planes(
        &mut self,
        planes: &[f32],
        height: usize,
        width: usize,
    ) -> Result<Outputs<'_>, DetectError> {
        run_planes(&mut self.session, self.model, planes, height, width)
    }
}

fn run_pixels<'s>(
    session: &'s mut Session,
    model: &'static str,
    pixels: &[Pixel],
    height: usize,
    width: usize,
) -> Result<Outputs<'s>, DetectError> {
    let failed = |error: ort::Error| failed(model, "running", &error);
    let pictures = pixels.len() / (height * width).max(1);
    let shape = [pictures, height, width, size_of::<Pixel>()];
    let input = TensorRef::from_array_view((shape, pixels.as_flattened())).map_err(failed)?;
    let values = session.run(ort::inputs![input]).map_err(failed)?;
    Ok(Outputs::of_session(model, values, pictures))
}

fn run_planes<'s>(
    session: &'s mut Session,
    model: &'static str,
    planes: &[f32],
    height: usize,
    width: usize,
) -> Result<Outputs<'s>, DetectError> {
    let failed = |error: ort::Error| failed(model, "running", &error);
    let pictures = planes.len() / (3 * height * width).max(1);
    let input = TensorRef::from_array_view(([pictures, 3, height, width], planes)).map_err(failed)?;
    let values = session.run(ort::inputs![input]).map_err(failed)?;
    Ok(Outputs::of_session(model, values, pictures))
}

/// Tells the colours of each picture of `area` pixels apart.
fn into_planes(pixels: &[Pixel], area: usize, planes: &mut Vec<f32>) {
    let area = area.max(1);
    planes.resize(3 * pixels.len(), 0.0);
    for (picture, planes) in pixels.chunks_exact(area).zip(planes.chunks_exact_mut(3 * area)) {
        for (plane, shift) in planes.chunks_exact_mut(area).zip([0, 8, 16]) {
            for (value, pixel) in plane.iter_mut().zip(picture) {
                *value = ((u32::from_le_bytes(*pixel) >> shift) & 0xff) as f32;
            }
        }
    }
}

/// One thread per session: two such sessions side by side are faster than one session with two threads.
fn one_thread_session(runtime: &Runtime, onnx: &[u8]) -> ort::Result<Session> {
    Session::builder(&runtime.environment)?
        .with_env_allocators()?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        // Each turn has an input size of its own, and a plan for each of them would hold its memory for good.
        .with_memory_pattern(false)?
        .with_log_level(LogLevel::Warning)?
        .commit_from_memory(onnx)
}

fn failed(model: &'static str, doing: &'static str, error: &ort::Error) -> DetectError {
    DetectError::Runtime { model, doing, reason: error.to_string() }
}
