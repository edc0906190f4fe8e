//! A compiled module becomes a component that carries its manifest; so does a component of another language's tool.
//! Never: lets through what the host would refuse for its imports.

use crate::error::PluginError;
use crate::inspect::{self, MANIFEST_SECTION};
use crate::spec::Manifest;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Encoding, Parser, Payload};

/// The component, or why the module cannot become one.
pub(super) fn encode(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, String> {
    foreign_imports(module)?;
    let mut component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| format!("it cannot become a component: {error:#}"))?;
    add_manifest(&mut component, manifest)?;
    Ok(component)
}

/// Puts the manifest into a component.
pub(super) fn add_manifest(component: &mut Vec<u8>, manifest: &Manifest) -> Result<(), String> {
    let json = serde_json::to_vec(manifest).map_err(|error| error.to_string())?;
    CustomSection { name: MANIFEST_SECTION.into(), data: json.into() }.append_to_component(component);
    Ok(())
}

/// Puts the manifest into a component that another tool made, if the host would then take it; says what to do if not.
pub(super) fn adopt(component: &mut Vec<u8>, manifest: &Manifest) -> Result<(), String> {
    if let Some(Ok(Payload::Version { encoding: Encoding::Module, .. })) = Parser::new(0).parse_all(component).next() {
        return Err("a WebAssembly module, not a component: let the language's own tool make a component of it".into());
    }
    add_manifest(component, manifest)?;
    inspect::inspect(component).map(|_| ()).map_err(|error| match error {
        PluginError::Refused(why) if why == inspect::MANIFESTS => {
            "it has a manifest already: give the component as its tool made it, without one".into()
        }
        PluginError::Import(why) if why.contains("wasi:") => {
            format!("{why}: let the tool close WASI (componentize-py and componentize-qjs: --stub-wasi)")
        }
        other => other.to_string(),
    })
}

/// Says of an import that a plugin cannot have where it usually comes from.
fn foreign_imports(module: &[u8]) -> Result<(), String> {
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(imports) = payload.map_err(|error| error.to_string())? else { continue };
        for import in imports.into_imports() {
            let import = import.map_err(|error| error.to_string())?;
            if !import.module.starts_with("vizard:connector/") {
                return Err(format!("it imports {}.{}: {}", import.module, import.name, advice(import.module)));
            }
        }
    }
    Ok(())
}

fn advice(module: &str) -> &'static str {
    if module.starts_with("__wbindgen") {
        "a dependency expects a browser (wasm-bindgen), often chrono with its default features, jiff with \"js\", uuid \
         v4 or reqwest; `cargo tree --target wasm32-unknown-unknown -i wasm-bindgen` shows which"
    } else if module.starts_with("wasi") {
        "a dependency expects WASI; plugins have no files, clock, environment or randomness"
    } else {
        "it is not linked in, often a function of a C library; plugins import vizard:connector only"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        Component, ComponentExportKind, ComponentExportSection, ComponentImportSection, ComponentTypeRef,
        ComponentTypeSection, EntityType, ImportSection, InstanceType, Module, TypeSection,
    };

    fn module_that_imports(module: &str, name: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(module, name, EntityType::Function(0));
        Module::new().section(&types).section(&imports).clone().finish()
    }

    fn manifest() -> Manifest {
        toml::from_str("id = 'org.example.a'\nname = 'a'\nversion = '0.1.0'\nsdk = '0.1'\ndescription = 'd'").unwrap()
    }

    /// A component with an instance of nothing as import and as exports: what the host reads before it links.
    fn component_that_imports(name: &str) -> Vec<u8> {
        let mut types = ComponentTypeSection::new();
        types.instance(&InstanceType::new());
        let mut imports = ComponentImportSection::new();
        imports.import(name, ComponentTypeRef::Instance(0));
        let mut exports = ComponentExportSection::new();
        for name in ["vizard:connector/describe@0.1.0", "vizard:connector/normalise@0.1.0"] {
            exports.export(name, ComponentExportKind::Instance, 0, None);
        }
        let mut component = Component::new();
        component.section(&types).section(&imports).section(&exports);
        component.finish()
    }

    #[test]
    fn a_component_of_another_tool_gets_its_manifest_once() {
        let mut component = component_that_imports("vizard:connector/host@0.1.0");
        assert_eq!(adopt(&mut component, &manifest()), Ok(()));
        assert_eq!(inspect::read_manifest(&component).unwrap(), manifest());
        let again = adopt(&mut component, &manifest()).unwrap_err();
        assert!(again.starts_with("it has a manifest already"), "{again}");
    }

    #[test]
    fn a_component_that_the_host_would_refuse_is_refused_with_what_to_do() {
        let refusal = |mut component: Vec<u8>| adopt(&mut component, &manifest()).unwrap_err();
        let wasi = refusal(component_that_imports("wasi:clocks/wall-clock@0.2.0"));
        assert!(wasi.starts_with("it imports wasi:clocks/wall-clock@0.2.0") && wasi.contains("--stub-wasi"), "{wasi}");
        assert!(refusal(module_that_imports("env", "now")).contains("let the language's own tool"));
        assert!(
            refusal(component_that_imports("vizard:connector/host@0.2.0")).contains("SDK 0.2, this host speaks 0.1")
        );
        assert!(refusal(Component::new().finish()).contains("it does not export vizard:connector/describe"));
        assert!(refusal(b"no component".to_vec()).starts_with("not a plugin file"));
    }

    #[test]
    fn imports_that_no_plugin_can_have_are_named_with_advice() {
        for (module, wanted) in [
            ("__wbindgen_placeholder__", "expects a browser"),
            ("wasi_snapshot_preview1", "expects WASI"),
            ("env", "not linked in"),
        ] {
            let refused = foreign_imports(&module_that_imports(module, "now")).unwrap_err();
            assert!(refused.starts_with(&format!("it imports {module}.now")) && refused.contains(wanted), "{refused}");
        }
        assert_eq!(foreign_imports(&module_that_imports("vizard:connector/host@0.1.0", "log")), Ok(()));
    }
}
