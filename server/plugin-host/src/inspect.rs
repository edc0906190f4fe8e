//! Reads a plugin file without running anything of it: manifest, version of the interface, size, imports.
//! Never: instantiates, compiles, or believes a version that another part of the file contradicts.

use crate::destination::Destination;
use crate::error::PluginError;
use crate::spec::Manifest;
use vizard_core::limits::{DESTINATIONS, PLUGIN_BYTES, PLUGIN_FUNCTIONS, PLUGIN_MEMORY_MOST_MIB};
use wasmparser::{Encoding, Parser, Payload};

/// The version of the interface that this host speaks.
pub(crate) const INTERFACE: (u32, u32) = (0, 1);
/// The custom section that holds the manifest, at the top of the component.
pub(crate) const MANIFEST_SECTION: &str = "vizard:plugin";
/// The custom section in which the SDK says its version, in the module that it compiled.
const SDK_SECTION: &str = "vizard:sdk-version";
/// Why a file with several of them is refused.
pub(crate) const MANIFESTS: &str = "it has more than one manifest";
const PACKAGE: &str = "vizard:connector/";
const GRANTED: [&str; 3] = ["host", "types", "http"];
const EXPORTS: [&str; 2] = ["describe", "normalise"];

/// The manifest of a plugin file. Nothing of the file is run.
pub fn read_manifest(component: &[u8]) -> Result<Manifest, PluginError> {
    inspect(component)
}

pub(crate) fn inspect(component: &[u8]) -> Result<Manifest, PluginError> {
    if component.len() > PLUGIN_BYTES {
        return Err(PluginError::TooLarge(format!("{} bytes; at most {PLUGIN_BYTES}", component.len())));
    }
    let found = read(component)?;
    let section = match found.manifests.as_slice() {
        [section] => *section,
        [] => return Err(PluginError::NotAPlugin("it has no manifest: build it with `vizard plugin build`".into())),
        _ => return Err(PluginError::Refused(MANIFESTS.into())),
    };
    let manifest: serde_json::Value = serde_json::from_slice(section)
        .map_err(|error| PluginError::Refused(format!("its manifest cannot be read: {error}")))?;
    // The version comes first: a manifest of another version may have other fields.
    let sdk = manifest.get("sdk").and_then(|sdk| sdk.as_str()).unwrap_or_default().to_owned();
    let versions = found.interface_versions();
    [sdk].iter().chain(&found.sdk).chain(&versions).try_for_each(|version| speaks(version))?;
    if found.functions > u64::from(PLUGIN_FUNCTIONS) {
        return Err(PluginError::TooLarge(format!("{} functions; at most {PLUGIN_FUNCTIONS}", found.functions)));
    }
    found.imports.iter().try_for_each(|name| granted(name))?;
    let has = |names: &[&str], wanted: &str| {
        names.iter().any(|name| interface(name).is_some_and(|(found, _)| found == wanted))
    };
    let manifest: Manifest = serde_json::from_value(manifest)
        .map_err(|error| PluginError::Refused(format!("its manifest cannot be read: {error}")))?;
    check_manifest(&manifest).map_err(PluginError::Refused)?;
    if has(&found.imports, "http") && !manifest.pulls() {
        return Err(PluginError::Import("it imports http, and its manifest names no destination".to_owned()));
    }
    for wanted in EXPORTS {
        if !has(&found.exports, wanted) {
            return Err(PluginError::Refused(format!("it does not export {PACKAGE}{wanted}")));
        }
    }
    if manifest.pulls() != has(&found.exports, "pull") {
        let refused = "the `hosts` of its manifest and what it exports do not agree: a plugin that exports pull names \
                       destinations, and no other does";
        return Err(PluginError::Refused(refused.to_owned()));
    }
    Ok(manifest)
}

/// What the file says at its top, and of modules within it the number of functions and the SDK's version.
#[derive(Default)]
struct Found<'a> {
    manifests: Vec<&'a [u8]>,
    sdk: Vec<String>,
    functions: u64,
    imports: Vec<&'a str>,
    exports: Vec<&'a str>,
}

impl Found<'_> {
    fn interface_versions(&self) -> Vec<String> {
        let names = self.imports.iter().chain(&self.exports);
        names.filter_map(|name| interface(name)).filter_map(|(_, version)| Some(version?.to_owned())).collect()
    }
}

fn read(component: &[u8]) -> Result<Found<'_>, PluginError> {
    let unreadable = |error: wasmparser::BinaryReaderError| PluginError::NotAPlugin(error.message().into());
    let mut found = Found::default();
    let mut depth = 0_u64;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(unreadable)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                let advice = "a WebAssembly module, not a component: build it with `vizard plugin build`";
                return Err(PluginError::NotAPlugin(advice.into()));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => found.functions += u64::from(count),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    found.imports.push(import.map_err(unreadable)?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    found.exports.push(export.map_err(unreadable)?.name.name);
                }
            }
            Payload::CustomSection(section) if section.name() == SDK_SECTION => {
                found.sdk.push(String::from_utf8_lossy(section.data()).into_owned());
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION && depth == 0 => {
                found.manifests.push(section.data());
            }
            _ => {}
        }
    }
    Ok(found)
}

/// `vizard:connector/host@0.1.0` → `host` and its version.
fn interface(name: &str) -> Option<(&str, Option<&str>)> {
    let name = name.strip_prefix(PACKAGE)?;
    Some(name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version))))
}

