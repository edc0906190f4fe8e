//! The server: sign-in, configuration, permissions, telemetry, storage, services. HTTP comes on top.
//! Never: a layer that reaches past the one below it (http, graphql, jobs → service → store, plugin-host → core).

pub mod app;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod graphql;
pub mod http;
pub mod ids;
pub mod jobs;
mod keyfile;
mod mail;
pub mod permit;
mod post;
pub mod service;
pub mod store;
pub mod telemetry;
