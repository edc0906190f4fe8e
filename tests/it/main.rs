//! The one integration binary.
//! Never: a second one; each would be linked by itself.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: a broken expectation ends the test"
)]

mod audit;
mod command;
mod consultation;
mod contributor;
mod coverage;
mod day;
mod deliveries;
mod emergency;
mod emr;
mod export;
mod inbox;
mod leak;
mod lines;
mod live;
mod matrix;
mod need;
mod notice;
mod notification;
mod organisation;
mod people;
mod plugin;
mod policies;
mod privacy;
mod reports;
mod retention;
mod reveal;
mod schema;
mod scoring;
mod settings;
mod share;
mod signin;
mod sources;
mod story;
mod templates;
mod tidy;
mod triage;
mod tuning;
mod webhook;
