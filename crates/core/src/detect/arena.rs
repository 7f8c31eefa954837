//! One arena for what all networks calculate with: of many, only a few run at a time.
//!
//! `ort` wraps no call for this, so the four of ONNX Runtime are made here, and nowhere else.
#![expect(unsafe_code, reason = "ONNX Runtime's own interface; see ARCHITECTURE.md, invariant 20")]

use std::ffi::CStr;
use std::ptr;

use ort::environment::Environment;
use ort::{AsPointer, sys};

/// How the arena is set, by the keys of `CreateArenaCfgV2` in `onnxruntime_c_api.h`: regions double (0 is
/// `kNextPowerOfTwo`) from 64 MiB on, of which only what is used takes memory; without a limit of its own (0), as before.
const SETTINGS: [(&CStr, usize); 3] =
    [(c"arena_extend_strategy", 0), (c"initial_chunk_size_bytes", 64 << 20), (c"max_mem", 0)];

/// Gives the environment one arena, for the sessions that are told to use its allocators.
///
/// # Errors
/// ONNX Runtime does not accept it.
pub(super) fn share(environment: &Environment) -> ort::Result<()> {
    let api = ort::api();
    let (arena, default) = (sys::OrtAllocatorType::OrtArenaAllocator, sys::OrtMemType::OrtMemTypeDefault);
    let mut place = ptr::null_mut();
    // SAFETY: `place` is valid to be written to. The status is taken once, by `result_from_status`.
    unsafe { ort::Error::result_from_status((api.CreateCpuMemoryInfo)(arena, default, &raw mut place))? };
    let (keys, values) = (SETTINGS.map(|(key, _)| key.as_ptr()), SETTINGS.map(|(_, value)| value));
    let mut settings = ptr::null_mut();
    // SAFETY: both arrays outlive the call and have `keys.len()` entries, the keys end in a zero byte and are of static
    // lifetime, and `settings` is valid to be written to.
    let made = unsafe {
        let status = (api.CreateArenaCfgV2)(keys.as_ptr(), values.as_ptr(), keys.len(), &raw mut settings);
        ort::Error::result_from_status(status)
    };
    let registered = made.and_then(|()| {
        // SAFETY: the environment, the place and the settings are there, made above or by `ort`; the runtime copies the
        // latter two, and guards the environment's list of allocators itself.
        unsafe {
            let environment = environment.ptr().cast_mut();
            ort::Error::result_from_status((api.CreateAndRegisterAllocator)(environment, place, settings))
        }
    });
    // SAFETY: each was made above, is released once and not used again; releasing null does nothing.
    unsafe {
        (api.ReleaseArenaCfg)(settings);
        (api.ReleaseMemoryInfo)(place);
    }
    registered
}
