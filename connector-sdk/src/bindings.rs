//! Generated from `wit/connector.wit`; the SDK's own types stand in front of it.
//! Never: edited by hand.
#![allow(missing_docs, unreachable_pub, unsafe_code, clippy::all, clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    path: "wit",
    world: "connector",
    pub_export_macro: true,
    export_macro_name: "export_guest",
    default_bindings_module: "connector_sdk::bindings",
    additional_derives: [PartialEq],
});
