//! How well Vizard detects, measured on the pure core: generated companies, labelled files, what others would have
//! written. It builds in seconds, without a database or the plugin host, so that the formula can be tuned.
//! Never: another formula than the server's; it runs the same functions of the core.

mod activity;
pub mod bench;
pub mod company;
pub mod files;
pub mod measure;
pub mod rivals;
pub mod rules;
pub mod watch;

pub use activity::{Activity, Label, Person};
