//! Settles what has to be in the environment before the program starts: of the graphics stack and of the C library.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

use obscura_policy::media::model::Device;

use crate::args::Verb;

/// Mesa's device-select layer asks a display server which adapter it prefers, and where there is none (a server, a
/// batch run) the library below it complains on standard error. Nothing here draws on a display.
const NO_DISPLAY_QUESTION: &str = "NODEVICE_SELECT";

/// How many heaps the GNU C library keeps for threads; by default eight for each core. What is free in one is of no use
/// to another: with one heap for two cores, a recording at 1080p takes 20 MB less, and no more time.
const HEAPS: &str = "MALLOC_ARENA_MAX";

/// Starts this program again, in the same process, with the settings in place. A running program's own environment can
/// only be changed by unsafe code, since other threads may be reading it, and the C library reads its own but once.
pub(crate) fn settle(verb: &Verb) {
    let settings: Vec<_> =
        settings(verb).into_iter().filter(|(name, _)| env::var_os(name).is_none()).collect();
    if settings.is_empty() {
        return;
    }
    let mut words = env::args_os();
    let (Some(name), Ok(program)) = (words.next(), env::current_exe()) else { return };
    // Returns only where it failed; then the run goes on, with a complaint that does no harm and some more memory.
    let _ = Command::new(program).arg0(name).args(words).envs(settings).exec();
}

/// What a verb wants set.
fn settings(verb: &Verb) -> Vec<(&'static str, OsString)> {
    let (may_use_gpu, reads_pictures) = match verb {
        Verb::Doctor(_) => (true, false),
        Verb::Redact(args) => (args.encode.device != Device::Cpu, true),
        Verb::Analyze(args) => (args.device != Device::Cpu, true),
        _ => (false, false),
    };
    let heaps = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
    let question = may_use_gpu.then(|| (NO_DISPLAY_QUESTION, OsString::from("1")));
    let heaps = reads_pictures.then(|| (HEAPS, OsString::from(heaps.to_string())));
    question.into_iter().chain(heaps).collect()
}
