//! Runs cargo for the WebAssembly target, with a compiler that has it.
//! Never: lets the settings of the build around it reach the plugin, or waits for that build's lock.

use super::{BuildError, file};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";
const TOOLCHAIN_SCRIPT: &str = include_str!("../../../../tools/wasm-toolchain.sh");
/// What the script may set.
const TOOLCHAIN_KEYS: [&str; 2] = ["RUSTC", "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"];
/// What cargo and its callers set for the build around this one.
const REMOVED: [&str; 12] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "RUSTC_BOOTSTRAP",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "CARGO_MAKEFLAGS",
];

/// The crate of a plugin.
pub(super) struct Package {
    dir: PathBuf,
    workspace: PathBuf,
    pub(super) target_dir: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct MetadataPackage {
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// The plugin's crate, if it is one that a plugin can be made of.
pub(super) fn package(dir: &Path) -> Result<Package, BuildError> {
    // The target folder of the build around this one is the right place for the plugin too, so its setting stays.
    let output = Command::new(cargo())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(dir)
        .output()
        .map_err(|error| BuildError::Toolchain(format!("cargo does not start: {error}")))?;
    let path = dir.join("Cargo.toml");
    let source = |problem: String| BuildError::Source { path: path.clone(), problem };
    if !output.status.success() {
        return Err(source(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).map_err(|error| source(error.to_string()))?;
    let package = metadata.packages.iter().find(|package| package.manifest_path == path);
    let package = package.ok_or_else(|| source("it is not a crate".into()))?;
    if !package.targets.iter().any(|target| target.crate_types.iter().any(|kind| kind == "cdylib")) {
        return Err(source("a plugin needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]".into()));
    }
    Ok(Package { dir: dir.into(), workspace: metadata.workspace_root, target_dir: metadata.target_directory })
}

/// Compiles the crate; the path of the module.
pub(super) fn compile(package: &Package, progress: &mut dyn FnMut(&str)) -> Result<PathBuf, BuildError> {
    let toolchain = if has_target(&package.dir) { Vec::new() } else { make_toolchain(&package.dir, progress)? };
    let mut command = clean(cargo(), &package.dir);
    command
        .args(["build", "--lib", "--target", TARGET, "--message-format", "json-render-diagnostics"])
        .args(["--profile", if has_profile(&package.workspace)? { "plugin" } else { "release" }])
        // Its own folder: a build in the usual one may be what runs this, and holds the lock.
        .arg("--target-dir")
        .arg(package.target_dir.join("plugins/build"))
        .envs(toolchain)
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    let mut said = String::new();
    let (success, messages) = stream(&mut command, &mut |line| {
        said.push_str(line);
        said.push('\n');
        progress(line);
    })?;
    if !success {
        return Err(BuildError::Cargo(advice(&said).map(Into::into)));
    }
    let manifest = package.dir.join("Cargo.toml");
    let module = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| message.reason == "compiler-artifact" && message.manifest_path == manifest)
        .flat_map(|message| message.filenames)
        .find(|name| name.extension().is_some_and(|extension| extension == "wasm"));
    module.ok_or_else(|| BuildError::Cargo(Some("it built no WebAssembly module".into())))
}

/// What usually is behind a message of cargo.
fn advice(said: &str) -> Option<&'static str> {
    if said.contains("getrandom") {
        return Some(
            "a dependency wants randomness (getrandom), which plugins do not have; \
             `cargo tree --target wasm32-unknown-unknown -i getrandom` shows which (rand, ahash, uuid v4, …)",
        );
    }
    if said.contains("target may not be installed") || said.contains("can't find crate for `core`") {
        return Some(
            "the compiler has no wasm32-unknown-unknown after all: run `rustup target add wasm32-unknown-unknown`",
        );
    }
    let needs_c = ["zstd-sys", "clang", "cc-rs", "stddef.h"].iter().any(|sign| said.contains(sign));
    needs_c.then_some(
        "a dependency compiles C, for which this target has no library (zstd, openssl, …): choose one in Rust",
    )
}

/// The profile that the plugins of this project are built with; other workspaces need not have it.
fn has_profile(workspace: &Path) -> Result<bool, BuildError> {
    let path = workspace.join("Cargo.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| file(&path, error))?;
    let manifest: toml::Table =
        text.parse().map_err(|error: toml::de::Error| BuildError::Source { path, problem: error.to_string() })?;
    Ok(manifest.get("profile").and_then(|profiles| profiles.get("plugin")).is_some())
}

fn has_target(dir: &Path) -> bool {
    if std::env::var_os("VIZARD_WASM_FORCE_FALLBACK").is_some() {
        return false;
    }
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = clean(rustc, dir).args(["--print", "target-libdir", "--target", TARGET]).output();
    let Ok(output) = output else { return false };
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let is_std = |name: &str| name.starts_with("libstd-") && name.ends_with(".rlib");
    output.status.success()
        && std::fs::read_dir(library).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|e| e.file_name().to_str().is_some_and(is_std)))
        })
}

