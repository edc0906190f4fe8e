//! What a plugin is, as the rest of the product sees it: its manifest and its descriptor.
//! Never: a type of the runtime, or anything that is not plain data.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use vizard_core::limits;
use zeroize::Zeroizing;

/// `plugin.toml`, put into the plugin file by the build and read without running anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Reverse DNS, for example `org.example.badges`.
    pub id: String,
    /// Short name: lower-case letters, digits and hyphens.
    pub name: String,
    /// The plugin's own version.
    pub version: String,
    /// The version of the interface that it speaks: `0.1`.
    pub sdk: String,
    /// One sentence for an operator.
    pub description: String,
    /// Destinations that it asks for ([`crate::Destination`]); a plugin that has some exports `pull`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Memory that it asks for, in MiB, if [`limits::PLUGIN_MEMORY_MIB`] is not enough: that of an interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
}

impl Manifest {
    /// What a call of it may use, in MiB.
    pub fn memory(&self) -> u32 {
        self.memory_mib.unwrap_or(limits::PLUGIN_MEMORY_MIB)
    }

    /// What it asks for beyond the records that it is given and the usual room: `http:` and a destination, `memory:` and
    /// how much.
    pub fn capabilities(&self) -> Vec<String> {
        let more = self.memory_mib.filter(|mib| *mib > limits::PLUGIN_MEMORY_MIB);
        let hosts = self.hosts.iter().map(|host| format!("http:{host}"));
        hosts.chain(more.map(|mib| format!("memory:{mib} MiB"))).collect()
    }

    /// Whether it fetches records itself.
    pub fn pulls(&self) -> bool {
        !self.hosts.is_empty()
    }
}

/// Everything that is known of a plugin once it is loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginSpec {
    /// Its manifest.
    pub manifest: Manifest,
    /// SHA-256 of the plugin file, in hexadecimal.
    pub digest: String,
    /// Whose product the records come from.
    pub vendor: String,
    /// "hr", "mail", "file", "emr", "endpoint", …
    pub family: String,
    /// JSON Schema of an installation's configuration.
    pub config_schema: serde_json::Value,
    /// What may be delivered.
    pub feeds: Vec<Feed>,
    /// What comes out.
    pub kinds: Vec<Kind>,
}

impl PluginSpec {
    /// The feed of that name.
    pub fn feed(&self, name: &str) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }

    /// Properties of the configuration that are secrets: those that its schema marks with `"x-secret": true`.
    pub fn secret_names(&self) -> Vec<&str> {
        let properties = self.config_schema.get("properties").and_then(serde_json::Value::as_object);
        let secret = |(_, schema): &(&String, &serde_json::Value)| schema.get("x-secret") == Some(&true.into());
        properties.into_iter().flatten().filter(secret).map(|(name, _)| name.as_str()).collect()
    }

    /// Parts a configuration into what a plugin is shown and the secrets, by name.
    pub fn part(&self, mut config: serde_json::Value) -> (serde_json::Value, BTreeMap<String, Zeroizing<String>>) {
        let mut secrets = BTreeMap::new();
        if let Some(values) = config.as_object_mut() {
            for name in self.secret_names() {
                if let Some(serde_json::Value::String(secret)) = values.remove(name) {
                    secrets.insert(name.to_owned(), Zeroizing::new(secret));
                }
            }
        }
        (config, secrets)
    }
}

/// One kind of delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// Its name in requests.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// How it is cut into records.
    pub framing: Framing,
    /// For JSON: where the array is (RFC 6901); empty for the root.
    pub pointer: String,
    /// For CSV: columns without which a delivery is refused.
    pub columns: Vec<String>,
}

/// How a delivery is cut into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// The elements of an array, or objects one after another.
    Json,
    /// Rows below a header; quoted line breaks are respected.
    Csv,
    /// One record a line.
    Lines,
    /// The delivery is one record.
    Whole,
}

/// A kind of event that a plugin gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// The indicator's code.
    pub code: String,
    /// Its name for people.
    pub title: String,
    /// What an event of this kind may carry; anything else is dropped.
    pub attributes: Vec<AttributeSpec>,
}

/// An attribute of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeSpec {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// "none", "personal", "health", "content", …
    pub sensitivity: String,
}

/// What an attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueType {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Real,
    /// Yes or no.
    Boolean,
    /// An instant.
    Time,
    /// A list of texts.
    Texts,
}
