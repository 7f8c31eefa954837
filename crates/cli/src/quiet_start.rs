//! Settles the one setting of the graphics stack that has to be in the environment before it is loaded.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

use obscura_policy::media::model::Device;

use crate::args::Verb;

/// Mesa's device-select layer asks a display server which adapter it prefers, and where there is none (a server, a
/// batch run) the library below it complains on standard error. Nothing here draws on a display.
const NO_DISPLAY_QUESTION: &str = "NODEVICE_SELECT";

/// Starts this program again, in the same process, with the setting in place. A running program's own environment can
/// only be changed by unsafe code, since other threads may be reading it.
pub(crate) fn settle(verb: &Verb) {
    let may_use_gpu = match verb {
        Verb::Doctor(_) => true,
        Verb::Redact(args) => args.encode.device != Device::Cpu,
        Verb::Analyze(args) => args.device != Device::Cpu,
        _ => false,
    };
    if !may_use_gpu || env::var_os(NO_DISPLAY_QUESTION).is_some() {
        return;
    }
    let mut words = env::args_os();
    let (Some(name), Ok(program)) = (words.next(), env::current_exe()) else { return };
    // Returns only where it failed; then the run goes on, with a complaint that does no harm.
    let _ = Command::new(program).arg0(name).args(words).env(NO_DISPLAY_QUESTION, "1").exec();
}
