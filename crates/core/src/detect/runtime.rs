//! ONNX Runtime: loaded once per process from a given file, and one-thread sessions on it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionOutputs};
use ort::value::TensorRef;

use super::error::DetectError;
use super::library::{self, Flaw};

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
    // The default reports every step of every run to `tracing`.
    environment.set_log_level(LogLevel::Warning);
    Ok(environment)
}

/// A model ready to run on one thread.
#[derive(Debug)]
pub(crate) struct Network {
    model: &'static str,
    session: Session,
}

impl Network {
    /// Prepares an adapted model. `model` names the detector in messages.
    ///
    /// # Errors
    /// [`DetectError::Runtime`] where ONNX Runtime does not accept the model.
    pub(crate) fn new(runtime: &Runtime, model: &'static str, onnx: &[u8]) -> Result<Self, DetectError> {
        let session = one_thread_session(runtime, onnx).map_err(|error| failed(model, "loading", &error))?;
        Ok(Self { model, session })
    }

    /// Runs the model on pictures of one size: `pixels` are three planes of `height` x `width` values for each.
    ///
    /// # Errors
    /// [`DetectError::Runtime`] where ONNX Runtime reports a failure.
    pub(crate) fn run(
        &mut self,
        pixels: &[f32],
        height: usize,
        width: usize,
    ) -> Result<Outputs<'_>, DetectError> {
        let model = self.model;
        let failed = |error: ort::Error| failed(model, "running", &error);
        let pictures = pixels.len() / (3 * height * width).max(1);
        let input = TensorRef::from_array_view(([pictures, 3, height, width], pixels)).map_err(failed)?;
        let values = self.session.run(ort::inputs![input]).map_err(failed)?;
        Ok(Outputs { model, values, pictures, nth: 0 })
    }
}

/// One thread per session: two such sessions side by side are faster than one session with two threads.
fn one_thread_session(runtime: &Runtime, onnx: &[u8]) -> ort::Result<Session> {
    Session::builder(&runtime.environment)?
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

/// What a model gave for one picture after another.
pub(crate) struct Outputs<'s> {
    model: &'static str,
    values: SessionOutputs<'s>,
    pictures: usize,
    /// The picture that is read.
    nth: usize,
}

impl Outputs<'_> {
    /// Goes to the nth of the pictures that the model ran on.
    pub(crate) fn go_to(&mut self, nth: usize) {
        self.nth = nth;
    }

    /// The values of one output for one picture, after checking that they have the shape of the contract (`shape` is that
    /// for a single picture) and are all finite: one value that is no number makes every comparison with it false, and
    /// the face under it would pass unseen.
    ///
    /// # Errors
    /// [`DetectError::OutputShape`], [`DetectError::OutputNotFinite`].
    pub(crate) fn tensor(&self, tensor: &'static str, shape: &[usize]) -> Result<&[f32], DetectError> {
        let wrong = || DetectError::OutputShape { model: self.model, tensor };
        let value = self.values.get(tensor).ok_or_else(wrong)?;
        let Ok((found, values)) = value.try_extract_tensor::<f32>() else { return Err(wrong()) };
        let (Some((first, rest)), Some((one, rest_of_one))) = (found.split_first(), shape.split_first())
        else {
            return Err(wrong());
        };
        let is = |size: &i64, wanted: usize| usize::try_from(*size).is_ok_and(|size| size == wanted);
        let fits = is(first, one * self.pictures) && rest.len() == rest_of_one.len();
        if !fits || !rest.iter().zip(rest_of_one).all(|(size, wanted)| is(size, *wanted)) {
            return Err(wrong());
        }
        let length: usize = shape.iter().product();
        let values = values.chunks_exact(length.max(1)).nth(self.nth).ok_or_else(wrong)?;
        if all_finite(values) {
            Ok(values)
        } else {
            Err(DetectError::OutputNotFinite { model: self.model, tensor })
        }
    }
}

/// Without an early end, so that it runs on many values at a time.
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |finite, value| finite & value.is_finite())
}
