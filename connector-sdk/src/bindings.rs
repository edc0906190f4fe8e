//! Generated from `wit/connector.wit`; the SDK's own types stand in front of it.
//! Never: edited by hand.
#![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, clippy::pedantic, reason = "generated code")]

#[cfg(not(feature = "pull"))]
wit_bindgen::generate!({
    path: "wit",
    world: "connector",
    pub_export_macro: true,
    export_macro_name: "export_guest",
    default_bindings_module: "connector_sdk::bindings",
    additional_derives: [PartialEq],
});

// A world of its own: a plugin that imports http, or exports pull, without asking for a destination is refused.
#[cfg(feature = "pull")]
wit_bindgen::generate!({
    path: "wit",
    world: "pull-connector",
    pub_export_macro: true,
    export_macro_name: "export_guest",
    default_bindings_module: "connector_sdk::bindings",
    additional_derives: [PartialEq],
});
