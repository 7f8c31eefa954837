//! The models and the library that a rendering needs, read from the Obscura home folder and compared with the manifest.

mod error;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use error::AssetError;

use crate::detect::{Accelerator, Runtime};
use crate::model::{Arithmetic, Device, Plan, Sha256Digest, Text, hash_reader};

/// The manifest that is compiled in: nothing that a folder says can change which models are trusted.
const MANIFEST: &str = include_str!("../../../../models/manifest.toml");

/// A model or library larger than this is not one of ours.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// What one file of the manifest is.
const MODEL: &str = "model";
const LIBRARY: &str = "library";

#[derive(Debug, Deserialize)]
struct Manifest {
    model: Vec<Entry>,
    library: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    file_name: String,
    sha256: Sha256Digest,
    licence: String,
    purpose: String,
    package: String,
    version: String,
    target: Option<String>,
}

/// One file of the manifest and whether it is here.
#[derive(Clone, Debug, Serialize)]
pub struct AssetStatus {
    /// "model" or "library".
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Its licence.
    pub licence: String,
    /// Package and version that it ships in.
    pub package: String,
    /// The digest that it must have.
    pub sha256: Sha256Digest,
    /// Present with the right digest.
    pub installed: bool,
    /// What is wrong where it is not.
    pub problem: Option<String>,
}

/// A model that is installed. Its file is read where a detector is made of it: kept in memory beside the detectors, all
/// of them together would be 15 MB.
#[derive(Debug)]
pub struct Model {
    /// Name in the manifest.
    pub name: String,
    /// Digest that the file had, and must have each time it is read.
    pub sha256: Sha256Digest,
    path: PathBuf,
}

impl Model {
    /// The file's content.
    ///
    /// # Errors
    /// [`AssetError`] where the file is missing, or another one by now.
    pub(super) fn read(&self) -> Result<Vec<u8>, AssetError> {
        let refused = |why| AssetError::of_io(MODEL, &self.name, why);
        let file = std::fs::File::open(&self.path).map_err(refused)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(refused)?;
        compare(MODEL, &self.name, self.sha256, Sha256Digest::of(&bytes))?;
        Ok(bytes)
    }
}

/// Everything that detection needs, verified once per process.
#[derive(Debug)]
pub struct Assets {
    /// Finds the faces that are hidden.
    pub finder: Model,
    /// Searches the finished file.
    pub checker: Model,
    /// Graph and weights of what finds people, where the plan asks for it.
    pub people: Option<[Model; 2]>,
    /// Finds text, where the plan asks for it.
    pub text: Option<Model>,
    /// Digest of the ONNX Runtime library.
    pub library_sha256: Sha256Digest,
    pub(super) runtime: Runtime,
    /// The GPU that looks for faces, where one does.
    pub(super) accelerator: Option<Arc<Accelerator>>,
}

/// The Obscura home folder: `OBSCURA_HOME`, else `XDG_DATA_HOME/obscura`, else `~/.local/share/obscura`.
///
/// # Errors
/// [`AssetError::NoHome`] where none of the variables is set.
pub fn home_folder() -> Result<PathBuf, AssetError> {
    let set = |name| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("OBSCURA_HOME")
        .or_else(|| set("XDG_DATA_HOME").map(|data| data.join("obscura")))
        .or_else(|| set("HOME").map(|home| home.join(".local/share/obscura")))
        .ok_or(AssetError::NoHome)
}

impl Assets {
    /// Reads, verifies and loads the detectors of faces and what else the plan looks for from the home folder. Without
    /// a plan nothing else is looked for.
    ///
    /// # Errors
    /// [`AssetError`] for the first file that is missing or is another one, or a GPU that was asked for and is not fit.
    pub fn load(home: &Path, looked_for: Option<&Plan>) -> Result<Self, AssetError> {
        let wants = |wanted: fn(&Plan) -> bool| looked_for.is_some_and(wanted);
        let manifest = manifest()?;
        let library = onnx_runtime(&manifest)?;
        let path = library_in(home, library);
        verify(LIBRARY, library, &path)?;
        let [finder, checker] = ["centerface", "yunet"].map(|name| model(&manifest, home, name));
        let (finder, checker) = (finder?, checker?);
        let people = wants(Plan::needs_people).then(|| people(&manifest, home)).transpose()?;
        let text = wants(|plan| plan.text == Text::Mask).then(|| text(&manifest, home)).transpose()?;
        // Last: it waits where other libraries are being loaded beside.
        let runtime = Runtime::load(&path)?;
        let open = |plan: &Plan| {
            // Who wants the same on every machine does not want whichever GPU there is.
            let is_asked = plan.device != Device::Auto || plan.arithmetic != Arithmetic::Float;
            let device = if is_asked { plan.device } else { Device::Cpu };
            Ok::<_, AssetError>(Accelerator::open(device, &runtime, &finder.read()?)?)
        };
        Ok(Self {
            accelerator: looked_for.map(open).transpose()?.flatten(),
            finder,
            checker,
            people,
            text,
            library_sha256: library.sha256,
            runtime,
        })
    }
}

