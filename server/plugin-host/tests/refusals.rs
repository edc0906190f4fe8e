//! Plugin files that are refused before anything of them is compiled. They are made here, piece by piece.
//! Never: a file that is compiled before it is refused.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failed test panics")]

use vizard_core::limits;
use vizard_plugin_host::{PluginError, read_manifest};
use wasm_encoder::{
    CodeSection, Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, CustomSection, Function,
    FunctionSection, InstanceType, Module, ModuleSection, TypeSection,
};

const MANIFEST: &str = r#"{"id":"org.example.a","name":"a","version":"0.1.0","sdk":"0.1","description":"d"}"#;

fn with_manifest(component: &mut Component) {
    component.section(&CustomSection { name: "vizard:plugin".into(), data: MANIFEST.as_bytes().into() });
}

fn that_imports(name: &str) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    imports.import(name, ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    with_manifest(&mut component);
    component.finish()
}

fn refusal(file: &[u8]) -> PluginError {
    read_manifest(file).unwrap_err()
}

#[test]
fn imports_that_were_not_granted_are_refused_by_name() {
    for name in ["wasi:clocks/wall-clock@0.2.0", "wasi:filesystem/types@0.2.3", "log", "vizard:connector/secrets@0.1.0"]
    {
        let error = refusal(&that_imports(name));
        assert!(matches!(error, PluginError::Import(_)));
        assert!(error.to_string().starts_with(&format!("it imports {name}, which is not granted")), "{error}");
    }
}

#[test]
fn http_is_refused_to_whoever_names_no_destination() {
    let error = refusal(&that_imports("vizard:connector/http@0.1.0"));
    assert!(matches!(error, PluginError::Import(_)));
    assert!(error.to_string().contains("it imports http, and its manifest names no destination"), "{error}");
}

#[test]
fn the_version_of_an_interface_counts_like_that_of_the_sdk() {
    let error = refusal(&that_imports("vizard:connector/host@0.2.0"));
    assert!(matches!(error, PluginError::Version(_)), "{error}");
    assert!(error.to_string().contains("SDK 0.2, this host speaks 0.1"));
}

#[test]
fn a_plugin_without_the_exports_of_a_connector_is_refused() {
    let error = refusal(&that_imports("vizard:connector/host@0.1.0")).to_string();
    assert!(error.contains("it does not export vizard:connector/describe"), "{error}");
}

#[test]
fn two_manifests_are_one_too_many() {
    let mut component = Component::new();
    with_manifest(&mut component);
    with_manifest(&mut component);
    assert!(refusal(&component.finish()).to_string().contains("more than one manifest"));
}

#[test]
fn more_functions_than_a_compiler_should_be_given_are_refused() {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    let mut empty = Function::new([]);
    empty.instructions().end();
    for _ in 0..=limits::PLUGIN_FUNCTIONS {
        functions.function(0);
        code.function(&empty);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    with_manifest(&mut component);
    assert!(matches!(refusal(&component.finish()), PluginError::TooLarge(_)));
}

#[test]
fn a_file_larger_than_a_plugin_may_be_is_refused_unread() {
    assert!(matches!(refusal(&vec![0; limits::PLUGIN_BYTES + 1]), PluginError::TooLarge(_)));
}
