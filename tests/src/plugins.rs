//! The connectors, built from source once for all tests of a run.
//! Never: a plugin file that was not built from this checkout.

use std::{path::Path, sync::LazyLock};

/// The HR connector's plugin file.
pub fn hr() -> &'static [u8] {
    static BUILT: LazyLock<Vec<u8>> = LazyLock::new(|| build("hr"));
    &BUILT
}

/// The Microsoft 365 connector's plugin file.
pub fn m365() -> &'static [u8] {
    static BUILT: LazyLock<Vec<u8>> = LazyLock::new(|| build("m365"));
    &BUILT
}

/// The plugin file of the connector for patient records.
pub(crate) fn emr() -> &'static [u8] {
    static BUILT: LazyLock<Vec<u8>> = LazyLock::new(|| build("emr"));
    &BUILT
}

/// A plugin for tests: each record says which event it is (`tests/guests/relay`).
pub(crate) fn relay() -> &'static [u8] {
    static BUILT: LazyLock<Vec<u8>> = LazyLock::new(|| build("../tests/guests/relay"));
    &BUILT
}

/// By its folder, from `plugins` on.
fn build(name: &str) -> Vec<u8> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(name);
    let mut said = String::new();
    let built = vizard_plugin_host::build::build(&source, None, &mut |line| said.push_str(&format!("{line}\n")));
    let built = built.unwrap_or_else(|error| panic!("the plugin {name} cannot be built: {error}\n{said}"));
    std::fs::read(built.path).unwrap_or_else(|error| panic!("the plugin {name} was built and is gone: {error}"))
}
