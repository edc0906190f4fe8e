//! Lines for the operator: at most 64 a call are kept, 1 KiB each.
//! Never: hand personal data to it. A log line is kept longer and read by more people than the record.

use crate::bindings::vizard::connector::host;

/// Writes one line at level debug.
pub fn debug(message: &str) {
    write(host::Level::Debug, message);
}

/// Writes one line at level info.
pub fn info(message: &str) {
    write(host::Level::Info, message);
}

/// Writes one line at level warn.
pub fn warn(message: &str) {
    write(host::Level::Warn, message);
}

#[cfg(target_arch = "wasm32")]
fn write(level: host::Level, message: &str) {
    host::log(level, message);
}

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::print_stderr, reason = "natively, in a test, there is no host to write to")]
fn write(level: host::Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
