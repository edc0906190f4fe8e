//! The server's log of one test, as its operator would read it.
//! Never: another filter than the product's.

use std::{
    io::{Result, Write},
    sync::{Arc, Mutex, PoisonError},
};
use tracing::Dispatch;
use vizard_server::{config::LogFormat, telemetry};

/// Log lines, kept. Clones are the same log.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All of them so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    pub(crate) fn log(&self) -> Dispatch {
        let lines = self.clone();
        Dispatch::new(telemetry::subscriber("trace", LogFormat::Json, move || lines.clone()).expect("a filter"))
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
