//! Makes a plugin file from a plugin's source: compiles it to WebAssembly, wraps it into a component, puts the manifest
//! in and checks it. Or from a component that the tool of another language made.
//! Never: writes a file that the host would refuse without running it.

mod cargo;
mod component;

use crate::inspect;
use crate::spec::Manifest;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A plugin file, just written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Built {
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 in hexadecimal.
    pub digest: String,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its size.
    pub bytes: u64,
}

/// Why no plugin file was made, and what would help.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The manifest or the crate is not that of a plugin.
    #[error("{}: {problem}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// What to change.
        problem: String,
    },
    /// No compiler for WebAssembly, or no cargo.
    #[error("{0}")]
    Toolchain(String),
    /// It does not compile; what cargo said went to the progress.
    #[error("cargo could not build the plugin{}", .0.as_ref().map(|advice| format!(": {advice}")).unwrap_or_default())]
    Cargo(Option<String>),
    /// It compiles, and is no plugin.
    #[error("{0}")]
    Component(String),
    /// A file could not be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Builds the plugin in `plugin_dir` (which has `plugin.toml` and `Cargo.toml`) and writes it to `out`, by default
/// `plugins/NAME.wasm` in the target folder of its workspace. `progress` gets lines for people.
pub fn build(plugin_dir: &Path, out: Option<&Path>, progress: &mut dyn FnMut(&str)) -> Result<Built, BuildError> {
    let plugin_dir = plugin_dir.canonicalize().map_err(|error| file(plugin_dir, error))?;
    let manifest = source_manifest(&plugin_dir.join("plugin.toml"))?;
    let package = cargo::package(&plugin_dir)?;
    let module_path = cargo::compile(&package, progress)?;
    let module = std::fs::read(&module_path).map_err(|error| file(&module_path, error))?;
    let component = component::encode(&module, &manifest).map_err(BuildError::Component)?;
    inspect::inspect(&component).map_err(|error| BuildError::Component(error.to_string()))?;
    finish(&component, manifest, &package.target_dir, out)
}

/// Makes a plugin file from `component`, a file that componentize-py, componentize-qjs or the like made of our interface, and
/// the `plugin.toml` in `plugin_dir`. Writes it to `out`, by default `plugins/NAME.wasm` beside the component.
pub fn wrap(plugin_dir: &Path, component: &Path, out: Option<&Path>) -> Result<Built, BuildError> {
    let manifest = source_manifest(&plugin_dir.join("plugin.toml"))?;
    let mut bytes = std::fs::read(component).map_err(|error| file(component, error))?;
    component::adopt(&mut bytes, &manifest).map_err(BuildError::Component)?;
    finish(&bytes, manifest, component.parent().unwrap_or(Path::new("")), out)
}

fn finish(component: &[u8], manifest: Manifest, folder: &Path, out: Option<&Path>) -> Result<Built, BuildError> {
    let default = folder.join("plugins").join(format!("{}.wasm", manifest.name));
    let path = out.map_or(default, Path::to_path_buf);
    write(&path, component).map_err(|error| file(&path, error))?;
    Ok(Built { path, digest: crate::digest(component), manifest, bytes: component.len() as u64 })
}

fn source_manifest(path: &Path) -> Result<Manifest, BuildError> {
    let text = std::fs::read_to_string(path).map_err(|error| file(path, error))?;
    let source = |problem: String| BuildError::Source { path: path.into(), problem };
    let manifest: Manifest = toml::from_str(&text).map_err(|error| source(error.to_string()))?;
    inspect::check_manifest(&manifest).map_err(source)?;
    Ok(manifest)
}

fn file(path: &Path, error: std::io::Error) -> BuildError {
    BuildError::File { path: path.into(), error }
}

/// Under its name only once it is complete.
fn write(path: &Path, component: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(component)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
