//! The harness of the integration tests: a `World` is a whole installation, a `Caller` somebody at its door.
//! Never: product code, or a way in that the product does not have, but for looking at the database.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: a broken expectation ends the test"
)]

mod caller;
mod database;
mod lines;
mod live;
mod plugins;
mod postbox;
pub mod provider;
mod receiver;
pub mod tidy;
mod world;

pub use caller::{Answer, Caller, Fetched};
pub use database::Engine;
pub use lines::Lines;
pub use live::{Events, Heard, Sent, Socket};
pub use plugins::{hr, m365};
pub use postbox::{Mail, Postbox};
pub use provider::Provider;
pub use receiver::{Posted, Receiver, Said, Vendor};
pub use world::{NOON, Second, World, demo, run, run_logged};

/// Every test of the block twice: on SQLite and on PostgreSQL. `world` is an installation of its own, at noon of the day
/// after the last one of the sample data.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident) $body:block)*) => {
        mod sqlite {
            #[allow(unused_imports)]
            use super::*;
            $($(#[$meta])* #[test] fn $name() { $crate::run($crate::Engine::Sqlite, async |$world| $body); })*
        }
        mod postgres {
            #[allow(unused_imports)]
            use super::*;
            $($(#[$meta])* #[test] fn $name() { $crate::run($crate::Engine::Postgres, async |$world| $body); })*
        }
    };
    // With the server's log.
    ($($(#[$meta:meta])* async fn $name:ident($world:ident, $lines:ident) $body:block)*) => {
        mod sqlite {
            #[allow(unused_imports)]
            use super::*;
            $($(#[$meta])* #[test] fn $name() { $crate::run_logged($crate::Engine::Sqlite, async |$world, $lines| $body); })*
        }
        mod postgres {
            #[allow(unused_imports)]
            use super::*;
            $($(#[$meta])* #[test] fn $name() { $crate::run_logged($crate::Engine::Postgres, async |$world, $lines| $body); })*
        }
    };
}