/// Runs the script that finds or makes a compiler; the environment that it asks for.
fn make_toolchain(dir: &Path, progress: &mut dyn FnMut(&str)) -> Result<Vec<(String, String)>, BuildError> {
    let temporary = |error: std::io::Error| BuildError::Toolchain(format!("no temporary file: {error}"));
    let mut script = tempfile::NamedTempFile::new().map_err(temporary)?;
    script.write_all(TOOLCHAIN_SCRIPT.as_bytes()).map_err(temporary)?;
    let mut command = clean("bash", dir);
    let mut last = String::new();
    let (success, output) = stream(command.arg(script.path()), &mut |line| {
        line.clone_into(&mut last);
        progress(line);
    })?;
    if !success {
        return Err(BuildError::Toolchain(last));
    }
    let pairs = output.lines().filter_map(|line| line.split_once('='));
    Ok(pairs.filter(|(key, _)| TOOLCHAIN_KEYS.contains(key)).map(|(key, value)| (key.into(), value.into())).collect())
}

/// The cargo that runs this, else the one on the path.
fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn clean(program: impl AsRef<std::ffi::OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null());
    for key in REMOVED {
        command.env_remove(key);
    }
    command
}

/// Runs to the end: lines of standard error as they come, then success and standard output.
fn stream(command: &mut Command, line: &mut dyn FnMut(&str)) -> Result<(bool, String), BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| BuildError::Toolchain(format!("{program}: {error}"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let mut child = Running(child);
    let (stdout, stderr) = (child.0.stdout.take(), child.0.stderr.take());
    // Both pipes are read at once: a full one would stop the process.
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        stdout.map(|mut stdout| stdout.read_to_end(&mut text)).transpose().map(|_| text)
    });
    for read in stderr.into_iter().flat_map(|stderr| BufReader::new(stderr).split(b'\n')) {
        line(String::from_utf8_lossy(&read.map_err(failed)?).trim_end());
    }
    let output = reader.join().unwrap_or_else(|_| Err(std::io::Error::other("its output could not be read")));
    let output = String::from_utf8_lossy(&output.map_err(failed)?).into_owned();
    Ok((child.0.wait().map_err(failed)?.success(), output))
}

/// Ends the process where reading from it failed.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_failures_become_advice() {
        let getrandom = "error: the wasm*-unknown-unknown targets are not supported by default; (getrandom v0.3)";
        assert!(advice(getrandom).unwrap().contains("randomness"));
        assert!(advice("error[E0463]: can't find crate for `core`").unwrap().contains("rustup target add"));
        assert!(advice("error: failed to run custom build command for `zstd-sys v2`").unwrap().contains("compiles C"));
        assert_eq!(advice("error[E0425]: cannot find value `x`"), None);
    }

    #[test]
    fn lines_come_while_the_process_runs_and_its_output_when_it_ends() {
        let mut lines = Vec::new();
        let mut command = clean("sh", Path::new("/"));
        command.args(["-c", "echo one >&2; head -c 200000 /dev/zero | tr '\\0' x; echo two >&2; exit 3"]);
        let (success, output) = stream(&mut command, &mut |line| lines.push(line.to_owned())).unwrap();
        assert_eq!((success, output.len(), lines), (false, 200_000, vec!["one".into(), "two".into()]));
    }
}
