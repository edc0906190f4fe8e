//! A compiled module becomes a component that carries its manifest.
//! Never: lets through what the host would refuse for its imports.

use crate::inspect::MANIFEST_SECTION;
use crate::spec::Manifest;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::{Parser, Payload};

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
    use wasm_encoder::{EntityType, ImportSection, Module, TypeSection};

    fn module_that_imports(module: &str, name: &str) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let mut imports = ImportSection::new();
        imports.import(module, name, EntityType::Function(0));
        Module::new().section(&types).section(&imports).clone().finish()
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
