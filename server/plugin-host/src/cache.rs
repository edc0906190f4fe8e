//! Compiled code of plugins, kept in a folder that only this account can reach.
//! Never: runs a file from elsewhere, or one that changed since it was written.

use crate::error::PluginError;
use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

const CHECKSUM_BYTES: usize = 32;

pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Makes the folder, or makes sure that it is ours alone.
    pub(crate) fn new(folder: PathBuf) -> Result<Self, PluginError> {
        let bad =
            |what: String| PluginError::Host(format!("the folder of compiled plugins, {}: {what}", folder.display()));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| bad(error.to_string()))?;
        let folder_is = fs::symlink_metadata(&folder).map_err(|error| bad(error.to_string()))?;
        if !folder_is.is_dir() || folder_is.uid() != rustix::process::geteuid().as_raw() {
            return Err(bad("must be a folder that belongs to the account of the server".into()));
        }
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(|error| bad(error.to_string()))?;
        Ok(Self { folder })
    }

    /// The component compiled for `engine`: from the folder, or now.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8], digest: &str) -> Result<Component, PluginError> {
        let path = self.folder.join(file_name(engine, digest));
        if let Some(component) = read(engine, &path) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, bytes)
            .map_err(|error| PluginError::NotAPlugin(crate::error::message(format!("{error:#}"))))?;
        // A folder that cannot be written costs time at the next start, no more.
        if let Err(error) = self.write(&path, &component) {
            tracing::warn!(%error, "a compiled plugin could not be kept");
        }
        Ok(component)
    }

    fn write(&self, path: &Path, component: &Component) -> wasmtime::Result<()> {
        let code = component.serialize()?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&Sha256::digest(&code))?;
        file.write_all(&code)?;
        // Under its name only once it is complete. After a power loss it may still be torn: hence the checksum.
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Compiled code is only good for the engine, its settings and the processor that it was made for.
fn file_name(engine: &Engine, digest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{digest}-{:016x}.cwasm", hasher.finish())
}

fn read(engine: &Engine, path: &Path) -> Option<Component> {
    let file = fs::read(path).ok()?;
    let (checksum, code) = file.split_at_checked(CHECKSUM_BYTES)?;
    if Sha256::digest(code).as_slice() != checksum {
        tracing::warn!("compiled code of a plugin was damaged: compiling again");
        return None;
    }
    #[allow(unsafe_code, reason = "written by `Cache::write` into a folder of ours alone, and unchanged since")]
    // SAFETY: the bytes are the output of `Component::serialize`: only this account can write to the folder (checked at
    // start), the name carries the engine's compatibility hash, and the checksum excludes damage.
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}