fn speaks(version: &str) -> Result<(), PluginError> {
    let mut numbers = version.split('.');
    let mut number = || numbers.next().and_then(|number| number.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (number(), number()) else {
        return Err(PluginError::Version("it does not say for which version of the connector SDK it was built".into()));
    };
    if (major, minor) == INTERFACE {
        return Ok(());
    }
    Err(PluginError::Version(format!(
        "built for connector SDK {major}.{minor}, this host speaks {}.{}: upgrade the host or rebuild the plugin",
        INTERFACE.0, INTERFACE.1
    )))
}

/// Whether a connector may import this.
pub(crate) fn granted(name: &str) -> Result<(), PluginError> {
    match interface(name) {
        Some((interface, _)) if GRANTED.contains(&interface) => Ok(()),
        _ => Err(PluginError::Import(format!(
            "it imports {}, which is not granted: connectors have no files, network, clock, environment or randomness",
            crate::error::message(name.into())
        ))),
    }
}

/// What must hold of a manifest wherever it comes from: its texts become names of files and lines of logs.
pub(crate) fn check_manifest(manifest: &Manifest) -> Result<(), String> {
    let of = |text: &str, extra: &str, most: usize| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || extra.contains(c);
        (1..=most).contains(&text.len())
            && text.chars().all(plain)
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
    };
    if !of(&manifest.name, "-", 64) {
        return Err("`name` must be lower-case letters, digits and hyphens, at most 64".into());
    }
    if !of(&manifest.id, "-.", 128) || !manifest.id.contains('.') {
        return Err("`id` must be a name in reverse DNS, for example org.example.badges".into());
    }
    let numbers = manifest.version.split(['-', '+']).next().unwrap_or_default();
    let numbered = numbers.split('.').filter(|part| part.parse::<u32>().is_ok()).count() == 3;
    if !of(&manifest.version, "-.+", 64) || !numbered {
        return Err("`version` must be three numbers, for example 0.1.0".into());
    }
    if manifest.hosts.len() > DESTINATIONS {
        return Err(format!("`hosts` has at most {DESTINATIONS} destinations"));
    }
    for host in &manifest.hosts {
        let asked = Destination::parse(host)
            .map_err(|why| format!("`hosts`: {:?}: {why}", crate::error::message(host.clone())))?;
        if asked.is_private() {
            return Err("`hosts` names no private destination: only an operator knows those".into());
        }
    }
    if manifest.description.len() > 1_000 || manifest.description.chars().any(char::is_control) {
        return Err("`description` must be one line of at most 1,000 bytes".into());
    }
    if manifest.memory_mib.is_some_and(|mib| !(1..=PLUGIN_MEMORY_MOST_MIB).contains(&mib)) {
        return Err(format!("`memory_mib` must be between 1 and {PLUGIN_MEMORY_MOST_MIB}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            id: "org.example.badges".into(),
            name: "badges".into(),
            version: "0.1.0-rc.1".into(),
            sdk: "0.1".into(),
            description: "Doors.".into(),
            hosts: vec![],
            memory_mib: None,
        }
    }

    #[test]
    fn memory_is_asked_for_within_bounds_and_shown_where_it_is_more_than_usual() {
        let asks =
            |mib: Option<u32>| Manifest { memory_mib: mib, hosts: vec!["https://a.example".into()], ..manifest() };
        for (mib, fits) in [(None, true), (Some(1), true), (Some(256), true), (Some(0), false), (Some(257), false)] {
            assert_eq!(check_manifest(&asks(mib)).is_ok(), fits, "{mib:?}");
        }
        assert_eq!(asks(Some(256)).capabilities(), ["http:https://a.example", "memory:256 MiB"]);
        assert_eq!(asks(Some(32)).capabilities(), ["http:https://a.example"]);
        assert_eq!((asks(None).memory(), asks(Some(32)).memory()), (64, 32));
    }

    #[test]
    fn names_that_could_leave_a_folder_or_a_line_are_refused() {
        assert_eq!(check_manifest(&manifest()), Ok(()));
        for name in ["", "../badges", "Badges", "a/b", "a.b", "-a", "a\n"] {
            assert!(check_manifest(&Manifest { name: name.into(), ..manifest() }).is_err(), "{name:?}");
        }
        for version in ["", "1", "1.2", "1.2.x", "1.2.3\n", "../1.2.3"] {
            assert!(check_manifest(&Manifest { version: version.into(), ..manifest() }).is_err(), "{version:?}");
        }
        assert!(check_manifest(&Manifest { id: "badges".into(), ..manifest() }).is_err());
        assert!(check_manifest(&Manifest { description: "a\nb".into(), ..manifest() }).is_err());
        for host in ["example.org", "http://example.org", "http://127.0.0.1:1 private", "https://*.org"] {
            assert!(check_manifest(&Manifest { hosts: vec![host.into()], ..manifest() }).is_err(), "{host:?}");
        }
        assert_eq!(check_manifest(&Manifest { hosts: vec!["https://*.example.org".into()], ..manifest() }), Ok(()));
    }

    #[test]
    fn what_is_no_component_is_refused_with_advice() {
        let refusal = |bytes: &[u8]| read_manifest(bytes).unwrap_err().to_string();
        assert!(refusal(b"").starts_with("not a plugin file"));
        assert!(refusal(b"MZ....").starts_with("not a plugin file"));
        assert!(refusal(b"\0asm\x01\0\0\0").contains("a WebAssembly module, not a component"));
        assert!(refusal(b"\0asm\x0d\0\x01\0").contains("no manifest"));
    }
}
