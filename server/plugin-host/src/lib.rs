//! Runs connector plugins, and cuts deliveries into the records that they understand.
//! Never: lets a plugin touch anything but the batch it is given.

pub mod framing;
mod spec;

pub use spec::*;