impl Assets {
    /// Every model that was loaded.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        let people = self.people.iter().flatten();
        [&self.finder, &self.checker].into_iter().chain(people).chain(&self.text)
    }
}

/// Names in the manifest of what finds people (graph and weights) and text.
const PEOPLE: [&str; 2] = ["nanodet_graph", "nanodet_weights"];
const TEXT: &str = "ppocr_det";

/// Where set-up installs ONNX Runtime.
///
/// # Errors
/// [`AssetError::NotListed`] where there is none for this kind of machine.
pub fn library_file(home: &Path) -> Result<PathBuf, AssetError> {
    Ok(library_in(home, onnx_runtime(&manifest()?)?))
}

fn library_in(home: &Path, library: &Entry) -> PathBuf {
    home.join("lib").join(&library.file_name)
}

fn onnx_runtime(manifest: &Manifest) -> Result<&Entry, AssetError> {
    find(&manifest.library, LIBRARY, "onnxruntime", true)
}

fn people(manifest: &Manifest, home: &Path) -> Result<[Model; 2], AssetError> {
    let [graph, weights] = PEOPLE.map(|name| model(manifest, home, name));
    Ok([or(graph, AssetError::without_people)?, or(weights, AssetError::without_people)?])
}

fn text(manifest: &Manifest, home: &Path) -> Result<Model, AssetError> {
    or(model(manifest, home, TEXT), AssetError::without_text)
}

/// Says how to do without a model that is missing. One that is another is never done without in silence.
fn or(found: Result<Model, AssetError>, missing: fn() -> AssetError) -> Result<Model, AssetError> {
    found.map_err(|error| if matches!(error, AssetError::Missing { .. }) { missing() } else { error })
}

/// Every model and library of the manifest with its state in the home folder.
///
/// # Errors
/// [`AssetError::NotListed`] where the compiled-in manifest cannot be read.
pub fn list_assets(home: &Path) -> Result<Vec<AssetStatus>, AssetError> {
    let manifest = manifest()?;
    let libraries = manifest.library.iter().filter(|e| e.is_for_this_machine()).map(|e| (LIBRARY, "lib", e));
    let models = manifest.model.iter().map(|e| (MODEL, "models", e));
    Ok(libraries.chain(models).map(|(kind, folder, entry)| status(home, kind, folder, entry)).collect())
}

fn status(home: &Path, kind: &'static str, folder: &str, entry: &Entry) -> AssetStatus {
    let problem = verify(kind, entry, &home.join(folder).join(&entry.file_name)).err();
    AssetStatus {
        kind,
        name: entry.name.clone(),
        purpose: entry.purpose.clone(),
        licence: entry.licence.clone(),
        package: format!("{} {}", entry.package, entry.version),
        sha256: entry.sha256,
        installed: problem.is_none(),
        problem: problem.map(|p| p.to_string()),
    }
}

impl Entry {
    fn is_for_this_machine(&self) -> bool {
        let here = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        self.target.as_ref().is_none_or(|target| *target == here)
    }
}

fn manifest() -> Result<Manifest, AssetError> {
    toml::from_str(MANIFEST)
        .map_err(|e| AssetError::NotListed { kind: "manifest", name: e.message().to_owned() })
}

fn find<'a>(
    entries: &'a [Entry],
    kind: &'static str,
    name: &str,
    for_this_machine: bool,
) -> Result<&'a Entry, AssetError> {
    entries
        .iter()
        .find(|e| e.name == name && (!for_this_machine || e.is_for_this_machine()))
        .ok_or_else(|| AssetError::NotListed { kind, name: name.to_owned() })
}

fn model(manifest: &Manifest, home: &Path, name: &str) -> Result<Model, AssetError> {
    let entry = find(&manifest.model, MODEL, name, false)?;
    let path = home.join("models").join(&entry.file_name);
    verify(MODEL, entry, &path)?;
    Ok(Model { name: entry.name.clone(), sha256: entry.sha256, path })
}

fn verify(kind: &'static str, entry: &Entry, path: &Path) -> Result<(), AssetError> {
    let refused = |why| AssetError::of_io(kind, &entry.name, why);
    let file = std::fs::File::open(path).map_err(refused)?;
    let (found, _) = hash_reader(file.take(MAX_FILE_BYTES)).map_err(refused)?;
    compare(kind, &entry.name, entry.sha256, found)
}

fn compare(
    kind: &'static str,
    name: &str,
    expected: Sha256Digest,
    found: Sha256Digest,
) -> Result<(), AssetError> {
    if found == expected {
        return Ok(());
    }
    Err(AssetError::Digest { kind, name: name.to_owned(), expected, found })
}
