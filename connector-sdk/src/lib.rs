#![doc = include_str!("../README.md")]
//! Never: a clock, randomness, the network, or a name of anything outside this folder.

pub mod attr;
#[doc(hidden)]
pub mod bindings;
mod column_names;
mod connector;
mod csv;
mod descriptor;
mod domains;
mod emit;
mod export;
mod folders;
pub mod identifier;
mod json;
pub mod kind;
pub mod log;
pub mod names;
mod patient;
mod person;
#[cfg(feature = "pull")]
pub mod pull;
mod record;
mod reject;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod text;
pub mod time;

pub use attr::Attr;
pub use column_names::ColumnNames;
pub use connector::{Call, Connector, check_config, normalise};
pub use csv::Columns;
pub use descriptor::{Descriptor, Feed, Framing, KindUse};
pub use domains::Domains;
pub use emit::{AttrValue, Emit, NewEvent};
#[doc(hidden)]
pub use export::install_panic_hook;
pub use folders::Folders;
pub use json::Json;
pub use kind::Kind;
pub use patient::Patient;
pub use person::Person;
pub use record::Record;
pub use reject::{Reason, Reject};
pub use text::Text;

pub use bindings::vizard::connector::types::{
    Attribute, Batch, CallContext, Event, Failure, Identifier, Outcome, Party, Problem, RawRecord, Value,
};
pub use jiff;
pub use serde;
pub use serde_json;

/// The version of the interface (`wit/connector.wit`) that this SDK speaks. The host reads it from the plugin file
/// before it runs anything of it.
pub const INTERFACE_VERSION: &str = "0.1.0";

#[cfg(test)]
mod tests {
    #[test]
    fn the_interface_version_is_the_one_of_the_wit_package() {
        let wit = include_str!("../wit/connector.wit");
        assert!(wit.starts_with(&format!("package vizard:connector@{};", super::INTERFACE_VERSION)));
    }
}
