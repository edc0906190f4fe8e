//! What the build says of a folder that is no plugin. That it builds one that is, every test of containment shows.
//! Never: a file left behind by a build that failed.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed test panics")]

use std::fs;
use vizard_plugin_host::build::build;

const MANIFEST: &str = "id = 'org.example.a'\nname = 'a'\nversion = '0.1.0'\nsdk = '0.1'\ndescription = 'd'\n";
const CRATE: &str = "[package]\nname = 'a'\nversion = '0.1.0'\nedition = '2024'\n[workspace]\n";

/// What the build says of a crate with this manifest, these lines in Cargo.toml and this source.
fn refusal(manifest: &str, lib: &str, source: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
    fs::write(folder.path().join("Cargo.toml"), format!("{CRATE}{lib}")).unwrap();
    fs::write(folder.path().join("src/lib.rs"), source).unwrap();
    let out = folder.path().join("out.wasm");
    let mut said = Vec::new();
    let error = build(folder.path(), Some(&out), &mut |line| said.push(line.to_owned())).unwrap_err();
    assert!(!out.exists());
    format!("{error}\n{}", said.join("\n"))
}

#[test]
fn a_folder_that_is_no_plugin_is_refused_with_the_file_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let error = build(folder.path(), None, &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("plugin.toml: "), "{error}");

    let typo = refusal(&MANIFEST.replace("description", "descripton"), "", "");
    assert!(typo.contains("plugin.toml: ") && typo.contains("descripton"), "{typo}");
    let name = refusal(&MANIFEST.replace("name = 'a'", "name = '../a'"), "", "");
    assert!(name.contains("`name` must be"), "{name}");
    let library = refusal(MANIFEST, "", "");
    assert!(library.contains("Cargo.toml: a plugin needs `crate-type = [\"cdylib\", \"rlib\"]`"), "{library}");
}

#[test]
fn what_cargo_says_reaches_the_progress_and_a_crate_that_is_no_connector_is_refused() {
    let lib = "[lib]\ncrate-type = ['cdylib']\n";
    let broken = refusal(MANIFEST, lib, "fn broken( {");
    assert!(broken.starts_with("cargo could not build the plugin") && broken.contains("src/lib.rs:1"), "{broken}");
    let empty = refusal(MANIFEST, lib, "");
    assert!(empty.contains("it does not export vizard:connector/describe"), "{empty}");
    let browser = "#[link(wasm_import_module = \"__wbindgen_placeholder__\")] unsafe extern \"C\" { fn now() -> f64; }
        #[unsafe(no_mangle)] pub extern \"C\" fn run() -> f64 { unsafe { now() } }";
    let browser = refusal(MANIFEST, lib, browser);
    assert!(
        browser.starts_with("it imports __wbindgen_placeholder__.now: a dependency expects a browser"),
        "{browser}"
    );
}
