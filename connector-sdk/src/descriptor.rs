//! What a connector says of itself, as constants, so that it costs nothing until the host asks for it.
//! Never: anything that depends on a configuration.

use crate::bindings::exports::vizard::connector::describe as wire;
use crate::{Attr, Kind};

pub use wire::Framing;

/// What a connector is and understands. `id` and `version` must equal those of `plugin.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Descriptor {
    /// Reverse DNS, for example `org.example.badges`.
    pub id: &'static str,
    /// The connector's own version; usually `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// Whose product the records come from.
    pub vendor: &'static str,
    /// "hr", "mail", "file", "office", "emr", "endpoint", "physical", …
    pub family: &'static str,
    /// JSON Schema (2020-12) of the configuration; a property with `"x-secret": true` is a secret's name.
    pub config_schema: &'static str,
    /// What may be delivered.
    pub feeds: &'static [Feed],
    /// What comes out.
    pub kinds: &'static [KindUse],
}

/// One kind of delivery.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    /// Its name in requests.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// How the host cuts a delivery into records.
    pub framing: Framing,
    /// For JSON: the pointer to the array; empty for the root.
    pub pointer: &'static str,
    /// For CSV: columns without which the delivery is refused. Columns whose names the configuration maps belong
    /// into [`crate::Connector::header`] instead.
    pub columns: &'static [&'static str],
    /// For CSV: a row with more cells than the header has columns holds delimiters that are not quoted. They are taken
    /// to be in its last column, which gets all that is too much. Without it such a row is refused, because nobody can
    /// tell which column it was: set it only where the last column is free text.
    pub surplus_into_last: bool,
}

impl Feed {
    /// A feed cut by `framing`, with the array at the root and no column required.
    #[must_use]
    pub const fn new(name: &'static str, title: &'static str, framing: Framing) -> Self {
        Self { name, title, framing, pointer: "", columns: &[], surplus_into_last: false }
    }
}

/// A kind of event, with the attributes that this connector may give it. The host drops undeclared attributes.
#[derive(Debug, Clone, Copy)]
pub struct KindUse(
    /// The kind.
    pub Kind,
    /// Its attributes.
    pub &'static [Attr],
);

impl Descriptor {
    /// The feed of that name.
    #[must_use]
    pub fn feed(&self, name: &str) -> Option<&'static Feed> {
        self.feeds.iter().find(|feed| feed.name == name)
    }

    /// As the host receives it.
    #[must_use]
    pub fn to_wire(self) -> wire::DescriptorInfo {
        wire::DescriptorInfo {
            id: self.id.into(),
            version: self.version.into(),
            vendor: self.vendor.into(),
            family: self.family.into(),
            config_schema: self.config_schema.into(),
            feeds: self.feeds.iter().copied().map(Feed::to_wire).collect(),
            kinds: self.kinds.iter().copied().map(KindUse::to_wire).collect(),
        }
    }
}

impl Feed {
    fn to_wire(self) -> wire::FeedSpec {
        wire::FeedSpec {
            name: self.name.into(),
            title: self.title.into(),
            framing: self.framing,
            pointer: self.pointer.into(),
            columns: self.columns.iter().map(|&column| column.into()).collect(),
        }
    }
}

impl KindUse {
    fn to_wire(self) -> wire::KindSpec {
        let attributes = self.1.iter().map(|attr| wire::AttributeSpec {
            name: attr.name.into(),
            type_: attr.value_type,
            sensitivity: attr.sensitivity.into(),
        });
        wire::KindSpec { name: self.0.code.into(), title: self.0.title.into(), attributes: attributes.collect() }
    }
}
